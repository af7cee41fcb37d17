"""Evidence for or against a publication: what a scan of our own timeline proves about one attempt.

Times are the platform's own: those that ids carry, and those of its `Date` header.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Protocol

from actors.domain.snowflake import TweetId, created_at, is_within, parse_tweet_id
from actors.domain.text import normalise

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime


class Seen(Protocol):
    """A post of ours as a scan saw it."""

    @property
    def id(self) -> str:
        """The tweet id."""

    @property
    def text(self) -> str:
        """The text as displayed."""


@dataclass(frozen=True, slots=True)
class Match:
    """The post that an attempt became (None: not among those seen), and further ones with the same text."""

    tweet_id: TweetId | None
    duplicates: tuple[TweetId, ...] = ()


@dataclass(frozen=True, slots=True)
class Scan:
    """What one visit to our timeline is worth as a proof of absence."""

    site_time: datetime
    logged_in: bool
    reached_back: bool
    """Whether it saw a post older than the attempt, or the site's own word that there is none."""


TOLERANCE = timedelta(minutes=2)
"""How far an id's time may lie outside of an attempt, on the platform's clock: its `Date` header has whole seconds and
comes from another machine than the id."""

SCAN_GAP = timedelta(minutes=5)
"""Least time between the two scans that prove an absence (design.md 8)."""


def match(posts: Sequence[Seen], text: str, window: tuple[datetime, datetime | None], tolerance: timedelta) -> Match:
    """Find the post with this text that was minted within `window`; of several the oldest, for the first click made it.

    Texts are compared normalised: the site may change spacing and letter forms, and nothing else.
    """
    wanted = normalise(text)
    ids = {
        tweet_id
        for post in posts
        if normalise(post.text) == wanted and is_within(tweet_id := parse_tweet_id(post.id), *window, tolerance)
    }
    oldest_first = sorted(ids, key=created_at)
    return Match(oldest_first[0], tuple(oldest_first[1:])) if oldest_first else Match(None)


def doubts(scan: Scan, attempted_at: datetime, index_lag: timedelta) -> tuple[str, ...]:
    """Name every reason why not finding the attempt in this scan proves nothing; empty when it does prove.

    `attempted_at` is the latest time at which the click can have happened.
    """
    reasons = []
    if not scan.logged_in:
        reasons.append("not_logged_in")
    if not scan.reached_back:
        reasons.append("did_not_reach_back")
    if scan.site_time < attempted_at + index_lag:
        reasons.append("index_lag")
    return tuple(reasons)


def is_absent(scans: Sequence[Scan], attempted_at: datetime, index_lag: timedelta, gap: timedelta = SCAN_GAP) -> bool:
    """Say whether these scans, none of which found the attempt, prove that it was never published.

    Two of them must prove it alone and lie at least `gap` apart.
    """
    times = [scan.site_time for scan in scans if not doubts(scan, attempted_at, index_lag)]
    return bool(times) and max(times) - min(times) >= gap
