"""Progress: whether somebody who is asked again and again still answers."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

_LATE_S = 1.0
"""A look that comes later than this after its time says that the observer itself stood still."""


class Finding(Enum):
    """What a look comes to."""

    ASK = "ask"
    """Nothing is under way: ask now."""
    WAIT = "wait"
    """The answer may still come."""
    SILENT = "silent"
    """No answer within the limit; the next look asks anew."""


@dataclass(slots=True)
class Progress:
    """One party that is asked, as its observer sees it. Times are monotonic real seconds.

    The answer has to come by the party's own road of work, within `limit_s`. Time in which the observer did not look
    either (a frozen process, a starved container) counts for nobody.
    """

    limit_s: float
    every_s: float = 1.0
    """How often the observer looks."""
    asked_at: float | None = None
    looked_at: float | None = None

    def look(self, now: float) -> Finding:
        """Return what to do now; called every `every_s`."""
        if self.looked_at is not None and self.asked_at is not None:
            pause = now - self.looked_at - self.every_s
            if pause > _LATE_S:
                self.asked_at += pause
        self.looked_at = now
        if self.asked_at is None:
            self.asked_at = now
            return Finding.ASK
        if now - self.asked_at < self.limit_s:
            return Finding.WAIT
        self.asked_at = None
        return Finding.SILENT

    def answered(self) -> None:
        """The answer came."""
        self.asked_at = None
