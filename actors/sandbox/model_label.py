"""The sandbox's labeller: puts posts into closed vocabularies by their words, with a little noise.

It reads `field: NAME = value, value, ...` lines of the order, and no others: what stands in a post is never a field.
"""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING, Any

from actors.domain.recognition import format_of, generator_of, hook_of, length_of, topic_of
from actors.sandbox.model_words import labels
from actors.sandbox.model_writer import pick

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import numpy as np

    from actors.sandbox.model_task import Task

NOISE = 0.08
"""Chance that a label is another one of the vocabulary: a model does not always say the same twice."""
NONE = "none"
"""What is said of a post that shows no value of a field, where the vocabulary has it."""

_FIELD = re.compile(r"^field:[ \t]*(\w+)[ \t]*=[ \t]*(.+)$", re.MULTILINE)
_DIGIT = re.compile(r"\d")
_SHOUTED = re.compile(r"\b[A-Z]{4,}\b")
_RECOGNISED = {
    "topic": topic_of,
    "hook": hook_of,
    "format": format_of,
    "length": length_of,
    "generator": generator_of,
}
_MINIMAL, _DENSE = 90, 200
"""Characters: a post up to the one says a single thing, one from the other on says many."""


def label_all(task: Task, rng: np.random.Generator) -> dict[str, list[dict[str, Any]]]:
    """Label each numbered post in every field of the order, mostly as its words say."""
    fields = fields_of(task.order)
    return {
        "labels": [
            {"number": number, **{name: _said(name, text, values, rng) for name, values in fields.items()}}
            for number, text in task.items
        ]
    }


def fields_of(order: str) -> dict[str, tuple[str, ...]]:
    """Return the values that each field may have; a field that is named twice keeps its first line."""
    found: dict[str, tuple[str, ...]] = {}
    for name, values in _FIELD.findall(order):
        found.setdefault(name, tuple(filter(None, (value.strip() for value in values.split(",")))))
    return {name: values for name, values in found.items() if values}


def label(field: str, text: str) -> str:
    """Return the value that the text's words show in a field; `NONE` if they show none."""
    if field in _RECOGNISED:
        return _RECOGNISED[field](text) or NONE
    if field == "structure":
        return _structure(text)
    return _most_marked(text, _patterns(field)) or ("neutral" if field == "tone" else NONE)


def _said(field: str, text: str, values: Sequence[str], rng: np.random.Generator) -> str:
    is_off, other = rng.random() < NOISE, pick(values, rng)
    true = label(field, text)
    return other if is_off else true if true in values else NONE if NONE in values else values[0]


def _structure(text: str) -> str:
    """Return how the text is built: by its layout where it has one, else by its words and its length."""
    if "\n" in text or "•" in text:
        return "organized"
    if len(_SHOUTED.findall(text)) > 1 or text.count("!") > 2:
        return "aggressive"
    if len(_DIGIT.findall(text)) > 2:
        return "data"
    if "?" in text:
        return "question"
    marked = _most_marked(text, _patterns("structure"))
    if marked == "narrative" or len(text) > _MINIMAL:
        return marked or ("dense" if len(text) >= _DENSE else "minimal")
    return "minimal"


def _most_marked(text: str, patterns: Mapping[str, re.Pattern[str]]) -> str | None:
    marks = {value: len(pattern.findall(text)) for value, pattern in patterns.items()}
    best = max(marks, key=marks.__getitem__, default=None)
    return best if best is not None and marks[best] else None


@cache
def _patterns(field: str) -> dict[str, re.Pattern[str]]:
    return {
        value: re.compile(rf"(?<!\w)(?:{'|'.join(map(re.escape, phrases))})(?!\w)", re.IGNORECASE)
        for value, phrases in labels().get(field, {}).items()
    }
