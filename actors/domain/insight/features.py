"""Features: how a post is made, in numbers and words of our own; all that outlives its text."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import asdict, dataclass
from typing import Any

from actors.domain.recognition import format_of, hook_of, length_of, topic_of
from actors.domain.text import MENTION, URL, visible

LONGEST = 500
"""Characters of a foreign text that are looked at and kept (growth.md 5.6)."""

_EMOJI = re.compile(r"[\U0001F300-\U0001FAFF\u2600-\u27BF]")
_SHOUTED = re.compile(r"\b[A-Z]{4,}\b")
_BULLET = re.compile(r"^\s*[•–-] ", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Features:
    """How one post is made. Topic and hook are empty if it is about, or opens with, nothing that we know."""

    topic: str
    hook: str
    format: str
    length: str
    characters: int
    line_breaks: int
    bullets: int
    emoji: int
    shouted: int
    has_number: bool
    has_link: bool
    has_mention: bool
    is_question: bool

    def record(self) -> dict[str, Any]:
        """Return the features as JSON can hold them."""
        return asdict(self)


def clean(text: str) -> str:
    """Return what is kept of a foreign text: NFKC, only what one sees, the first 500 characters."""
    return visible(unicodedata.normalize("NFKC", text[: 4 * LONGEST]))[:LONGEST]


def features_of(text: str) -> Features:
    """Describe a text that `clean` has returned."""
    return Features(
        topic=topic_of(text) or "",
        hook=hook_of(text) or "",
        format=format_of(text),
        length=length_of(text),
        characters=len(text),
        line_breaks=text.count("\n"),
        bullets=len(_BULLET.findall(text)),
        emoji=len(_EMOJI.findall(text)),
        shouted=len(_SHOUTED.findall(text)),
        has_number=any(character.isdigit() for character in text),
        has_link=bool(URL.search(text)),
        has_mention=bool(MENTION.search(text)),
        is_question="?" in text.partition("\n")[0],
    )
