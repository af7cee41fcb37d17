"""Lives: the same set of jobs lived several times, each time with runs of other lengths."""

from __future__ import annotations

from typing import TYPE_CHECKING

from actors.domain.feasibility.outlook import Fate
from actors.simulation.house import DAY_S, House

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from actors.domain.feasibility.outlook import Life
    from actors.domain.workload import JobLoad
    from actors.simulation.setting import Setting
    from actors.simulation.tally import JobTally

_MOST_DAYS, _LEAST_DAYS = 30.0, 0.1


def lives_of(loads: Sequence[JobLoad], setting: Setting, slots: int, seeds: Iterable[object]) -> list[Life]:
    """Live a set once for each seed, until about so many slots were due, and return what became of them."""
    per_day = sum(DAY_S / load.every.total_seconds() for load in loads if load.enabled)
    days = min(_MOST_DAYS, max(_LEAST_DAYS, slots / per_day)) if per_day else _LEAST_DAYS
    houses = [House(loads, setting, days=days, length_key=f"{seed}/") for seed in seeds]
    return [{name: _fate(tally) for name, tally in house.live().jobs.items()} for house in houses]


def _fate(tally: JobTally) -> Fate:
    first = tally.due // 2
    lost = sum(number not in tally.done for number in range(first, tally.due))
    return Fate(tally.due - first, lost, max(tally.delays, default=0.0))
