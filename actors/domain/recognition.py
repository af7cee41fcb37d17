"""Recognition: which values of the taxonomy a text shows, told from its words alone."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from actors.domain.taxonomy import FORMAT_PATTERNS, GENERATOR_MARKERS, HOOK_PATTERNS, LENGTHS, TOPIC_WORDS
from actors.domain.text import weighted_length

if TYPE_CHECKING:
    from collections.abc import Mapping


def _compiled(markers: Mapping[str, tuple[str, ...]]) -> dict[str, re.Pattern[str]]:
    return {
        value: re.compile(rf"(?<!\w)(?:{'|'.join(map(re.escape, phrases))})(?!\w)", re.IGNORECASE)
        for value, phrases in markers.items()
    }


_GENERATORS, _TOPICS = _compiled(GENERATOR_MARKERS), _compiled(TOPIC_WORDS)


def generator_of(text: str) -> str | None:
    """Return the voice that most gives itself away; None if none does."""
    return _most_marked(text, _GENERATORS)


def topic_of(text: str) -> str | None:
    """Return the topic with the most of its words; None if it is about none of ours."""
    return _most_marked(text, _TOPICS)


def hook_of(text: str) -> str | None:
    """Return how it opens; None if in none of the known ways."""
    return _first_match(text, HOOK_PATTERNS)


def format_of(text: str) -> str:
    """Return how it is laid out."""
    return _first_match(text, FORMAT_PATTERNS) or "plain"


def length_of(text: str) -> str:
    """Return its length by the platform's count; what is beyond all of them counts as the longest."""
    weight = weighted_length(text)
    return next((name for name, (_, longest) in LENGTHS.items() if weight <= longest), list(LENGTHS)[-1])


def _most_marked(text: str, patterns: Mapping[str, re.Pattern[str]]) -> str | None:
    marks = {value: len(pattern.findall(text)) for value, pattern in patterns.items()}
    best = max(marks, key=marks.__getitem__)
    return best if marks[best] else None


def _first_match(text: str, patterns: Mapping[str, str]) -> str | None:
    return next((value for value, pattern in patterns.items() if re.search(pattern, text, re.IGNORECASE)), None)
