"""Ids of posts: 64-bit numbers that grow with time and tell it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

_EPOCH = datetime(2010, 11, 4, 1, 42, 54, 657000, UTC)
"""Zero of the ids' clock, 1288834974657 ms after 1970, as the platform documents it."""

_SEQUENCE_BITS = 22


class SnowflakeMint:
    """Make ids that strictly increase, also when the clock stands or was set back; not safe in several threads."""

    def __init__(self) -> None:
        self._last = 0

    def seen(self, post_id: str) -> None:
        """Take note of an id that exists, so that every later one is greater."""
        self._last = max(self._last, int(post_id))

    def mint(self, now: datetime) -> tuple[str, datetime]:
        """Make the next id, and tell the instant it encodes: `now` to the millisecond, or the last id's if later."""
        number = max(encode(now), self._last + 1)
        self._last = number
        return str(number), instant(str(number))


def encode(moment: datetime) -> int:
    """Give the smallest id of a moment's millisecond."""
    return (moment - _EPOCH) // timedelta(milliseconds=1) << _SEQUENCE_BITS


def instant(post_id: str) -> datetime:
    """Tell the millisecond that an id encodes."""
    return _EPOCH + timedelta(milliseconds=int(post_id) >> _SEQUENCE_BITS)
