"""Lengths: how long the runs of a job are, from the configuration until there is history, from history then."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from actors.domain.outcome import Done
from actors.domain.workload import Span

if TYPE_CHECKING:
    from collections.abc import Iterable

    from actors.domain.outcome import Outcome

ENOUGH = 5
"""Measured runs from which on they are believed, and the configuration is not."""
RECENT = 50
"""Measured runs that are remembered."""
_TRIM = 10
"""At each end one of so many is left out, and one at least, so that a single outlier moves nothing."""


@dataclass(slots=True)
class Lengths:
    """The lengths of one job's runs by one measure, in real seconds; `given` is what the configuration says."""

    given: Span
    recent: deque[float] = field(default_factory=lambda: deque(maxlen=RECENT))

    @property
    def span(self) -> Span:
        """Return the range that the next run is expected in."""
        count = len(self.recent)
        if count < ENOUGH:
            return self.given
        ordered = sorted(self.recent)
        trim = max(1, count // _TRIM)
        return Span(ordered[trim], ordered[count - 1 - trim])


@dataclass(slots=True)
class JobLengths:
    """Both measures of one job: from start to end with all waiting, and at work on the browser."""

    took: Lengths
    browser: Lengths

    @classmethod
    def of(cls, given: Span) -> JobLengths:
        """Return those of a job that has never run."""
        return cls(Lengths(given), Lengths(given))

    def measured(self, outcome: Outcome, took_s: float | None, browser_s: float | None) -> None:
        """A run ended. Only one that did its work is a measure of it: a database that is away fails runs in no time.

        Both are None if it never began.
        """
        if took_s is not None and browser_s is not None and isinstance(outcome, Done):
            self.took.recent.append(took_s)
            self.browser.recent.append(browser_s)

    def load(self, took: Iterable[float], browser: Iterable[float]) -> None:
        """Take over what earlier processes measured, the oldest first."""
        self.took.recent.extend(took)
        self.browser.recent.extend(browser)
