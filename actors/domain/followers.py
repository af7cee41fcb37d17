"""Our followers as one series: who is new on the list, what came and went between two readings, and the trend."""

from __future__ import annotations

import hashlib
import math
import statistics
from collections import defaultdict
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from statistics import NormalDist
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence

    from actors.domain.learning.features import Vector

DAY, HOUR = timedelta(days=1), timedelta(hours=1)
# What the trend is of (growth.md 4), and how sure its interval is.
TREND_OVER = timedelta(days=7)
CONFIDENCE = 0.9
FEWEST_FOR_A_TREND = 3
# The trend's noise is taken from so many steps: long enough that the follows of one post fall into one of them.
_STEPS = 24
# CUSUM in standard deviations of a step: what is forgiven, and what makes a jump. Together a shift of six at once, or
# of two for six steps.
_FORGIVEN, _JUMP = 1.0, 5.0
# A rounded count ("12.3K") stands still while people come: so long is waited for it to move.
PATIENCE = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Newcomers:
    """What a look at the list of our followers, the newest first, says of the time since the look before.

    Args:
        follows: how many are new; None: unknown, because the list did not reach back to anybody known, or because
            nobody has looked before.
        counted: digests of those who came since the last look.
        others: digests of those seen now for the first time who may have followed before.
    """

    follows: int | None
    counted: tuple[str, ...]
    others: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class CountReading:
    """One reading of our followers (schedule time); `follows` as `Newcomers` has it."""

    at: datetime
    followers: int
    is_rounded: bool = False
    follows: int | None = None


@dataclass(frozen=True, slots=True)
class FollowerGain:
    """What happened between two readings: `gross` came, and `net` is what was left of them and of those who went."""

    since: datetime
    until: datetime
    net: int
    gross: float
    is_counted: bool


@dataclass(frozen=True, slots=True)
class Trend:
    """How many followers are won in a day, with its interval, and whether the count has jumped."""

    per_day: float
    low: float
    high: float
    has_jumped: bool


def digest_of(handle: str) -> str:
    """Return what is kept of a handle, upper and lower case alike: enough to know somebody again, not to name him."""
    return hashlib.blake2b(handle.lower().encode(), digest_size=16).hexdigest()


def newcomers(digests: Iterable[str], known: Collection[str], *, has_ended: bool, is_first: bool) -> Newcomers:
    """Return who of the list, newest first, came since the last look.

    Whoever stands before somebody known is new, unless he is known himself: who left and came back is no new follower.
    Those behind the last known one followed earlier; they only moved up because others left. A list that ends without
    anybody known is all new; one that was cut off before is unknown, not zero.

    Args:
        digests: of the list as far as it was read.
        known: of these, whom an earlier look has seen.
        has_ended: whether the list was read to its end.
        is_first: nobody has looked before.
    """
    every = tuple(dict.fromkeys(digests))
    if is_first:
        return Newcomers(None, (), every)
    deepest = max((place for place, digest in enumerate(every) if digest in known), default=None)
    if deepest is None:
        return Newcomers(len(every) if has_ended else None, every, ())
    counted = tuple(digest for digest in every[:deepest] if digest not in known)
    return Newcomers(len(counted), counted, every[deepest + 1 :])


def usual_churn(gains: Iterable[FollowerGain]) -> float:
    """Return how many followers usually leave in an hour: the median over days of what was counted, never negative.

    A half hour mostly loses nobody and its median is zero; a day has enough to be usual or not.
    """
    left: defaultdict[date, float] = defaultdict(float)
    lasted: defaultdict[date, float] = defaultdict(float)
    for gain in gains:
        if gain.is_counted:
            day = gain.until.astimezone(UTC).date()
            left[day] += gain.gross - gain.net
            lasted[day] += (gain.until - gain.since) / HOUR
    return max(0.0, statistics.median(left[day] / lasted[day] for day in lasted)) if lasted else 0.0


def gains_of(readings: Sequence[CountReading], churn: float) -> list[FollowerGain]:
    """Return what happened between each two readings; the first one is where the last gain ended.

    Who came is counted where the list was read; elsewhere it is the net gain and the usual loss. Between rounded counts
    that are equal nothing is known yet: that interval grows until the count moves, for a day at most.

    Args:
        readings: in order of time.
        churn: how many leave in an hour.
    """
    gains: list[FollowerGain] = []
    start, follows, is_counted = 0, 0, True
    for place in range(1, len(readings)):
        first, last = readings[start], readings[place]
        if last.at <= first.at:
            continue
        is_counted = is_counted and last.follows is not None
        follows += last.follows or 0
        net = last.followers - first.followers
        is_blind = last.is_rounded and net == 0 and last.at - first.at < PATIENCE
        if is_blind and not is_counted:
            continue
        gross = float(follows) if is_counted else max(0.0, net + churn * ((last.at - first.at) / HOUR))
        gains.append(FollowerGain(first.at, last.at, net, gross, is_counted))
        start, follows, is_counted = place, 0, True
    return gains


def trend_of(readings: Sequence[CountReading]) -> Trend | None:
    """Return the Theil-Sen slope of the readings with its 90 % interval, or None for fewer than three.

    The slope is the median over all pairs, so no single wrong count moves it. Its interval is not the usual one of
    Kendall: that takes each count for a fresh measurement, but a follower once won is in every later count. It is that
    of a sum of independent steps, whose fitted slope varies by 6/5 of the variance of a step over their number.
    """
    if len(readings) < FEWEST_FOR_A_TREND:
        return None
    days = np.array([(reading.at - readings[0].at) / DAY for reading in readings])
    counts = np.array([float(reading.followers) for reading in readings])
    first, second = np.triu_indices(len(days), k=1)
    per_day = float(np.median((counts[second] - counts[first]) / (days[second] - days[first])))
    lengths, steps = _steps(days, counts)
    if len(steps) < 2:
        return None
    surplus = steps - per_day * lengths
    degrees = len(steps) - 1
    variance = float(surplus @ surplus) / degrees * len(steps) / float(lengths.sum())
    wide = _student(degrees) * math.sqrt(1.2 * variance / float(lengths.sum()))
    return Trend(per_day, per_day - wide, per_day + wide, _has_jumped(surplus, steps))


def _steps(days: Vector, counts: Vector) -> tuple[Vector, Vector]:
    """Return the lengths in days, and the net gains, of steps that are all about as long as a part of the whole."""
    least, ends = float(days[-1] - days[0]) / _STEPS, [0]
    for place in range(1, len(days)):
        if days[place] - days[ends[-1]] >= least * (1 - 1e-9):
            ends.append(place)
    return np.diff(days[ends]), np.diff(counts[ends])


def _has_jumped(surplus: Vector, steps: Vector) -> bool:
    # The spread of most steps, but never less than counts that come by chance have.
    spread = max(1.4826 * float(np.median(np.abs(surplus))), math.sqrt(float(np.median(np.abs(steps)))), 1.0)
    up = down = 0.0
    for step in surplus / spread:
        up, down = max(0.0, up + step - _FORGIVEN), max(0.0, down - step - _FORGIVEN)
        if max(up, down) > _JUMP:
            return True
    return False


def _student(degrees: int) -> float:
    """Return the quantile of Student's t for the interval, by the expansion in 1/degrees (3 % low at two)."""
    z = NormalDist().inv_cdf((1 + CONFIDENCE) / 2)
    second = (5 * z**5 + 16 * z**3 + 3 * z) / 96
    third = (3 * z**7 + 19 * z**5 + 17 * z**3 - 15 * z) / 384
    return z + (z**3 + z) / (4 * degrees) + second / degrees**2 + third / degrees**3
