"""Gate: the text was not published before, nor anything close to it (J1)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from actors.domain.gates.verdict import Finding
from actors.domain.text import content_hash, overlap, similarity

if TYPE_CHECKING:
    from collections.abc import Sequence

MAX_OVERLAP = 0.7
"""Share of common words above which two posts are the same; the value of the engine this one replaces."""

MIN_DUPLICATE = 0.85
"""Token-sort ratio from which two posts are the same: light edits measure 0.87 to 1, other claims in the same template
up to 0.80. No lexical measure sees a paraphrase."""


def judge_repetition(text: str, history: Sequence[str]) -> Finding:
    """Refuse the text if one of the history equals it, shares its words, or differs by light edits only."""
    own = content_hash(text)
    nearest = max(((similarity(text, old), old) for old in history), default=(0.0, ""))
    shared = max(((overlap(text, old), old) for old in history), default=(0.0, ""))
    signs = (
        ("same_text", any(content_hash(old) == own for old in history), own),
        ("near_duplicate", nearest[0] >= MIN_DUPLICATE, f"{nearest[0]:.2f}: {nearest[1]}"),
        ("word_overlap", shared[0] > MAX_OVERLAP, f"{shared[0]:.2f}: {shared[1]}"),
    )
    scores = {"similarity": round(nearest[0], 3), "overlap": round(shared[0], 3)}
    return Finding(tuple((code, detail) for code, holds, detail in signs if holds), scores)


def original_of(text: str, published: Sequence[tuple[str, str]]) -> str | None:
    """Return the id of the first of these posts, (text, id) each, that says the same as `text`; None if none does."""
    own = content_hash(text)
    for old, tweet_id in published:
        if content_hash(old) == own or similarity(text, old) >= MIN_DUPLICATE or overlap(text, old) > MAX_OVERLAP:
            return tweet_id
    return None
