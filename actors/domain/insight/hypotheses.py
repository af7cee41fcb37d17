"""Hypotheses: values that the expert thinks worth a try, what becomes of them, and which of them are tried now.

A hypothesis is never a weight: it has a value chosen more often in the exploring half of the slate, and what our own
posts then come to decides about it.
"""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Literal

from actors.domain.insight.finding import MOST_PREFERRED, Advice, Finding, confidence_of
from actors.domain.taxonomy import FACTORS

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import datetime

    from actors.domain.insight.effects_table import EffectRow, Value

LASTS = timedelta(days=14)
"""Schedule time for which a hypothesis is open, one that held is followed, and one that ended is let rest."""
MOST_CLAIMS = 12
"""Claims of one answer that are looked at: the expert is asked for six."""
FEWEST_NEW_POSTS = 5
"""Posts of ours without which nothing new is known of a hypothesis (see `effects_table.FEWEST_POSTS`)."""
_EXACT = 1e-6

Standing = Literal["open", "held", "refuted", "expired"]
Reason = Literal[
    "unknown_value", "uncited", "unknown_id", "of_another_factor", "no_such_number", "settled_already", "repeated"
]


@dataclass(frozen=True, slots=True)
class Claim:
    """One insight of the expert's answer, as it was given."""

    factor: str
    value: str
    cites: tuple[str, ...]
    mean: float


@dataclass(frozen=True, slots=True)
class Raised:
    """A claim that rests on the rows it cites."""

    factor: str
    value: str
    cited: tuple[EffectRow, ...]


@dataclass(frozen=True, slots=True)
class Hypothesis:
    """One that was raised.

    Args:
        cited: how many posts the cited rows rest on.
        held: whether our own posts bore it out; None while they have not decided.
        posts: of ours that had the value when it was raised.
        tried_at: when the planner was last told to try it; None if never.
    """

    factor: str
    value: str
    raised_at: datetime
    times_raised: int
    cited: int
    held: bool | None = None
    settled_at: datetime | None = None
    posts: int = 0
    tried_at: datetime | None = None

    def standing(self, now: datetime) -> Standing:
        """Return what has become of it."""
        if self.held is None:
            return "open" if now < self.raised_at + LASTS else "expired"
        return "held" if self.held else "refuted"

    def is_tried(self, now: datetime) -> bool:
        """Tell whether it is to be followed: while it is open, and for as long once it held; then the weights know."""
        if self.held and self.settled_at is not None:
            return now < self.settled_at + LASTS
        return self.standing(now) == "open"


def sift(
    claims: Sequence[Claim], table: Sequence[EffectRow], ours: Mapping[Value, EffectRow]
) -> tuple[list[Raised], Counter[str]]:
    """Return the claims that the table bears out, and how many were dropped for which reason.

    A claim must name a value of the taxonomy, cite rows of the table, one of them of its own factor, and give a mean
    that one of these has. What our own posts have settled, either way, is no hypothesis any more.
    """
    rows = {row.id: row for row in table}
    settled = {value for value, row in ours.items() if row.is_clear}
    raised: dict[Value, Raised] = {}
    dropped: Counter[str] = Counter()
    for claim in claims[:MOST_CLAIMS]:
        reason = _fault(claim, rows)
        if reason is None and (claim.factor, claim.value) in settled:
            reason = "settled_already"
        if reason is None and (claim.factor, claim.value) in raised:
            reason = "repeated"
        if reason is not None:
            dropped[reason] += 1
            continue
        cited = tuple(rows[each] for each in dict.fromkeys(claim.cites))
        raised[claim.factor, claim.value] = Raised(claim.factor, claim.value, cited)
    return list(raised.values()), dropped


def _fault(claim: Claim, rows: Mapping[str, EffectRow]) -> Reason | None:
    if claim.value not in FACTORS.get(claim.factor, ()):
        return "unknown_value"
    if not claim.cites:
        return "uncited"
    if not rows.keys() >= set(claim.cites):
        return "unknown_id"
    cited = [rows[each] for each in claim.cites]
    if all(row.factor != claim.factor for row in cited):
        return "of_another_factor"
    # A number that is none, such as NaN, is near to nothing.
    return None if any(abs(row.mean - claim.mean) < _EXACT for row in cited) else "no_such_number"


def verdicts(
    hypotheses: Iterable[Hypothesis], ours: Mapping[Value, EffectRow], posted: Mapping[Value, int], now: datetime
) -> list[tuple[Hypothesis, bool]]:
    """Return the open hypotheses that our own posts have decided by now, each with whether it held.

    One held if the 80 % interval of its value excludes zero upwards, and did not hold if downwards; but not before
    five posts were measured that were not there when it was raised: the others are what it was raised from.

    Args:
        hypotheses: all there are.
        ours: the effects of our own posts.
        posted: how many posts of ours have been measured, by value, as counted for `Hypothesis.posts`.
        now: in schedule time.
    """
    decided = []
    for hypothesis in hypotheses:
        value = (hypothesis.factor, hypothesis.value)
        row = ours.get(value)
        is_new = posted.get(value, 0) >= hypothesis.posts + FEWEST_NEW_POSTS
        if hypothesis.standing(now) == "open" and is_new and row is not None and row.is_clear:
            decided.append((hypothesis, row.low > 0))
    return decided


def findings_of(hypotheses: Iterable[Hypothesis], ours: Mapping[Value, EffectRow], now: datetime) -> list[Finding]:
    """Return what is to be tried: of each factor at most three, those that held first, then those tried longest ago.

    So all have their turn, and of those that were never tried the ones raised most often come first. An effect is told
    only where our own posts are its evidence.
    """
    tried = sorted(
        (each for each in hypotheses if each.is_tried(now)),
        key=lambda each: (
            *(not each.held, each.tried_at.timestamp() if each.tried_at is not None else -math.inf),
            *(-each.times_raised, -each.raised_at.timestamp(), each.factor, each.value),
        ),
    )
    taken: Counter[str] = Counter()
    found = []
    for each in tried:
        if taken[each.factor] == MOST_PREFERRED or each.value not in FACTORS.get(each.factor, ()):
            continue
        taken[each.factor] += 1
        row = ours.get((each.factor, each.value))
        found.append(
            Finding(
                source="expert",
                kind=((each.factor, each.value),),
                advice=Advice(prefer=True),
                posts=row.posts if row is not None else max(1, each.cited),
                confidence=confidence_of(row.posts) if each.held and row is not None else "low",
                effect=(row.mean, row.low, row.high) if row is not None else None,
            )
        )
    return found


def hypothesis_of(row: Mapping[str, Any]) -> Hypothesis:
    """Return the hypothesis that a row of the table `hypotheses` says."""
    return Hypothesis(
        factor=row["factor"],
        value=row["value"],
        raised_at=row["raised_at"],
        times_raised=row["times_raised"],
        cited=sum(cited["posts"] for cited in row["cited"]),
        held=row["held"],
        settled_at=row["settled_at"],
        posts=row["posts"],
        tried_at=row["tried_at"],
    )
