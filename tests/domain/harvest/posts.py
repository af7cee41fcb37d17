"""Posts as a search shows them, for the pure parts of the harvest."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from actors.domain.snowflake import TweetId, id_at

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)


@dataclass(frozen=True)
class Post:
    """One post."""

    id: TweetId
    author: str
    text: str
    created_at: datetime
    replying_to: str | None = None
    views: int | None = 1_000
    likes: int | None = 100
    reposts: int | None = 10
    replies: int | None = 5


def post(hours: float = 1, *, author: str = "runa", number: int = 0, **changes: Any) -> Post:
    """Return a post of that age."""
    at = NOW - timedelta(hours=hours)
    return Post(**{"id": id_at(at, number), "author": author, "text": "sleep", "created_at": at, **changes})
