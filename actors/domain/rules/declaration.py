"""What a platform allows, as data: every rule with the page that states it and the day on which it was read."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, Generic, TypeVar

if TYPE_CHECKING:
    from datetime import date, timedelta

T = TypeVar("T")


class Driver(Enum):
    """By what a program acts on a platform."""

    BROWSER = "a browser"
    API = "its API"


class Counting(Enum):
    """How the length of a text is counted."""

    WEIGHTED = "weighted characters"
    """A URL is 23, most emoji and CJK characters are 2."""
    CODE_POINTS = "characters"
    """Code points: never fewer than what a reader takes for characters."""
    LINKS_23 = "characters, a link is 23"
    """As code points, but each http(s) URL is 23."""


class Counted(Enum):
    """What a window counts."""

    WRITES = "posts and replies"
    CONTENT = "posts"
    REPLIES = "replies"
    AUTHOR = "replies to one author"


@dataclass(frozen=True, slots=True)
class Source:
    """Where a rule is stated. `as_of` is the day on which it said so."""

    title: str
    url: str
    as_of: date

    def __str__(self) -> str:
        return f"{self.title}, {self.url}, as of {self.as_of}"


@dataclass(frozen=True, slots=True)
class Stated(Generic[T]):
    """One rule and its source."""

    value: T
    source: Source


@dataclass(frozen=True, slots=True)
class Window:
    """At most so many in any stretch of time of this length."""

    counted: Counted
    span: timedelta
    most: int
    source: Source


@dataclass(frozen=True, slots=True)
class Length:
    """The longest text, by the platform's own count or one that is never below it."""

    most: int
    counting: Counting
    source: Source


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """The rules of one platform. A limit that is None does not exist there."""

    name: str
    is_live: bool
    """Whether people other than the operator are on it."""
    drivers: Stated[frozenset[Driver]]
    """By what it may be driven."""
    replies_to_strangers: Stated[bool]
    """Whether somebody may be replied to who has not addressed the account."""
    written_replies_need_leave: Stated[bool]
    """Whether the platform must have agreed to replies that a model writes."""
    disclosure: Stated[str]
    """What must show that the account is automated; empty: nothing."""
    approval: Stated[bool]
    """Whether a person must have approved each text until he says otherwise."""
    windows: tuple[Window, ...]
    length: Length
    links: Stated[int | None]
    """Links in one text."""
    link_every: Stated[int | None]
    """Of so many posts in a row, one may hold a link."""
    hashtags: Stated[int | None]
    cashtags: Stated[int | None]
    mentions: Stated[int | None]
    repeats: Stated[bool]
    """Whether a text may be nearly the same as one before."""
