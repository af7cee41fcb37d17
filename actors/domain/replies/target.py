"""Somebody else's post that may be answered, and what speaks against it before anything is scored."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from actors.domain.caps import Caps, Publication, target_cap
from actors.domain.gates.delicate import delicate
from actors.domain.gates.legible import illegible
from actors.domain.optout import wish_of
from actors.domain.randomness import keyed
from actors.domain.rules import Answered, Rules, obeys

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime, timedelta

UNREAD = "unread"
"""What `unfit` says of a stranger whose profile nobody has read yet."""

_WORDS = re.compile(r"\w")


@dataclass(frozen=True, slots=True)
class Target:
    """One post. Figures that are not known are None."""

    tweet_id: str
    author: str
    conversation: str
    text: str
    posted_at: datetime
    tier: str
    relevance: float
    """To our subject, 0 to 10."""

    topic: str = ""
    addressed_us: bool = False
    """Whether it mentions, quotes or answers us."""

    followers: int | None = None
    priority: float | None = None
    """What answering its author has come to, 0 to 100."""

    engagement: float | None = None
    """The author's likes, reposts and replies to a view."""

    has_opted_out: bool = False
    """Whether its author wants no replies."""

    is_read: bool = True
    """Whether its author's profile was read, where he may say that he wants none."""

    def age(self, at: datetime) -> timedelta:
        """Return how old it is then."""
        return at - self.posted_at


class Talks:
    """Whom we have replied to and where, for as many targets as there are: each asks for its own few only."""

    def __init__(self, publications: Iterable[Publication] = ()) -> None:
        self._of: dict[tuple[str, str], list[Publication]] = {}
        for publication in publications:
            self.add(publication)

    def add(self, publication: Publication) -> None:
        """Count one more."""
        for key in (("author", publication.author.lower()), ("conversation", publication.conversation)):
            self._of.setdefault(key, []).append(publication)

    def cap(self, target: Target, caps: Caps, at: datetime) -> str:
        """Name the scope whose cap forbids a reply to this target then; empty: none does."""
        mine = (("author", target.author.lower()), ("conversation", target.conversation))
        found = (target_cap(self._of.get(key, ()), caps, target.author, target.conversation, at) for key in mine)
        return next(filter(None, found), "")


@dataclass(frozen=True, slots=True)
class Bounds:
    """What a target is held against; times are schedule time."""

    rules: Rules
    """Of the platform."""

    account: str
    """Ours."""

    caps: Caps
    talks: Talks
    """Replies that were published, and those that wait, by the time at which they are due."""

    target_age: timedelta
    """Age up to which a post is answered."""

    relevance: float
    """Below it a stranger's post is not answered."""


def forbidden(target: Target, bounds: Bounds) -> str:
    """Return why this target may never be answered, a code and a reason; empty: nothing speaks against it for good.

    Nobody is answered who wants no replies, nor on subjects on which a stranger's program has nothing to say.
    """
    if target.has_opted_out:
        return "opted_out: its author wants no replies"
    if target.author.lower() == bounds.account.lower():
        return "own: it is ours"
    if not _WORDS.search(target.text):
        return "empty: it says nothing in words"
    answered = Answered(target.author, addressed_us=target.addressed_us)
    for breach in obeys(bounds.rules, "", answered=answered):
        return f"{breach.code}: {breach.text}"
    if wish_of(target.text) is not None:
        return "opted_out: it asks to be left alone"
    subject = delicate(target.text)
    if subject:
        return f"delicate: {subject}"
    flaw = illegible(target.text)
    return f"illegible: {flaw}" if flaw else ""


def unfit(target: Target, bounds: Bounds, at: datetime) -> str:
    """Return why a reply due at `at` cannot be for this target, a code; empty: it can."""
    if target.age(at) > bounds.target_age:
        return "too_old"
    if not target.is_read and not target.addressed_us:
        return UNREAD
    if not target.addressed_us and target.relevance < bounds.relevance:
        return "off_topic"
    scope = bounds.talks.cap(target, bounds.caps, at)
    return f"{scope}_cap" if scope else ""


def first_choice(targets: Iterable[Target], at: datetime, prefer_age: timedelta) -> list[Target]:
    """Return those to choose from: who addressed us, else what is at most `prefer_age` old, else all of them."""
    every = list(targets)
    addressed = [target for target in every if target.addressed_us]
    fresh = [target for target in every if target.age(at) <= prefer_age]
    return addressed or fresh or every


def is_held_out(target: Target, share: float) -> bool:
    """Tell whether chance leaves this target without an answer, so that what answering does can be told.

    The draw belongs to the post: whoever asks, however often, hears the same. Who addressed us is never left alone.
    """
    return not target.addressed_us and bool(keyed("hold_out", target.tweet_id).random() < share)
