"""A family: the mailbox of a group of jobs. Admits, sends to the run slots, settles, and records."""

from __future__ import annotations

import contextlib
import itertools
import logging
import time
from collections import deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from actors.domain.admission import Admission, Standstill
from actors.domain.lengths import JobLengths
from actors.domain.memory import Refusals
from actors.domain.outcome import Blocked, Failed, Outcome, describe
from actors.domain.priority import Band, Priority
from actors.domain.stages import OPERATOR, who_of
from actors.domain.why.situation import Part
from actors.domain.why.standing import reasons_of_family
from actors.errors import ActorUnavailableError, AppError, MemoryPressureError, PermanentError
from actors.messages import (
    Demand,
    Describe,
    Drain,
    Due,
    Explain,
    FamilyState,
    Measured,
    Missed,
    Pause,
    Request,
    Resume,
    Settled,
    Wake,
)
from actors.runtime.client import request_id
from actors.runtime.history import record_of
from actors.runtime.reply import Answer, ToldReply
from actors.runtime.runs import Run, RunResult
from actors.sql.queries import Transaction

if TYPE_CHECKING:
    from datetime import datetime

    from actors.domain.workload import Span
    from actors.job import Job
    from actors.runtime.address import Address
    from actors.runtime.cell import ActorContext
    from actors.runtime.time import ScheduleClock
    from actors.sql.queries import Statement

logger = logging.getLogger(__name__)

_RECORD_LIMIT_S = 10.0
_RECORD_AGAIN_S = 2.0
_ANSWER_GRACE_S = 2.0
"""How much longer than a request may wait and run a family waits for its answer, before it counts as lost."""
_BACKLOG = 1000
_RUNS = itertools.count(1)


@dataclass(frozen=True, slots=True)
class _UnderWay:
    """An admitted run: what was due, the schedule time of its admission, and when (monotonic) it must be answered."""

    due: Due
    admitted_at: datetime
    answer_by: float


@dataclass(frozen=True, slots=True)
class _Recording:
    """A record on its way to the database, and when (monotonic) it must be answered."""

    request_id: str
    statement: Statement
    answer_by: float


@dataclass(slots=True)
class FamilyMemory:
    """What outlives a crash of the actor, because the runs themselves do: they answer to the next incarnation.

    Without it a crash would admit a second run beside the first, and forget a pause that an operator gave.
    """

    admission: Admission
    lengths: dict[str, JobLengths]
    under_way: dict[str, _UnderWay] = field(default_factory=dict)
    """Runs by id."""
    backlog: deque[Statement] = field(default_factory=deque)
    recording: _Recording | None = None
    refusals: Refusals = field(default_factory=Refusals)
    record_at: float = 0.0
    """When (monotonic) the backlog may be tried again; 0 unless the last try failed."""


@dataclass(frozen=True, slots=True)
class FamilyPlan:
    """What a family needs to know of its jobs: definitions, deadline (real seconds) and expected length per job."""

    name: str
    jobs: dict[str, Job]
    deadlines: dict[str, float]
    lengths: dict[str, Span]
    boot_id: str
    memory: FamilyMemory = field(init=False)

    def __post_init__(self) -> None:
        lengths = {job: JobLengths.of(length) for job, length in self.lengths.items()}
        object.__setattr__(self, "memory", FamilyMemory(Admission(frozenset(self.jobs)), lengths))


