"""The nouns of the site: accounts, posts, and what site and audience tell each other about a post."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime


@dataclass(frozen=True, slots=True)
class Answered:
    """Somebody else's post that a reply of the operated account answers.

    Args:
        author: its author's handle.
        attitude: how that author takes answers: "welcoming", "indifferent", "hostile" or "opted_out".
        views: how many will have seen it in the end.
        is_addressed: it mentions the operated account or answers one of its posts.
    """

    post_id: str
    author: str
    attitude: str
    created_at: datetime
    views: int
    text: str
    is_addressed: bool = False


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
    answered: Answered | None = None
    """What a reply to somebody else answers; None for a post and for the operated account's answer to itself."""


@dataclass(frozen=True, slots=True)
class Follow:
    """Somebody began to follow the operated account; `cause` is the own post that did it, or None if none did."""

    at: datetime
    handle: str
    cause: str | None


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
