"""Spending: what the model has cost today, and what the day will come to. It tells, and turns nothing."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

_LEAST_ELAPSED = timedelta(hours=1)
_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Forecast:
    """One lane's day in US dollars: spent so far, what it will come to, and its share of the budget."""

    lane: str
    spent: float
    expected: float
    share: float

    @property
    def is_over(self) -> bool:
        """Tell whether it will come to more than its share."""
        return self.expected > self.share


def forecast(
    shares: Mapping[str, float], spent: Mapping[str, float], later: Sequence[Mapping[str, float]], now: datetime
) -> tuple[Forecast, ...]:
    """Return each lane's forecast of the UTC day's end, in the order of the shares.

    What was spent, and what the days before spent after this time of day on average; without such a day, the pace of
    the day so far goes on.

    Args:
        shares: each lane's part of the budget, in US dollars.
        spent: today, by lane.
        later: of each day before with any spending, what it spent after this time of day, by lane.
        now: UTC.
    """
    elapsed = now - now.replace(hour=0, minute=0, second=0, microsecond=0)
    found = []
    for lane, share in shares.items():
        done = spent.get(lane, 0.0)
        if later:
            rest = sum(day.get(lane, 0.0) for day in later) / len(later)
        else:
            rest = done * ((_DAY - elapsed) / max(elapsed, _LEAST_ELAPSED))
        found.append(Forecast(lane, done, done + rest, share))
    return tuple(found)
