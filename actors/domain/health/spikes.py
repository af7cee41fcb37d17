"""Spikes: more errors of one kind within an hour than chance would give at this hour of the day."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import timedelta

DAYS = 7
_SMOOTHING = 2 / (DAYS + 1)
_LEAST_RATE = 0.5
"""Errors an hour that are assumed where none was seen: an hour without any does not make the first one a spike. With
`_CHANCE` six in such an hour are one, as domain.md 1.3, job 29, has it (more than five)."""
_CHANCE = 1e-4
"""Below it it is no chance: with twenty kinds looked at every hour one false alarm in three weeks."""


def usual(before: Sequence[int]) -> float:
    """Return errors an hour to be expected: the moving average of the same hour of up to seven days, the last first.

    Exponentially weighted; days before the kind was first seen are left out, not counted as none.
    """
    weights = [(1 - _SMOOTHING) ** day for day in range(min(len(before), DAYS))]
    if not weights:
        return _LEAST_RATE
    average = sum(weight * count for weight, count in zip(weights, before, strict=False)) / sum(weights)
    return max(_LEAST_RATE, average)


def chance(seen: int, rate: float) -> float:
    """Return P(X >= seen) for X of a Poisson distribution with this mean (growth.md 4)."""
    if seen <= 0:
        return 1.0
    below = math.fsum(math.exp(k * math.log(rate) - rate - math.lgamma(k + 1)) for k in range(seen))
    return max(0.0, 1.0 - below)


def is_spike(seen: int, before: Sequence[int]) -> bool:
    """Tell whether so many in an hour, or in what has passed of it, are more than chance."""
    return chance(seen, usual(before)) < _CHANCE


def per_hour(previous: int, present: int, passed: timedelta) -> float:
    """Return errors of the last 60 minutes, from those of the last full hour and of the `passed` part of this one."""
    return present + previous * max(0.0, 1 - passed.total_seconds() / 3600)
