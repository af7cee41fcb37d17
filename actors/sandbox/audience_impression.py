"""What a reply comes across as beside the post it answers: relevance, promotion, and how early it came."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass

from actors.domain.text import MENTION, URL, words

_PROMOTION = (
    URL,
    MENTION,
    re.compile(r"\bfollow(?:ing)?\b(?! (?:the|a|through|up|along)\b)", re.IGNORECASE),
    re.compile(r"\bcheck(?:ing)? (?:it |this |us |me )?out\b", re.IGNORECASE),
    re.compile(r"\b(?:my|our) (?:profile|bio|page|newsletter|course|shop|channel)\b|\blink in bio\b", re.IGNORECASE),
    re.compile(r"\bdm (?:me|us)\b|\bsign up\b|\bsubscribe\b|\bgiveaway\b", re.IGNORECASE),
)
_MOST_PROMOTION = 3

_FREQUENT = """
about after again all also always and any are because been before being best but can could did does doing don't each
even ever every everyone for from get gets getting give good great had has have having here how into it's its just
know less like little look lot love made make makes many maybe more most much need never nice not now off often once
one only other others our out over own part people post really right same should since some something still such
sure take takes tell than thank thanks that that's the their them then there these they thing things think this
those too true try two until upon use used very want was way ways well were what when where which while who why will
with without won't work works would yes yet you your
"""
_EMPTY_WORDS = frozenset(_FREQUENT.split())
_SHORTEST = 3
# So many words taken up, and as many of one's own, and the reply plainly belongs there.
_ENOUGH = 3
# What a topic in common is worth beside words in common.
_TOPIC_SHARE = 0.3


@dataclass(frozen=True, slots=True)
class Impression:
    """What a reply comes across as.

    Args:
        relevance: 0 for what could stand under any post, 1 for what takes this one up and adds to it.
        promotion: how many kinds of promotion it has.
        earliness: what is left, at its age, of the attention to the first answers; 1 to 0.
    """

    relevance: float
    promotion: int
    earliness: float


def impression(text: str, target: str, lateness: float, *, has_same_topic: bool) -> Impression:
    """Read a reply beside what it answers; `lateness` counts the times the attention has fallen to its e-th part."""
    theirs, ours = telling(target), telling(text)
    taken_up, added = len(theirs & ours), len(ours - theirs)
    common = min(1.0, taken_up / _ENOUGH) * (1 - _TOPIC_SHARE) + _TOPIC_SHARE * has_same_topic
    return Impression(
        relevance=common * min(1.0, added / _ENOUGH),
        promotion=min(_MOST_PROMOTION, sum(bool(pattern.search(text)) for pattern in _PROMOTION)),
        earliness=math.exp(-max(0.0, lateness)),
    )


def telling(text: str) -> frozenset[str]:
    """Pick the words that say what a text is about."""
    return frozenset(word for word in words(text) if len(word) >= _SHORTEST and word not in _EMPTY_WORDS)
