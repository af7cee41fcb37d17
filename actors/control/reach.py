"""Whom the operator's words move, and by what voice their answers go out."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from actors.control.inquiry import PublishingRules
from actors.domain.budget import lane_of
from actors.domain.why.situation import Moment, Question
from actors.job import RESOURCES
from actors.ledger.permission import caps_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime

    from actors.control.settings import Settings
    from actors.domain.caps import Caps
    from actors.job import Job
    from actors.runtime.address import Address
    from actors.runtime.time import ScheduleClock


@dataclass(frozen=True, slots=True)
class Reach:
    """Whom the words move. `families` by name, `family_of` and `aliases` by job."""

    clock: Address
    board: Address
    database: Address
    redis: Address
    fronts: Mapping[str, Address]
    families: Mapping[str, Address]
    family_of: Mapping[str, str]
    aliases: Mapping[str, str]
    """Inventory names to the jobs that cover them."""
    stages: frozenset[str]
    """Those of them that can be run alone."""
    question: Callable[[str], Question]
    """What is to be asked about a job, at this moment."""
    rules: PublishingRules
    caps: Mapping[str, Caps]
    """By lane."""
    settings: Settings
    above: Mapping[str, Address]
    """The supervisor of each actor that may be restarted alone."""
    stacks: Callable[[], list[str]]
    """A line for each thread and task, with where it stands."""
    shutdown: Callable[[str], None]
    now: Callable[[], datetime]


@dataclass(frozen=True, slots=True)
class Voice:
    """How whoever carries a word out answers it, refuses it, and asks a front; all in the operator's thread."""

    reply: Callable[..., None]
    """Called with the word's id, whether it was done, and a text or lines."""
    refuse: Callable[[str, str], None]
    """Called with the word's id and the reason."""
    request: Callable[..., None]
    """Called with a front, the work, the tag of the answer, a priority and a limit in real seconds."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where an operator stands: what there is around him."""

    jobs: Mapping[str, Job]
    addresses: Mapping[str, Address]
    clock: ScheduleClock
    boot_id: str
    settings: Settings

    def question(self, name: str) -> Question:
        """Return what is to be asked about a job at this moment."""
        job, moment = self.jobs[name], Moment(self.clock.now(), time.monotonic(), self.clock.speed)
        lane = lane_of(job.family) if "openai" in job.uses else None
        settings = self.settings.config().jobs[name]
        limit_s, length_s = settings.deadline.total_seconds(), settings.length.mean_s
        return Question(name, job.family, job.priority, tuple(sorted(job.uses)), limit_s, length_s, lane, moment)


def reach_of(
    place: Place,
    *,
    above: Mapping[str, Address],
    stacks: Callable[[], list[str]],
    shutdown: Callable[[str], None],
) -> Reach:
    """Return whom the words move, where the operator stands in this place; the rest is as in `Reach`."""
    config, jobs, addresses = place.settings.config(), place.jobs.values(), place.addresses
    caps = {lane: caps_of(config, lane) for lane in ("content", "reply")}
    return Reach(
        clock=addresses["clock"],
        board=addresses["board"],
        database=addresses["database"],
        redis=addresses["redis"],
        fronts={name: addresses[name] for name in ("runs", *sorted(RESOURCES))},
        families={name: addresses[name] for name in sorted({job.family for job in jobs})},
        family_of={job.name: job.family for job in jobs},
        aliases={alias: job.name for job in jobs for alias in job.covers},
        stages=frozenset(stage for job in jobs for stage in job.stages if stage != job.name),
        question=place.question,
        rules=PublishingRules(caps, config.publishing.approval, place.boot_id, config.publishing.shadow),
        caps=caps,
        settings=place.settings,
        above=above,
        stacks=stacks,
        shutdown=shutdown,
        now=place.clock.now,
    )
