"""The written stock of the sandbox's writer: facts by topic, openings by hook, frames by voice."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any

Texts = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Fact:
    """One harmless statement about daily life, in the pieces that sentences are made of; see `words/facts.toml`."""

    do: Texts
    why: Texts
    so: str
    skip: str
    belief: str
    trouble: str


@dataclass(frozen=True, slots=True)
class Voice:
    """How one writer leads up to a reason (`frames`), and short lines that only he would add."""

    frames: Texts
    lines: Texts


@dataclass(frozen=True, slots=True)
class Stock:
    """Everything the writer can say."""

    facts: dict[str, tuple[Fact, ...]]
    voices: dict[str, Voice]
    hooks: dict[str, Texts]
    persons: Texts
    actions: Texts
    outcomes: Texts
    closers: dict[str, Texts]
    pairs: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Relevance:
    """By which words a post is about everyday wellness, and by which it is not; see `words/relevance.toml`."""

    everyday: frozenset[str]
    away: frozenset[str]
    delicate: Texts
    selling: Texts


@dataclass(frozen=True, slots=True)
class Answers:
    """How somebody's post is answered, by strategy; see `words/replies.toml`."""

    strategies: dict[str, Texts]
    generic: Texts
    more: Texts
    unsaid: frozenset[str]
    nouns_follow: frozenset[str]


@dataclass(frozen=True, slots=True)
class Arcs:
    """What the parts of a thread say besides its opening; see `words/threads.toml`."""

    styles: dict[str, Texts]
    emotions: dict[str, Texts]
    reasons: Texts
    actions: Texts
    endings: dict[str, Texts]
    stubs: Texts


@cache
def relevance() -> Relevance:
    """Read the words of the judge, once per process."""
    words = _read("relevance")
    return Relevance(
        frozenset(words["everyday"]), frozenset(words["away"]), tuple(words["delicate"]), tuple(words["selling"])
    )


@cache
def labels() -> dict[str, dict[str, Texts]]:
    """Read by which words a post shows which value of a field, once per process; see `words/labels.toml`."""
    return {field: _texts(values) for field, values in _read("labels").items()}


@cache
def answers() -> Answers:
    """Read the sentences of replies, once per process."""
    words = _read("replies")
    return Answers(
        strategies=_texts(words["strategies"]),
        generic=tuple(words["hasty"]["generic"]),
        more=tuple(words["hasty"]["more"]),
        unsaid=frozenset(words["unsaid"]["words"]),
        nouns_follow=frozenset(words["unsaid"]["nouns_follow"]),
    )


@cache
def arcs() -> Arcs:
    """Read the sentences of threads, once per process."""
    words = _read("threads")
    return Arcs(
        styles=_texts(words["styles"]),
        emotions=_texts(words["emotions"]),
        reasons=tuple(words["parts"]["reason"]),
        actions=tuple(words["parts"]["action"]),
        endings=_texts(words["endings"]),
        stubs=tuple(words["hasty"]["stubs"]),
    )


@cache
def stock() -> Stock:
    """Read the stock from the package's files, once per process."""
    facts, voices, openings = _read("facts"), _read("voices"), _read("openings")
    return Stock(
        facts={topic: tuple(_fact(entry) for entry in entries) for topic, entries in facts.items()},
        voices={name: Voice(tuple(entry["frames"]), tuple(entry["lines"])) for name, entry in voices.items()},
        hooks={hook: tuple(lines) for hook, lines in openings["hooks"].items()},
        persons=tuple(openings["persons"]),
        actions=tuple(openings["sentences"]["action"]),
        outcomes=tuple(openings["sentences"]["outcome"]),
        closers={cluster: tuple(lines) for cluster, lines in openings["closers"].items()},
        pairs=tuple((worse, better) for worse, better in openings["pairs"]["labels"]),
    )


def _texts(table: dict[str, list[str]]) -> dict[str, Texts]:
    return {name: tuple(lines) for name, lines in table.items()}


def _fact(entry: dict[str, Any]) -> Fact:
    return Fact(**{**entry, "do": tuple(entry["do"]), "why": tuple(entry["why"])})


def _read(name: str) -> dict[str, Any]:
    return tomllib.loads((resources.files("actors.sandbox") / "words" / f"{name}.toml").read_text(encoding="utf-8"))
