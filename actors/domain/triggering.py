"""Triggering: what becomes of a job that somebody wants to run now, as the clock decides it and people are told."""

from __future__ import annotations

from enum import StrEnum


class Became(StrEnum):
    """What the clock made of a trigger."""

    DUE = "due"
    FOLLOWS = "follows"
    """Its stages come after the run under way."""
    UNDER_WAY = "under_way"
    """A run is under way, and is run enough."""
    OFF = "off"
    ENDING = "ending"
    """The process drains."""
    KEPT = "kept"
    """The clock has not heard yet what ran before this process, and triggers the job once it has."""

    @property
    def is_done(self) -> bool:
        """Whether there is a run, or will be one."""
        return self not in (Became.OFF, Became.ENDING)

    @property
    def begins(self) -> bool:
        """Return whether a run comes of this very trigger."""
        return self in (Became.DUE, Became.FOLLOWS, Became.KEPT)

    def verb(self) -> str:
        """Return it as the predicate of a sentence about the job, before who triggered it."""
        return {
            Became.DUE: "is triggered",
            Became.FOLLOWS: "follows the run under way",
            Became.UNDER_WAY: "is under way and not triggered",
            Became.OFF: "is off and not triggered",
            Became.ENDING: "is not triggered any more",
            Became.KEPT: "is triggered once history is known",
        }[self]

    def told(self, job: str, stage: str) -> str:
        """Return it as the answer to whoever said `run`; `stage` is empty if he wants the job."""
        what = f"{stage} of {job}" if stage else job
        return {
            Became.DUE: f"{what} is due now",
            Became.FOLLOWS: f"{what} follows the run under way",
            Became.UNDER_WAY: f"a run of {job} is under way already, and is run enough",
            Became.OFF: f"{job} is off: jobs.{job}.enabled is false in the configuration",
            Became.ENDING: f"{what} does not begin: the supervisor drains, nothing new begins until there is a new one",
            Became.KEPT: f"{what} is due as soon as the database has told what ran before",
        }[self]
