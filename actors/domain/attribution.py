"""Whose follows they are: the gross gain of each interval, shared out among our posts and the background.

A follow leaves no trace of the post that caused it, so it is shared by how much engagement each post gained meanwhile.
Where the account is quiet for some hours of the day, what comes without posts is seen there and told apart: a Poisson
deconvolution, `y_t ~ Poisson(b_hour + sum_g c_g dE_gt)` (growth.md 4). Where posts come all day it cannot be told
apart, and one share of the background is assumed for all intervals. Either way credits and background of an interval
sum to its gross, so that no follow counts twice.
"""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING

import numpy as np

from actors.domain.learning.maturity import USUAL

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from actors.domain.learning.features import Matrix, Vector

HOUR_S = 3600.0
# What is still recomputed; by then each post of the interval has its reading of 24 hours. What is older is final.
OPEN_FOR = timedelta(hours=48)
# What the model is fitted to.
WINDOW = timedelta(days=30)
# A post has less than a ten-thousandth of its engagement ahead of it.
POST_LIFE = timedelta(days=8)
# Growth.md 4: with more posts than that, or without this many hours of the day that are all but free of them, what
# comes without posts cannot be told apart from what comes with them.
MOST_POSTS_PER_DAY, LEAST_QUIET_HOURS = 12.0, 5
_QUIET = 0.1
# Priors, in follows that were seen before the first one is: one follow for twenty reactions, six a day without posts.
FOLLOWS_PER_ENGAGEMENT, FOLLOWS_PER_HOUR = 0.05, 0.25
# How much an hour or a group must show before it is told from the others; tuned on the audiences 0 to 5.
_SEEN, _SEEN_OF_GROUP, _SEEN_OF_HOUR = 2.0, 30.0, 8.0
_ROUNDS = 100
_LEAST = 1e-300


class Method(StrEnum):
    """How an interval was shared out."""

    DECONVOLUTION = "deconvolution"
    ENGAGEMENT = "engagement"


@dataclass(frozen=True, slots=True)
class Gain:
    """Who came between two readings of our followers, `gross` of them (schedule time)."""

    since: datetime
    until: datetime
    gross: float


@dataclass(frozen=True, slots=True)
class Post:
    """One published post or reply.

    Args:
        group: posts of one group are taken to win equally many followers with the same engagement.
        readings: (age in seconds, reactions so far), in order of age.
    """

    id: str
    group: str
    posted_at: datetime
    readings: tuple[tuple[float, float], ...] = ()


@dataclass(frozen=True, slots=True)
class Share:
    """One interval shared out: `sum(credits) + background` is its gross to 1e-9, and nothing is negative."""

    until: datetime
    background: float
    credits: Mapping[str, float] = field(default_factory=dict)


def method_for(posts: Sequence[Post], since: datetime, until: datetime) -> Method:
    """Return how follows of this time are told apart: by deconvolution if there were quiet hours and few posts."""
    times = [post.posted_at for post in posts if since <= post.posted_at < until]
    days = max(1.0, (until - since) / timedelta(days=1))
    by_hour = Counter(at.astimezone(UTC).hour for at in times)
    usual = len(times) / 24
    quiet = sum(by_hour[hour] <= _QUIET * usual for hour in range(24))
    is_told_apart = len(times) / days <= MOST_POSTS_PER_DAY and quiet >= LEAST_QUIET_HOURS
    return Method.DECONVOLUTION if is_told_apart else Method.ENGAGEMENT


def engagement_at(post: Post, ages: Vector) -> Vector:
    """Return how many reactions a post had at each age in seconds, by the readings and the usual way to maturity.

    Between two readings it grows as the maturity curve does (growth.md 3.1), after the last one as well. Counts that
    fell are taken for the highest before: who took a like back is not a follower lost. A post without a reading has
    nothing to show yet.
    """
    if not post.readings:
        return np.zeros_like(ages)
    known = np.array([(0.0, 0.0), *post.readings])
    share, count = _maturity(known[:, 0]), np.maximum.accumulate(known[:, 1])
    if share[-1] > 0:
        share, count = np.append(share, 1.0), np.append(count, count[-1] / share[-1])
    found: Vector = np.interp(_maturity(ages), share, count)
    return found


@dataclass(frozen=True, slots=True)
class Rates:
    """What was estimated: follows without posts in an hour of each hour of the day, and follows to a reaction."""

    background: Vector
    groups: Vector


def fit(gross: Vector, hours: Matrix, flux: Matrix, method: Method) -> Rates:
    """Return the rates under which these follows are likeliest, given the priors (EM, which only ever climbs).

    At first there is one rate for all hours and one for all groups. Only the deconvolution then lets each hour and
    group stray from them, as far as its own follows say so.

    Args:
        gross: follows of each interval.
        hours: of each interval (row), how many hours lay in each hour of the day.
        flux: of each interval, how many reactions the posts of each group gained.
        method: how much is told apart.
    """
    lasted, grown = hours.sum(axis=1), flux.sum(axis=1)
    quiet, won = FOLLOWS_PER_HOUR, FOLLOWS_PER_ENGAGEMENT
    for _ in range(_ROUNDS):
        # Follows per follow expected: above one, both rates explain too little.
        excess = gross / np.maximum(quiet * lasted + won * grown, _LEAST)
        quiet = (_SEEN + quiet * float(excess @ lasted)) / (_SEEN / FOLLOWS_PER_HOUR + float(lasted.sum()))
        won = (_SEEN + won * float(excess @ grown)) / (_SEEN / FOLLOWS_PER_ENGAGEMENT + float(grown.sum()))
    background, groups = np.full(hours.shape[1], quiet), np.full(flux.shape[1], won)
    if method is Method.ENGAGEMENT:
        return Rates(background, groups)
    for _ in range(_ROUNDS):
        excess = gross / np.maximum(hours @ background + flux @ groups, _LEAST)
        background = (_SEEN_OF_HOUR + background * (excess @ hours)) / (_SEEN_OF_HOUR / quiet + hours.sum(axis=0))
        groups = (_SEEN_OF_GROUP + groups * (excess @ flux)) / (_SEEN_OF_GROUP / won + flux.sum(axis=0))
    return Rates(background, groups)


