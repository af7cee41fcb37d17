"""Effects: what of our own posts lately did better or worse than the rest, as far as that can be told."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from actors.domain.rates import Rate, prior_of, shrunken

if TYPE_CHECKING:
    from collections.abc import Sequence

MOST = 3
FEWEST_POSTS = 3
"""A value that was posted less often is not spoken of."""


@dataclass(frozen=True, slots=True)
class Group:
    """The posts that share a value of a factor, all measured at the same age."""

    factor: str
    value: str
    posts: int
    views: int
    engagements: int


@dataclass(frozen=True, slots=True)
class Effect:
    """A group's share of views that became reactions."""

    group: Group
    rate: Rate


def effects_of(groups: Sequence[Group]) -> list[Effect]:
    """Return every group's rate: a ratio of sums, shrunk to what the values of its factor have in common.

    Never a mean of ratios: one post with three views would weigh as much as one with three thousand (growth.md 4).
    """
    by_factor: dict[str, list[Group]] = {}
    for group in groups:
        by_factor.setdefault(group.factor, []).append(group)
    effects = []
    for members in by_factor.values():
        prior = prior_of([(each.engagements, each.views) for each in members])
        effects += [Effect(each, shrunken(each.engagements, each.views, prior)) for each in members]
    return effects


def extremes(groups: Sequence[Group]) -> tuple[list[Effect], list[Effect]]:
    """Return the three best and the three worst effects that their factor's own rate lies outside of, best first."""
    known = [each for each in groups if each.posts >= FEWEST_POSTS and each.views > 0]
    totals: dict[str, tuple[int, int]] = {}
    for each in known:
        events, trials = totals.get(each.factor, (0, 0))
        totals[each.factor] = events + each.engagements, trials + each.views
    better, worse = [], []
    for effect in effects_of(known):
        events, trials = totals[effect.group.factor]
        usual = events / trials
        if effect.rate.low > usual:
            better.append(effect)
        elif effect.rate.high < usual:
            worse.append(effect)
    better.sort(key=lambda effect: (-effect.rate.low, effect.group.factor, effect.group.value))
    worse.sort(key=lambda effect: (effect.rate.high, effect.group.factor, effect.group.value))
    return better[:MOST], worse[:MOST]


def told(effect: Effect) -> str:
    """Write an effect for a brief: only words of the taxonomy and numbers of our own."""
    low, high = 100 * effect.rate.low, 100 * effect.rate.high
    return f"{effect.group.factor} {effect.group.value} ({low:.1f} to {high:.1f} reactions per hundred views)"
