"""Freshness: whether each lane brings out anything, whatever the parts say of their own health (the catalogue's K3)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime


@dataclass(frozen=True, slots=True)
class LaneAge:
    """How long ago a lane last published, and how long it may be silent; schedule time."""

    age: timedelta
    allowance: timedelta

    @property
    def is_stale(self) -> bool:
        """Whether that is too long ago."""
        return self.age > self.allowance

    def as_dict(self) -> dict[str, Any]:
        """Return it as plain values, in schedule seconds."""
        age_s = round(self.age.total_seconds(), 1)
        return {"stale": self.is_stale, "age_s": age_s, "allowed_s": self.allowance.total_seconds()}


def lane_ages(
    allowances: Mapping[str, timedelta], last: Mapping[str, datetime | None], since: datetime, now: datetime
) -> dict[str, LaneAge]:
    """Return the age of each lane that has an allowance.

    Args:
        allowances: by lane; one that is switched off has none.
        last: when each lane published last, as far as anybody knows. A ledger that is away makes no lane stale before
            its time: that is what readiness is for.
        since: when anybody began to look: a lane of which nothing is known is silent since then.
        now: schedule time.
    """
    return {
        lane: LaneAge(max(timedelta(), now - (last.get(lane) or since)), allowed)
        for lane, allowed in allowances.items()
    }
