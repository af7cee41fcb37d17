"""Ids of the society's posts: the time as in every id, and below it who wrote the post and the which of the day it is.

So a post is found by its id without a record of it, however old it is, and no id is like one of a create call: those
count up from zero in their millisecond and stay below the bit that marks the society.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import NamedTuple

from actors.sandbox.snowflake import encode, instant

DAYS_KEPT = 4
"""An answer comes on the day of what it answers or on the days after it, fewer than this."""

_MARK = 1 << 21


class Place(NamedTuple):
    """Where in the society's record a post stands.

    Args:
        day: number of the day of the first post of its conversation.
        person: number of that post's author.
        turn: the which of the author's posts of that day, below 64.
        answer: 0 for that post itself, above it the which of its answers, below 32.
    """

    day: int
    person: int
    turn: int
    answer: int = 0


def day_of(moment: datetime) -> int:
    """Number the days, by UTC."""
    return moment.astimezone(UTC).toordinal()


def start_of(day: int) -> datetime:
    """Tell when a day begins."""
    return datetime.combine(date.fromordinal(day), datetime.min.time(), UTC)


def id_of(place: Place, moment: datetime) -> str:
    """Make the id of the post at a place; `moment` is in whole milliseconds."""
    low = _MARK | place.person << 13 | place.turn << 7 | place.answer << 2 | place.day % DAYS_KEPT
    return str(encode(moment) | low)


def place_of(post_id: str) -> Place | None:
    """Tell where the post of an id stands if it is one of the society's."""
    if not post_id.isdecimal() or not int(post_id) & _MARK:
        return None
    number = int(post_id)
    try:
        today = day_of(instant(post_id))
    except OverflowError:
        return None
    day = today - (today - number) % DAYS_KEPT
    return Place(day, number >> 13 & 255, number >> 7 & 63, number >> 2 & 31)


def moment_on(day: int, share: float) -> datetime:
    """Give the instant at a share of a day, to the millisecond."""
    return start_of(day) + timedelta(milliseconds=int(share * 86_400_000))
