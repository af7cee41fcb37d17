"""How fast posts come to their final engagement, fitted to our own readings."""

from __future__ import annotations

import math
from collections import defaultdict
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterable

FEWEST_POSTS = 20
"""Fewer finished posts than this say less than the curve that holds for everybody."""
FINISHED = timedelta(hours=24)
"""A post read at this age or later has all but a few per cent of its final engagement (growth.md 3.1)."""
_HOURS = np.geomspace(0.5, 48.0, 60)
_SHAPES = np.linspace(0.4, 1.6, 49)
_TRUST = 20
"""How many posts of ours weigh as much as the curve that holds for everybody."""
_HOUR_S = 3600.0


@dataclass(frozen=True, slots=True)
class Curve:
    """The share of its final engagement that a post has at an age: `1 - exp(-(age / hours)^shape)`."""

    hours: float
    shape: float

    def share(self, age: timedelta) -> float:
        """Return the share at this age, 0 to 1."""
        return -math.expm1(-((max(age, timedelta()).total_seconds() / _HOUR_S / self.hours) ** self.shape))


USUAL = Curve(hours=5.0, shape=0.75)
"""What holds before enough is measured: growth.md 3.1."""


@dataclass(frozen=True, slots=True)
class Reading:
    """One reading of one post: its views at an age."""

    post: str
    age: timedelta
    views: int


def fit_curve(readings: Iterable[Reading]) -> tuple[Curve, int] | None:
    """Return the curve of these posts' views and of how many finished posts it is made; None if there are too few.

    Views, because there are most of them and reactions come as they do. Least squares over the ratio of each early
    reading to its post's last one, each weighted by the root of the last one's views; then drawn towards the usual
    curve as if that were twenty posts more, in the logarithm of both parameters.
    """
    by_post: dict[str, list[Reading]] = defaultdict(list)
    for reading in readings:
        by_post[reading.post].append(reading)
    pairs = []
    finished = 0
    for each in by_post.values():
        each.sort(key=lambda reading: reading.age)
        last = each[-1]
        if last.age < FINISHED or last.views <= 0:
            continue
        finished += 1
        pairs += [
            (_in_hours(early.age), _in_hours(last.age), min(1.0, early.views / last.views), math.sqrt(last.views))
            for early in each[:-1]
        ]
    if finished < FEWEST_POSTS or not pairs:
        return None
    early, late, ratio, weight = (np.array(column) for column in zip(*pairs, strict=True))
    best = min(
        ((float((weight * (_ratio(early, late, hours, shape) - ratio) ** 2).sum()), hours, shape)
         for hours in _HOURS for shape in _SHAPES),
    )  # fmt: skip
    own = finished / (finished + _TRUST)
    hours = math.exp(own * math.log(best[1]) + (1 - own) * math.log(USUAL.hours))
    shape = math.exp(own * math.log(best[2]) + (1 - own) * math.log(USUAL.shape))
    return Curve(hours, shape), finished


def _ratio(early: np.ndarray, late: np.ndarray, hours: float, shape: float) -> np.ndarray:
    share = np.expm1(-((early / hours) ** shape)) / np.expm1(-((late / hours) ** shape))
    return np.asarray(share)


def _in_hours(age: timedelta) -> float:
    return age.total_seconds() / _HOUR_S
