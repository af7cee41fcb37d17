"""Bayesian linear regression by its sufficient statistics, which evidence joins and leaves in any order."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from itertools import accumulate, pairwise
from typing import TYPE_CHECKING

import numpy as np

from actors.domain.learning.features import BLOCKS, Matrix, Vector
from actors.domain.taxonomy import FACTORS

if TYPE_CHECKING:
    from collections.abc import Mapping

# Mean and standard deviation of each block before anything is measured: growth.md 2.1. The level of an account is not
# known beforehand, so the intercept is left free.
PRIOR = {
    "intercept": (0.0, 2.0),
    "hour": (0.0, 0.40),
    **dict.fromkeys(FACTORS, (0.0, 0.40)),
    "generator_topic": (0.0, 0.15),
    "hook_format": (0.0, 0.15),
    "quarter_topic": (0.0, 0.12),
    "exposure": (-0.1, 0.20),
}
# Variance of what the model can't explain of a post's log reward, before it is measured, and how slowly it adapts.
# Of 0.2 to 1.0 this learned fastest before the sandbox's audiences 0 to 2.
PRIOR_NOISE = 0.45
NOISE_MEMORY = 0.995
# A day of posts at the highest cadence: what is predicted together was chosen before any of it was measured.
_BLOCK = 48


@dataclass(frozen=True, slots=True)
class Space:
    """What a model's parameters are: blocks of features, and what is believed of each block beforehand.

    Args:
        blocks: name and place of each block; together they are the whole vector.
        beliefs: mean and standard deviation of each block's parameters.
        noise: the variance of one whole observation, before any is measured.
    """

    blocks: Mapping[str, slice]
    beliefs: Mapping[str, tuple[float, float]]
    noise: float

    @classmethod
    def of(cls, widths: Mapping[str, int], beliefs: Mapping[str, tuple[float, float]], noise: float) -> Space:
        """Return the space whose blocks have these widths, in this order."""
        edges = pairwise(accumulate(widths.values(), initial=0))
        return cls({name: slice(*edge) for name, edge in zip(widths, edges, strict=True)}, beliefs, noise)

    @property
    def dimension(self) -> int:
        """Return the length of a vector."""
        return max(int(block.stop) for block in self.blocks.values())


CONTENT = Space(BLOCKS, PRIOR, PRIOR_NOISE)
"""The space of posts."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """Rows of features, their targets, and how much each row counts (1 is one whole observation)."""

    x: Matrix
    z: Vector
    weight: Vector

    def rows(self, part: slice) -> Evidence:
        """Return some of the rows."""
        return Evidence(self.x[part], self.z[part], self.weight[part])


@dataclass(frozen=True, slots=True)
class Belief:
    """A posterior, solved: the mean, and a root with `root @ root.T` the covariance in units of the noise."""

    mean: Vector
    root: Matrix


@dataclass(frozen=True)
class Posterior:
    """What is believed of the parameters: `theta ~ N(mean, noise * precision^-1)`, with `precision @ mean = shift`.

    Args:
        precision: prior precision plus `sum(weight * x x')`.
        shift: prior precision times prior mean plus `sum(weight * z * x)`.
        rows: how many observations are in it.
        noise: the variance of one whole observation around its prediction.
    """

    precision: Matrix
    shift: Vector
    rows: int
    noise: float

    def add(self, evidence: Evidence) -> Posterior:
        """Return the posterior with this evidence in it."""
        return self._with(evidence, 1)

    def remove(self, evidence: Evidence) -> Posterior:
        """Return the posterior as if this evidence, added before, had never been: how a late read replaces an early."""
        return self._with(evidence, -1)

    # No slots above: a solved posterior is kept in the instance, for one snapshot serves hundreds of choices.
    @cached_property
    def belief(self) -> Belief:
        """The solved posterior; a few milliseconds at first use."""
        inverse = np.linalg.inv(np.linalg.cholesky(self.precision))
        return Belief(mean=inverse.T @ (inverse @ self.shift), root=inverse.T)

    def _with(self, evidence: Evidence, sign: int) -> Posterior:
        root = np.sqrt(evidence.weight)
        rows = evidence.x * root[:, None]
        return Posterior(
            precision=self.precision + sign * (rows.T @ rows),
            shift=self.shift + sign * (rows.T @ (root * evidence.z)),
            rows=self.rows + sign * len(evidence.z),
            noise=self.noise,
        )


def prior(space: Space = CONTENT) -> Posterior:
    """Return what is believed before anything is measured."""
    mean, deviation = np.zeros(space.dimension), np.zeros(space.dimension)
    for name, block in space.blocks.items():
        mean[block], deviation[block] = space.beliefs[name]
    precision = space.noise / deviation**2
    return Posterior(np.diag(precision), precision * mean, rows=0, noise=space.noise)


def fit(evidence: Evidence, space: Space = CONTENT) -> Posterior:
    """Return the posterior of the prior and this evidence, whose rows are in the order of time.

    The noise is a moving average of squared errors, each of a prediction made before its row was known and divided
    by the variance that prediction admitted to.
    """
    start = prior(space)
    fitted = start.add(evidence)
    return Posterior(fitted.precision, fitted.shift, fitted.rows, _noise(start, evidence))


def _noise(start: Posterior, evidence: Evidence) -> float:
    mean, root = start.belief.mean, start.belief.root
    covariance, noise = root @ root.T, start.noise
    for first in range(0, len(evidence.z), _BLOCK):
        rows = evidence.rows(slice(first, first + _BLOCK))
        spread = rows.x @ covariance
        joint = spread @ rows.x.T + np.diag(1 / rows.weight)
        error = rows.z - rows.x @ mean
        for ratio in error**2 / np.diag(joint):
            noise = NOISE_MEMORY * noise + (1 - NOISE_MEMORY) * float(ratio)
        gain = np.linalg.solve(joint, spread).T
        mean = mean + gain @ error
        covariance = covariance - gain @ spread
    return noise
