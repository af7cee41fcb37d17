"""Who addresses the operated account of themselves: some mention it, some ask a question under its newest post."""

from __future__ import annotations

from bisect import bisect_right
from datetime import datetime, timedelta
from functools import lru_cache
from operator import attrgetter
from typing import TYPE_CHECKING

from actors.domain.randomness import keyed
from actors.domain.taxonomy import TOPICS
from actors.sandbox.post import Post
from actors.sandbox.reader import read
from actors.sandbox.society_day import TURNS, popularity
from actors.sandbox.society_ids import Place, id_of, moment_on
from actors.sandbox.society_words import per_day, phrase, templates_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from actors.sandbox.society_people import Person

_MENTIONS, _QUESTIONS = 2, 4
"""A day; fewer questions where no post is new enough."""

_YOUNGEST, _OLDEST = timedelta(minutes=15), timedelta(hours=10)
"""Age of the post under which somebody asks."""


def addressed(seed: int, day: int, account: str, people: Sequence[Person], own: Sequence[Post]) -> list[Post]:
    """Write a day's posts that address the account; `own` are its posts, oldest first, up to an instant of that day.

    A question whose post is not among `own` yet is left out, so ask again as they grow: what was given stays the same.
    """
    askers = [
        person for person in people if person.role == "wellness" and person.attitude in {"welcoming", "indifferent"}
    ]
    roots = [post for post in own if post.in_reply_to is None]
    found = []
    for turn in range(_MENTIONS + _QUESTIONS):
        draw = keyed("society", seed, "address", day, turn)
        who = askers[int(draw.integers(len(askers)))]
        moment = moment_on(day, float(draw.random()))
        topic = tuple(TOPICS)[int(draw.integers(len(TOPICS)))]
        kind, parent = "mention", None
        if turn >= _MENTIONS:
            kind, parent = "question", _newest(roots, moment)
            if parent is None:
                continue
            topic = _topic(parent.text) or topic
        found.append(
            Post(
                id=id_of(Place(day, who.number, TURNS + turn), moment),
                author=who.account.handle,
                text=phrase(
                    seed, kind, topic, int(draw.integers(templates_of(kind))), day * per_day(kind) + turn, account
                ),
                created_at=moment,
                in_reply_to=parent.id if parent else None,
                popularity=popularity(
                    (who.account.followers or 0) // 12, draw.random(5).tolist(), draw.standard_normal(3).tolist()
                ),
            )
        )
    return found


@lru_cache(maxsize=256)
def _topic(text: str) -> str | None:
    return read(text).topic


def _newest(roots: list[Post], moment: datetime) -> Post | None:
    """Find the post that somebody who looks in at a moment asks about."""
    place = bisect_right(roots, moment - _YOUNGEST, key=attrgetter("created_at"))
    if place == 0 or roots[place - 1].created_at < moment - _OLDEST:
        return None
    return roots[place - 1]
