"""Rates of few events: shrunk to what is common, with an interval that says how little is known."""

from __future__ import annotations

import math
from dataclasses import dataclass
from statistics import NormalDist
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

_EIGHTY = NormalDist().inv_cdf(0.9)
_WEAKEST, _STRONGEST = 50.0, 20_000.0
"""Bounds of the prior's weight, in trials: below it would not shrink, above it would hide every difference."""


@dataclass(frozen=True, slots=True)
class Rate:
    """A rate with its 80 % interval, all from 0 to 1."""

    mean: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Prior:
    """What is common: a Beta distribution with `events` of `trials` in it."""

    events: float
    trials: float


def prior_of(groups: Sequence[tuple[float, float]]) -> Prior:
    """Return the Beta prior of (events, trials) by group: its mean is the ratio of the sums, its weight by moments.

    The moments are those of Kleinman (1973) for proportions with unequal trials: what the groups' rates vary more than
    chance explains is what makes them different.
    """
    events, trials = sum(e for e, _ in groups), sum(n for _, n in groups)
    if trials <= 0:
        return Prior(0.0, _WEAKEST)
    mean = min(1.0, events / trials)
    known = [(e / n, n) for e, n in groups if n > 0]
    spread = sum(n * (rate - mean) ** 2 for rate, n in known)
    chance = mean * (1 - mean)
    count = len(known)
    denominator = trials - sum(n * n for _, n in known) / trials
    between = (spread - (count - 1) * chance) / denominator if denominator > 0 else 0.0
    weight = chance / between - 1 if between > 0 else _STRONGEST
    weight = min(max(weight, _WEAKEST), _STRONGEST)
    return Prior(mean * weight, weight)


def shrunken(events: float, trials: float, prior: Prior) -> Rate:
    """Return a group's rate under a prior; the interval is the Beta posterior's normal approximation, cut to 0..1."""
    total = prior.trials + trials
    mean = min(1.0, (prior.events + events) / total)
    half = _EIGHTY * math.sqrt(mean * (1 - mean) / (total + 1))
    return Rate(mean, max(0.0, mean - half), min(1.0, mean + half))
