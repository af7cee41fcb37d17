"""How often Chromium may be launched: a browser that dies again and again must not eat the machine."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field


@dataclass(slots=True)
class Launches:
    """At most `limit` launches, failed ones included, begin within any `window_s` monotonic real seconds.

    The default: the breaker lets a browser that never comes up be tried nine times in its first minute (five failures,
    then probes 2, 4, 8 and 16 s apart), and must not be hindered. Twelve stops what the breaker cannot see, a browser
    that comes up, serves and dies; at a second of one core each they cost a fifth of it.
    """

    limit: int = 12
    window_s: float = 60.0
    _begun: deque[float] = field(default_factory=deque)

    def wait_s(self, now: float) -> float:
        """Return seconds until the next launch may begin; 0 when it may now."""
        self._forget(now)
        return 0.0 if len(self._begun) < self.limit else self._begun[0] + self.window_s - now

    def begin(self, now: float) -> None:
        """A launch begins."""
        self._begun.append(now)

    def can_spare(self, now: float) -> bool:
        """Return whether a browser may be stopped to save memory: half of the launches are kept for those that die."""
        self._forget(now)
        return 2 * len(self._begun) < self.limit

    def _forget(self, now: float) -> None:
        while self._begun and self._begun[0] + self.window_s <= now:
            self._begun.popleft()
