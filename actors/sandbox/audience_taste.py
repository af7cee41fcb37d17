"""What the audience likes and when it is there: hidden from the engine, drawn once from seed and profile."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from actors.domain.randomness import keyed
from actors.domain.taxonomy import FACTORS
from actors.sandbox.reader import TRAITS

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from actors.sandbox.audience_profile import Profile
    from actors.sandbox.reader import Reading

Array = np.ndarray[Any, np.dtype[np.float64]]


@dataclass(frozen=True, slots=True)
class Taste:
    """The preferences of each segment; the first axis of every array is the segment.

    Args:
        share: of the followers.
        attention: how strongly a segment's day is bundled around its `noon`, the hour it reads most.
        weekday: factor on the reach, Monday first.
        factors: preference for each value of each factor.
        generator_topic: preference for combinations beyond their parts; likewise `hook_format`.
        traits: preference for each of the reader's traits.
    """

    share: Array
    attention: Array
    noon: Array
    weekday: Array
    factors: Mapping[str, Array]
    generator_topic: Array
    hook_format: Array
    traits: Array

    def activity(self, at: datetime) -> Array:
        """Return how present each segment is at that hour; 1 on the average of a day."""
        hour = at.hour + at.minute / 60
        bundled = np.exp(self.attention * np.cos(2 * math.pi * (hour - self.noon) / 24))
        activity: Array = bundled / np.i0(self.attention)
        return activity

    def presence(self, at: datetime) -> float:
        """Return how present the whole audience is, 1 on the average of a week."""
        return float(self.share @ self.activity(at) * self.weekday[at.weekday()])

    def weights(self, at: datetime) -> Array:
        """Return each segment's share among those who are there."""
        present = self.share * self.activity(at)
        weights: Array = present / present.sum()
        return weights

    def appeal(self, reading: Reading) -> Array:
        """Return what a text is worth to each segment before fatigue; what it could not read is worth nothing."""
        place = {
            name: values.index(getattr(reading, name)) if getattr(reading, name) is not None else None
            for name, values in FACTORS.items()
        }
        score: Array = self.traits @ np.array(reading.traits)
        for name, index in place.items():
            if index is not None:
                score = score + self.factors[name][:, index]
        if place["generator"] is not None and place["topic"] is not None:
            score = score + self.generator_topic[:, place["generator"], place["topic"]]
        if place["hook"] is not None and place["format"] is not None:
            score = score + self.hook_format[:, place["hook"], place["format"]]
        return score


def draw_taste(seed: int, profile: Profile) -> Taste:
    """Draw an audience: a common taste, and each segment's own deviation from it (growth.md 3.1)."""
    segments = profile.segments

    def preferences(name: str, shape: tuple[int, ...], deviation: float) -> Array:
        rng = keyed("taste", seed, name)
        common, own = rng.standard_normal(shape), rng.standard_normal((segments, *shape))
        preference: Array = deviation * (common + profile.segment_share * own)
        return preference

    def interactions(first: str, second: str) -> Array:
        shape = (len(FACTORS[first]), len(FACTORS[second]))
        exists = keyed("taste", seed, first, second, "exists").random(shape) < profile.interaction_share
        return exists * preferences(f"{first} x {second}", shape, profile.interaction_sd)

    people = keyed("taste", seed, "people")
    return Taste(
        share=people.dirichlet(np.full(segments, 3.0)),
        attention=1.2 * people.uniform(0.6, 1.4, segments),
        noon=people.normal(14.0, 1.0) + people.normal(0.0, 4.5, segments),
        weekday=people.uniform(0.8, 1.2, 7),
        factors={name: preferences(name, (len(FACTORS[name]),), profile.factor_sd[name]) for name in FACTORS},
        generator_topic=interactions("generator", "topic"),
        hook_format=interactions("hook", "format"),
        traits=preferences("traits", (len(TRAITS),), profile.trait_sd),
    )
