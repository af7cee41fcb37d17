"""A context and an arm as the vector the linear model sees.

Blocks: an intercept, two harmonics of the hour, one-hots of the five factors, generator x topic, hook x format,
quarter of the day x topic, and how much of this arm's topic and generator was posted lately (what tires the audience).
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from datetime import datetime
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np

from actors.domain.taxonomy import FACTORS, Arm

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

Vector = np.ndarray[tuple[int], np.dtype[np.float64]]
Matrix = np.ndarray[tuple[int, int], np.dtype[np.float64]]

# Time constants of the account's own recent exposure, in hours: within the day, and from day to day.
SHORT, LONG = 6.0, 24.0
QUARTERS = 4

_SIZES = {name: len(values) for name, values in FACTORS.items()}
_INDEX = {name: {value: i for i, value in enumerate(values)} for name, values in FACTORS.items()}
_WIDTHS = {
    "intercept": 1,
    "hour": 4,
    **_SIZES,
    "generator_topic": _SIZES["generator"] * _SIZES["topic"],
    "hook_format": _SIZES["hook"] * _SIZES["format"],
    "quarter_topic": QUARTERS * _SIZES["topic"],
    "exposure": 4,
}
_EDGES = [0]
for _width in _WIDTHS.values():
    _EDGES.append(_EDGES[-1] + _width)

BLOCKS: Mapping[str, slice] = {name: slice(*edges) for name, edges in zip(_WIDTHS, pairwise(_EDGES), strict=True)}
DIMENSION = _EDGES[-1]


@dataclass(frozen=True, slots=True)
class Played:
    """One post of the account's own, published or planned: what it said and when (schedule time)."""

    generator: str
    topic: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Exposure:
    """How much of one topic and one generator was posted lately: `sum(exp(-age / tau))` at both time constants."""

    topic_short: float = 0.0
    topic_long: float = 0.0
    generator_short: float = 0.0
    generator_long: float = 0.0

    def vector(self) -> Vector:
        """Return the logarithms the model sees; the tenth repetition tires less than the second."""
        return np.log1p([self.topic_short, self.topic_long, self.generator_short, self.generator_long])


@dataclass(frozen=True, slots=True)
class Exposures:
    """The exposure of every topic and generator at one moment; a value that is missing was not posted."""

    topic: Mapping[str, tuple[float, float]] = field(default_factory=dict)
    generator: Mapping[str, tuple[float, float]] = field(default_factory=dict)

    @classmethod
    def of(cls, played: Iterable[Played], at: datetime) -> Exposures:
        """Sum up the posts before `at`; later ones do not count."""
        sums: dict[str, dict[str, tuple[float, float]]] = {"topic": {}, "generator": {}}
        for post in sorted(played, key=lambda post: post.at):
            age = (at - post.at).total_seconds() / 3600
            if age < 0:
                continue
            for factor, value in (("topic", post.topic), ("generator", post.generator)):
                short, long = sums[factor].get(value, (0.0, 0.0))
                sums[factor][value] = (short + math.exp(-age / SHORT), long + math.exp(-age / LONG))
        return cls(sums["topic"], sums["generator"])

    def on(self, arm: Arm) -> Exposure:
        """Return what concerns this arm."""
        return Exposure(*self.topic.get(arm.topic, (0.0, 0.0)), *self.generator.get(arm.generator, (0.0, 0.0)))


@dataclass(frozen=True, slots=True)
class Context:
    """What is known when an arm is chosen.

    Args:
        at: when the post is due, in schedule time.
        exposures: what the account posts before that moment.
        preferred: values of a factor to try more often than the others, such as the generators of a content slot.
        allowed: the only values of a factor that may be chosen; one that is missing is free.
    """

    at: datetime
    exposures: Exposures = field(default_factory=Exposures)
    preferred: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    allowed: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    def values(self, factor: str) -> tuple[str, ...]:
        """Return the values of a factor to choose from."""
        return self.allowed.get(factor) or FACTORS[factor]

    def record(self) -> dict[str, Any]:
        """Return the context as JSON can hold it, exactly, so that the choice can be replayed."""
        return {
            "at": self.at.isoformat(),
            "topic": {value: list(sums) for value, sums in self.exposures.topic.items()},
            "generator": {value: list(sums) for value, sums in self.exposures.generator.items()},
            "preferred": {factor: list(values) for factor, values in self.preferred.items()},
            "allowed": {factor: list(values) for factor, values in self.allowed.items()},
        }

    @classmethod
    def from_record(cls, record: Mapping[str, Any]) -> Context:
        """Return the context that `record` recorded."""
        topic = {value: (short, long) for value, (short, long) in record["topic"].items()}
        generator = {value: (short, long) for value, (short, long) in record["generator"].items()}
        preferred = {factor: tuple(values) for factor, values in record["preferred"].items()}
        # Decisions made before there was such a bound do not name it.
        allowed = {factor: tuple(values) for factor, values in record.get("allowed", {}).items()}
        return cls(datetime.fromisoformat(record["at"]), Exposures(topic, generator), preferred, allowed)


