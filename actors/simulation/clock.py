"""The clock under virtual time: the program's timetable and retries, at one schedule second to the real one."""

from __future__ import annotations

import math
import random
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from actors.domain.backoff import Backoff
from actors.domain.outcome import Blocked, Outcome
from actors.domain.priority import Priority
from actors.domain.retry import Retry
from actors.domain.timetable import Entry, Fire, Timetable
from actors.domain.waiting import stretch
from actors.simulation.agenda import Actor

if TYPE_CHECKING:
    from actors.domain.workload import JobLoad
    from actors.simulation.house import House

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
"""Time 0: where the timetable's grids are anchored, so that `offset` is the first due time of every job."""
_LONGEST_BACKOFF_S = 300.0
_FOR_EVER = timedelta(days=100_000)
_MOMENT = timedelta(microseconds=1)


@dataclass(slots=True, eq=False)
class Clock(Actor):
    """State of the clock.

    Schedule time stands still just before the horizon: nothing more falls due, and what is due ends.
    """

    house: House = field(kw_only=True)
    loads: dict[str, JobLoad] = field(kw_only=True)
    last: datetime = field(kw_only=True)
    """The last moment of schedule time."""
    chance: random.Random = field(kw_only=True)
    timetable: Timetable = field(init=False)
    retries: dict[str, Retry] = field(init=False)
    _firsts: dict[str, datetime] = field(init=False)
    _p0_jobs: tuple[str, ...] = field(init=False)
    _gated: bool = field(init=False)
    _p0_under_way: set[str] = field(default_factory=set)
    _p0_at: float | None = None
    _planned_at: float = math.inf
    _closed_gates: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._firsts = {name: EPOCH + load.offset for name, load in self.loads.items()}
        self.retries = {
            name: Retry(load.attempts, Backoff(load.backoff_s, _LONGEST_BACKOFF_S)) for name, load in self.loads.items()
        }
        p0 = [load for load in self.loads.values() if load.priority is Priority.P0 and load.enabled]
        self._p0_jobs = tuple(load.name for load in p0 if "browser" in load.uses)
        self._gated = any(load.after for load in p0)
        self._make_timetable()

    def time(self) -> datetime:
        """Return schedule time."""
        return min(EPOCH + timedelta(seconds=self.house.agenda.now), self.last)

    def seconds(self, time: datetime) -> float:
        """Return a schedule time in virtual seconds."""
        return (time - EPOCH).total_seconds()

    def number(self, job: str, slot: datetime) -> int:
        """Return a slot's place in its job's grid; negative before the job's first due time."""
        return (slot - self._firsts[job]) // self.loads[job].every

    def tick(self) -> None:
        """Serve a tick: fire what is due."""
        now = self.time()
        for action in self.timetable.tick(now):
            if self.number(action.job, action.slot) < 0:
                if isinstance(action, Fire):
                    # The grid reaches back before the first due time.
                    self.timetable.settled(action.job, action.slot, 1, Blocked("not begun"), now, None)
                continue
            family = self.house.families[self.loads[action.job].family]
            if isinstance(action, Fire):
                self._fire(action, now)
            else:
                family.tell(family.missed, action)
        if self._gated:
            self._closed_gates = self.timetable.waiting(now)
        self._plan(now)
        self._expect(now)

    def settled(self, job: str, slot: datetime, attempt: int, outcome: Outcome) -> None:
        """Serve the news that a run ended, or was not admitted."""
        now = self.time()
        retry_at = self.retries[job].after(outcome, attempt, now, 1.0, self.chance.random())
        if retry_at is not None:
            retry_at = min(retry_at, self.last)
            self.house.tally.count("retries")
            self.house.journal.note("run_retried", f"job={job} at={self.seconds(retry_at):.3f}")
        self._p0_under_way.discard(job)
        self.timetable.settled(job, slot, attempt, outcome, now, retry_at)
        self.tick()

    def revive(self) -> None:
        """Begin anew with what history knows, as the program's clock does: runs under way are not in it."""
        self._make_timetable()
        self.timetable.load(self.house.last_slot, self.house.last_success)
        self._p0_under_way.clear()
        self.tell(self.tick)
        Actor.revive(self)

    def announce(self) -> None:
        """Tell a browser front that began anew when P0 comes."""
        self._p0_at = None
        self._expect(self.time())

    def _make_timetable(self) -> None:
        self.timetable = Timetable.of(
            [
                Entry(
                    load.name,
                    load.every,
                    load.offset,
                    load.after,
                    load.attempts,
                    load.enabled,
                    _FOR_EVER if load.deadline_s is None else 2 * timedelta(seconds=load.deadline_s),
                    stretch(load.priority, load.length.mean_s),
                )
                for load in self.loads.values()
            ]
        )

    def _fire(self, fire: Fire, now: datetime) -> None:
        load = self.loads[fire.job]
        if load.priority is Priority.P0 and "browser" in load.uses:
            self._p0_under_way.add(fire.job)
        ready = self.seconds(now if fire.job in self._closed_gates else fire.slot)
        family = self.house.families[load.family]
        family.tell(family.due, fire, ready)

    def _plan(self, now: datetime) -> None:
        due = self.timetable.next_due(now)
        if due is None or due <= now:
            return
        at = self.seconds(min(due, self.last))
        if now < self.last and at < self._planned_at:
            self._planned_at = at
            self.house.agenda.at(at, self._planned, at)

    def _planned(self, at: float) -> None:
        if at == self._planned_at:
            self._planned_at = math.inf
            self.tell(self.tick)

    def _expect(self, now: datetime) -> None:
        """Tell the browser's front the earliest time at which P0 may come, when it changed."""
        if not self._p0_jobs:
            p0_at = math.inf
        elif self._p0_under_way:
            p0_at = -math.inf
        else:
            due = min(self.timetable.due_of(job, now) for job in self._p0_jobs)
            p0_at = -math.inf if due <= now < self.last else self.seconds(due) if due <= self.last else math.inf
        if p0_at != self._p0_at:
            self._p0_at = p0_at
            front = self.house.fronts["browser"]
            front.tell(front.expect, p0_at)
