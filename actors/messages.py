"""Every message that travels between actors, grouped by road: frozen values, each with its sender and receiver."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from datetime import datetime

    from actors.domain import pauses
    from actors.domain.budget import Charge
    from actors.domain.memory import Level, Usage
    from actors.domain.outcome import Outcome
    from actors.domain.priority import Priority
    from actors.domain.why.situation import Question


# Life: between a supervisor and its children.


@dataclass(frozen=True, slots=True)
class Wake:
    """Mailbox to its actor: the time it asked to be woken at has come."""


@dataclass(frozen=True, slots=True)
class Exited:
    """Cell to supervisor: the incarnation ended by itself. `reason` is "normal", "shutdown" or the error.

    `outage`: the error says that a dependency is away (`AppError.is_infrastructure`).
    """

    name: str
    generation: int
    reason: str
    outage: bool = False


@dataclass(frozen=True, slots=True)
class TerminateChild:
    """Anybody above to supervisor, as an ask: stop this child and leave it stopped. Answers "ok" or "not_found"."""

    name: str


@dataclass(frozen=True, slots=True)
class RestartChild:
    """Anybody above to supervisor, as an ask: start this stopped child again.

    Answers "ok", "running", "restarting", "not_found", or the text of the error that its start ended with.
    """

    name: str


@dataclass(frozen=True, slots=True)
class ActorChanged:
    """Supervisor to board: an actor started, restarted, stopped or gave up."""

    name: str
    state: str
    generation: int
    reason: str = ""
    until: float | None = None
    """When (monotonic) its restart is due, if one is."""


@dataclass(frozen=True, slots=True)
class PartDied:
    """From a thread that works for an actor, to the actor: it died of this, and the actor cannot go on without it."""

    error: BaseException


@dataclass(frozen=True, slots=True)
class Tick:
    """Ticker to clock: look at the timetable."""


# Work: clock to family to run slot, and back.


@dataclass(frozen=True, slots=True)
class Due:
    """Clock to family: this job's slot has come (or a retry, a snooze's end, or somebody's trigger)."""

    job: str
    slot: datetime
    attempt: int = 1
    trigger: str = "slot"
    degraded: str = ""


@dataclass(frozen=True, slots=True)
class Settled:
    """Family to clock and board: a run ended, or its slot passed without one (`run_id` empty)."""

    job: str
    family: str
    run_id: str
    slot: datetime
    attempt: int
    outcome: Outcome
    started_at: datetime
    ended_at: datetime
    trigger: str
    late_s: float = 0.0
    """Real seconds between the slot and the start."""


@dataclass(frozen=True, slots=True)
class Missed:
    """Clock to family: a slot that no run answers, and why; `superseded` if a later one does its work."""

    job: str
    slot: datetime
    reason: str
    superseded: bool = False


@dataclass(frozen=True, slots=True)
class Forecast:
    """Clock to a front: P0 will not need it before this monotonic time, unless it comes unannounced.

    Minus infinity: it may at any moment. Infinity: no P0 job ever uses it.
    """

    p0_at: float


@dataclass(frozen=True, slots=True)
class Measured:
    """Clock to family: how long a job's runs took before this process, the oldest first (see `JobLengths`)."""

    job: str
    took_s: tuple[float, ...]
    browser_s: tuple[float, ...]


# Requests: a run (or an actor) to a resource's front, and its slots' news.


class Reply(Protocol):
    """Where a request's result goes. Exactly one of `settle` and `fail` counts: the first."""

    def begin(self) -> None:
        """The errand starts in its slot now; once more if it was recalled and starts afresh. Never blocks."""

    def settle(self, value: Any) -> None:
        """Hand over the result. Never blocks."""

    def fail(self, error: BaseException) -> None:
        """Hand over the error. Never blocks."""


class Permit(Protocol):
    """What a slot waits on between asking for permission at the commit point and having it."""

    def grant(self, not_after: float) -> None:
        """Allow the click until this wall-clock time in epoch milliseconds."""

    def refuse(self, error: BaseException) -> None:
        """Forbid it; the errand ends with this error and nothing was clicked."""


class CommitReply(Reply, Protocol):
    """A reply that can also carry the question at the commit point to the run."""

    def ask_permit(self, prepared: Any, permit: Permit) -> None:
        """News to the run: the errand stands before its commit point. Never blocks."""


@dataclass(frozen=True, slots=True)
class Demand:
    """What the arbiter is told of an errand besides its class. Times are real seconds."""

    owner: str = ""
    """The run, if further errands of it follow on this front; a slot may be kept for the next one for a moment."""
    since: float | None = None
    """When the waiting began that is to be made short (monotonic): when the run fell due. None: as the request came."""
    expected_s: float = 0.0
    """How long the errand takes as a rule; 0: unknown."""
    remaining_s: float = 0.0
    """How much work the whole run is expected to have left on the resource, this errand included."""
    recallable: bool = False
    """Whether it only reads, so that it may be cut short at any moment and done again from the start."""
    charge: Charge | None = None
    """The money it may cost."""


