"""The workload: what each job asks of the resources, as far as it is known before it runs."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from actors.domain.priority import Priority
    from actors.domain.timetable import After

ERRAND_S = 45.0
"""Longest errand on the browser, as a rule; a longer run is cut into several (design: one page, or one search)."""

ERRAND_LIMIT_S = 90.0
"""An errand may take so long, or twice what is expected of it, before its slot is revoked (design: 90 s hard)."""
SETUP_S = 0.5
"""What a browser errand of P1 to P3 takes to come to its page; it counts as waiting (reference: the contended day)."""
P0_LIMIT_S = 30.0
"""P0 has to start within this time of its due time (reference: the contended day)."""


@dataclass(frozen=True, slots=True)
class Span:
    """How long a run works, in real seconds without its waiting: anything between the two, all equally likely."""

    least_s: float
    greatest_s: float

    @property
    def mean_s(self) -> float:
        """Return the expected length."""
        return (self.least_s + self.greatest_s) / 2

    def remaining_s(self, done_s: float) -> float:
        """Return the expected rest of a run that has worked so long and is not over; 0 past the greatest length."""
        if done_s >= self.greatest_s:
            return 0.0
        return (max(self.least_s, done_s) + self.greatest_s) / 2 - done_s

    def longer(self, factor: float) -> Span:
        """Return the span of runs that take `factor` times as long."""
        return Span(self.least_s * factor, self.greatest_s * factor)


@dataclass(frozen=True, slots=True)
class JobLoad:
    """One job as a load: when it is due, what it uses, how long its runs are.

    `every` and `offset` are schedule time, everything in seconds is real time. `errand_s`: a run that uses the browser
    is cut into errands of at most this length; None: it is one errand. `deadline_s`: the longest attempt, None if it
    may take and wait for ever.
    """

    name: str
    family: str
    priority: Priority
    every: timedelta
    offset: timedelta
    uses: frozenset[str]
    length: Span
    errand_s: float | None = ERRAND_S
    deadline_s: float | None = None
    attempts: int = 1
    backoff_s: float = 5.0
    after: tuple[After, ...] = ()
    enabled: bool = True
