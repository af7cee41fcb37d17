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
    """Counts for how long more than `budget` threads have been abandoned. Times are monotonic real seconds."""

    budget: int
    over_since: float | None = None

    def is_over(self, abandoned: int, now: float) -> bool:
        """Return whether the budget has been passed for long enough to want a new process."""
        if abandoned <= self.budget:
            self.over_since = None
        elif self.over_since is None:
            self.over_since = now
        return self.over_since is not None and now - self.over_since >= _LASTING_S

    def is_time(self, now: float, *, runs: int, next_p0_in: float) -> bool:
        """Return whether now is the moment: nothing runs and P0 (due in so many real seconds) would not be late.

        Only asked once `is_over`.
        """
        assert self.over_since is not None
        is_quiet = runs == 0 and next_p0_in >= _GAP_S
        return is_quiet or now - self.over_since >= _LASTING_S + _LONGEST_WAIT_S
