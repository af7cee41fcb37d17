"""What a run may end as: a closed set of values, never exceptions."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime

LONGEST_REASON = 2000
"""Characters of a reason that are kept."""


@dataclass(frozen=True, slots=True)
class Done:
    """Work was done; `counts` says how much of what. All zero is not a success: return `Nothing`."""

    counts: dict[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Nothing:
    """There was nothing to do, for this reason."""

    reason: str


@dataclass(frozen=True, slots=True)
class Snooze:
    """Come back at `until` (schedule time, aware UTC) rather than at the next slot."""

    until: datetime
    reason: str


@dataclass(frozen=True, slots=True)
class Blocked:
    """Work is due and something forbids it; an alarm, never a success."""

    reason: str


@dataclass(frozen=True, slots=True)
class Failed:
    """The run raised; `transient` says whether another attempt is worth it."""

    error: str
    transient: bool = True


Outcome = Done | Nothing | Snooze | Blocked | Failed


def describe(outcome: Outcome) -> tuple[str, dict[str, int], str]:
    """Return an outcome as its word, counts and reason."""
    match outcome:
        case Done(counts):
            return "done", counts, ""
        case Nothing(reason):
            return "nothing", {}, reason
        case Snooze(until, reason):
            return "snooze", {}, f"until {until.isoformat()}: {reason}"
        case Blocked(reason):
            return "blocked", {}, reason
        case Failed(error, _):
            return "failed", {}, error
