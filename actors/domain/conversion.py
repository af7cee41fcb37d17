"""What answering comes to: who followed, how often for each view, and whether he would have done so anyway.

Of the funnel from a view over a visit of our profile to a follow the page shows only both ends (growth.md 4), so the
rates are follows for each view.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

FIRST_LOOK = timedelta(hours=6)
"""Age from which on a target counts for the time being: two thirds of the engagement are there (growth.md 3.1)."""

WEAK_ALPHA, WEAK_BETA = 0.3, 999.7
"""0.3 follows in 1,000 views: growth.md 3.1's engagement x profile click x follow. It is worth these 1,000 views."""
FEWEST_CELLS = 3
LARGEST_STRENGTH = 100_000.0
"""Views that the prior is worth at most, where the cells do not differ by more than chance."""

Z90 = 1.6448536269514722
"""Quantile of the normal distribution for a two-sided interval of 90 %."""

POINTS_PER_FOLLOW, MOST_POINTS = 10.0, 30.0
"""Domain.md 1.3, card 24: `priority = min(100, quality + min(30, 10 * conversion))`."""
AVERAGE_REPLIES = 3.0
"""How many replies of the average what all replies came to is worth for one author."""


def belongs(seen_at: datetime | None, assigned_at: datetime, until: datetime, reassigned_at: datetime | None) -> bool:
    """Tell whether an author's follow, first seen at `seen_at`, counts for this target.

    It counts once: for the last of his posts that were drawn before it, answered or held out, and not after `until`.
    """
    end = until if reassigned_at is None else min(until, reassigned_at)
    return seen_at is not None and assigned_at < seen_at <= end


def follows_of(credit: float, credit_then: float, *, author_followed: bool) -> float:
    """Return the follows that a reply came to, no follow counted twice.

    Attribution shares out each interval's follows, the author's among them, so his may be in the credit already: what
    is missing to a whole one in the interval in which he came is all that is added.

    Args:
        credit: of all intervals.
        credit_then: of the interval in which the author was first seen, 0 if attribution has not come to it yet.
        author_followed: whether he was.
    """
    return credit + (max(0.0, 1.0 - credit_then) if author_followed else 0.0)


@dataclass(frozen=True, slots=True)
class Cell:
    """What the replies of one strategy to one tier came to together."""

    views: float
    follows: float

    def __post_init__(self) -> None:
        if not 0 <= self.follows <= self.views:
            raise ValueError(f"{self.follows} follows of {self.views} views")


@dataclass(frozen=True, slots=True)
class Belief:
    """A Beta distribution of follows for each view."""

    alpha: float
    beta: float

    @property
    def mean(self) -> float:
        """Return the expected share."""
        return self.alpha / (self.alpha + self.beta)

    @property
    def strength(self) -> float:
        """Return the views that it is worth."""
        return self.alpha + self.beta

    def after(self, cell: Cell) -> Belief:
        """Return the posterior. Follows may be fractions, for credit is shared out."""
        return Belief(self.alpha + cell.follows, self.beta + cell.views - cell.follows)


def prior_of(cells: Sequence[Cell]) -> Belief:
    """Return what is believed of a cell that nothing is known of: the mean of all, and by moments how far they differ.

    The moments are Kleinman's (1973): with weights n the spread `sum n (p - mean)^2` is expected to be
    `mean (1 - mean) ((k - 1) + rho (N - sum n^2 / N - (k - 1)))`, and the strength is `1 / rho - 1`. Below three cells
    with views it is worth 1,000 views, and never less.
    """
    weak = WEAK_ALPHA + WEAK_BETA
    seen = [cell for cell in cells if cell.views > 0]
    views, follows = sum(cell.views for cell in seen), sum(cell.follows for cell in seen)
    mean = (WEAK_ALPHA + follows) / (weak + views)
    strength = weak if len(seen) < FEWEST_CELLS else _strength(seen, views, mean, weak)
    return Belief(mean * strength, (1 - mean) * strength)


def _strength(cells: Sequence[Cell], views: float, mean: float, least: float) -> float:
    free = len(cells) - 1
    room = views - sum(cell.views**2 for cell in cells) / views - free
    if room <= 0:
        return least
    spread = sum(cell.views * (cell.follows / cell.views - mean) ** 2 for cell in cells)
    rho = (spread / (mean * (1 - mean)) - free) / room
    return LARGEST_STRENGTH if rho <= 0 else min(LARGEST_STRENGTH, max(least, 1 / rho - 1))


@dataclass(frozen=True, slots=True)
class Effect:
    """A difference of two shares with its 90 % interval."""

    value: float
    low: float
    high: float


def effect_of(answered: int, followed: int, held_out: int, followed_anyway: int) -> Effect | None:
    """Return what being drawn for an answer does to the chance that the author follows, or None if a group is empty.

    All that were drawn count, whether or not their reply came to be (intention to treat), since only the draw was by
    chance. The interval is Newcombe's hybrid score (1998, method 10), which holds for few and for no follows.
    """
    if not answered or not held_out:
        return None
    share, low, high = _wilson(followed, answered)
    other, other_low, other_high = _wilson(followed_anyway, held_out)
    value = share - other
    down = math.hypot(share - low, other_high - other)
    up = math.hypot(high - share, other - other_low)
    return Effect(value, max(-1.0, value - down), min(1.0, value + up))


def _wilson(hits: int, trials: int) -> tuple[float, float, float]:
    """Return a share and its score interval."""
    share = hits / trials
    centre = (share + Z90**2 / (2 * trials)) / (1 + Z90**2 / trials)
    half = Z90 * math.sqrt(share * (1 - share) / trials + (Z90 / (2 * trials)) ** 2) / (1 + Z90**2 / trials)
    return share, centre - half, centre + half


def bonus_of(replies: int, follows: float, average: float) -> float:
    """Return the points that answering him adds to an author's quality: ten for each follow expected, up to thirty.

    What is expected is shrunk to the average of all replies: `(follows + 3 average) / (replies + 3)`. So an author
    never answered has the average's points, and one lucky reply does not lift its author above everybody.
    """
    expected = (follows + AVERAGE_REPLIES * average) / (replies + AVERAGE_REPLIES)
    return min(MOST_POINTS, POINTS_PER_FOLLOW * expected)
