"""The judgement of a thread: every part as a post of its own, and the whole."""

from __future__ import annotations

from typing import TYPE_CHECKING

from actors.domain.gates import Reason, Verdict, judge
from actors.domain.gates.repetition import judge_repetition
from actors.domain.gates.substance import MIN_SUBSTANCE, points_of, substance_signs
from actors.domain.gates.verdict import broken, rule
from actors.domain.text import weighted_length

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

SHORTEST, LONGEST = 120, 230
"""Weighted characters of a part; the longest is that of the engine this one replaces."""

FEWEST, MOST = 4, 8
"""Parts. More than eight the ledger does not take."""

MIN_SCORE = 65.0

_BOASTS = {"percentage", "fold", "sample", "institution"}
"""Signs of substance that earn a thread nothing: nothing here can be sourced."""

_HEATED = (
    rule(
        "insult",
        r"\b(?:idiots?|stupid|morons?|sheeple|fools?|losers?|lazy|pathetic|disgust\w+|liars?)\b",
        r"\bwake up,? (?:people|everyone|everybody)\b|\b(?:they|elites?|media) (?:lie|lied|are lying)\b",
    ),
    rule(
        "threat",
        r"\b(?:deadly|die|dies|dying|death|kill\w*|doom\w*|poison\w*|toxic|ruin\w*|destroy\w*|panic|terrif\w+)\b",
        r"\b(?:before it's|until it's|it's already) too late\b|\byou will regret\b|\bact now\b",
    ),
)
"""Anger without an enemy and fear without a threat: what no emotion of a brief permits."""


def judge_thread(parts: Sequence[str], said: Sequence[str], threads: Sequence[str]) -> Verdict:
    """Judge the parts, exactly as they would be published; the thread passes only if each of them and the whole does.

    Args:
        parts: in their order.
        said: what no part may repeat: posts and parts of threads. Nor may it repeat the parts before it.
        threads: what the whole may not repeat.
    """
    reasons = [reason for place, part in enumerate(parts) for reason in _of_part(place, part, [*said, *parts[:place]])]
    whole = "\n\n".join(parts)
    score = thread_score(parts)
    reasons += [Reason("thread", code, detail) for code, detail in judge_repetition(whole, threads).refusals]
    reasons += [Reason("thread", code, detail) for code, detail in broken(_HEATED, whole)]
    if not FEWEST <= len(parts) <= MOST:
        reasons.append(Reason("thread", "parts", f"{len(parts)}, {FEWEST} to {MOST} are wanted"))
    if score < MIN_SCORE:
        reasons.append(Reason("thread", "low_score", f"{score:.0f} < {MIN_SCORE:.0f}"))
    return Verdict(not reasons, tuple(reasons), {"thread": score})


def thread_score(parts: Sequence[str]) -> float:
    """Score a thread from 0 to 100 (domain.md 1.3, job 45), without what rewarded invention.

    50, and 20 for substance in every part (in the place of numbers), 15 for reasons in most parts (of words that sound
    credible), 20 for a view set against another in the first two (of controversial words), 10 for something to do in
    the last part, 10 for five to seven parts or less 10 for fewer than four or more than eight, and 5 for an opening
    that keeps something back.
    """
    signs = [substance_signs(part) - _BOASTS for part in parts]
    points = 50.0
    points += 20 * all(points_of(each) >= MIN_SUBSTANCE for each in signs)
    points += 15 * (sum(bool({"mechanism", "context"} <= each) for each in signs) > len(parts) / 2)
    points += 20 * any({"contrast", "non_obvious"} & each for each in signs[:2])
    points += 10 * any("action" in each for each in signs[-1:])
    points += 10 * (5 <= len(parts) <= 7) - 10 * (not FEWEST <= len(parts) <= MOST)
    points += 5 * any("surprise" in each for each in signs[:1])
    return max(0.0, min(100.0, points))


def _of_part(place: int, part: str, said: Sequence[str]) -> Iterator[Reason]:
    """Yield why a part may not stand, named by its number."""
    name = f"part {place + 1}"
    for reason in judge(part, said).reasons:
        yield Reason(name, f"{reason.gate}_{reason.code}", reason.detail)
    length = weighted_length(part)
    if not SHORTEST <= length <= LONGEST:
        yield Reason(name, "length", f"{length}, {SHORTEST} to {LONGEST} are wanted")
