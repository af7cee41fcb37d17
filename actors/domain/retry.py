"""Retry: the one place that decides whether a run that ended is tried again, and when."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from actors.domain.backoff import Backoff
from actors.domain.outcome import Failed, Outcome


@dataclass(frozen=True, slots=True)
class Retry:
    """A job's retries: at most `attempts` for one slot, `backoff` in real seconds between them.

    Nothing below a run tries again, no client and no front: attempts would multiply.
    """

    attempts: int
    backoff: Backoff

    def after(self, outcome: Outcome, attempt: int, now: datetime, speed: float, draw: float) -> datetime | None:
        """Return the schedule time of the next attempt, or None if this one, the `attempt`-th, was the last.

        Only a transient failure is tried again. Schedule time goes `speed` times as fast as the back-off's real time;
        `draw` in [0, 1) is its jitter.
        """
        if not isinstance(outcome, Failed) or not outcome.transient or attempt >= self.attempts:
            return None
        return now + timedelta(seconds=self.backoff.delay(attempt - 1, draw) * speed)
