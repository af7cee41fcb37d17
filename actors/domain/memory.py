"""Memory: how close the container is to its limit, and whose work is refused there. P0 never is."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from enum import StrEnum

from actors.domain.priority import Priority

TIGHT = 0.85
"""Share of the limit from which P2 and P3 are refused (reference: background stops at 85 %)."""
CRITICAL = 0.92
"""Share of the limit from which P0 alone is admitted (reference: emergency at 92 %)."""
RELEASE = 0.05
"""How far below its threshold a level ends: about one page's memory in 512 MB, so it does not flap."""
REFUSALS_IN_A_ROW = 3
"""How often in a row a job may be refused before somebody is called."""

_MIB = 1024 * 1024


class Level(StrEnum):
    """How pressed the container is."""

    OK = "ok"
    TIGHT = "tight"
    CRITICAL = "critical"


_LEAST_URGENT = {Level.OK: Priority.P3, Level.TIGHT: Priority.P1, Level.CRITICAL: Priority.P0}


@dataclass(frozen=True, slots=True)
class Usage:
    """Bytes that the container uses and cannot give back, of the bytes it may use."""

    used: int
    limit: int

    @property
    def share(self) -> float:
        """Return the used part of the limit."""
        return self.used / self.limit if self.limit else 1.0

    def __str__(self) -> str:
        return f"{self.used // _MIB} of {self.limit // _MIB} MB are used ({self.share:.0%})"


def level_after(before: Level, usage: Usage | None) -> Level:
    """Return the level that follows a reading; None is a container without a limit, which is never pressed.

    A level is reached at its threshold and left `RELEASE` below it.
    """
    if usage is None:
        return Level.OK
    held_critical = RELEASE if before is Level.CRITICAL else 0.0
    if usage.share >= CRITICAL - held_critical:
        return Level.CRITICAL
    held_tight = 0.0 if before is Level.OK else RELEASE
    return Level.TIGHT if usage.share >= TIGHT - held_tight else Level.OK


def admits(level: Level, priority: Priority) -> bool:
    """Return whether work of this priority may start."""
    return priority <= _LEAST_URGENT[level]


@dataclass(slots=True)
class Refusals:
    """How often in a row each job was refused for want of memory."""

    in_a_row: Counter[str] = field(default_factory=Counter)

    def refused(self, job: str) -> int:
        """Count one more and return the count if it is an alarm: the first past the bound, then as often again."""
        self.in_a_row[job] += 1
        count = self.in_a_row[job]
        return count if count % (REFUSALS_IN_A_ROW + 1) == 0 else 0

    def started(self, job: str) -> None:
        """Forget the count: it ran."""
        self.in_a_row.pop(job, None)
