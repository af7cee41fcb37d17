"""Targets and bounds for tests of replies."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from actors.domain.caps import Caps
from actors.domain.replies.target import Bounds, Talks, Target
from actors.domain.rules import PLATFORMS

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)
CAPS = Caps(4, 60, timedelta(minutes=10), 1, 3, 1)
TEXT = "Went to bed with the phone again and woke up tired. Maybe the bedroom should be for sleep only."


def target(number: int = 1, **changes: Any) -> Target:
    """Return a target of an author of its own, half an hour old."""
    row: dict[str, Any] = {
        "tweet_id": str(10**17 + number),
        "author": f"author_{number}",
        "conversation": str(10**17 + number),
        "text": TEXT,
        "posted_at": NOW - timedelta(minutes=30),
        "tier": "VIRAL",
        "relevance": 6.0,
        "topic": "sleep",
        "followers": 20_000,
    }
    return Target(**{**row, **changes})


def bounds(platform: str = "sandbox", **changes: Any) -> Bounds:
    """Return the bounds of an account that has replied to nobody yet."""
    row: dict[str, Any] = {
        "rules": PLATFORMS[platform],
        "account": "Commons_daily",
        "caps": CAPS,
        "talks": Talks(),
        "target_age": timedelta(days=1),
        "relevance": 3.0,
    }
    return Bounds(**{**row, **changes})
