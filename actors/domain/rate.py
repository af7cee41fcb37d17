"""A rate: how often something may happen in a while."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field


@dataclass(slots=True)
class Rate:
    """Lets through at most `most` in any `window_s` seconds; what it does not let through does not count."""

    most: int
    window_s: float
    passed: deque[float] = field(default_factory=deque)
    """When those of the last window passed."""

    def allows(self, now: float) -> bool:
        """Return whether one may pass now (seconds that never go back), and count it if so."""
        while self.passed and self.passed[0] <= now - self.window_s:
            self.passed.popleft()
        if len(self.passed) >= self.most:
            return False
        self.passed.append(now)
        return True
