"""The clock: turns the timetable into `Due` messages. The `schedule` library is its tick source, the grid decides."""

from __future__ import annotations

import contextlib
import logging
import math
import random
import threading
import time
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import schedule

from actors.domain.backoff import Backoff
from actors.domain.priority import Band, Priority
from actors.domain.retry import Retry
from actors.domain.timetable import Entry, Fire, Miss, Timetable
from actors.domain.triggering import Became
from actors.domain.waiting import stretch
from actors.domain.why.situation import Moment, Part
from actors.domain.why.timing import reasons_of_clock
from actors.errors import AppError
from actors.messages import (
    Drain,
    Due,
    Explain,
    Forecast,
    Measured,
    Missed,
    PartDied,
    Planned,
    Request,
    Settled,
    Tick,
    Trigger,
    Wake,
)
from actors.runtime.client import request_id
from actors.runtime.reply import Answer, ToldReply
from actors.sql.queries import Statement, Transaction

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from actors.config import Config
    from actors.domain.timetable import Action
    from actors.domain.why.situation import Question
    from actors.job import Job
    from actors.runtime.address import Address
    from actors.runtime.cell import ActorContext
    from actors.runtime.time import ScheduleClock

logger = logging.getLogger(__name__)

_LOAD_LIMIT_S = 10.0
_LOAD_AGAIN_S = 1.0
_LOAD_LOST_S = 2 * _LOAD_LIMIT_S + 2.0
"""After this long without an answer the question about history counts as lost."""
TICK_EVERY_S = 1.0
_OPEN_LOOK_S = 0.05
_LONGEST_BACKOFF_S = 300.0
_FORETELL_EVERY_S = 5.0
HISTORY = "history"


class Ticker:
    """A thread around `schedule`: calls `tick` each second, and sooner when it is told when the next slot is.

    `schedule` lives on naive local time, so a wall clock set back, or the end of summer time, would silence it: a tick
    that seems further away than it can be is pulled forward.
    """

    def __init__(self, tick: Callable[[], None], died: Callable[[BaseException], None]) -> None:
        self._died = died
        """Called in its thread with what ended it: without ticks no job would ever be due again."""
        self._scheduler = schedule.Scheduler()
        self._entry = self._scheduler.every(1).seconds.do(tick)
        self._lock = threading.Lock()
        self._changed = threading.Event()
        self._stopped = False
        self._thread = threading.Thread(target=self._run, name="ticker", daemon=True)
        self._thread.start()

    def expect(self, seconds: float) -> None:
        """Pull the next tick forward to this many real seconds from now, if that is sooner."""
        with self._lock:
            self._pull_forward(max(seconds, 0.0))
        self._changed.set()

    def stop(self) -> None:
        """End the thread."""
        self._stopped = True
        self._changed.set()

    def _run(self) -> None:
        try:
            while not self._stopped:
                with self._lock:
                    self._scheduler.run_pending()
                    self._pull_forward(TICK_EVERY_S)
                    idle = self._scheduler.idle_seconds
                self._changed.wait(max(idle or 0.0, 0.001))
                self._changed.clear()
        except BaseException as error:  # noqa: BLE001 - the actor dies of it instead
            self._died(error)

    def _pull_forward(self, seconds: float) -> None:
        wanted = datetime.now() + timedelta(seconds=seconds)  # noqa: DTZ005 - as `schedule` reckons
        if self._entry.next_run is None or wanted < self._entry.next_run:
            self._entry.next_run = wanted


