"""The funnel: what becomes of the posts that a search showed."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from actors.domain.harvest.tiers import is_crowded
from actors.domain.text import MENTION, URL, visible

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable
    from datetime import datetime, timedelta

    from actors.domain.snowflake import TweetId

_HANDLE = re.compile(r"[A-Za-z0-9_]{1,20}")
_LONGEST = 500
"""Characters kept of a foreign text (growth.md 5)."""


class Found(Protocol):
    """A post as a search shows it; a count of None is unknown."""

    @property
    def id(self) -> TweetId:
        """Return its id."""

    @property
    def author(self) -> str:
        """Return its author's handle, without @."""

    @property
    def text(self) -> str:
        """Return its text."""

    @property
    def created_at(self) -> datetime:
        """Return when it was posted."""

    @property
    def replying_to(self) -> str | None:
        """Return whom it answers."""

    @property
    def views(self) -> int | None:
        """Return its views."""

    @property
    def likes(self) -> int | None:
        """Return its likes."""

    @property
    def reposts(self) -> int | None:
        """Return its reposts."""

    @property
    def replies(self) -> int | None:
        """Return its replies."""


@dataclass(frozen=True, slots=True)
class Sieve:
    """What posts are held against; handles are folded."""

    now: datetime
    age: timedelta
    """The oldest that is answered."""
    account: str
    opted_out: Collection[str]
    known: Collection[str]
    """Ids of posts that were harvested already, whatever became of them."""
    only_addressed: bool
    """Whether nobody may be answered who has not addressed us."""


@dataclass(frozen=True, slots=True)
class Sifted:
    """The readable, new posts, and those of them that are fit to be judged."""

    parsed: int
    fit: tuple[Found, ...]

    @property
    def aged(self) -> int:
        """Return how many were too old or unfit."""
        return self.parsed - len(self.fit)


@dataclass(frozen=True, slots=True)
class Funnel:
    """How many posts came how far; the columns of `harvest_searches`."""

    seen: int = 0
    parsed: int = 0
    aged: int = 0
    judged_out: int = 0
    kept: int = 0

    def __add__(self, other: Funnel) -> Funnel:
        return Funnel(
            self.seen + other.seen,
            self.parsed + other.parsed,
            self.aged + other.aged,
            self.judged_out + other.judged_out,
            self.kept + other.kept,
        )

    def __str__(self) -> str:
        return (
            f"{self.seen} seen, {self.parsed} of them readable and new, {self.aged} too old or unfit, "
            f"{self.judged_out} judged off topic, {self.kept} kept"
        )


def sift(posts: Iterable[Found], sieve: Sieve) -> Sifted:
    """Leave out what is known, then what may not or need not be answered."""
    new = {post.id: post for post in posts if post.id not in sieve.known and _HANDLE.fullmatch(post.author)}
    return Sifted(len(new), tuple(post for post in new.values() if _is_fit(post, sieve)))


def addresses(text: str, account: str) -> bool:
    """Say whether a text mentions the account."""
    return account.casefold() in {found[1:].casefold() for found in MENTION.findall(URL.sub(" ", text))}


def kept_text(text: str) -> str:
    """Return what is kept of a foreign text: what one sees of it, up to 500 characters."""
    return visible(text)[:_LONGEST]


def _is_fit(post: Found, sieve: Sieve) -> bool:
    return (
        sieve.now - post.created_at < sieve.age
        and post.replying_to is None
        and post.author.casefold() != sieve.account.casefold()
        and not {post.author.casefold()}.intersection(sieve.opted_out)
        and not is_crowded(post.likes, post.replies)
        and (not sieve.only_addressed or addresses(post.text, sieve.account))
    )


def authors_of(posts: Iterable[Found]) -> tuple[str, ...]:
    """Return the folded handles of whoever wrote these posts, each once, in their order."""
    return tuple(dict.fromkeys(post.author.casefold() for post in posts if _HANDLE.fullmatch(post.author)))