def is_known(arm: Arm) -> bool:
    """Tell whether the taxonomy still has every value of this arm."""
    return all(getattr(arm, name) in values for name, values in FACTORS.items())


def hours(at: datetime) -> Vector:
    """Return the two harmonics of the hour of the day (UTC)."""
    angle = 2 * math.pi * _hour(at) / 24
    return np.array([math.cos(angle), math.sin(angle), math.cos(2 * angle), math.sin(2 * angle)])


def vector(arm: Arm, at: datetime, exposure: Exposure) -> Vector:
    """Return the features of posting this arm at that time after that exposure."""
    x = np.zeros(DIMENSION)
    place = {name: _INDEX[name][getattr(arm, name)] for name in FACTORS}
    x[BLOCKS["intercept"]] = 1.0
    x[BLOCKS["hour"]] = hours(at)
    for name, index in place.items():
        x[BLOCKS[name].start + index] = 1.0
    x[BLOCKS["generator_topic"].start + place["generator"] * _SIZES["topic"] + place["topic"]] = 1.0
    x[BLOCKS["hook_format"].start + place["hook"] * _SIZES["format"] + place["format"]] = 1.0
    x[BLOCKS["quarter_topic"].start + _quarter(at) * _SIZES["topic"] + place["topic"]] = 1.0
    x[BLOCKS["exposure"]] = exposure.vector()
    return x


def best_arm(theta: Vector, context: Context) -> Arm:
    """Return the arm this parameter vector values highest in this context, of those that are allowed.

    The blocks add up, so the maximum over all arms is the maximum over (generator, topic), over (hook, format) and
    over length: a few hundred sums instead of thousands of vectors.
    """
    topic_short, topic_long, generator_short, generator_long = theta[BLOCKS["exposure"]]
    bar = {name: _bar(context, name) for name in FACTORS}
    quarters = theta[BLOCKS["quarter_topic"]].reshape(QUARTERS, -1)
    topic_logs = _logs(FACTORS["topic"], context.exposures.topic)
    generator_logs = _logs(FACTORS["generator"], context.exposures.generator)
    topics = theta[BLOCKS["topic"]] + quarters[_quarter(context.at)] + topic_logs @ (topic_short, topic_long)
    topics = topics + bar["topic"]
    generators = theta[BLOCKS["generator"]] + generator_logs @ (generator_short, generator_long) + bar["generator"]
    pairs = theta[BLOCKS["generator_topic"]].reshape(len(generators), -1) + generators[:, None] + topics
    hooks = theta[BLOCKS["hook"]] + bar["hook"]
    frames = theta[BLOCKS["hook_format"]].reshape(_SIZES["hook"], -1) + hooks[:, None]
    frames = frames + theta[BLOCKS["format"]] + bar["format"]
    generator, topic = divmod(int(pairs.argmax()), _SIZES["topic"])
    hook, layout = divmod(int(frames.argmax()), _SIZES["format"])
    length = int((theta[BLOCKS["length"]] + bar["length"]).argmax())
    return Arm(
        generator=FACTORS["generator"][generator],
        topic=FACTORS["topic"][topic],
        hook=FACTORS["hook"][hook],
        format=FACTORS["format"][layout],
        length=FACTORS["length"][length],
    )


def _bar(context: Context, factor: str) -> Vector:
    """Return what keeps values out that may not be chosen: minus infinity for these, 0 for the others."""
    allowed = context.values(factor)
    return np.array([0.0 if value in allowed else -math.inf for value in FACTORS[factor]])


def _logs(values: tuple[str, ...], exposures: Mapping[str, tuple[float, float]]) -> Matrix:
    return np.log1p([exposures.get(value, (0.0, 0.0)) for value in values])


def _hour(at: datetime) -> float:
    return at.hour + at.minute / 60


def _quarter(at: datetime) -> int:
    return at.hour * QUARTERS // 24
