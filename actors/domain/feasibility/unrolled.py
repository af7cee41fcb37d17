"""The timetable unrolled over some days: which slots are lost in bursts, though in the long run there is room for all.

A schedule of periodic jobs with offsets shows within two hyperperiods whether it can be kept (Leung and Merrill, 1980).
Here the runs differ in length, so that each job's go evenly through its span, and what is found is what to expect, not
what is proven. The arbiter's own machine serves every front. Outages, retries, deadlines and dependencies are left out.
"""

from __future__ import annotations

import heapq
import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from actors.domain.arbiter import Arbiter, Grant, Recall, Revoke, Ticket
from actors.domain.breaker import Breaker
from actors.domain.feasibility.utilisation import BROWSER, DATABASE, RUNS, is_cut
from actors.domain.priority import Priority
from actors.domain.workload import ERRAND_LIMIT_S, SETUP_S

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from actors.domain.arbiter import Action
    from actors.domain.feasibility.utilisation import Capacity
    from actors.domain.workload import JobLoad

_DAY_S = 86400.0
_NEVER = 2**62
_GOLDEN = (math.sqrt(5.0) - 1.0) / 2.0
"""Multiples of it, taken modulo 1, fill the unit interval more evenly than those of any other number."""
_SILVER = math.sqrt(2.0)
"""Has no common multiple with the golden ratio."""
_ENDED_S = 1e-9


@dataclass(slots=True)
class Fate:
    """What becomes of a job's slots in the second half of the time, the first left out as its beginning.

    A slot is lost that a later one supersedes, or whose run fails.
    """

    due: int = 0
    lost: int = 0
    latest_s: float = 0.0
    """The longest from a slot's due time to the start of its work, over all the time."""


@dataclass(slots=True, eq=False)
class _Run:
    load: JobLoad
    due: float
    length_s: float
    id: str
    fronts: tuple[str, ...]
    """What an errand holds together, in the order in which it is asked for."""
    run_slot: int = -1
    done_s: float = 0.0
    piece_s: float = 0.0
    """Work of the errand under way, which `done_s` counts as done already."""
    held: list[tuple[str, int]] = field(default_factory=list)
    errand: int = 0
    """Changes whenever an errand ends, so that a recalled one's end is known as stale."""
    has_begun: bool = False


def unroll(loads: Sequence[JobLoad], fronts: Mapping[str, Capacity], days: float) -> dict[str, Fate]:
    """Return what becomes of each job's slots within so many days of real time."""
    unrolled = _Unrolled({load.name: load for load in loads if load.enabled}, fronts, days * _DAY_S)
    unrolled.live()
    return unrolled.fates


