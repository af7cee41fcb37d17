"""Priorities of work and bands of a mailbox."""

from __future__ import annotations

from enum import IntEnum


class Priority(IntEnum):
    """How urgent a job's work is; smaller is more urgent. P0 has reserved capacity everywhere."""

    P0 = 0
    P1 = 1
    P2 = 2
    P3 = 3


class Band(IntEnum):
    """Order in which a mailbox serves: control before everything, then P0 to P3."""

    CONTROL = 0
    P0 = 1
    P1 = 2
    P2 = 3
    P3 = 4

    @classmethod
    def of(cls, priority: Priority) -> Band:
        """Return the band that carries work of this priority."""
        return cls(priority + 1)
