"""How long a run of P1 to P3 may take at worst from its due time to its end."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from actors.domain.feasibility.utilisation import (
    BROWSER,
    DATABASE,
    RUNS,
    errand_of,
    phase,
    resources_of,
    set_up_most_s,
)
from actors.domain.priority import Priority
from actors.domain.waiting import STRETCH
from actors.domain.workload import SETUP_S

if TYPE_CHECKING:
    from collections.abc import Mapping

    from actors.domain.feasibility.utilisation import Capacity
    from actors.domain.workload import JobLoad

_MOST_ROUNDS = 200
_LEAST_S = 1.0


def response_bounds(loads: list[JobLoad], fronts: Mapping[str, Capacity]) -> dict[str, float]:
    """Return for each job of P1 to P3 a bound in real seconds from due time to end; `inf`: none below its interval."""
    others = [load for load in loads if load.priority is not Priority.P0]
    bounds = {load.name: _longest(load) for load in others}
    for _ in range(_MOST_ROUNDS):
        grown = {load.name: max(bounds[load.name], _response(load, loads, fronts, bounds)) for load in others}
        if grown == bounds:
            return bounds
        bounds = grown
    return dict.fromkeys(bounds, math.inf)


def _longest(load: JobLoad) -> float:
    return load.length.greatest_s + set_up_most_s(load)


def _response(
    load: JobLoad, loads: list[JobLoad], fronts: Mapping[str, Capacity], bounds: Mapping[str, float]
) -> float:
    if bounds[load.name] == math.inf:
        return math.inf
    total = _longest(load)
    for resource in resources_of(load) & fronts.keys():
        total += _wait(load, loads, resource, fronts, bounds)
    return total if total <= load.every.total_seconds() else math.inf


def _wait(
    load: JobLoad, loads: list[JobLoad], resource: str, fronts: Mapping[str, Capacity], bounds: Mapping[str, float]
) -> float:
    """Return how long a run of `load` may wait for its slots of one front, all its errands together."""
    capacity = fronts[resource]
    users = [other for other in loads if other is not load and resource in resources_of(other)]
    rivals = [other for other in users if other.priority is not Priority.P0]
    urgent = [other for other in users if other.priority is Priority.P0]
    if len(rivals) < capacity.size - max(capacity.reserved, len(urgent)):
        return 0.0
    if capacity.share <= 0 or bounds[load.name] == math.inf:
        return math.inf
    # P0 within its reservation is in nobody's way; what goes beyond takes slots from the share.
    beyond = urgent if len(urgent) > capacity.reserved else []
    holds = {other.name: hold_s(other, loads, resource, fronts, bounds) for other in [*rivals, *beyond]}
    blocking = sum(sorted((holds[other.name] for other in rivals), reverse=True)[: capacity.share])
    ahead = sum(_ahead(load, other, resource, holds[other.name], bounds) for other in [*rivals, *beyond])
    return (blocking + ahead) / capacity.share


def hold_s(
    load: JobLoad, loads: list[JobLoad], resource: str, fronts: Mapping[str, Capacity], bounds: Mapping[str, float]
) -> float:
    """Return the longest that a run keeps one slot; on the browser it may wait there for a connection."""
    if load.priority is Priority.P0:
        return _hold_of_p0(load, loads, resource, fronts)
    if resource == RUNS:
        return bounds[load.name] if load.deadline_s is None else min(bounds[load.name], load.deadline_s)
    hold = errand_of(load, fronts[resource])
    if resource == BROWSER and DATABASE in load.uses & fronts.keys():
        hold += _wait(load, loads, DATABASE, fronts, bounds)
    return hold


def _hold_of_p0(load: JobLoad, loads: list[JobLoad], resource: str, fronts: Mapping[str, Capacity]) -> float:
    """Return P0's hold if it waits for nothing else meanwhile, `inf` if it may."""
    inner = {BROWSER: {DATABASE} & load.uses, RUNS: load.uses}.get(resource, frozenset())
    for name in inner & fronts.keys():
        urgent = sum(other.priority is Priority.P0 and name in other.uses for other in loads)
        if urgent > fronts[name].reserved:
            return math.inf
    return load.length.greatest_s


def _ahead(load: JobLoad, rival: JobLoad, resource: str, hold: float, bounds: Mapping[str, float]) -> float:
    """Return the most time in slots of a rival's runs that goes before a run of `load` while it is there."""
    errands = max(1.0, set_up_most_s(rival) / SETUP_S)  # P0 has one
    whole, window = (hold if resource != BROWSER else errands * hold), bounds[load.name]
    patience = STRETCH[load.priority] * max(load.length.mean_s, _LEAST_S)

    def before(elapsed: float) -> float:
        if elapsed <= 0:
            return 0.0
        if resource != BROWSER or rival.errand_s is None:
            return whole
        # Those are served first that have less left in their class's measure; what is expected to be left is at least
        # half of what may be left, and an errand that has begun is ended.
        errands_ahead = math.ceil(2.0 * elapsed / STRETCH[rival.priority] / rival.errand_s) + 1
        return min(whole, errands_ahead * hold)

    every = rival.every.total_seconds()
    work = 0.0
    if rival.priority is Priority.P0:
        in_window = math.floor((window - phase(rival, load)) / every) + 1
        return whole * (1 + max(0, in_window))
    if bounds[rival.name] == math.inf:
        # It may be behind: one run is under way and one slot waits, with due times as old as may be.
        work += 2 * whole
    elif bounds[rival.name] > (phase(load, rival) or every):
        work += before(bounds[rival.name] + patience)
    due = phase(rival, load)
    while due < window and before(patience - due) > 0.0:
        work += before(patience - due)
        due += every
    return work
