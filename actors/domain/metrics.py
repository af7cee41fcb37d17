"""When a post's counts are read, and which of the counts read are believed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

CHECKPOINT_AGES = (
    timedelta(minutes=15),
    timedelta(hours=1),
    timedelta(hours=6),
    timedelta(hours=24),
    timedelta(hours=72),
    timedelta(days=7),
)
# One period of the scraper (20 minutes) and half of the next.
LATE_AFTER = timedelta(minutes=30)

LARGEST_VIEWS = 50_000_000
LARGEST_COUNT = 1_000_000
LARGEST_LIKE_RATE = 0.2
LARGEST_REPOSTS_PER_LIKE = 20
LARGEST_FALL = 0.05
# Below this many views a rate says nothing: two likes of five readers are no anomaly.
FEWEST_VIEWS_FOR_A_RATE = 100


class Quality(StrEnum):
    """How far a read is believed: `ok` is learned from, `suspect` is stored and read again, `rejected` is dropped."""

    OK = "ok"
    SUSPECT = "suspect"
    REJECTED = "rejected"


@dataclass(frozen=True, slots=True)
class Metrics:
    """The counts one visit read from a post; None is unknown, which is not zero."""

    views: int | None = None
    likes: int | None = None
    reposts: int | None = None
    replies: int | None = None
    bookmarks: int | None = None

    def known(self) -> dict[str, int]:
        """Return the counts that were read, by name."""
        named = {name: getattr(self, name) for name in ("views", "likes", "reposts", "replies", "bookmarks")}
        return {name: count for name, count in named.items() if count is not None}


@dataclass(frozen=True, slots=True)
class Judgement:
    """A quality and the reason for it, empty when the read is ok."""

    quality: Quality
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """One reading that a post is owed: at `age` after it was posted, hence at `at` (schedule time)."""

    age: timedelta
    at: datetime


def checkpoints_for(posted_at: datetime) -> tuple[Checkpoint, ...]:
    """Return all readings owed to a post, earliest first."""
    return tuple(Checkpoint(age, posted_at + age) for age in CHECKPOINT_AGES)


def due(checkpoints: Iterable[Checkpoint], now: datetime) -> tuple[Checkpoint, ...]:
    """Return the checkpoints whose time has come; one reading settles all of them."""
    return tuple(checkpoint for checkpoint in checkpoints if checkpoint.at <= now)


def is_late(checkpoint: Checkpoint, now: datetime) -> bool:
    """Tell whether a reading made now is flagged late: it counts, with its true age, but not as if made in time."""
    return now - checkpoint.at > LATE_AFTER


def judge_metrics(previous: Metrics | None, current: Metrics) -> Judgement:
    """Judge a read against arithmetic and against the last read that was stored.

    Only the impossible is rejected. The improbable is stored as suspect, because a genuine hit is improbable too; a
    second read that shows the same is ok. The size of the account plays no part: it would refuse exactly the posts
    worth learning from.
    """
    reason = _impossible(current)
    if reason:
        return Judgement(Quality.REJECTED, reason)
    reason = _fallen(previous, current)
    if reason:
        return Judgement(Quality.SUSPECT, reason)
    reason = _improbable(current)
    is_confirmed = previous is not None and _improbable(previous) == reason
    if reason and not is_confirmed:
        return Judgement(Quality.SUSPECT, reason)
    return Judgement(Quality.OK)


def _impossible(current: Metrics) -> str:
    known = current.known()
    if not known:
        return "no count was read"
    for name, count in known.items():
        if count < 0:
            return f"{name} are negative"
    if current.views is not None and current.likes is not None and current.likes > current.views:
        return "more likes than views"
    return ""


def _fallen(previous: Metrics | None, current: Metrics) -> str:
    if previous is None or previous.views is None or current.views is None:
        return ""
    return "views fell by more than 5 %" if current.views < previous.views * (1 - LARGEST_FALL) else ""


def _improbable(current: Metrics) -> str:
    views, likes, reposts = current.views, current.likes, current.reposts
    if views is not None and views > LARGEST_VIEWS:
        return "more than 50 million views"
    if any(count > LARGEST_COUNT for name, count in current.known().items() if name != "views"):
        return "more than a million reactions of one kind"
    if views is not None and likes is not None and FEWEST_VIEWS_FOR_A_RATE <= views < likes / LARGEST_LIKE_RATE:
        return "more than one like in five views"
    if likes is not None and reposts is not None and reposts > LARGEST_REPOSTS_PER_LIKE * max(1, likes):
        return "more than twenty reposts for a like"
    return ""
