"""Gate: the text fits into a post and leads nowhere else."""

from __future__ import annotations

from typing import TYPE_CHECKING

from actors.domain.gates.verdict import ELSEWHERE, Finding, Rule, broken
from actors.domain.text import MENTION, URL, WEIGHTED_LIMIT, weighted_length

if TYPE_CHECKING:
    from collections.abc import Sequence

_RULES = (Rule("link", URL), Rule("mention", MENTION), ELSEWHERE)


def judge_shape(text: str, history: Sequence[str]) -> Finding:
    """Refuse what is empty or too long, and any link or mention: this release publishes neither."""
    del history
    length = weighted_length(text)
    refusals = broken(_RULES, text)
    if not text.strip():
        refusals += (("empty", ""),)
    if length > WEIGHTED_LIMIT:
        refusals += (("too_long", f"{length} > {WEIGHTED_LIMIT}"),)
    return Finding(refusals, {"weighted_length": float(length)})
