"""Effects: what of our own posts lately did better or worse than the rest, as far as that can be told."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

MOST = 3
FEWEST_POSTS, FEWEST_VIEWS = 5, 500
"""A value that was posted or seen less often is not spoken of."""
CLEAR = 3.0
"""Standard errors from which an effect is spoken of. There are 45 values to be looked at: of that many without any
effect one in eight looks would show one that is not there."""
_INTERVAL = 1.2816
"""Standard errors on both sides that hold 80 %."""


@dataclass(frozen=True, slots=True)
class Group:
    """The posts that share a value of a factor, all measured at the same age.

    The last three are sums over posts: views squared, engagements squared, and views times engagements.
    """

    factor: str
    value: str
    posts: int
    views: int
    engagements: int
    views_squared: float
    engagements_squared: float
    product: float


@dataclass(frozen=True, slots=True)
class Effect:
    """A group's share of views that became reactions, and by how many standard errors it differs from all posts'."""

    group: Group
    rate: float
    error: float
    clearness: float


def extremes(groups: Sequence[Group]) -> tuple[list[Effect], list[Effect]]:
    """Return the three best and the three worst effects that are clear, the clearest first.

    A rate is a ratio of sums, never a mean of ratios: one post with three views would weigh as much as one with three
    thousand (growth.md 4). The post is the unit: the reactions to one hang together, and a post that went far is one
    piece of luck. So the error is that of a ratio estimator over posts (Cochran, Sampling Techniques, 6.3), its scatter
    taken from all posts of the factor, and never less than the binomial one.
    """
    known = [each for each in groups if each.views > 0]
    by_factor: dict[str, list[Group]] = {}
    for group in known:
        by_factor.setdefault(group.factor, []).append(group)
    effects = []
    for members in by_factor.values():
        views, engagements = sum(each.views for each in members), sum(each.engagements for each in members)
        usual = engagements / views
        scatter = _scatter(members, usual)
        for each in members:
            rate = each.engagements / each.views
            chance = usual * (1 - usual) / each.views
            error = math.sqrt(max(chance, scatter * each.views_squared / each.views**2))
            if error > 0 and each.posts >= FEWEST_POSTS and each.views >= FEWEST_VIEWS:
                effects.append(Effect(each, rate, error, (rate - usual) / error))
    clear = sorted((each for each in effects if abs(each.clearness) >= CLEAR), key=lambda each: -abs(each.clearness))
    better = [each for each in clear if each.clearness > 0]
    worse = [each for each in clear if each.clearness < 0]
    return better[:MOST], worse[:MOST]


def told(effect: Effect) -> str:
    """Write an effect for a brief: only words of the taxonomy and numbers of our own."""
    low, high = (100 * max(0.0, effect.rate + sign * _INTERVAL * effect.error) for sign in (-1, 1))
    return f"{effect.group.factor} {effect.group.value} ({low:.1f} to {high:.1f} reactions per hundred views)"


def _scatter(members: Sequence[Group], usual: float) -> float:
    """Return the variance of a post's rate around the usual one, each post weighted by its views squared."""
    posts = sum(each.posts for each in members)
    squares = sum(
        each.engagements_squared - 2 * usual * each.product + usual**2 * each.views_squared for each in members
    )
    return max(0.0, squares) / sum(each.views_squared for each in members) * posts / max(1, posts - 1)
