"""How much of what was posted has been measured."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime

    from actors.job import DatabaseDoor

LEAST_COVERAGE = 0.95
"""Of what was posted in the last 48 hours: domain.md 9.1, invariant 9."""


@dataclass(frozen=True, slots=True)
class Coverage:
    """Of the decisions posted in the last 48 hours and older than one: how many, and how many have a sound reading."""

    posted: int
    measured: int

    @property
    def share(self) -> float | None:
        """Return the share that is measured, or None if nothing was posted."""
        return self.measured / self.posted if self.posted else None

    @property
    def is_low(self) -> bool:
        """Tell whether it is below what is promised."""
        return self.share is not None and self.share < LEAST_COVERAGE


def coverage(database: DatabaseDoor, now: datetime) -> Coverage:
    """Return the coverage of both lanes at `now` (schedule time).

    Raises:
        AppError: the database does not answer.
    """
    (row,) = database.all("measuring_coverage", now=now)
    return Coverage(row["posted"], row["measured"])