def attribute(
    gains: Sequence[Gain],
    posts: Sequence[Post],
    wanted: Collection[datetime],
    known: Mapping[datetime, Sequence[str]] | None = None,
) -> tuple[Method, list[Share]]:
    """Share out the intervals that end at a `wanted` time, by rates estimated from all gains given.

    Whose follow is known by name is no matter of rates: it is credited whole, and only the others are shared out.
    Takes a tenth of a second of processor for a month of half hours and 48 posts a day.

    Args:
        gains: in order of time, without overlap; those of the last `WINDOW` make a good model.
        posts: all that were at most `POST_LIFE` old in that time.
        wanted: ends of the intervals to share out.
        known: of each interval, by its end, the posts that won a follower who is known by name, once for each.

    Returns:
        The method, and a share for each wanted interval in order of time.
    """
    if not gains:
        return Method.ENGAGEMENT, []
    method = method_for(posts, gains[0].since, gains[-1].until)
    since, until = (np.array([edge.timestamp() for edge in edges]) for edges in zip(*_edges(gains), strict=True))
    groups = {name: column for column, name in enumerate(dict.fromkeys(post.group for post in posts))}
    flux = np.zeros((len(gains), max(1, len(groups))))
    grown = [_grown(post, since, until) for post in posts]
    for post, (rows, reactions) in zip(posts, grown, strict=True):
        flux[rows, groups[post.group]] += reactions
    named = [_named(gain, known.get(gain.until, ()) if known else ()) for gain in gains]
    gross = np.array([gain.gross - math.fsum(each.values()) for gain, each in zip(gains, named, strict=True)])
    hours = np.array([_hours_of_day(gain) for gain in gains])
    rates = fit(gross, hours, flux, method)
    ahead, won = hours @ rates.background, flux @ rates.groups
    expected = ahead + won
    if method is Method.ENGAGEMENT:
        # Of all intervals together: where posts come all day, one interval says nothing about its own background.
        part = float(won.sum() / expected.sum())
        expected = np.divide(won, part, out=ahead, where=won > 0)
    shares = {row: dict(named[row]) for row, gain in enumerate(gains) if gain.until in wanted}
    for post, (rows, reactions) in zip(posts, grown, strict=True):
        credited = gross[rows] * rates.groups[groups[post.group]] * reactions / expected[rows]
        for place in np.flatnonzero(credited > 0):
            row = rows.start + int(place)
            if row in shares:
                shares[row][post.id] = shares[row].get(post.id, 0.0) + float(credited[place])
    return method, [_share(gains[row], credited) for row, credited in shares.items()]


def _named(gain: Gain, posts: Sequence[str]) -> dict[str, float]:
    """Return the follows of an interval that are known by name, by post; a gross that is only estimated may be less."""
    each = min(1.0, gain.gross / len(posts)) if posts else 0.0
    return {post: each * count for post, count in Counter(posts).items()}


def _share(gain: Gain, credited: dict[str, float]) -> Share:
    left = gain.gross - math.fsum(credited.values())
    # Rounding may leave a little less than nothing.
    return Share(gain.until, max(0.0, left), credited)


def _edges(gains: Sequence[Gain]) -> list[tuple[datetime, datetime]]:
    return [(gain.since, gain.until) for gain in gains]


def _grown(post: Post, since: Vector, until: Vector) -> tuple[slice, Vector]:
    """Return which intervals this post lived in, and how many reactions it gained in each."""
    at = post.posted_at.timestamp()
    rows = slice(
        int(np.searchsorted(until, at, side="right")),
        int(np.searchsorted(since, at + POST_LIFE.total_seconds(), side="left")),
    )
    if not post.readings or rows.start >= rows.stop:
        return slice(rows.start, rows.start), np.zeros(0)
    return rows, engagement_at(post, until[rows] - at) - engagement_at(post, since[rows] - at)


def _maturity(ages: Vector) -> Vector:
    share: Vector = -np.expm1(-((np.maximum(ages, 0.0) / HOUR_S / USUAL.hours) ** USUAL.shape))
    return share


def _hours_of_day(gain: Gain) -> Vector:
    """Return how many hours of an interval lie in each hour of the day (UTC)."""
    hours = np.zeros(24)
    at, until = gain.since.timestamp() / HOUR_S, gain.until.timestamp() / HOUR_S
    while at < until:
        end = min(until, math.floor(at) + 1)
        hours[math.floor(at) % 24] += end - at
        at = end
    return hours
