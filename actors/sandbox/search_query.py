"""What a search asks for: words, phrases and the operators of the site's search box."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from actors.sandbox.post import Post

_PART = re.compile(r'\(|\)|(-?)(?:"([^"]*)"|([^\s()]+))')
_TAG = re.compile(r"#(\w+)")
_WORD = re.compile(r"[@#]?\w+(?:['’]\w+)*")


@dataclass(frozen=True, slots=True)
class Term:
    """One condition on a post; `is_negated` turns it around.

    `kind` is "text", "mention", "from", "lang" or "replies"; `value` belongs to it, words between blanks.
    """

    kind: str
    value: str = ""
    is_negated: bool = False

    def is_so(self, post: Post, addressee: Callable[[Post], str]) -> bool:
        """Whether a post is as the term says, negation aside; `addressee` tells whom it answers, in lower case."""
        match self.kind:
            case "mention":
                return f" @{self.value} " in _spaced(post.text) or addressee(post) == self.value
            case "from":
                return post.author.lower() == self.value
            case "lang":
                return post.lang == self.value
            case "replies":
                return post.in_reply_to is not None
            case _:
                return self.value in _spaced(post.text)


@dataclass(frozen=True, slots=True)
class Query:
    """A search as understood: of each clause one term must hold."""

    clauses: tuple[tuple[Term, ...], ...] = ()
    min_likes: int = 0
    since: datetime | None = None
    until: datetime | None = None
    """The first instant that is too late."""

    @classmethod
    def parse(cls, text: str) -> Query:
        """Read a search in any case.

        It may hold words, "phrases", `-without`, `@mention`, `#tag`, `(a OR "b c" OR from:d)`, `from:`, `lang:`,
        `since:YYYY-MM-DD`, `until:` the day after the last one, `min_faves:`, `filter:replies` and `-filter:replies`.
        `OR` binds its two neighbours, with or without parentheses; other parentheses and operators are ignored.
        """
        clauses: list[tuple[Term, ...]] = []
        min_likes, since, until, is_joined = 0, None, None, False
        for match in _PART.finditer(text):
            minus, phrase, word = match.groups(default="")
            if word == "OR":
                is_joined = bool(clauses)
                continue
            operator, _, value = word.partition(":")
            if operator == "min_faves" and value.isdecimal():
                min_likes = max(min_likes, int(value))
            elif operator == "since" and not minus:
                since = _date(value) or since
            elif operator == "until" and not minus:
                until = _date(value) or until
            elif term := _term(phrase.lower(), word.lower(), is_negated=bool(minus)):
                clauses[-1:] = [(*clauses[-1], term)] if is_joined else [*clauses[-1:], (term,)]
            else:
                continue
            is_joined = False
        return cls(tuple(clauses), min_likes, since, until)

    def fits(self, post: Post, addressee: Callable[[Post], str]) -> bool:
        """Whether a post is what is asked for, its likes of now aside."""
        # What will never be liked enough need not be counted; of an own post it is not known.
        if 0 < post.popularity.likes < self.min_likes - 1 or (self.since and post.created_at < self.since):
            return False
        if self.until and post.created_at >= self.until:
            return False
        spaced = _spaced(post.text)
        for clause in self.clauses:
            for term in clause:
                is_so = term.value in spaced if term.kind == "text" else term.is_so(post, addressee)
                if is_so is not term.is_negated:
                    break
            else:
                return False
        return True


def _term(phrase: str, word: str, *, is_negated: bool) -> Term | None:
    operator, _, value = word.partition(":")
    if not phrase and value and operator.isidentifier():
        return _operator(operator, value, is_negated=is_negated)
    if re.fullmatch(r"@\w+", word):
        return Term("mention", word[1:], is_negated)
    known = _WORD.findall(phrase or word)
    return Term("text", f" {' '.join(known)} ", is_negated) if known else None


def _operator(name: str, value: str, *, is_negated: bool) -> Term | None:
    match name:
        case "from":
            return Term("from", value.removeprefix("@"), is_negated)
        case "lang":
            return Term("lang", value, is_negated)
        case "filter" if value == "replies":
            return Term("replies", "", is_negated)
        case _:
            return None


def _date(value: str) -> datetime | None:
    try:
        return datetime.strptime(value, "%Y-%m-%d").replace(tzinfo=UTC)
    except ValueError:
        return None


@lru_cache(maxsize=40_000)
def _spaced(text: str) -> str:
    """Put a text's words in lower case between blanks, a tag both with and without its sign."""
    words = _WORD.findall(_TAG.sub(r"#\1 \1", text.lower()))
    return f" {' '.join(words)} "
