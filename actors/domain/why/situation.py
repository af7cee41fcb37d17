"""The situation that a job is in: the machines on its road, and the moment at which they are looked at."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, ClassVar, Protocol

from actors.domain.arbiter import Ticket

if TYPE_CHECKING:
    from actors.domain.admission import Admission
    from actors.domain.arbiter import Arbiter
    from actors.domain.budget import MoneyLane
    from actors.domain.caps import Caps
    from actors.domain.priority import Priority
    from actors.domain.timetable import Entry, Timetable

CLOCK, RUNS = "clock", "runs"


@dataclass(frozen=True, slots=True)
class Moment:
    """One instant on both clocks: schedule time, and monotonic real seconds."""

    now: datetime
    monotonic: float
    speed: float = 1.0

    def at(self, monotonic: float) -> datetime:
        """Return the schedule time of an instant in real time."""
        return self.now + timedelta(seconds=(monotonic - self.monotonic) * self.speed)


@dataclass(frozen=True, slots=True)
class Question:
    """About which job is asked, and what the machines must know of it. In real seconds, `limit_s`: what a run may take,
    and `length_s`: what one takes on average.
    """

    job: str
    family: str
    priority: Priority
    uses: tuple[str, ...]
    limit_s: float
    length_s: float
    lane: MoneyLane | None
    """Whose money its calls of the model spend; None if it makes none."""
    moment: Moment

    def ticket(self) -> Ticket:
        """Return the request that a run of it, or an errand of that run, would send now."""
        now, length = self.moment.monotonic, self.length_s
        return Ticket(
            f"{self.job}-why-0",
            self.priority,
            now + self.limit_s,
            self.limit_s,
            since=now,
            expected_s=length,
            remaining_s=length,
        )


@dataclass(frozen=True, slots=True)
class Absence:
    """An actor that cannot serve now. `until`: when (monotonic) its restart is due; None: nothing is planned."""

    state: str
    until: float | None = None


@dataclass(frozen=True, slots=True)
class Stop:
    """The kill switch, turned on by somebody. `at` is schedule time."""

    by: str
    at: datetime


@dataclass(slots=True)
class Publishing:
    """What the ledger says of a lane; times are schedule time."""

    is_known: bool
    kill_switch: Stop | None
    """None: it is off."""
    caps: Caps
    publications: list[datetime]
    """Of the last 24 hours, those proven absent left out."""
    next_decision: datetime | None
    """When the earliest queued decision that may go out is due; None: there is none."""
    latest_intent: datetime | None = None
    shadow: bool = False
    """Whether the configuration says that nothing is published."""
    publisher: str = ""
    """Which other process holds the publisher's lease; empty: this one."""
    unapproved: int = 0
    """How many queued decisions wait for somebody's approval, where that is asked for."""
    refill: tuple[Reason, ...] = ()
    """Why the queue is not filled."""
    lane: str = "content"
    filler: str = "plan"
    """The job that fills the queue."""


@dataclass(slots=True)
class Situation:
    """All machines between a job and its run. A cure changes them; nothing else here does."""

    question: Question
    entry: Entry
    timetable: Timetable
    admission: Admission
    fronts: dict[str, Arbiter]
    """By name: the run slots, and each resource that the job uses."""
    is_loaded: bool = True
    """Whether the clock knows what earlier processes did."""
    is_stopping: bool = False
    """Whether the clock was told to fire nothing more."""
    since: datetime | None = None
    """When the run under way was admitted."""
    absences: dict[str, Absence] = field(default_factory=dict)
    """Actors on the road that cannot serve, by name."""
    publishing: Publishing | None = None
    """The ledger, if the question is why nothing is posted."""


class Reason(Protocol):
    """Something that alone is enough to keep the job from running."""

    kind: ClassVar[str]

    @property
    def text(self) -> str:
        """Return it as a sentence for people."""

    @property
    def until(self) -> datetime | None:
        """Return when (schedule time) it ends by itself; None: only somebody can end it."""

    def cure(self, situation: Situation) -> None:
        """Change the machines so that this one obstacle is gone and all others stay."""


@dataclass(frozen=True, slots=True)
class Part:
    """What one actor knows. `waits`: a run of the job is admitted already and stands in this front's queue."""

    reasons: tuple[Reason, ...] = ()
    waits: bool = False


def written(time: datetime) -> str:
    """Write a schedule time for people."""
    return f"{time:%Y-%m-%d %H:%M:%S}"


def job_of(run_id: str) -> str:
    """Return the job of a run."""
    return run_id.rsplit("-", 2)[0]


def counted(names: list[str]) -> str:
    """Write how often each name occurs."""
    counts: dict[str, int] = defaultdict(int)
    for name in names:
        counts[name] += 1
    return ", ".join(f"{count} of {name}" for name, count in sorted(counts.items()))
