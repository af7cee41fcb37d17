"""The circuit breaker: stops asking a resource that is broken, and finds out by itself when it is back."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class BreakerState(StrEnum):
    """Closed lets everything through, open nothing, half-open one probe."""

    CLOSED = "closed"
    OPEN = "open"
    HALF_OPEN = "half_open"


@dataclass(slots=True)
class Breaker:
    """Counts infrastructure failures in a row; times are monotonic real seconds.

    After `threshold` of them it opens for `open_min` seconds, twice as long after each failed probe, at most
    `open_max`. When that time has passed it asks for exactly one probe: no request has to be sacrificed to find out.
    Once it is open only its probe decides; the caller keeps what else was under way to itself.
    """

    threshold: int
    open_min: float
    open_max: float
    state: BreakerState = BreakerState.CLOSED
    failures: int = 0
    openings: int = 0
    open_until: float = 0.0

    def success(self) -> None:
        """An errand or probe ended well."""
        self.state, self.failures, self.openings = BreakerState.CLOSED, 0, 0

    def failure(self, now: float) -> None:
        """An errand or probe failed because of the resource itself."""
        self.failures += 1
        if self.state is BreakerState.HALF_OPEN or self.failures >= self.threshold:
            self.open_until = now + min(self.open_max, self.open_min * 2 ** min(self.openings, 30))
            self.openings += 1
            self.state = BreakerState.OPEN

    def wants_probe(self, now: float) -> bool:
        """Return True once per opening, when its time has passed; the caller must send the probe."""
        if self.state is BreakerState.OPEN and now >= self.open_until:
            self.state = BreakerState.HALF_OPEN
            return True
        return False

    def retry_after(self, now: float) -> float:
        """Return real seconds until requests may be let through again; 0 when they are."""
        return 0.0 if self.state is BreakerState.CLOSED else max(0.1, self.open_until - now)
