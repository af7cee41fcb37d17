"""What an account is worth as somebody to answer, who wants no bots, and which profile is read next."""

from __future__ import annotations

import re
import unicodedata
from typing import TYPE_CHECKING

from actors.domain.harvest.judgement import our_words
from actors.domain.taxonomy import TOPIC_WORDS

if TYPE_CHECKING:
    from collections.abc import Sequence

FRESH_S = 7 * 86_400.0
"""How long a profile's figures are good, in seconds."""

_FOLLOWERS = ((100_000, 40), (50_000, 30), (10_000, 20), (5_000, 10))
_ENGAGEMENT = ((0.03, 30), (0.01, 20), (0.005, 10))
_POSTS_A_DAY = ((3.0, 15), (1.0, 10), (0.5, 5))
_BIO, _BIO_WORD = 15, 2
_WANTS_NO_BOTS = re.compile(r"#\s?nobots?\b|\bno[\s_-]?bots?\b", re.IGNORECASE)


def quality_of(followers: int | None, engagement: float | None, posts_per_day: float | None, bio: str) -> float:
    """Return an account's quality, 0 to 100: points for what is known of it, of the points that could be had for that.

    The points are those of domain.md 1.3 (job 6). Scaled, because an account whose engagement nobody has measured yet
    is no account without any. Engagement is per view here, not per follower: that is what is measured.
    """
    earned = [(min(_BIO, _BIO_WORD * our_words(bio)), _BIO)]
    if followers is not None:
        earned.append((_points(followers, _FOLLOWERS), _FOLLOWERS[0][1]))
    if engagement is not None:
        earned.append((_points(engagement, _ENGAGEMENT), _ENGAGEMENT[0][1]))
    if posts_per_day is not None:
        earned.append((_points(posts_per_day, _POSTS_A_DAY), _POSTS_A_DAY[0][1]))
    return 100.0 * sum(points for points, _ in earned) / sum(most for _, most in earned)


def wants_no_bots(bio: str) -> bool:
    """Say whether a profile asks for no bots; in doubt it does."""
    return bool(_WANTS_NO_BOTS.search(unicodedata.normalize("NFKC", bio)))


def visits(unread: Sequence[str], stale: Sequence[str], places: int) -> list[str]:
    """Return whose profiles are read: new ones first, but a third of the places is for those whose figures are old."""
    old = list(stale[: max(places // 3, places - len(unread))])
    return [*unread[: places - len(old)], *old]


def topic_query(place: int) -> tuple[str, str]:
    """Return name and text of the search of authors whose turn it is: one topic after the other."""
    topic = tuple(TOPIC_WORDS)[place % len(TOPIC_WORDS)]
    return topic, f"{topic_words(topic)} lang:en -filter:replies"


def topic_words(topic: str) -> str:
    """Return what finds posts about a topic of ours: any of its words."""
    words = " OR ".join(f'"{word}"' if " " in word else word for word in TOPIC_WORDS[topic])
    return f"({words})"


def _points(value: float, steps: Sequence[tuple[float, int]]) -> int:
    return next((points for least, points in steps if value >= least), 0)
