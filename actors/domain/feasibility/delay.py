"""How late a P0 run may start at worst."""

from __future__ import annotations

import dataclasses
import heapq
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from actors.domain.arbiter import RECALL_LIMIT_S
from actors.domain.feasibility.response import hold_s, response_bounds
from actors.domain.feasibility.utilisation import BROWSER, DATABASE, RUNS, errand_of, is_cut, phase, resources_of
from actors.domain.priority import Priority

if TYPE_CHECKING:
    from collections.abc import Mapping

    from actors.domain.feasibility.utilisation import Capacity
    from actors.domain.workload import JobLoad

_MOST_ROUNDS = 1000


def start_bounds(loads: list[JobLoad], fronts: Mapping[str, Capacity], tick_s: float) -> dict[str, float]:
    """Return for each P0 job a bound in real seconds on how long after its due time a run may start; `inf`: none.

    The bound of job i is the least fixed point, over all P0 jobs at once, of

        B_i = tick + patience_i + sum over i's fronts f of W_i(f)

    - `tick`: the clock's longest pause between two looks at the timetable.
    - `patience_i`: how long its gate may hold it, for each `after` whose freshness can run out although its job keeps
      its own schedule. (Before that job's first success, at the first start of all, the gate may hold it too.)
    - `W_i(f)`, the wait for a slot. The peers are the other P0 jobs on f that may be there when i comes: those that i
      can be due after by less than their own bound and length (phases are differences of offsets modulo the greatest
      common divisor of the intervals, as in Tindell's analysis of offsets). If they are fewer than `reserved`, one slot
      is free, or lent: 0 if i comes as announced, `RECALL_LIMIT_S` if anything before may have held it up. Else all
      slots may be busy: at most `size - reserved` with errands of others, one each, since a job has one run and a run
      one errand at a time, the rest with peers, and the peers that are not served stand ahead of i. From then on every
      slot that ends goes to P0, in the order of arrival, so the wait is the least element of the workload vector after
      those ahead have been assigned (the recursion of Kiefer and Wolfowitz, which grows with each of its terms), begun
      with whole errands, and no more than all that work over all slots. The largest over the possible numbers of peers
      in service counts. It is blocking by the longest lower-priority sections plus interference of equals, as in the
      response-time analysis of Joseph and Pandya and of Audsley, where each term is taken once because no peer is
      served twice before i.
    - A job whose greatest length and bound do not fit into its interval has no bound: each run may delay the next.

    It holds while resources answer and clocks do not jump: retries, outages and memory are not in it. Schedule time is
    taken to be real time (speed 1).
    """
    world = _World(loads, fronts, tick_s, response_bounds(loads, fronts))
    return {name: bound.start_s for name, bound in _bounds(world).items()}


def blame_for(load: JobLoad, loads: list[JobLoad], fronts: Mapping[str, Capacity], tick_s: float) -> dict[str, float]:
    """Return for each job how many seconds it can add to a start of this P0 job; 0 for what can only do so by others.

    On each front where it may wait every job counts that may be there, with the longest it keeps a slot, but no more
    than the wait or its own interval. What its gate waits for counts with the patience. The job itself counts as far as
    its own run may still be under way when it is due again.
    """
    world = _World(loads, fronts, tick_s, response_bounds(loads, fronts))
    bounds = _bounds(world)
    blame = dict.fromkeys((other.name for other in loads), 0.0)
    delay = tick_s
    for resource in sorted(resources_of(load) & fronts.keys()):
        wait = _wait(load, world, resource, bounds, is_announced=False)
        if wait == 0.0:
            continue
        delay += wait
        for other in loads:
            if other is not load and resource in resources_of(other) and _may_meet(load, other, world, bounds):
                hold = _hold(other, world, resource, bounds)
                blame[other.name] += min(hold, wait, other.every.total_seconds())
    for after in load.after:
        patience = _patience(dataclasses.replace(load, after=(after,)), loads, bounds)
        if patience:
            blame[after.job] += patience
            delay += patience
    outlasts = load.length.greatest_s + min(delay, load.every.total_seconds()) - load.every.total_seconds()
    blame[load.name] += max(0.0, outlasts)
    return blame


def _bounds(world: _World) -> dict[str, _Bound]:
    urgent = [load for load in world.loads if _is_urgent(load)]
    bounds = {load.name: _Bound(world.tick_s) for load in urgent}
    for _ in range(_MOST_ROUNDS):
        grown = {load.name: bounds[load.name].joined(_bound(load, world, bounds)) for load in urgent}
        if grown == bounds:
            return bounds
        bounds = grown
    return dict.fromkeys(bounds, _Bound(math.inf, math.inf, math.inf))


