"""What a gate says of a text, and the rules most gates are made of."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

_STRAIGHT = str.maketrans("‘’‚′“”„″", "''''\"\"\"\"")


@dataclass(frozen=True, slots=True)
class Reason:
    """Why a gate refuses: `code` is stable and stored, `detail` quotes the offending words."""

    gate: str
    code: str
    detail: str


@dataclass(frozen=True, slots=True)
class Verdict:
    """The judgement of all gates on one text; it passes only without a reason."""

    passed: bool
    reasons: tuple[Reason, ...]
    scores: dict[str, float]


@dataclass(frozen=True, slots=True)
class Finding:
    """The judgement of one gate: (code, detail) of each refusal, and what it measured."""

    refusals: tuple[tuple[str, str], ...] = ()
    scores: dict[str, float] = field(default_factory=dict)


Gate = Callable[[str, Sequence[str]], Finding]
"""Judges the final text, given the texts it must not repeat."""


@dataclass(frozen=True, slots=True)
class Rule:
    """A pattern that no post may contain."""

    code: str
    pattern: re.Pattern[str]


def rule(code: str, *patterns: str, flags: int = 0) -> Rule:
    """Make a rule of alternative patterns; letters match in both cases."""
    return Rule(code, re.compile("|".join(patterns), re.IGNORECASE | flags))


def broken(rules: Iterable[Rule], text: str) -> tuple[tuple[str, str], ...]:
    """List each rule that the text breaks, with the words that break it."""
    plain = straight(text)
    matches = ((rule.code, rule.pattern.search(plain)) for rule in rules)
    return tuple((code, match.group().strip()[:80]) for code, match in matches if match)


ELSEWHERE = rule(
    "elsewhere",
    r"\b\w[\w-]{1,62}\.[a-z][a-z-]{1,23}\b",
    r"\bdot\s+(?:com|net|org|io|co|me|ly|app|dev|info|shop|store|site|online|xyz|biz|example)\b",
    r"[\[({<]\s*(?:\.|dot)\s*[\])}>]|://|\b(?:hxxps?|https?|mailto)\b",
)
"""An address of the web in any dress: a dot between two words without a space, or written out as one."""


def straight(text: str) -> str:
    """Give the text in the one spelling the rules are written for: NFKC, with straight quotes and apostrophes."""
    return unicodedata.normalize("NFKC", text).translate(_STRAIGHT)
