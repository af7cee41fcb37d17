"""The explanation: all reasons together, each once, and the earliest start that they leave."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from actors.domain.why.publication import QueueEmpty, reasons_of_publishing
from actors.domain.why.queueing import MemoryPressed, part_of
from actors.domain.why.situation import CLOCK, RUNS, Part, written
from actors.domain.why.standing import ActorAway, ShuttingDown, UnderWay, reasons_of_absences, reasons_of_family
from actors.domain.why.timing import reasons_of_clock

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import datetime

    from actors.domain.why.situation import Question, Reason, Situation


@dataclass(frozen=True, slots=True)
class LastRun:
    """How a job's last run ended, as the board knows it. No reason: it keeps nothing from starting now."""

    outcome: str
    reason: str
    ended_at: datetime

    @property
    def went_wrong(self) -> bool:
        """Return whether people must hear of it: the true reason may be what it met."""
        return self.outcome in ("blocked", "failed")

    @property
    def was_in_vain(self) -> bool:
        """Return whether it left an empty queue as it was."""
        return self.went_wrong or self.outcome == "nothing"

    def sentence(self, whose: str) -> str:
        """Return it for people; `whose` begins the sentence."""
        return f"{whose} ended {self.outcome} at {written(self.ended_at)}: {self.reason or 'no reason given'}"

    def as_dict(self) -> dict[str, Any]:
        """Return it for programs."""
        return {"outcome": self.outcome, "reason": self.reason, "ended_at": self.ended_at.isoformat()}


@dataclass(frozen=True, slots=True)
class Explanation:
    """Why a job is not running, or why nothing is posted: all reasons, none of which may be missing for a start."""

    job: str
    reasons: tuple[Reason, ...]
    now: datetime
    last: LastRun | None = None
    """How its last run ended; None: none has ended since the process began, or the board does not say."""
    last_of_filler: LastRun | None = None
    """The same of the job that fills the queue."""

    @property
    def is_running(self) -> bool:
        """Return whether a run is at work."""
        return any(isinstance(reason, UnderWay) for reason in self.reasons)

    @property
    def endless(self) -> Reason | None:
        """Return the first reason that does not end by itself."""
        return next((reason for reason in self.reasons if reason.until is None), None)

    @property
    def earliest(self) -> datetime | None:
        """Return the earliest possible start; None while somebody has to end a reason."""
        if self.endless is not None:
            return None
        return max([self.now, *(reason.until for reason in self.reasons if reason.until is not None)])

    def lines(self) -> list[str]:
        """Return it for people, one sentence for each reason."""
        sentences = [f"{self.job} {'is running' if self.is_running else 'is not running'}"]
        sentences += [reason.text for reason in self.reasons]
        filler = next((reason.filler for reason in self.reasons if isinstance(reason, QueueEmpty)), "")
        if self.last is not None and (self.last.went_wrong or (filler == self.job and self.last.was_in_vain)):
            sentences.append(self.last.sentence("its last run"))
        if filler not in ("", self.job) and self.last_of_filler is not None and self.last_of_filler.was_in_vain:
            sentences.append(self.last_of_filler.sentence(f"the last run of {filler}"))
        if self.endless is not None:
            sentences.append(f"earliest start: unknown, since somebody has to act ({self.endless.kind})")
        elif self.earliest is not None:
            sentences.append(f"earliest start: {written(self.earliest)}")
        sentences.append(f"schedule time is now {written(self.now)}")
        return sentences

    def text(self) -> str:
        """Return the lines as one."""
        return "; ".join(self.lines())

    def as_dict(self) -> dict[str, Any]:
        """Return it for programs."""
        return {
            "job": self.job,
            "running": self.is_running,
            "reasons": [_as_dict(reason, self.last_of_filler) for reason in self.reasons],
            "earliest": self.earliest.isoformat() if self.earliest is not None else None,
            "now": self.now.isoformat(),
            "last": self.last.as_dict() if self.last is not None else None,
        }


def _as_dict(reason: Reason, last_of_filler: LastRun | None = None) -> dict[str, Any]:
    until = reason.until.isoformat() if reason.until is not None else None
    body: dict[str, Any] = {"kind": reason.kind, "text": reason.text, "until": until}
    if isinstance(reason, QueueEmpty):
        body["because"] = [_as_dict(each) for each in reason.refill]
        body["last"] = last_of_filler.as_dict() if last_of_filler is not None else None
    return body


def explain(situation: Situation) -> Explanation:
    """Return the complete explanation of a situation. Changes nothing.

    Applying the cures of all its reasons lets the job start at the next tick, and leaving out any one does not.
    """
    question = situation.question
    parts = {
        CLOCK: Part(
            tuple(
                reasons_of_clock(
                    question,
                    situation.entry,
                    situation.timetable,
                    is_loaded=situation.is_loaded,
                    is_stopping=situation.is_stopping,
                )
            )
        ),
        question.family: Part(tuple(reasons_of_family(question, situation.admission, situation.since))),
        **{name: part_of(question, name, situation.fronts[name]) for name in (RUNS, *question.uses)},
    }
    publishing = situation.publishing
    ledger = reasons_of_publishing(publishing, question.moment.now) if publishing is not None else []
    return compose(question, parts, reasons_of_absences(question, situation.absences), ledger)


def compose(
    question: Question, parts: Mapping[str, Part], absences: Iterable[ActorAway], ledger: Iterable[Reason] = ()
) -> Explanation:
    """Put together what each actor on the road answered, by name; one that did not answer is among the absences.

    A run that stands in the queue for a run slot has passed clock and family already, so theirs are no reasons.
    """
    passed = {CLOCK, question.family} if RUNS in parts and parts[RUNS].waits else set()
    reasons: list[Reason] = [absence for absence in absences if absence.name not in passed]
    for name, part in parts.items():
        if name not in passed:
            reasons += part.reasons
    reasons += ledger
    return Explanation(question.job, tuple(_each_once(reasons)), question.moment.now)


def _each_once(reasons: list[Reason]) -> list[Reason]:
    """Drop what several actors say: they all mean the one drain, the one lack of memory, the one run."""
    runs = [reason for reason in reasons if isinstance(reason, UnderWay)]
    named = next((run for run in runs if run.run_id), None)
    if named is not None:
        # The family knows which run it is, the clock when it must be over.
        named = replace(named, over_by=next((run.over_by for run in runs if run.over_by is not None), None))
    kept: dict[Any, Reason] = {}
    for reason in reasons:
        said = named if isinstance(reason, UnderWay) and named is not None else reason
        key = type(said) if isinstance(said, ShuttingDown | MemoryPressed | UnderWay) else said
        kept.setdefault(key, said)
    return list(kept.values())
