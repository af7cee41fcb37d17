"""When a run that browses ends: its time, a wall, and what it then comes to."""

from __future__ import annotations

from typing import TYPE_CHECKING

from actors.domain.outcome import Blocked, Failed
from actors.errors import CircuitOpenError, LoggedOutError, PlatformClosedError, TransientError

if TYPE_CHECKING:
    from datetime import datetime, timedelta


def has_time(slot: datetime, now: datetime, every: timedelta) -> bool:
    """Say whether another errand may begin: half of the interval is for the run, so none meets its next slot."""
    return now - slot < every / 2


def is_wall(error: Exception) -> bool:
    """Say whether what stands before this page stands before every other one, too."""
    return isinstance(error, LoggedOutError | PlatformClosedError | CircuitOpenError)


def ending(error: Exception) -> Blocked | Failed:
    """Return what a run comes to that could do nothing: only what is worth an attempt has failed."""
    is_worth_a_retry = isinstance(error, TransientError) and not isinstance(error, PlatformClosedError)
    return Failed(str(error)) if is_worth_a_retry else Blocked(str(error))
