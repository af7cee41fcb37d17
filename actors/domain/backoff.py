"""Back-off: how long to wait before the n-th attempt in a row."""

from __future__ import annotations

from dataclasses import dataclass

_LARGEST_EXPONENT = 30


@dataclass(frozen=True, slots=True)
class Backoff:
    """`min(max, min·2ⁿ)` with jitter, capped last (the formula of Akka's BackoffSupervisor, whose cap comes first).

    Times are real seconds. `jitter` is the largest share added: 0.2 adds up to a fifth.
    """

    minimum: float
    maximum: float
    jitter: float = 0.2

    def delay(self, failures: int, draw: float) -> float:
        """Return the wait after `failures` failures in a row (0 for the first), with `draw` in [0, 1) as jitter."""
        exponent = min(failures, _LARGEST_EXPONENT)
        return min(self.maximum, self.minimum * 2.0**exponent * (1.0 + draw * self.jitter))