@dataclass(frozen=True, slots=True)
class _World:
    """What stays the same from round to round."""

    loads: list[JobLoad]
    fronts: Mapping[str, Capacity]
    tick_s: float
    responses: Mapping[str, float]

    def hold(self, load: JobLoad, resource: str) -> float:
        return hold_s(load, self.loads, resource, self.fronts, self.responses)


@dataclass(frozen=True, slots=True)
class _Bound:
    """How late a run may start at most, how long of it it waits with its run slot, and how long for a connection."""

    start_s: float
    inside_s: float = 0.0
    database_s: float = 0.0

    def joined(self, other: _Bound) -> _Bound:
        return _Bound(
            max(self.start_s, other.start_s),
            max(self.inside_s, other.inside_s),
            max(self.database_s, other.database_s),
        )


def _bound(load: JobLoad, world: _World, bounds: Mapping[str, _Bound]) -> _Bound:
    before = _patience(load, world.loads, bounds)
    if RUNS in world.fronts:
        before += _wait(load, world, RUNS, bounds)
    waits: dict[str, float] = {}
    for resource in sorted(load.uses & world.fronts.keys()):
        is_announced = before + sum(waits.values()) == 0.0
        waits[resource] = _wait(load, world, resource, bounds, is_announced=is_announced)
    inside = sum(waits.values())
    start = world.tick_s + before + inside
    if start + load.length.greatest_s > load.every.total_seconds():
        return _Bound(math.inf, math.inf, math.inf)
    return _Bound(start, inside, waits.get(DATABASE, 0.0))


def _patience(load: JobLoad, loads: list[JobLoad], bounds: Mapping[str, _Bound]) -> float:
    """Return the longest that its gate holds it once everything it waits for has succeeded before."""
    known = {other.name: other for other in loads}
    waits = [0.0]
    for after in load.after:
        named = known.get(after.job)
        if named is None:
            continue  # never about to run, so never waited for
        late = bounds[named.name].start_s if named.name in bounds else math.inf
        ready = named.every.total_seconds() + late + named.length.greatest_s
        if ready > after.fresh.total_seconds():
            waits.append(after.patience.total_seconds())
    return max(waits)


def _wait(
    load: JobLoad, world: _World, resource: str, bounds: Mapping[str, _Bound], *, is_announced: bool = True
) -> float:
    capacity = world.fronts[resource]
    users = [other for other in world.loads if other is not load and resource in resources_of(other)]
    met = [other for other in users if _may_meet(load, other, world, bounds)]
    peers = sorted((_hold(other, world, resource, bounds) for other in met if _is_urgent(other)), reverse=True)
    others = sorted((_hold(other, world, resource, bounds) for other in met if not _is_urgent(other)), reverse=True)
    worst = 0.0
    # A lent errand that has to wait for a connection ends later than was expected.
    lent = [other for other in met if is_cut(other)] if resource == BROWSER and capacity.reserved else []
    if lent and not (is_announced and all(world.hold(other, BROWSER) <= errand_of(other, capacity) for other in lent)):
        worst = RECALL_LIMIT_S
    for served in range(capacity.reserved, min(capacity.size, len(peers)) + 1):
        strangers = capacity.size - served
        if strangers > len(others):
            continue
        slots = peers[:served] + others[:strangers]
        heapq.heapify(slots)
        for ahead in peers[: len(peers) - served]:
            heapq.heapreplace(slots, slots[0] + ahead)
        # Until i is served no slot idles, so that neither can it wait longer than all the work before it takes.
        worst = max(worst, min(slots[0], (sum(peers) + sum(others[:strangers])) / capacity.size))
    return worst


def _is_urgent(load: JobLoad) -> bool:
    return load.priority is Priority.P0


def _may_meet(load: JobLoad, other: JobLoad, world: _World, bounds: Mapping[str, _Bound]) -> bool:
    """Return whether `load` may come while a run of `other` is still there, waiting or working."""
    urgent = bounds.get(other.name)
    there_s = world.responses[other.name] if urgent is None else urgent.start_s + other.length.greatest_s
    return phase(load, other) < there_s or phase(other, load) <= bounds[load.name].start_s


def _hold(load: JobLoad, world: _World, resource: str, bounds: Mapping[str, _Bound]) -> float:
    """Return the longest that a run keeps a slot of a front once it has it."""
    if not _is_urgent(load):
        return world.hold(load, resource)
    # A run keeps its run slot while it waits for the others, and its context while it waits for a connection.
    inside = bounds[load.name].inside_s if resource == RUNS else bounds[load.name].database_s
    return load.length.greatest_s + (inside if resource != DATABASE else 0.0)
