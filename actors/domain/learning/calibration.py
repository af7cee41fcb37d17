"""Predictions held against what came: whether the learner knows how much it does not know."""

from __future__ import annotations

import math
from dataclasses import dataclass
from statistics import NormalDist
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

FEWEST = 5
"""Fewer predictions than this are no calibration."""
FEWEST_FOR_ALARM = 20
LOW, HIGH = 0.7, 0.9
"""Coverage of the 80 % intervals outside of which somebody should look (growth.md 4)."""
_INTERVAL = 0.8
_BINS = 10
_STANDARD = NormalDist()
_HALF_WIDTH = _STANDARD.inv_cdf((1 + _INTERVAL) / 2)


@dataclass(frozen=True, slots=True)
class Prediction:
    """What was expected of a decision's log reward before it was published: a normal distribution.

    `spread` is the standard deviation of the expectation itself, `noise` the variance of one whole post around it.
    """

    mean: float
    spread: float
    noise: float

    def record(self) -> dict[str, float]:
        """Return it as JSON can hold it."""
        return {"mean": self.mean, "spread": self.spread, "noise": self.noise}

    @classmethod
    def from_record(cls, record: Mapping[str, Any]) -> Prediction:
        """Return what `record` recorded."""
        return cls(float(record["mean"]), float(record["spread"]), float(record["noise"]))

    def deviation(self, weight: float = 1.0) -> float:
        """Return the standard deviation of a reading that shows this share of the final engagement."""
        return math.sqrt(self.spread**2 + self.noise / weight)


@dataclass(frozen=True, slots=True)
class Calibration:
    """How the predictions did.

    Args:
        coverage: share of the outcomes inside their 80 % interval.
        crps: mean continuous ranked probability score, in units of the log reward; less is better.
        slope: of the outcomes over the predicted means; 1 is right, 0 says that the means tell nothing. None: the means
            are all alike.
        pit: how many outcomes fell into each tenth of their predicted distribution; even is right.
    """

    outcomes: int
    coverage: float
    crps: float
    slope: float | None
    pit: tuple[int, ...]

    @property
    def is_alarming(self) -> bool:
        """Whether there are enough of them to say that the intervals are wrong."""
        return self.outcomes >= FEWEST_FOR_ALARM and not LOW <= self.coverage <= HIGH


def calibrate(pairs: Sequence[tuple[Prediction, float, float]]) -> Calibration | None:
    """Return how predictions did against (prediction, log reward, share of the final engagement seen); None: too few.

    CRPS of a normal distribution in closed form: Gneiting and Raftery, Strictly Proper Scoring Rules (2007), 4.2.
    """
    if len(pairs) < FEWEST:
        return None
    means = np.array([prediction.mean for prediction, _, _ in pairs])
    deviations = np.array([prediction.deviation(weight) for prediction, _, weight in pairs])
    came = np.array([z for _, z, _ in pairs])
    standard = (came - means) / deviations
    cumulative = np.array([_STANDARD.cdf(value) for value in standard])
    density = np.array([_STANDARD.pdf(value) for value in standard])
    crps = deviations * (standard * (2 * cumulative - 1) + 2 * density - 1 / math.sqrt(math.pi))
    tenths = np.minimum((cumulative * _BINS).astype(int), _BINS - 1)
    varied = float(means.var())
    return Calibration(
        outcomes=len(pairs),
        coverage=float((np.abs(standard) <= _HALF_WIDTH).mean()),
        crps=float(crps.mean()),
        slope=float(((means - means.mean()) * (came - came.mean())).mean()) / varied if varied > 0 else None,
        pit=tuple(np.bincount(tenths, minlength=_BINS).tolist()),
    )


def draw(prediction: Prediction, rng: np.random.Generator) -> float:
    """Return an invented engagement, in weighted reactions: for the shadow mode alone, no learner may see it."""
    return max(0.0, math.expm1(rng.normal(prediction.mean, prediction.deviation())))
