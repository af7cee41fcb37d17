"""Competition: which posts of those we compare ourselves with did far better than expected, and what kinds they are."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from actors.domain.insight.excess import excesses
from actors.domain.insight.patterns import patterns

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from actors.domain.insight.excess import Example
    from actors.domain.insight.finding import Finding
    from actors.domain.insight.peers import Candidate

PLACES = 8
"""Competitors at a time (domain.md 1.3, job 37)."""
FEWEST = 3
"""Posts of competitors without which a kind is none of theirs."""
CELL = 30
"""Posts of a kind that a comparison needs (growth.md 4)."""
_FAR = 2.0
"""Robust standard deviations from which on a post did far better (growth.md 4)."""
_NORMAL_MAD = 1.4826
"""What the median absolute deviation is multiplied by to be a standard deviation, if it were a normal one's."""


def largest(candidates: Iterable[Candidate], places: int) -> list[Candidate]:
    """Return those with the most followers; whose size nobody knows come last."""
    return sorted(candidates, key=lambda each: (-(each.followers or 0), each.handle))[: max(0, places)]


def over_performers(examples: Sequence[Example], are_theirs: Sequence[bool]) -> int:
    """Return how many of their posts lie far above what `excess` expects of them, by the spread of all posts."""
    if not examples:
        return 0
    left = excesses(examples)
    spread = _NORMAL_MAD * float(np.median(np.abs(left - np.median(left))))
    far = (left - np.median(left) > _FAR * spread) & np.array(are_theirs)
    return int(far.sum()) if spread > 0 else 0


def compared(examples: Sequence[Example], are_theirs: Sequence[bool]) -> list[Finding]:
    """Return what is to be learned of the kinds of posts that competitors write, held against all posts studied.

    The effects are those of `patterns`, with its bounds on single authors and its false discovery rate: eight accounts
    alone would be too few to tell a kind from its author. Of a kind that is rare nothing is said, and one that they
    hardly write is left to others to speak of.
    """
    theirs = [example for example, is_theirs in zip(examples, are_theirs, strict=True) if is_theirs]
    return [
        finding
        for finding in patterns(examples, "competitive")
        if finding.posts >= CELL
        and sum(all(each.values.get(factor) == value for factor, value in finding.kind) for each in theirs) >= FEWEST
    ]
