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


def _fact(entry: dict[str, Any]) -> Fact:
    return Fact(**{**entry, "do": tuple(entry["do"]), "why": tuple(entry["why"])})


def _read(name: str) -> dict[str, Any]:
    return tomllib.loads((resources.files("actors.sandbox") / "words" / f"{name}.toml").read_text(encoding="utf-8"))
