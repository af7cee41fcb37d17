"""Whom to answer and how: Thompson sampling over targets and strategies, with exact and logged probabilities."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from itertools import product
from typing import TYPE_CHECKING, Any

import numpy as np

from actors.domain.learning.choice import TEMPER, chances
from actors.domain.learning.features import Matrix, Vector
from actors.domain.randomness import keyed
from actors.domain.replies.features import STRATEGIES, vector

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import datetime

    from actors.domain.replies.snapshot import ReplyWeights
    from actors.domain.replies.target import Target

# As for posts (growth.md 2.1): half of the slate explores, half is what draws of the posterior would answer. Each
# strategy is among the exploring half, so none is ever without its floor.
UNIFORM, DRAWN = 6, 6
# A cell of the table of conversions counts by half once so many replies are in it; and it tips, it does not decide.
USUAL_REPLIES = 10
LARGEST_TIP = 0.7

Cell = tuple[str, str]
"""A strategy and a tier."""


@dataclass(frozen=True, slots=True)
class Rate:
    """A Beta belief of a follow per view, of so many replies."""

    alpha: float
    beta: float
    replies: int

    @property
    def mean(self) -> float:
        """Return the follows per view that are expected."""
        return self.alpha / (self.alpha + self.beta)


@dataclass(frozen=True, slots=True)
class Candidate:
    """A target and a strategy."""

    target: Target
    strategy: str
    tip: float
    """What its cell is worth beyond what the model knows, in logarithms of the reward."""

    features: Vector = field(compare=False)


@dataclass(frozen=True, slots=True)
class Choice:
    """One decision with all that is needed to weigh it afterwards and to draw it again.

    Args:
        taken: the candidate to answer.
        propensity: the exact probability it was chosen with, given the slate.
        slate: the distinct candidates, part of the context of the decision.
        probabilities: of each candidate; they sum to 1, and none is less than the exploration's even share.
        schema: what the features mean.
    """

    taken: Candidate
    propensity: float
    slate: tuple[Candidate, ...]
    probabilities: tuple[float, ...]
    key: bytes
    version: int
    exploration: float
    schema: str

    def record(self) -> dict[str, Any]:
        """Return the decision as JSON can hold it, bit for bit; of the targets only their ids."""
        return {
            "version": self.version,
            "schema": self.schema,
            "key": self.key.hex(),
            "exploration": self.exploration,
            "strategy": self.taken.strategy,
            "tier": self.taken.target.tier,
            "features": self.taken.features.tolist(),
            "slate": [
                {
                    "tweet_id": one.target.tweet_id,
                    "strategy": one.strategy,
                    "tip": one.tip,
                    "features": one.features.tolist(),
                }
                for one in self.slate
            ],
            "probabilities": list(self.probabilities),
            "chosen": self.slate.index(self.taken),
            "propensity": self.propensity,
        }


def tips(rates: Mapping[Cell, Rate]) -> dict[Cell, float]:
    """Return what each cell of the conversions is worth beyond the average of all, in logarithms.

    A prior mean of what the linear model has no parameter for: that a strategy suits a tier. It is shrunk to nothing
    where few replies are known.
    """
    if not rates:
        return {}
    alpha, beta = sum(rate.alpha for rate in rates.values()), sum(rate.beta for rate in rates.values())
    usual = alpha / (alpha + beta)
    found = {}
    for cell, rate in rates.items():
        worth = math.log(rate.mean / usual) * rate.replies / (rate.replies + USUAL_REPLIES)
        found[cell] = max(-LARGEST_TIP, min(LARGEST_TIP, worth))
    return found


def candidates(targets: Iterable[Target], at: datetime, known: Mapping[Cell, float]) -> list[Candidate]:
    """Return each target with each strategy, in an order that depends on nothing but the targets."""
    ordered = sorted(targets, key=lambda target: target.tweet_id)
    return [
        Candidate(target, strategy, known.get((strategy, target.tier), 0.0), vector(target, strategy, at))
        for target, strategy in product(ordered, STRATEGIES)
    ]


def choose(weights: ReplyWeights, every: Sequence[Candidate], key: bytes, *, exploration: float) -> Choice:
    """Choose a candidate; the same weights, candidates and key give the same choice, whenever and wherever.

    The slate is six candidates drawn evenly, with each strategy among them, and six that draws of the posterior value
    highest of all (equal ones are kept once). `every` must not be empty.
    """
    slate = _slate(weights, every, keyed("reply_slate", weights.version, key))
    probabilities = probabilities_of(weights, [(one.features, one.tip) for one in slate], key, exploration)
    draw = keyed("reply_draw", weights.version, key).random()
    chosen = int(np.searchsorted(np.cumsum(probabilities)[:-1], draw, side="right"))
    return Choice(
        taken=slate[chosen],
        propensity=float(probabilities[chosen]),
        slate=slate,
        probabilities=tuple(probabilities.tolist()),
        key=key,
        version=weights.version,
        exploration=exploration,
        schema=weights.schema,
    )


def probabilities_of(
    weights: ReplyWeights, slate: Sequence[tuple[Vector, float]], key: bytes, exploration: float
) -> Vector:
    """Return the probability of each candidate of a slate, given as (features, tip): also of one that was recorded."""
    features: Matrix = np.array([x for x, _ in slate])
    ahead = np.array([tip for _, tip in slate])
    return chances(weights.posterior, features, keyed("reply_wins", weights.version, key), exploration, ahead)


def _slate(weights: ReplyWeights, every: Sequence[Candidate], rng: np.random.Generator) -> tuple[Candidate, ...]:
    strategies = tuple(STRATEGIES)
    targets = len(every) // len(strategies)
    places = [*rng.permutation(len(strategies)), *rng.integers(len(strategies), size=UNIFORM - len(strategies))]
    uniform = [int(rng.integers(targets)) * len(strategies) + int(place) for place in places]
    belief = weights.posterior.belief
    noise = rng.standard_normal((len(belief.mean), DRAWN))
    theta = belief.mean[:, None] + TEMPER * np.sqrt(weights.posterior.noise) * (belief.root @ noise)
    scores = np.array([one.features for one in every]) @ theta + np.array([[one.tip] for one in every])
    drawn = [int(place) for place in scores.argmax(axis=0)]
    return tuple(every[place] for place in dict.fromkeys(uniform + drawn))