@dataclass(slots=True)
class Family:
    """Behaviour of a family. Never blocks: runs and records are requests whose answers come back as messages.

    An answer that is overdue counts as a failure, so that no lost message holds up a job or the history for ever.
    """

    context: ActorContext
    plan: FamilyPlan
    clock: ScheduleClock
    runs: Address
    database: Address
    listeners: tuple[Address, ...]
    """Who hears of settled runs and misses: the clock and the board."""
    board: Address
    memory: FamilyMemory = field(init=False)

    def __post_init__(self) -> None:
        self.memory = self.plan.memory
        self._plan_wake()

    def receive(self, message: Any) -> Any:
        """Serve dues, results of runs, records and control words."""
        match message:
            case Due():
                self._due(message)
            case Answer(tag, _, error) if self.memory.recording is not None and tag == self.memory.recording.request_id:
                self._recorded(error)
            case Answer(tag, value, error):
                self._run_ended(tag, value, error)
            case Missed():
                self._log_miss(message.job, message.slot, message.reason, superseded=message.superseded)
                self._miss(message.job, message.slot, message.reason)
            case Measured(job, took_s, browser_s):
                self.memory.lengths[job].load(took_s, browser_s)
            case Pause(job, by, until, because):
                self.memory.admission.pause(job, Standstill(until, by, because))
            case Resume(job):
                self.memory.admission.resume(job)
            case Drain():
                self.memory.admission.draining = True
            case Wake():
                self._look_for_lost_answers(time.monotonic())
                self._record()
            case Describe():
                return self._state()
            case Explain(question, reply):
                run = self.memory.under_way.get(self.memory.admission.running.get(question.job, ""))
                since = run.admitted_at if run is not None else None
                reply.settle(Part(tuple(reasons_of_family(question, self.memory.admission, since))))
            case _:
                logger.warning("a family got an unknown message", extra={"action": "message_unknown"})
        if isinstance(message, Pause | Resume):
            self._tell(self.board, self._state())
        self._plan_wake()
        return None

    def stop(self) -> None:
        """Nothing is held: runs under way belong to the run slots."""

    def _due(self, due: Due) -> None:
        run_id = f"{due.job}-{self.plan.boot_id[:6]}-{next(_RUNS)}"
        refusal = self.memory.admission.admit(due.job, run_id, forced=who_of(due.trigger) == OPERATOR)
        if refusal:
            self._log_miss(due.job, due.slot, refusal)
            self._miss(due.job, due.slot, refusal, tell_clock=True, due=due)
            return
        job, limit = self.plan.jobs[due.job], self.plan.deadlines[due.job]
        now = time.monotonic()
        self.memory.under_way[run_id] = _UnderWay(due, self.clock.now(), now + 2 * limit + _ANSWER_GRACE_S)
        # A slot that was missed long ago, and what is not of the grid, falls due as it is fired.
        late_s = self.clock.real_seconds(self.clock.now() - due.slot) if due.trigger == "slot" else 0.0
        lengths, since = self.memory.lengths[due.job], now - max(0.0, late_s)
        run = Run(job, run_id, due.slot, due.attempt, due.trigger, due.degraded, since, lengths.browser.span)
        length_s = lengths.took.span.mean_s
        demand = Demand(since=since, expected_s=length_s, remaining_s=length_s)
        reply = ToldReply(self.context.address, run_id)
        request = Request(run_id, run, job.priority, now + limit, limit, reply, run_id, demand)
        try:
            self.runs.tell(request, Band.of(job.priority))
        except AppError as error:
            self._run_ended(run_id, None, error)
            return
        logger.info(
            "%s starts",
            due.job,
            extra={
                "action": "run_admitted",
                "job": due.job,
                "run": run_id,
                "trigger": due.trigger,
                "attempt": due.attempt,
                "slot": due.slot.isoformat(),
            },
        )
        self._tell(self.board, self._state())

    def _run_ended(self, run_id: str, result: RunResult | None, error: BaseException | None) -> None:
        run = self.memory.under_way.pop(run_id, None)
        if run is None:
            return
        due = run.due
        self.memory.admission.ended(due.job, run_id)
        if isinstance(error, MemoryPressureError):
            self._log_refusal(due.job)
        else:
            self.memory.refusals.started(due.job)
        if result is None:
            result = RunResult(_outcome_of(error), run.admitted_at, self.clock.now())
        self.memory.lengths[due.job].measured(result.outcome, result.took_s, result.browser_s)
        late = self.clock.real_seconds(result.started_at - due.slot) if due.trigger == "slot" else 0.0
        settled = Settled(
            due.job,
            self.plan.name,
            run_id,
            due.slot,
            due.attempt,
            result.outcome,
            result.started_at,
            result.ended_at,
            due.trigger,
            max(0.0, late),
        )
        self._log(settled)
        for listener in self.listeners:
            self._tell(listener, settled)
        self._tell(self.board, self._state())
        self._keep(settled, result)

    def _miss(self, job: str, slot: datetime, reason: str, *, tell_clock: bool = False, due: Due | None = None) -> None:
        now = self.clock.now()
        attempt, trigger = (due.attempt, due.trigger) if due is not None else (1, "slot")
        settled = Settled(job, self.plan.name, "", slot, attempt, Blocked(reason), now, now, trigger)
        for listener in self.listeners if tell_clock else (self.board,):
            self._tell(listener, settled)
        self._keep(settled, None)

    def _log_refusal(self, job: str) -> None:
        count = self.memory.refusals.refused(job)
        if count:
            extra = {"action": "job_starved", "job": job, "refusals": count}
            logger.error("%s was refused for want of memory %d times in a row", job, count, extra=extra)

    def _log_miss(self, job: str, slot: datetime, reason: str, *, superseded: bool = False) -> None:
        # A slot whose work a later one does is no loss that anybody has to look at.
        level, action = (logging.INFO, "slot_coalesced") if superseded else (logging.WARNING, "slot_missed")
        extra = {"action": action, "job": job, "slot": slot.isoformat()}
        logger.log(level, "%s missed a slot: %s", job, reason, extra=extra)

    def _keep(self, settled: Settled, result: RunResult | None) -> None:
        if len(self.memory.backlog) >= _BACKLOG:
            _drop(self.memory.backlog.popleft(), "the backlog is full")
        self.memory.backlog.append(record_of(settled, result))
        self._record()

    def _record(self) -> None:
        now, owner = time.monotonic(), self.plan.name
        if self.memory.recording is not None or not self.memory.backlog or now < self.memory.record_at:
            return
        statement, tag = self.memory.backlog.popleft(), request_id(owner)
        self.memory.recording = _Recording(tag, statement, now + 2 * _RECORD_LIMIT_S + _ANSWER_GRACE_S)
        work, reply = Transaction((statement,)), ToldReply(self.context.address, tag)
        request = Request(tag, work, Priority.P1, now + _RECORD_LIMIT_S, _RECORD_LIMIT_S, reply, owner)
        try:
            self.database.tell(request, Band.P1)
        except AppError as error:
            self._recorded(error)

    def _recorded(self, error: BaseException | None) -> None:
        assert self.memory.recording is not None
        statement, self.memory.recording = self.memory.recording.statement, None
        if isinstance(error, PermanentError):
            # Another attempt would only repeat it, and hold up all records behind it.
            _drop(statement, str(error))
            error = None
        if error is None:
            self.memory.record_at = 0.0
            self._record()
            return
        if len(self.memory.backlog) < _BACKLOG:
            self.memory.backlog.appendleft(statement)
        else:
            _drop(statement, "the backlog is full")
        if not self.memory.record_at:
            # Once for an outage: how long it lasts is the database's to say.
            logger.warning(
                "run history could not be written, %d records wait",
                len(self.memory.backlog),
                extra={"action": "record_delayed", "family": self.plan.name, "data": str(error)},
            )
        self.memory.record_at = time.monotonic() + _RECORD_AGAIN_S

    def _look_for_lost_answers(self, now: float) -> None:
        lost = ActorUnavailableError("no answer came back", "look for a crash of the run slots or the database above")
        for run_id in [run_id for run_id, run in self.memory.under_way.items() if run.answer_by <= now]:
            self._run_ended(run_id, None, lost)
        if self.memory.recording is not None and self.memory.recording.answer_by <= now:
            self._recorded(lost)

    def _plan_wake(self) -> None:
        times = [run.answer_by for run in self.memory.under_way.values()]
        if self.memory.recording is not None:
            times.append(self.memory.recording.answer_by)
        elif self.memory.backlog:
            times.append(self.memory.record_at)
        if times:
            self.context.wake_at(min(times))

    def _log(self, settled: Settled) -> None:
        word, counts, reason = describe(settled.outcome)
        level = logging.WARNING if isinstance(settled.outcome, Failed | Blocked) else logging.INFO
        logger.log(
            level,
            "%s ended: %s",
            settled.job,
            word,
            extra={
                "action": f"run_{word}",
                "job": settled.job,
                "run": settled.run_id,
                "attempt": settled.attempt,
                "late_s": round(settled.late_s, 3),
                "took_ms": int(1000 * self.clock.real_seconds(settled.ended_at - settled.started_at)),
                "counts": counts,
                "data": reason,
            },
        )

    def _state(self) -> FamilyState:
        return FamilyState(
            self.plan.name, tuple(self.memory.admission.running), tuple(sorted(self.memory.admission.paused))
        )

    def _tell(self, listener: Address, news: Any) -> None:
        # News goes up and never waits; a full listener costs the news, not the family.
        with contextlib.suppress(AppError):
            listener.tell(news, Band.P0)


def _drop(record: Statement, why: str) -> None:
    logger.error(
        "a record of the run history is dropped",
        extra={"action": "record_dropped", "run": record.params["run_id"], "data": f"{why}: {record.params}"},
    )


def _outcome_of(error: BaseException | None) -> Outcome:
    """Return what a run without a result came to. One refused for want of memory never began, so it did not fail."""
    return Blocked(str(error)) if isinstance(error, MemoryPressureError) else Failed(f"{type(error).__name__}: {error}")
