"""How the audience understands a post: from its text alone, never from what its author meant it to be."""

from __future__ import annotations

import re
from dataclasses import dataclass

from actors.domain.recognition import format_of, generator_of, hook_of, length_of, topic_of
from actors.domain.text import URL

TRAITS = ("number", "plainness", "source", "address", "shouting", "emoji")

_SECOND_PERSON = re.compile(r"\b(?:you|your|yours|yourself)\b", re.IGNORECASE)
_SHOUTED = re.compile(r"\b[A-Z]{4,}\b|!!")
_EMOJI = re.compile(r"[\U0001F300-\U0001FAFF\u2600-\u27BF]")
_CLAIM = re.compile(r"\d\s?%|\b(?:proven|cures?|studies show|research (?:shows|proves)|scientists)\b", re.IGNORECASE)
_WORD = re.compile(r"[A-Za-z]+")
# Mean letters per word of plain and of heavy prose.
_PLAIN, _HEAVY = 4.0, 6.0
_MOST_EMOJI = 3


@dataclass(frozen=True, slots=True)
class Reading:
    """What one text comes across as.

    Args:
        generator: the voice, or None when nothing gives it away; likewise topic and hook.
        traits: what no arm names, each 0 to 1, in the order of `TRAITS`.
        is_unsourced_claim: it states a finding or a percentage and links no source.
    """

    generator: str | None
    topic: str | None
    hook: str | None
    format: str
    length: str
    traits: tuple[float, ...] = (0.0,) * len(TRAITS)
    is_unsourced_claim: bool = False


def read(text: str) -> Reading:
    """Read a text; the same text always reads the same."""
    return Reading(
        generator=generator_of(text),
        topic=topic_of(text),
        hook=hook_of(text),
        format=format_of(text),
        length=length_of(text),
        traits=_traits(text),
        is_unsourced_claim=bool(_CLAIM.search(text)) and not URL.search(text),
    )


def _traits(text: str) -> tuple[float, ...]:
    words = _WORD.findall(text)
    mean = sum(map(len, words)) / max(1, len(words))
    return (
        float(any(character.isdigit() for character in text)),
        min(1.0, max(0.0, (_HEAVY - mean) / (_HEAVY - _PLAIN))),
        float(bool(URL.search(text))),
        float(bool(_SECOND_PERSON.search(text))),
        float(bool(_SHOUTED.search(text))),
        min(_MOST_EMOJI, len(_EMOJI.findall(text))) / _MOST_EMOJI,
    )
