"""A target, a strategy and an hour as the vector that the model of replies sees."""

from __future__ import annotations

import hashlib
import math
from typing import TYPE_CHECKING

import numpy as np

from actors.domain.learning.features import Vector, hours
from actors.domain.learning.posterior import PRIOR_NOISE, Space
from actors.domain.taxonomy import TOPICS

if TYPE_CHECKING:
    from datetime import datetime

    from actors.domain.replies.target import Target

STRATEGIES = {
    "value_first": "give one useful detail that the post leaves out",
    "question": "ask one honest question about it that its author can answer",
    "story": "tell in two sentences of somebody who went through the same",
    "contrast": "set it against what is usually said, politely",
    "agree_add": "agree with one point of it and add another",
}
"""How a post can be answered, each in one line."""

TIERS = ("FRESH", "FRESH+", "TRENDING", "TRENDING+", "VIRAL", "VIRAL+", "MEGA", "MEGA+")
"""How far the post that is answered has gone, the least first."""

_TOPICS = tuple(TOPICS)
_WIDTHS = {
    "intercept": 1,
    "hour": 4,
    "strategy": len(STRATEGIES),
    "reach": 1,
    "tier": len(TIERS),
    "age": 1,
    "followers": 1,
    "priority": 1,
    "engagement": 1,
    "relevance": 1,
    "topic": len(_TOPICS),
    "addressed": 1,
}
# Before anything is measured targets rank as in the engine that this one replaces: the larger tier, the younger post
# and the better author first (domain.md 1.3, job 4), all strategies alike. The first hour costs about a third.
_BELIEFS = {
    "intercept": (0.0, 2.0),
    "hour": (0.0, 0.25),
    "strategy": (0.0, 0.40),
    "reach": (0.6, 0.30),
    "tier": (0.0, 0.25),
    "age": (-0.5, 0.25),
    "followers": (0.1, 0.20),
    "priority": (0.5, 0.30),
    "engagement": (0.1, 0.20),
    "relevance": (0.3, 0.30),
    "topic": (0.0, 0.25),
    "addressed": (0.4, 0.40),
}
SPACE = Space.of(_WIDTHS, _BELIEFS, PRIOR_NOISE)

_USUAL_FOLLOWERS, _USUAL_ENGAGEMENT = 10_000, 0.03
_LARGEST = 2.0


def schema(reward_version: int) -> str:
    """Return the name of what the numbers of a vector and its reward mean; another one, and they mean nothing."""
    meaning = repr((reward_version, list(STRATEGIES), TIERS, _TOPICS, list(_WIDTHS.items())))
    return hashlib.blake2b(meaning.encode(), digest_size=8).hexdigest()


def vector(target: Target, strategy: str, at: datetime) -> Vector:
    """Return the features of answering this target with this strategy at `at`; what is not known counts as usual.

    Raises:
        KeyError: there is no such strategy or tier.
    """
    blocks = SPACE.blocks
    x = np.zeros(SPACE.dimension)
    x[blocks["intercept"]] = 1.0
    x[blocks["hour"]] = hours(at)
    x[blocks["strategy"].start + _place(tuple(STRATEGIES), strategy)] = 1.0
    tier = _place(TIERS, target.tier)
    x[blocks["reach"]] = tier / (len(TIERS) - 1)
    x[blocks["tier"].start + tier] = 1.0
    x[blocks["age"]] = math.log1p(max(0.0, target.age(at).total_seconds()) / 3600)
    x[blocks["followers"]] = _decades(target.followers, _USUAL_FOLLOWERS)
    x[blocks["priority"]] = (target.priority or 0.0) / 100
    x[blocks["engagement"]] = _decades(target.engagement, _USUAL_ENGAGEMENT)
    x[blocks["relevance"]] = (target.relevance - 5) / 5
    if target.topic in _TOPICS:
        x[blocks["topic"].start + _TOPICS.index(target.topic)] = 1.0
    x[blocks["addressed"]] = float(target.addressed_us)
    return x


def _place(values: tuple[str, ...], value: str) -> int:
    if value not in values:
        raise KeyError(value)
    return values.index(value)


def _decades(figure: float | None, usual: float) -> float:
    if not figure:
        return 0.0
    return max(-_LARGEST, min(_LARGEST, math.log10(figure / usual)))
