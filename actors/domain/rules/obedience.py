"""One text, held against the rules of the platform that it is meant for."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from actors.domain.gates.repetition import MIN_DUPLICATE
from actors.domain.rules.declaration import Counting
from actors.domain.text import MENTION, URL, similarity, weighted_length

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from actors.domain.rules.declaration import Length, Rules, Source, Stated

_HASHTAG = re.compile(r"(?<!\w)[#＃]\w*[^\W\d_]\w*")
_CASHTAG = re.compile(r"(?<!\w)\$[A-Za-z]{1,6}(?:[._][A-Za-z]{1,2})?(?!\w)")
_FULL_URL = re.compile(r"https?://[!-~]+")
_URL_COUNTS = 23


@dataclass(frozen=True, slots=True)
class Answered:
    """Whom a reply is for."""

    author: str
    """The handle, without @."""
    addressed_us: bool
    """Whether the post that is replied to mentions, quotes or answers the account."""


@dataclass(frozen=True, slots=True)
class Breach:
    """Why a text may not be published: a code for programs, a sentence, and who says so."""

    code: str
    text: str
    source: Source


def obeys(rules: Rules, text: str, *, others: Sequence[str] = (), answered: Answered | None = None) -> list[Breach]:
    """Return every rule that a text breaks; empty if it may be published.

    Args:
        rules: of the platform it is meant for.
        text: as it would be typed.
        others: our own texts of late, the newest first.
        answered: whom it replies to; None: it is no reply. His mention is not counted.
    """
    return [*_of_length(rules.length, text), *_of_signs(rules, text, answered), *_of_company(rules, text, others),
            *_of_reply(rules, answered)]


def count(text: str, counting: Counting) -> int:
    """Return how long a text is by this count."""
    match counting:
        case Counting.WEIGHTED:
            return weighted_length(text)
        case Counting.CODE_POINTS:
            return len(text)
        case Counting.LINKS_23:
            return len(_FULL_URL.sub("x" * _URL_COUNTS, text))


def _of_length(length: Length, text: str) -> Iterator[Breach]:
    counted = count(text, length.counting)
    if counted > length.most:
        yield Breach("length", f"{counted} {length.counting.value}, {length.most} are allowed", length.source)


def _of_signs(rules: Rules, text: str, answered: Answered | None) -> Iterator[Breach]:
    bare = URL.sub(" ", text)
    mentions = [found[1:].casefold() for found in MENTION.findall(bare)]
    if answered is not None:
        mentions = [handle for handle in mentions if handle.lower() != answered.author.lower()]
    yield from _too_many("links", len(URL.findall(text)), rules.links)
    yield from _too_many("hashtags", len(_HASHTAG.findall(bare)), rules.hashtags)
    yield from _too_many("cashtags", len(_CASHTAG.findall(bare)), rules.cashtags)
    yield from _too_many("mentions", len(mentions), rules.mentions)


def _too_many(code: str, found: int, limit: Stated[int | None]) -> Iterator[Breach]:
    if limit.value is not None and found > limit.value:
        yield Breach(code, f"{found} {code}, {limit.value} are allowed", limit.source)


def _of_company(rules: Rules, text: str, others: Sequence[str]) -> Iterator[Breach]:
    every = rules.link_every.value
    if every is not None and URL.search(text) and any(map(URL.search, others[: every - 1])):
        yield Breach("link_too_soon", f"one post in {every} may hold a link", rules.link_every.source)
    if not rules.repeats.value and any(similarity(text, other) >= MIN_DUPLICATE for other in others):
        yield Breach("repeated", "it is nearly the same as one before", rules.repeats.source)


def _of_reply(rules: Rules, answered: Answered | None) -> Iterator[Breach]:
    if answered is not None and not answered.addressed_us and not rules.replies_to_strangers.value:
        text = f"@{answered.author} has not addressed the account"
        yield Breach("stranger", text, rules.replies_to_strangers.source)