@dataclass(slots=True)
class Clock:
    """Behaviour of the clock. Asks the database once what earlier processes did, and fires nothing before it knows."""

    context: ActorContext
    schedule_clock: ScheduleClock
    jobs: Mapping[str, Job]
    entries: list[Entry]
    backoffs: Mapping[str, float]
    """First wait before another attempt, real seconds, per job."""
    families: Mapping[str, Address]
    database: Address
    browser: Address
    board: Address
    opened: threading.Event
    """Set once the schema is up to date; nothing is asked of the database before."""
    draining: threading.Event
    """Set once nothing new begins any more. It outlives a crash of the actor: only a new process ends it."""
    retries: Mapping[str, Retry] = field(init=False)
    timetable: Timetable = field(init=False)
    ticker: Ticker = field(init=False)
    early: dict[Trigger, None] = field(default_factory=dict)
    """What was triggered before history was known, in its order."""
    loaded: bool = False
    planned: Planned | None = None
    forecast: datetime | None = None
    """When P0 may need the browser, as its front was told at last: by the second, for due times stand on the grid."""
    forecast_at: float = -math.inf
    """When (monotonic) that was."""

    def __post_init__(self) -> None:
        self.retries = {
            entry.job: Retry(entry.attempts, Backoff(self.backoffs.get(entry.job, 5.0), _LONGEST_BACKOFF_S))
            for entry in self.entries
        }
        self.timetable = Timetable.of(self.entries)
        address = self.context.address
        self.ticker = Ticker(
            lambda: _send(address, Tick()), lambda error: _send(address, PartDied(error), Band.CONTROL)
        )
        self._load()

    def receive(self, message: Any) -> Any:
        """Serve ticks, settled runs, triggers and the answer about history."""
        match message:
            case Tick():
                self._tick()
            case Settled():
                self._settled(message)
            case Trigger(job, by, reply):
                became = self._triggered(job, by)
                if reply is not None:
                    reply.settle(became)
            case Answer(tag, value, error) if tag == HISTORY:
                self._history(value, error)
            case Wake():
                self._load()
            case Explain(question, reply):
                self._tick()
                reply.settle(self._part(question))
            case Drain():
                self.draining.set()
            case PartDied(error):
                raise error
            case _:
                logger.warning("the clock got an unknown message", extra={"action": "message_unknown"})
        return None

    def stop(self) -> None:
        """End the ticker."""
        self.ticker.stop()

    def _part(self, question: Question) -> Part:
        # Its own moment: the timetable was looked at since the question was asked.
        moment = Moment(self.schedule_clock.now(), time.monotonic(), self.schedule_clock.speed)
        entry = next(entry for entry in self.entries if entry.job == question.job)
        reasons = reasons_of_clock(
            replace(question, moment=moment),
            entry,
            self.timetable,
            is_loaded=self.loaded,
            is_stopping=self.draining.is_set(),
        )
        return Part(tuple(reasons))

    def _load(self) -> None:
        if self.loaded:
            return
        if not self.opened.is_set():
            self.context.wake_at(time.monotonic() + _OPEN_LOOK_S)
            return
        work = Transaction((Statement("job_history"), Statement("job_lengths")))
        reply = ToldReply(self.context.address, HISTORY)
        request = Request(
            request_id("clock"), work, Priority.P0, time.monotonic() + _LOAD_LIMIT_S, _LOAD_LIMIT_S, reply, "clock"
        )
        try:
            self.database.tell(request, Band.P0)
        except AppError as error:
            self._history(None, error)
            return
        self.context.wake_at(time.monotonic() + _LOAD_LOST_S)

    def _history(self, value: Any, error: BaseException | None) -> None:
        if self.loaded:
            return
        if error is not None:
            logger.warning("the clock waits for the database", extra={"action": "clock_waits", "data": str(error)})
            self.context.wake_at(time.monotonic() + _LOAD_AGAIN_S)
            return
        rows, lengths = value
        self.timetable.load(
            {row["job"]: row["last_slot"] for row in rows},
            {row["job"]: row["last_success"] for row in rows if row["last_success"] is not None},
        )
        for row in lengths:
            if row["job"] in self.jobs:
                family = self.families[self.jobs[row["job"]].family]
                _send(family, Measured(row["job"], tuple(row["took_s"]), tuple(row["browser_s"])))
        self.loaded = True
        for trigger in self.early:
            self._triggered(trigger.job, trigger.by)
        self._tick()

    def _triggered(self, job: str, by: str) -> Became:
        became, actions = self._trigger(job, by)
        logger.info("%s %s by %s", job, became.verb(), by, extra={"action": "job_triggered", "job": job, "by": by})
        self._carry_out(actions)
        if actions:
            self._foretell(self.schedule_clock.now())
        return became

    def _trigger(self, job: str, by: str) -> tuple[Became, list[Action]]:
        row = self.timetable.rows.get(job)
        if self.draining.is_set():
            return Became.ENDING, []
        if row is None:
            return Became.OFF, []
        if not self.loaded:
            self.early[Trigger(job, by)] = None
            return Became.KEPT, []
        actions = self.timetable.triggered(job, self.schedule_clock.now(), by)
        if actions:
            return Became.DUE, actions
        return Became.FOLLOWS if row.asked is not None else Became.UNDER_WAY, []

    def _settled(self, settled: Settled) -> None:
        retry, clock = self.retries.get(settled.job), self.schedule_clock
        retry_at = (
            None
            if retry is None
            else retry.after(settled.outcome, settled.attempt, clock.now(), clock.speed, random.random())
        )
        self.timetable.settled(settled.job, settled.slot, settled.attempt, settled.outcome, settled.ended_at, retry_at)
        self._tick()

    def _tick(self) -> None:
        if not self.loaded or self.draining.is_set():
            return
        now = self.schedule_clock.now()
        self._carry_out(self.timetable.tick(now))
        self._foretell(now)
        due = self.timetable.next_due(now)
        if due is not None and due > now:
            self.ticker.expect(self.schedule_clock.real_seconds(due - now))
        planned = Planned(
            {job: self.timetable.due_of(job, now) for job in self.timetable.rows}, self.timetable.waiting(now)
        )
        if planned != self.planned:
            self.planned = planned
            with contextlib.suppress(AppError):
                self.board.tell(planned)

    def _foretell(self, now: datetime) -> None:
        """Tell the browser's front when P0 needs it next; again now and then, for it may have begun a new life."""
        p0 = [name for name, job in self.jobs.items() if job.priority is Priority.P0 and "browser" in job.uses]
        due, real_now = self.timetable.next_of(p0, now), time.monotonic()
        # One that is due already may come at any moment: no later look at the same fact is news.
        known = due if due is None or due > now else datetime.min.replace(tzinfo=UTC)
        if known == self.forecast and real_now - self.forecast_at < _FORETELL_EVERY_S:
            return
        self.forecast, self.forecast_at = known, real_now
        if due is None:
            p0_at = math.inf
        else:
            p0_at = real_now + self.schedule_clock.real_seconds(due - now) if due > now else -math.inf
        _send(self.browser, Forecast(p0_at))

    def _carry_out(self, actions: list[Action]) -> None:
        for action in actions:
            family = self.families[self.jobs[action.job].family]
            band = Band.of(self.jobs[action.job].priority)
            match action:
                case Fire(job, slot, attempt, trigger, degraded):
                    _send(family, Due(job, slot, attempt, trigger, degraded), band)
                case Miss(job, slot, reason, _, superseded):
                    _send(family, Missed(job, slot, reason, superseded), band)


def _send(address: Address, message: Any, band: Band = Band.P0) -> None:
    try:
        address.tell(message, band)
    except AppError as error:
        logger.error(
            "%s took no %s",
            address.name,
            type(message).__name__,
            extra={"action": "message_refused", "data": str(error)},
        )


def entries_of(config: Config, jobs: Mapping[str, Job], speed: float) -> list[Entry]:
    """Return what the timetable is told of each configured job."""
    return [
        Entry(
            name,
            settings.every,
            settings.offset,
            jobs[name].after,
            settings.attempts,
            settings.enabled,
            # The family hears of a run's end by twice its deadline at the latest: waiting, then running.
            longest=2 * settings.deadline * speed,
            stretch_s=stretch(jobs[name].priority, settings.length.mean_s),
        )
        for name, settings in config.jobs.items()
    ]
