"""The library of much liked posts: which searches fill it, and how fast it grows."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from actors.domain.harvest.accounts import topic_words
from actors.domain.harvest.queries import Kind, Search, Turn, min_likes, query_of
from actors.domain.taxonomy import TOPICS

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date

    from actors.domain.harvest.queries import Yield

PAGE = 20
"""Posts read of one search."""
SEARCHES = 3
TARGET = 500
_BELOW, _ABOVE = 30, 15
"""New posts of a run while the library is smaller than `TARGET`, and afterwards (domain.md 1.3, job 18)."""

_TOPICS = tuple(Search(topic, Kind.WORDS, topic_words(topic), 500, 50, 10_000) for topic in TOPICS)
_ANYTHING = (
    Search("anything 10k", Kind.WORDS, "", 10_000, 500, 100_000),
    Search("anything 1k", Kind.WORDS, "", 1_000, 100, 50_000),
)
ROTATION: tuple[Search, ...] = (*_TOPICS[:5], _ANYTHING[0], *_TOPICS[5:], _ANYTHING[1])
"""Our topics in turn, and what is liked whatever it is about."""
_YOUNGEST, _DAYS = 2, 5
"""The days that are searched lie two to six days back: each is over for a day at least, so every post of it has all but
a few per cent of what it will get (growth.md 3.1) and posts can be compared."""


def places(size: int) -> int:
    """Return how many posts a run may add to a library of this size."""
    return _BELOW if size < TARGET else _ABOVE


def searches(position: int) -> tuple[Turn, ...]:
    """Return the searches of a run from `position` of the endless rotation on."""
    return tuple(Turn(place, ROTATION[place % len(ROTATION)]) for place in range(position, position + SEARCHES))


def search_of(turn: Turn, yields: Mapping[str, Yield], account: str, today: date) -> tuple[str, int]:
    """Write the search for the day whose turn it is; return it with how much liked a post must be.

    The threshold follows what the search brought last (see `harvest.queries.min_likes`). Each lap takes another day.
    """
    day = today - timedelta(days=_YOUNGEST + turn.place // len(ROTATION) % _DAYS)
    likes = min_likes(turn, yields)
    return f"{query_of(turn, likes, account=account, since=day)} until:{day + timedelta(days=1)}", likes
