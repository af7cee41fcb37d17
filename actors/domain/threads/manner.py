"""The manner of a thread: the style of its opening and the feeling it speaks to, chosen by what past ones came to."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product
from typing import TYPE_CHECKING

import numpy as np

from actors.domain.randomness import keyed
from actors.domain.taxonomy import FACTORS

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from actors.domain.learning.features import Matrix, Vector
    from actors.domain.learning.reward import Reward

STYLES = {
    "controversial": "take a side that many would dispute, and give the reason; never against a person or a group",
    "surprising_fact": "open with something true and plain that hardly anybody notices; no number",
    "myth_buster": "open with a common belief and show kindly what holds instead",
    "contrarian": "argue against the usual advice, with a reason that everybody can check at home",
}
"""How a thread opens, as a writer is told. The second stands for the shocking statistic of the engine this replaces:
nothing here can be sourced, so nothing is counted."""

EMOTIONS = {
    "curiosity": "leave a small riddle open until it is answered",
    "anger": "name what is annoying about habits, rooms and schedules; blame nobody, call nobody names",
    "hope": "show that change is small, near and forgiving",
    "fear": "a gentle concern about a small everyday cost, with the way out beside it; no illness, no threat, no hurry",
}
"""Which feeling a thread speaks to, and within which bounds."""

HOOKS = {"controversial": "contrast", "surprising_fact": "reveal", "myth_buster": "myth", "contrarian": "contrast"}
"""The hook of the learner's grid that fits a style."""

LENGTHS_OF_PARTS = ("short", "medium")
RESTED = 6
"""Topics of as many latest posts, waiting ones included, are left to rest."""
RESTED_THREADS = 3

FLOOR = 0.01
"""No manner is ever chosen less often: four threads a day try each of the sixteen within a month."""

WITNESSES = 3
"""No reward counts for more than the third best: what was reached once or twice is luck until it is reached again."""

WIN_DRAWS = 400

# Of z = log1p(engagement at its end), see actors/domain/learning/reward.py. Styles and emotions add up, so that sixteen
# manners are nine numbers; a single thread moves its own two by little.
_MEAN, _SPREAD, _EFFECT, _NOISE = 2.0, 2.0, 0.5, 1.0


@dataclass(frozen=True, slots=True)
class Manner:
    """One of the sixteen."""

    style: str
    emotion: str


MANNERS = tuple(Manner(*pair) for pair in product(STYLES, EMOTIONS))


@dataclass(frozen=True, slots=True)
class Told:
    """A past thread and what it was worth."""

    manner: Manner
    reward: Reward


@dataclass(frozen=True, slots=True)
class MannerChoice:
    """A manner and the exact probability it was chosen with."""

    manner: Manner
    propensity: float


def choose_manner(told: Iterable[Told], key: bytes) -> MannerChoice:
    """Choose a manner by Thompson sampling; the same outcomes and key give the same choice.

    A manner's probability is how often it wins among draws of the posterior, mixed with the floor of each; it is drawn
    from exactly these probabilities. Manners that are no longer known teach nothing.
    """
    rng = keyed("manner", key)
    probabilities = _probabilities([each for each in told if each.manner in MANNERS], rng)
    chosen = int(np.searchsorted(np.cumsum(probabilities)[:-1], rng.random(), side="right"))
    return MannerChoice(MANNERS[chosen], float(probabilities[chosen]))


def bounds(manner: Manner, topics: Sequence[str], of_threads: Sequence[str]) -> Mapping[str, tuple[str, ...]]:
    """Return which values the learner may choose from for a thread in this manner.

    Args:
        manner: fixes the hook.
        topics: of the account's posts, the newest first.
        of_threads: likewise, of its threads alone.
    """
    tired = {*topics[:RESTED], *of_threads[:RESTED_THREADS]}
    return {
        "topic": tuple(topic for topic in FACTORS["topic"] if topic not in tired),
        "hook": (HOOKS[manner.style],),
        "format": ("plain",),
        "length": LENGTHS_OF_PARTS,
    }


def _probabilities(told: Sequence[Told], rng: np.random.Generator) -> Vector:
    precision = np.diag([_SPREAD**-2, *[_EFFECT**-2] * (len(STYLES) + len(EMOTIONS))])
    shift = precision[:, 0] * _MEAN
    most = min(sorted(each.reward.z for each in told)[-WITNESSES:], default=0.0)
    for each in told:
        x = _features([each.manner])[0]
        weight = each.reward.weight / _NOISE**2
        precision = precision + weight * np.outer(x, x)
        shift = shift + weight * min(each.reward.z, most) * x
    mean = np.linalg.solve(precision, shift)
    root = np.linalg.inv(np.linalg.cholesky(precision)).T
    draws = mean[:, None] + root @ rng.standard_normal((len(mean), WIN_DRAWS))
    wins = np.bincount((_features(MANNERS) @ draws).argmax(axis=0), minlength=len(MANNERS)) / WIN_DRAWS
    probabilities: Vector = (1 - FLOOR * len(MANNERS)) * wins + FLOOR
    return probabilities


def _features(manners: Sequence[Manner]) -> Matrix:
    """Return a row for each: an intercept, the style and the emotion as one-hots."""
    rows = [
        [1.0, *(manner.style == style for style in STYLES), *(manner.emotion == emotion for emotion in EMOTIONS)]
        for manner in manners
    ]
    return np.array(rows, dtype=np.float64)
