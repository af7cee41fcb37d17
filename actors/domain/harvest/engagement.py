"""How much of an account's views turn into something: a ratio of sums, shrunk to what all accounts have."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime

    from actors.domain.harvest.funnel import Found

WINDOW = timedelta(days=7)
MATURE = timedelta(hours=24)
"""Younger posts are not compared with older ones: at this age a post has about all that it gets (growth.md 4)."""

_ENOUGH = 5
"""Accounts from which on what they have in common is estimated."""
_WEAK = 200.0
"""Views that the prior is worth while it is not."""
_STRENGTHS = (10.0, 1e5)
_POINTS = 4001
_TAILS = (0.1, 0.9)


@dataclass(frozen=True, slots=True)
class Sums:
    """What an account's mature posts came to, and how often it posts."""

    posts: int
    events: int
    views: int
    posts_per_day: float


@dataclass(frozen=True, slots=True)
class Prior:
    """Beta belief of an account of which nothing is known; `alpha + beta` is its weight in views."""

    alpha: float
    beta: float


@dataclass(frozen=True, slots=True)
class Engagement:
    """The share of views with a like, repost or reply, and its 80 % interval."""

    rate: float
    low: float
    high: float


def sums_of(posts: Iterable[Found], handle: str, now: datetime, limit: int) -> Sums:
    """Add up an account's posts of the last seven days.

    A post of which any count is unknown is left out, for unknown is not zero; so is one without views, and one with
    more events than views, whose numbers are wrong. `limit` is how many posts the reading can hold: a full one reaches
    back only to its oldest post, and the cadence is taken over that.
    """
    own = [post for post in posts if post.author.casefold() == handle.casefold() and post.replying_to is None]
    recent = [post for post in own if now - post.created_at < WINDOW]
    span = WINDOW
    if len(own) >= limit and len(recent) == len(own):
        span = max(now - min(post.created_at for post in own), timedelta(hours=1))
    count, events, views = 0, 0, 0
    for post in recent:
        found = _events_of(post)
        if now - post.created_at >= MATURE and found is not None and post.views and found <= post.views:
            count, events, views = count + 1, events + found, views + post.views
    return Sums(count, events, views, len(recent) / (span / timedelta(days=1)))


def prior_of(sums: Sequence[tuple[int, int]]) -> Prior:
    """Fit a Beta belief to the (events, views) of all accounts, by moments.

    Each account counts alike. Of the variance between their ratios that of the counting itself, `p (1 - p) / views`,
    is taken off; what is left says how much weight the prior has, held within 10 and 100,000 views. With fewer than
    five accounts it is weak and has their common ratio.
    """
    events = np.array([each for each, _ in sums], dtype=float)
    views = np.array([each for _, each in sums], dtype=float)
    # Half an event and one view keep the ratio inside of 0 and 1, where the belief lives.
    mean = float((events.sum() + 0.5) / (views.sum() + 1.0))
    if len(sums) < _ENOUGH:
        return Prior(mean * _WEAK, (1 - mean) * _WEAK)
    ratios = events / views
    mean = min(max(float(ratios.mean()), mean / 10), 1 - (1 - mean) / 10)
    between = float(ratios.var(ddof=1)) - float((mean * (1 - mean) / views).mean())
    strength = mean * (1 - mean) / between - 1 if between > 0 else _STRENGTHS[1]
    strength = min(max(strength, _STRENGTHS[0]), _STRENGTHS[1])
    return Prior(mean * strength, (1 - mean) * strength)


def engagement_of(events: int, views: int, prior: Prior) -> Engagement:
    """Return `(alpha + events) / (alpha + beta + views)` (growth.md 4) and the 80 % interval of that Beta belief.

    The interval is that of independent views. Posts differ more than that, so it is the narrowest one to believe.
    """
    alpha, beta = prior.alpha + events, prior.beta + views - events
    low, high = beta_quantiles(alpha, beta, _TAILS)
    return Engagement(alpha / (alpha + beta), low, high)


def beta_quantiles(alpha: float, beta: float, shares: Sequence[float]) -> list[float]:
    """Return the quantiles of a Beta distribution, to about four digits.

    On the scale of log odds its density is one smooth hump, `a x - (a + b) log(1 + e^x)` in logarithms, which falls off
    as `e^(a x)` and `e^(-b x)`; it is summed up over a grid that reaches as far as that matters.
    """
    peak = float(np.log(alpha / beta))
    width = 12 * float(np.sqrt((alpha + beta) / (alpha * beta)))
    odds = np.linspace(peak - max(width, 30 / alpha), peak + max(width, 30 / beta), _POINTS)
    density = alpha * odds - (alpha + beta) * np.logaddexp(0.0, odds)
    weights = np.exp(density - density.max())
    below = np.concatenate([[0.0], np.cumsum((weights[1:] + weights[:-1]) / 2)])
    found = np.interp(shares, below / below[-1], odds)
    return [float(share) for share in 1 / (1 + np.exp(-found))]


def _events_of(post: Found) -> int | None:
    if post.likes is None or post.reposts is None or post.replies is None:
        return None
    return post.likes + post.reposts + post.replies
