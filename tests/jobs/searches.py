"""What searches show and what the judge says of it, for tests of jobs that browse."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from actors.domain.snowflake import id_at
from actors.pages.profile import ProfileReading
from actors.pages.search import FoundPost, SearchReading
from tests.jobs.doors import START

if TYPE_CHECKING:
    from datetime import datetime

    from tests.jobs.doors import Bench

SLEEPY = "A dark bedroom and an early pillow are all the melatonin that sleep asks for."


def found(
    author: str = "runa", *, minutes: float = 30, number: int = 0, at: datetime = START, **changes: Any
) -> FoundPost:
    """Return a post that is so many minutes old at `at`; `number` tells those of one minute apart."""
    posted = at - timedelta(minutes=minutes)
    counts: dict[str, Any] = {"views": 40_000, "likes": 1_200, "reposts": 90, "replies": 20}
    known = {"text": SLEEPY, "replying_to": None, **counts}
    return FoundPost(id=id_at(posted, number), author=author, created_at=posted, **{**known, **changes})


def results(*posts: FoundPost, seen: int | None = None) -> SearchReading:
    """Return what one search showed."""
    return SearchReading(posts=posts, seen=len(posts) if seen is None else seen, site_time=START)


def scores(*values: float) -> dict[str, Any]:
    """Return the judge's answer about so many texts."""
    return {"scores": [{"number": number, "score": value} for number, value in enumerate(values, start=1)]}


def profile(followers: int | None = 60_000, **more: Any) -> ProfileReading:
    """Return what a profile shows."""
    return ProfileReading(followers=followers, is_abbreviated=False, site_time=START, **more)


def insert(bench: Bench, table: str, **columns: Any) -> None:
    """Put a row into a table, past the job that writes it."""
    places = ", ".join(["%s"] * len(columns))
    bench.database.sql(f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({places})", *columns.values())


def offer(bench: Bench, post: FoundPost, **changes: Any) -> None:
    """Put a post into the pool of those that may be answered."""
    who = {"tweet_id": post.id, "author": post.author, "conversation_id": post.id, "text": post.text}
    when = {"posted_at": post.created_at, "seen_at": post.created_at, "expires_at": post.created_at + timedelta(days=1)}
    worth = {"query": "body", "tier": "FRESH", "relevance": 5, "judged_by": "model", "score": 50}
    insert(bench, "opportunities", **{**who, **when, **worth, **changes})
