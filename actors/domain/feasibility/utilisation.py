"""How much of each resource the jobs ask for in the long run, and how much of it there is for them."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from actors.domain.priority import Priority
from actors.domain.workload import SETUP_S

if TYPE_CHECKING:
    from collections.abc import Iterable

    from actors.domain.workload import JobLoad, Span

RUNS, BROWSER, DATABASE = "runs", "browser", "database"


@dataclass(frozen=True, slots=True)
class Capacity:
    """A front as far as the proof knows it: its slots, P0's part of them, and its longest errand in real seconds."""

    size: int
    reserved: int
    longest_s: float = math.inf

    @property
    def share(self) -> int:
        """Return how many slots the others may hold without being called back."""
        return self.size - self.reserved


def resources_of(load: JobLoad) -> frozenset[str]:
    """Return every front that a run of the job needs a slot of."""
    return load.uses | {RUNS}


def is_cut(load: JobLoad) -> bool:
    """Return whether its browser work is cut into errands that only read, which are lent P0's slot and recalled."""
    return load.priority is not Priority.P0 and load.errand_s is not None


def errand_of(load: JobLoad, capacity: Capacity) -> float:
    """Return the longest that one errand of a run works on a front, in real seconds; its set-up counts."""
    longest = min(load.length.greatest_s, capacity.longest_s)
    if BROWSER not in load.uses or load.priority is Priority.P0:
        return longest
    return min(longest, load.errand_s or math.inf) + SETUP_S


def set_up_s(load: JobLoad) -> float:
    """Return the mean time that a run's errands on the browser take beside its work."""
    if BROWSER not in load.uses or load.priority is Priority.P0:
        return 0.0
    return SETUP_S * (_mean_pieces(load.length, load.errand_s) if load.errand_s is not None else 1.0)


def set_up_most_s(load: JobLoad) -> float:
    """Return the most time that a run's errands on the browser take beside its work."""
    if BROWSER not in load.uses or load.priority is Priority.P0:
        return 0.0
    return SETUP_S * (max(1, math.ceil(load.length.greatest_s / load.errand_s)) if load.errand_s is not None else 1)


def work_s(load: JobLoad, resource: str) -> float:
    """Return how long a run holds a slot of `resource` in the mean, without any waiting.

    A run is taken to hold one slot of all it uses for as long as it works: the database is in truth held for less, so
    that the figure errs to the safe side.
    """
    if resource not in resources_of(load):
        return 0.0
    return load.length.mean_s + set_up_s(load)


def demand(load: JobLoad, resource: str) -> float:
    """Return the mean number of slots of `resource` that the job keeps busy: work per run over its interval."""
    return work_s(load, resource) / load.every.total_seconds()


def own_utilisation(load: JobLoad) -> float:
    """Return the part of its interval that a run works; at 1 and above it cannot keep its schedule even alone."""
    return (load.length.mean_s + set_up_s(load)) / load.every.total_seconds()


def total(loads: Iterable[JobLoad], resource: str, capacity: Capacity) -> float:
    """Return the utilisation of a resource by all jobs: the slots asked for over the slots there are."""
    return sum(demand(load, resource) for load in loads) / capacity.size


def background(loads: list[JobLoad], resource: str, capacity: Capacity) -> float:
    """Return the utilisation of what P0 leaves: demand of P1 to P3 over the slots they have in the mean.

    They have their share, `size - reserved`. The browser's reservation is lent besides, from the end of each P0 run
    until the last errand that still ends before the next one is due: of an interval a reserved slot is theirs for all
    but P0's length and the time it stands idle because the next errand would end too late. What must not be cut short
    (a publication) has to fit into the share alone.
    """
    others = [load for load in loads if load.priority is not Priority.P0 and resource in resources_of(load)]
    wanted = sum(demand(load, resource) for load in others)
    if wanted == 0.0:
        return 0.0
    fixed = wanted
    room = float(capacity.share)
    if resource == BROWSER:
        fixed = sum(demand(load, resource) for load in others if not is_cut(load))
        room += _lent(loads, others, capacity)
    return max(_ratio(fixed, capacity.share), _ratio(wanted, room))


def _lent(loads: list[JobLoad], others: list[JobLoad], capacity: Capacity) -> float:
    """Return how many slots of the browser's reservation work for others in the mean."""
    urgent = [load for load in loads if load.priority is Priority.P0 and BROWSER in load.uses]
    if not urgent:
        return float(capacity.reserved)
    lendable = [load for load in others if is_cut(load)]
    if not lendable:
        return 0.0
    errand = max(errand_of(load, capacity) for load in lendable)
    starts = starts_per_second(urgent)
    # Of `size` errands under way the `reserved` that end last leave their slots idle, and ends lie evenly.
    idle = errand * sum(rank / (capacity.size + 1) for rank in range(1, capacity.reserved + 1))
    busy = sum(demand(load, BROWSER) for load in urgent)
    if busy + starts * errand >= 1.0:
        return 0.0
    return max(0.0, capacity.reserved * (1.0 - busy) - starts * idle)


def starts_per_second(loads: list[JobLoad]) -> float:
    """Return how many moments a second, at most in the mean, one or more of these jobs are due at.

    A job all of whose slots are slots of another one adds none.
    """
    grids = {(_micros(load.every), _micros(load.offset) % _micros(load.every)) for load in loads}
    finest = [
        every
        for every, offset in grids
        if not any(every % other == 0 and offset % other == shift and other < every for other, shift in grids)
    ]
    return sum(1e6 / every for every in finest)


def phase(load: JobLoad, other: JobLoad) -> float:
    """Return the least time in seconds by which `load` is due after `other`, over all their slots."""
    divisor = _divisor(load, other)
    return (_micros(load.offset) - _micros(other.offset)) % divisor / 1e6


def _divisor(load: JobLoad, other: JobLoad) -> int:
    return math.gcd(_micros(load.every), _micros(other.every))


def _micros(duration: timedelta) -> int:
    return duration // timedelta(microseconds=1)


def _mean_pieces(length: Span, piece: float) -> float:
    """Return the mean of `ceil(length / piece)`, every length of the span being equally likely."""
    if length.greatest_s <= length.least_s:
        return float(max(1, math.ceil(length.least_s / piece)))

    def whole(end: float) -> float:
        full = math.floor(end / piece)
        return piece * full * (full + 1) / 2 + (full + 1) * (end - piece * full)

    return (whole(length.greatest_s) - whole(length.least_s)) / (length.greatest_s - length.least_s)


def _ratio(wanted: float, there: float) -> float:
    if wanted <= 0.0:
        return 0.0
    return wanted / there if there > 0.0 else math.inf
