"""Renewal: when a process that has abandoned too many threads begins anew."""

from __future__ import annotations

from dataclasses import dataclass

_LASTING_S = 30.0
"""An outage may abandon a thread for each slot at once; they come home within seconds once their handles are cut."""
_GAP_S = 5.0
"""A process is back within two seconds of its end (`make bench`); the rest is for a busy machine."""
_LONGEST_WAIT_S = 600.0
"""A gap that does not come is not waited for longer: every instruction is safe to end at."""


@dataclass(slots=True)
class Renewal:
    """Counts for how long too many threads have been abandoned. Times are monotonic real seconds.

    A thread that waits costs its memory, and `budget` of them are borne. One that computes takes time from all the
    others, P0 included: it is one too many.
    """

    budget: int
    drain_s: float
    """The longest that the end of a process waits for its runs."""
    over_since: float | None = None

    def is_over(self, abandoned: int, computing: int, now: float) -> bool:
        """Return whether there have been too many for long enough to want a new process."""
        if abandoned <= self.budget and not computing:
            self.over_since = None
        elif self.over_since is None:
            self.over_since = now
        return self.over_since is not None and now - self.over_since >= _LASTING_S

    def is_time(self, now: float, *, runs: int, next_p0_in: float) -> bool:
        """Return whether P0, due in so many real seconds, would not be late. Only asked once `is_over`."""
        assert self.over_since is not None
        gap = _GAP_S + (self.drain_s if runs else 0.0)
        return next_p0_in >= gap or now - self.over_since >= _LASTING_S + _LONGEST_WAIT_S
