"""What the site tells the audience of a post, and what the audience tells back."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class PublishedPost:
    """One post or reply that the operated account published.

    `ordinal` counts the account's own publications from 0 in the order of publishing, replies included; it is the key
    for everything random about the post, because it is the same in every run while the id depends on the time.
    """

    id: str
    ordinal: int
    text: str
    created_at: datetime
    """Schedule time, aware UTC, to the millisecond; the same instant that the id encodes."""

    in_reply_to: str | None


@dataclass(frozen=True, slots=True)
class Counts:
    """The public numbers of one post at one instant."""

    views: int = 0
    likes: int = 0
    reposts: int = 0
    replies: int = 0
    bookmarks: int = 0
