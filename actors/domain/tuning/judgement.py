"""Judgement: whether a knob on trial has made runs wait or fail more, hour against the same hour of the day before."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import timedelta
from enum import Enum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

TRIAL = timedelta(hours=24)
"""Schedule time after which a trial is judged (growth.md 4): a whole day, so that each hour has its own to be held
against."""
_LONGEST = 2 * TRIAL
"""For want of runs to look at it is not left open for longer."""
FEWEST_PAIRS = 6
_ALPHA = 0.05
"""Chance that a change without any effect is ever found to be worse, however often one looks."""
_WAIT_TOLERANCE_S, _FAILURE_TOLERANCE = 5.0, 0.05
"""Real seconds of the 95th percentile, and share of the runs, that a raise may cost as far as can be seen."""


@dataclass(frozen=True, slots=True)
class Hour:
    """The guarded runs of one hour: 95th percentile of their waiting, real seconds, and share failed or missed."""

    waited_s: float | None
    failed: float


class Verdict(Enum):
    """What is to be done with a change on trial."""

    WAIT = "trial"
    KEEP = "kept"
    REVERT = "reverted"


@dataclass(frozen=True, slots=True)
class Judgement:
    """A verdict with its reason."""

    verdict: Verdict
    reason: str


def judge(*, is_raise: bool, age: timedelta, before: Mapping[int, Hour], after: Mapping[int, Hour]) -> Judgement:
    """Judge a trial, as often as one likes.

    It is reverted as soon as the waiting or the failures are proven worse. After a day the burden of proof is on a
    raise, which asks for more: it is kept only if neither is worse by more than a tolerance as far as can be seen. A
    reduction, which asks for less, is kept unless it was proven to do harm.

    Args:
        is_raise: whether the knob was turned up.
        age: of the trial, schedule time.
        before: hours of the day before it, numbered from that day's start.
        after: hours since, numbered from its start.
    """
    pairs = [(before[hour], after[hour]) for hour in sorted(before.keys() & after.keys())]
    waits = [
        new.waited_s - old.waited_s for old, new in pairs if new.waited_s is not None and old.waited_s is not None
    ]
    failures = [new.failed - old.failed for old, new in pairs]
    told = f"{_told(waits, 's of waiting')}, {_told([100 * each for each in failures], '% of failures')}"
    for name, differences, tolerance in (
        ("runs wait longer", waits, _WAIT_TOLERANCE_S),
        ("more runs fail", failures, _FAILURE_TOLERANCE),
    ):
        if len(differences) >= FEWEST_PAIRS and lower_bound(differences, tolerance, _ALPHA / 2) > 0:
            return Judgement(Verdict.REVERT, f"{name}: {told}")
    if age < TRIAL or (len(waits) < FEWEST_PAIRS and age < _LONGEST):
        return Judgement(Verdict.WAIT, told)
    if not is_raise:
        return Judgement(Verdict.KEEP, f"no harm was proven: {told}")
    if len(waits) < FEWEST_PAIRS:
        return Judgement(Verdict.REVERT, f"too little was seen to keep it: {told}")
    if _mean(waits) > _WAIT_TOLERANCE_S or _mean(failures) > _FAILURE_TOLERANCE:
        return Judgement(Verdict.REVERT, f"it seems to do harm: {told}")
    return Judgement(Verdict.KEEP, f"it does no harm that can be seen: {told}")


def lower_bound(differences: Sequence[float], tolerance: float, alpha: float) -> float:
    """Return what the mean difference is above, at all times together with a chance of at least `1 - alpha`.

    A one-sided asymptotic confidence sequence (Waudby-Smith, Arbour, Sinha, Kennedy and Ramdas, "Time-uniform central
    limit theory and asymptotic confidence sequences", theorem 2.2 at twice `alpha`), tightest at a day of hours. It is
    asymptotic, so the variance is that of the differences and of one more of the size of the tolerance: a handful that
    happen to be alike proves nothing. Hours are taken to be independent, which they are but nearly.
    """
    count, mean, level = len(differences), _mean(differences), 2 * alpha
    variance = (sum((each - mean) ** 2 for each in differences) + tolerance**2) / count
    looked = TRIAL / timedelta(hours=1)
    rho2 = (-2 * math.log(level) + math.log(1 - 2 * math.log(level))) / looked
    scaled = count * rho2 + 1
    return mean - math.sqrt(variance * 2 * scaled / (count**2 * rho2) * math.log(math.sqrt(scaled) / level))


def _mean(differences: Sequence[float]) -> float:
    return math.fsum(differences) / len(differences) if differences else 0.0


def _told(differences: Sequence[float], unit: str) -> str:
    return f"{_mean(differences):+.1f} {unit} over {len(differences)} hours"
