"""Tweet ids, which carry the time of their creation ("snowflakes").

Layout since 2010: milliseconds since the platform's own epoch in the upper bits, 22 bits of machine and sequence below.
A captured id whose time does not fit the click is somebody else's, and what does not decode is no id at all.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import NewType

TweetId = NewType("TweetId", str)
"""15 to 20 digits that fit 63 bits, as text: browsers and JSON readers round such numbers."""

EPOCH_MS = 1288834974657
"""The platform's epoch (November 2010), in Unix milliseconds."""

_SEQUENCE_BITS = 22
_LARGEST = 2**63 - 1
_DIGITS = re.compile(r"[1-9][0-9]{14,19}")
_UNIX_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def parse_tweet_id(text: object) -> TweetId:
    """Return `text` as a tweet id.

    Raises:
        ValueError: it is no text of 15 to 20 digits within 63 bits ("verified", "pending_…", `Date.now()`).
    """
    if not is_tweet_id(text):
        raise ValueError(f"{str(text)[:40]!r} is not a tweet id (15 to 20 digits)")
    return TweetId(str(text))


def is_tweet_id(text: object) -> bool:
    """Say whether `text` has the form of a tweet id."""
    return isinstance(text, str) and bool(_DIGITS.fullmatch(text)) and int(text) <= _LARGEST


def created_at(tweet_id: TweetId) -> datetime:
    """Return the time that the id carries, in UTC, to the millisecond."""
    return _UNIX_EPOCH + timedelta(milliseconds=(int(tweet_id) >> _SEQUENCE_BITS) + EPOCH_MS)


def id_at(moment: datetime, sequence: int = 0) -> TweetId:
    """Return the id that would have been minted at `moment`; with sequence 0 the smallest one."""
    milliseconds = (moment - _UNIX_EPOCH) // timedelta(milliseconds=1)
    return TweetId(str(((milliseconds - EPOCH_MS) << _SEQUENCE_BITS) | sequence))


def is_within(tweet_id: TweetId, start: datetime, end: datetime | None, tolerance: timedelta) -> bool:
    """Say whether the id was minted between `start` and `end` (None: open), each widened by `tolerance`."""
    moment = created_at(tweet_id)
    return start - tolerance <= moment and (end is None or moment <= end + tolerance)
