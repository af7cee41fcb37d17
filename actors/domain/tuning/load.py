"""Load: what the runs of a while say about the browser, by Little's law, and whether that is too much or little."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

LONGEST_WAIT_S = 45.0
"""Real seconds that one in twenty runs of P1 may spend waiting: one errand of the browser, which nothing interrupts
(design.md 6)."""
_SHORT_WAIT_S = LONGEST_WAIT_S / 3
"""The gap between the two keeps the knobs from swinging."""
_BUSY, _IDLE = 0.85, 0.5
"""Shares of the contexts at work: beyond 85 % a queue grows faster than the work (M/M/3: twice the wait of 75 %), below
half of them there is room for more."""
_FEWEST_RUNS = 12
"""A 95th percentile of fewer runs is their greatest, which is a matter of luck."""


@dataclass(frozen=True, slots=True)
class JobFigures:
    """The runs of one job in a while; times in real seconds, None if no run has taken any."""

    job: str
    runs: int
    done: int
    failed: int
    """Failed or missed."""
    took_p50: float | None
    took_p95: float | None
    browser_p50: float | None
    browser_p95: float | None
    late_p50: float | None
    late_p95: float | None
    browser_s: float
    """At work on the browser, of all runs together."""


@dataclass(frozen=True, slots=True)
class Load:
    """How much of the browser was in use; `waited_p95` is of the guarded jobs' runs, None if there were none."""

    at_work: float
    """Contexts in use at the same time, on average."""
    contexts: int
    waited_p95: float | None
    guarded_runs: int

    @property
    def share(self) -> float:
        """Return the share of the contexts at work."""
        return self.at_work / self.contexts


class Pressure(Enum):
    """What the load asks for."""

    CONGESTED = "less"
    STEADY = "the same"
    SLACK = "more"


def at_work(figures: Iterable[JobFigures], window_s: float) -> float:
    """Return how many contexts were in use on average: `L = lambda W` (Little 1961), over a while in real seconds.

    Lambda is the rate of runs and W the mean time of one at work on the browser.
    """
    kept = list(figures)
    runs = sum(each.runs for each in kept)
    if not runs or window_s <= 0:
        return 0.0
    rate, mean = runs / window_s, sum(each.browser_s for each in kept) / runs
    return rate * mean


def pressure_of(load: Load) -> Pressure:
    """Return what the load asks for; with too few runs to tell, for nothing."""
    if load.waited_p95 is None or load.guarded_runs < _FEWEST_RUNS:
        return Pressure.STEADY
    if load.waited_p95 > LONGEST_WAIT_S or load.share > _BUSY:
        return Pressure.CONGESTED
    if load.waited_p95 < _SHORT_WAIT_S and load.share < _IDLE:
        return Pressure.SLACK
    return Pressure.STEADY
