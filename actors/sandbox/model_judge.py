"""The sandbox's judge: how much a post is about everyday wellness, by its words."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from actors.domain.taxonomy import TOPIC_WORDS
from actors.domain.text import words
from actors.sandbox.model_words import relevance

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    import numpy as np

NOISE = 0.1
"""Chance that a score is a point or two off."""

_BY_TOPIC_WORDS = (1.0, 4.5, 7.0, 8.5, 9.5)
_EVERYDAY, _MOST_EVERYDAY, _AWAY, _SELLING = 1.0, 3, 2.0, 5.0
_DELICATE_MOST = 2.0


def score_all(items: Sequence[tuple[int, str]], rng: np.random.Generator) -> dict[str, list[dict[str, Any]]]:
    """Score each numbered post from 0 to 10, mostly right."""
    return {"scores": [{"number": number, "score": _said(score(text), rng)} for number, text in items]}


def score(text: str) -> float:
    """Give 0 to 10: by words of the best topic, then everyday words; less for other matters and for selling."""
    said = words(text)
    stock = relevance()
    best = max((_found(of_topic, text, said) for of_topic in TOPIC_WORDS.values()), key=len)
    everyday = len((stock.everyday - best) & set(said))
    points = _BY_TOPIC_WORDS[min(len(best), len(_BY_TOPIC_WORDS) - 1)]
    points += _EVERYDAY * min(everyday, _MOST_EVERYDAY) - _AWAY * len(stock.away & set(said))
    points -= _SELLING * bool(_found(stock.selling, text, said))
    if _found(stock.delicate, text, said):
        points = min(points, _DELICATE_MOST)
    return max(0.0, min(10.0, points))


def _said(true: float, rng: np.random.Generator) -> float:
    is_off, by, is_more = rng.random() < NOISE, 1 + int(rng.integers(2)), rng.random() < 1 / 2
    return max(0.0, min(10.0, true + (by if is_more else -by))) if is_off else true


def _found(sought: Collection[str], text: str, said: Sequence[str]) -> set[str]:
    """Return the sought words, and phrases, that the text has."""
    phrases = {each for each in sought if " " in each and re.search(rf"\b{each}\b", text, re.IGNORECASE)}
    return phrases | (set(sought) & set(said))