@dataclass(slots=True)
class _Unrolled:
    loads: Mapping[str, JobLoad]
    fronts: Mapping[str, Capacity]
    horizon_s: float
    now: float = 0.0
    arbiters: dict[str, Arbiter] = field(init=False)
    fates: dict[str, Fate] = field(init=False)
    running: dict[str, _Run] = field(default_factory=dict)
    runs: dict[str, _Run] = field(default_factory=dict)
    waiting: dict[str, float] = field(default_factory=dict)
    """Due times of slots that came while their jobs still ran."""
    next_due: dict[str, float] = field(default_factory=dict)
    _events: list[tuple[float, int, int, str, str, int]] = field(default_factory=list)
    """Time, class, order, what happens, to whom, and a number: of the errand, or of the slot."""
    _order: int = 0
    _wakes: dict[str, float] = field(default_factory=dict)
    _counts: dict[str, int] = field(default_factory=dict)
    _shifts: dict[str, float] = field(init=False)
    """Where in its span each job begins, lest equal intervals bring long runs of all jobs together."""

    def __post_init__(self) -> None:
        self._shifts = {name: number * _SILVER % 1.0 for number, name in enumerate(sorted(self.loads))}
        self.fates = {name: Fate() for name in self.loads}
        self.arbiters = {
            name: Arbiter(front.size, front.reserved, _NEVER, Breaker(_NEVER, 1.0, 1.0))
            for name, front in self.fronts.items()
        }
        # Of what is due at one moment the most urgent comes first, as in a mailbox with bands.
        for load in sorted(self.loads.values(), key=lambda load: load.priority):
            self._at(load.offset.total_seconds(), "due", load.name)
            self.next_due[load.name] = load.offset.total_seconds()
        self._expect()

    def live(self) -> None:
        while self._events and self._events[0][0] < self.horizon_s:
            self.now, _, _, what, whom, number = heapq.heappop(self._events)
            match what:
                case "due":
                    self._due(self.loads[whom])
                case "end" if whom in self.runs and self.runs[whom].errand == number:
                    self._end(self.runs[whom])
                case "recalled":
                    settled = self.arbiters[BROWSER].settled(
                        number, self.now, infrastructure_failed=False, answered=True, recalled=True
                    )
                    self._carry_out(BROWSER, settled)
                case "wake" if self._wakes.get(whom) == self.now:
                    del self._wakes[whom]
                    self._carry_out(whom, self.arbiters[whom].tick(self.now))

    def _at(self, time: float, what: str, whom: str, number: int = 0) -> None:
        self._order += 1
        urgency = self.loads[whom].priority if what == "due" else -1
        heapq.heappush(self._events, (time, urgency, self._order, what, whom, number))

    def _due(self, load: JobLoad) -> None:
        name, fate = load.name, self.fates[load.name]
        is_counted = self.now >= self.horizon_s / 2
        fate.due += is_counted
        self.next_due[name] = self.now + load.every.total_seconds()
        self._at(self.next_due[name], "due", name)
        if name in self.running:
            fate.lost += is_counted and name in self.waiting
            self.waiting[name] = self.now
        else:
            self._start(load, self.now)
        if load.priority is Priority.P0:
            self._expect()

    def _start(self, load: JobLoad, due: float) -> None:
        count = self._counts[load.name] = self._counts.get(load.name, 0) + 1
        part = (count * _GOLDEN + self._shifts[load.name]) % 1.0
        length = load.length.least_s + part * (load.length.greatest_s - load.length.least_s)
        known = [name for name in (BROWSER, DATABASE) if name in load.uses and name in self.fronts]
        run = _Run(load, due, length, f"{load.name}/{count}", tuple(known))
        self.running[load.name] = self.runs[run.id] = run
        ticket = Ticket(run.id, load.priority, math.inf, math.inf, run.id, due, 0.0, load.length.mean_s)
        self._carry_out(RUNS, self.arbiters[RUNS].arrived(ticket, self.now))

    def _ask(self, run: _Run) -> None:
        """Ask for the next front that the errand needs, or begin to work."""
        load, longest, set_up = run.load, math.inf, 0.0
        if BROWSER in run.fronts and load.priority is not Priority.P0:
            longest, set_up = load.errand_s if load.errand_s is not None else math.inf, SETUP_S
        piece = min(run.length_s - run.done_s, longest)
        if len(run.held) < len(run.fronts):
            front = run.fronts[len(run.held)]
            expected = min(longest, max(load.length.greatest_s - run.done_s, piece)) + set_up
            limit = max(ERRAND_LIMIT_S, 2.0 * expected)
            ticket = Ticket(
                run.id, load.priority, math.inf, limit, run.id, run.due, expected,
                load.length.remaining_s(run.done_s), front == BROWSER and is_cut(load),
            )  # fmt: skip
            self._carry_out(front, self.arbiters[front].arrived(ticket, self.now))
            return
        if not run.has_begun:
            run.has_begun = True
            self.fates[load.name].latest_s = max(self.fates[load.name].latest_s, self.now - run.due)
        run.piece_s = piece
        run.done_s += piece
        self._at(self.now + piece + set_up, "end", run.id, run.errand)

    def _end(self, run: _Run) -> None:
        held, run.held = run.held, []
        run.errand += 1
        is_over = run.length_s - run.done_s <= _ENDED_S
        for front, slot in reversed(held):
            self._settle(front, slot)
        if is_over:
            self._leave(run)
        else:
            self._ask(run)

    def _leave(self, run: _Run) -> None:
        """The run is over: its slot is free, and the slot of its job that waited meanwhile starts."""
        del self.running[run.load.name], self.runs[run.id]
        self._settle(RUNS, run.run_slot)
        due = self.waiting.pop(run.load.name, None)
        if due is not None:
            self._start(run.load, due)
        if run.load.priority is Priority.P0:
            self._expect()

    def _settle(self, front: str, slot: int) -> None:
        done = self.arbiters[front].settled(slot, self.now, infrastructure_failed=False, answered=True)
        self._carry_out(front, done)

    def _carry_out(self, front: str, actions: Sequence[Action]) -> None:
        for action in actions:
            match action:
                case Grant(run_id, slot) if front == RUNS:
                    self.runs[run_id].run_slot = slot
                    self._ask(self.runs[run_id])
                case Grant(run_id, slot):
                    self.runs[run_id].held.append((front, slot))
                    self._ask(self.runs[run_id])
                case Recall(run_id, slot):
                    self._recall(self.runs[run_id], slot)
                case Revoke(run_id, slot):
                    self._revoke(self.runs[run_id], front, slot)
        wake = self.arbiters[front].next_wake()
        if wake is not None and self.now < wake < self._wakes.get(front, math.inf):
            self._wakes[front] = wake
            self._at(wake, "wake", front)

    def _recall(self, run: _Run, slot: int) -> None:
        """Its page closes at once: what the errand did is lost, and its request waits again."""
        if len(run.held) == len(run.fronts):
            run.done_s -= run.piece_s
        self._stop(run)
        others, run.held = [place for place in run.held if place[0] != BROWSER], []
        for front, other in others:
            self._settle(front, other)
        self._at(self.now, "recalled", run.id, slot)

    def _revoke(self, run: _Run, front: str, slot: int) -> None:
        """It waited in its slot for a connection until its time was up: the run fails, and its slot is lost."""
        self.fates[run.load.name].lost += run.due >= self.horizon_s / 2
        self._stop(run)
        others, run.held = [place for place in run.held if place[0] != front], []
        for other, held in others:
            self._settle(other, held)
        self._carry_out(front, self.arbiters[front].replaced(slot, self.now))
        self._leave(run)

    def _stop(self, run: _Run) -> None:
        """Nothing comes of its errand any more, nor of what that still waits for."""
        run.errand += 1
        if len(run.held) < len(run.fronts):
            self.arbiters[run.fronts[len(run.held)]].waiting.remove(run.id)

    def _expect(self) -> None:
        """Tell the browser's front when P0 comes next; while a P0 run is under way, at any moment."""
        if BROWSER not in self.fronts:
            return
        urgent = [name for name, one in self.loads.items() if one.priority is Priority.P0 and BROWSER in one.uses]
        is_there = any(name in self.running for name in urgent)
        p0_at = -math.inf if is_there else min((self.next_due[name] for name in urgent), default=math.inf)
        self._carry_out(BROWSER, self.arbiters[BROWSER].expect(p0_at, self.now))
