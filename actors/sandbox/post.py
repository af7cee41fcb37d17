"""The nouns of the site: accounts, posts, and what site and audience tell each other about a post."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
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


@dataclass(frozen=True, slots=True)
class Account:
    """Somebody on the site; `followers` is None for the operated account, whose followers the audience counts."""

    handle: str
    name: str
    bio: str
    followers: int | None
    following: int


@dataclass(frozen=True, slots=True)
class Post:
    """One post as the site keeps it, whoever wrote it."""

    id: str
    author: str
    text: str
    created_at: datetime
    in_reply_to: str | None = None
    quotes: str | None = None
    is_pinned: bool = False
    is_promoted: bool = False
    popularity: Counts = Counts()
    """Where the counts of a background post end up; an own post's counts come from the audience."""

    lang: str = "en"


@dataclass(frozen=True, slots=True)
class Repost:
    """One account passing on a post."""

    by: str
    of: str
    at: datetime