@dataclass(frozen=True, slots=True)
class Request:
    """Client to front: one errand.

    `start_by` is a monotonic time after which starting is pointless; `limit_s` is how many real seconds the errand
    may run once started, before its handle is destroyed under it.
    """

    id: str
    work: Any
    priority: Priority
    start_by: float
    limit_s: float
    reply: Reply
    owner: str = ""
    demand: Demand = Demand()


@dataclass(frozen=True, slots=True)
class RedisCommand:
    """Work for Redis: one command with its arguments."""

    words: tuple[str | int | float | bytes, ...]


@dataclass(frozen=True, slots=True)
class SlotSettled:
    """Slot to front: the request ended, and its reply has been given. `error` is None after success.

    `recalled`: it was cut short as the front asked, and nobody was answered. `spent` is what it cost in US dollars;
    None if nobody knows.
    """

    slot: int
    generation: int
    request_id: str
    error: BaseException | None
    recalled: bool = False
    spent: float | None = None


@dataclass(frozen=True, slots=True)
class Reset:
    """Server actor to front: the server behind your handles was restarted; drop stale handles."""


@dataclass(frozen=True, slots=True)
class LoopReplaced:
    """Loop's keeper to front: the thread that your handles live on is given up; make everything anew on the next."""


@dataclass(frozen=True, slots=True)
class Pressure:
    """Memory to browser, runs and board: how pressed the container is; `usage` is None without a limit."""

    level: Level
    usage: Usage | None


@dataclass(frozen=True, slots=True)
class LeaseState:
    """Keeper of the lease to board: who is the publisher. `until`: when (monotonic) the lease runs out."""

    holder: str
    fence: int
    is_ours: bool
    until: float


# Control: operator to clock and families.


@dataclass(frozen=True, slots=True)
class Pause:
    """Control to family: admit no run of this job (None: of any) until resumed."""

    job: str | None
    by: str = ""
    until: float | None = None
    """When (monotonic) it will be resumed; None: nothing is planned. The operator says so then."""
    because: str = ""


@dataclass(frozen=True, slots=True)
class Resume:
    """Control to family: admit runs again."""

    job: str | None


@dataclass(frozen=True, slots=True)
class Standing:
    """Operator to board: what people have stopped. `kill_switch`: whether it stops all publishing."""

    pauses: tuple[pauses.Pause, ...]
    kill_switch: bool


@dataclass(frozen=True, slots=True)
class Trigger:
    """Control or watchdog to clock: make this job due now, under the same single flight as a slot.

    `reply`, if there is one, settles with what became of it (`Became`).
    """

    job: str
    by: str
    reply: Reply | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True)
class CloseBreaker:
    """Operator to front: let requests through again at once; settles with the breaker's state before."""

    reply: Reply


@dataclass(frozen=True, slots=True)
class RenewChild:
    """Operator to supervisor: end this child, whatever it does, and start it again; a failed start is retried."""

    name: str


@dataclass(frozen=True, slots=True)
class Drain:
    """App or operator to clock, families and fronts: admit nothing new; what runs may end. To the board: it is so."""


@dataclass(frozen=True, slots=True)
class Release:
    """App to the lease's keeper: the runs have ended, give the lease back; settles once that is done."""

    reply: Reply


@dataclass(frozen=True, slots=True)
class Describe:
    """Anybody below the tree's root, as an ask: return your state as a plain dict."""


@dataclass(frozen=True, slots=True)
class Explain:
    """Operator to clock, families and fronts: answer with a `Part`, why you would not let a run of this job through."""

    question: Question
    reply: Reply


@dataclass(frozen=True, slots=True)
class FrontState:
    """Front to board: how busy it is now."""

    name: str
    size: int
    running: int
    waiting: int
    breaker: str
    abandoned: int
    counters: dict[str, int] = field(default_factory=dict)
    free: int = 0
    overdue: int = 0
    """Errands that run more than a second past their limit: none, unless the front does not look after them."""
    lent: int = 0
    """Slots of P0's reservation that work for others."""
    spent: dict[str, float] = field(default_factory=dict)
    """Money of the day by lane in US dollars, reservations included, where there is a budget."""
    condition: str = ""
    """In one word, how what is behind the resource stands to us; empty if that is no concern of the resource."""


@dataclass(frozen=True, slots=True)
class FamilyState:
    """Family to board: what runs and what is paused."""

    name: str
    running: tuple[str, ...]
    paused: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Planned:
    """Clock to board: each job's next due time, and what it waits for."""

    next_due: dict[str, datetime]
    waiting: dict[str, str]


@dataclass(frozen=True, slots=True)
class Judged:
    """A run of `health_monitor` to board: its verdict on the whole, the score of 100, and the first reason."""

    level: str
    score: float
    reason: str


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """Cell to board: the message that killed its receiver, by type, with the reason."""

    address: str
    message: str
    reason: str
