"""When a run that browses ends: its time, a wall, and what it then comes to."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from actors.domain.outcome import Blocked, Failed
from actors.domain.workload import ERRAND_LIMIT_S
from actors.errors import CircuitOpenError, LoggedOutError, PlatformClosedError, TransientError

if TYPE_CHECKING:
    from datetime import datetime


def has_time(
    slot: datetime, began: datetime, now: datetime, every: timedelta, deadline: timedelta, speed: float
) -> bool:
    """Say whether another errand may begin: half of the interval is for the run, so none meets its next slot.

    One that comes so late that this half is over, catching up with a slot of long ago, has what is left until the next
    slot is due. Nor does a run meet its deadline, which counts from where it `began`, with the longest errand still to
    come. The deadline is real time, the rest schedule time, and `speed` how much of this is in a second of that.
    """
    into = (began - slot) % every
    left = every / 2 - into if into < every / 2 else every - into
    return now - began < min(left, (deadline - timedelta(seconds=ERRAND_LIMIT_S)) * speed)


def is_wall(error: Exception) -> bool:
    """Say whether what stands before this page stands before every other one, too."""
    return isinstance(error, LoggedOutError | PlatformClosedError | CircuitOpenError)


def ending(error: Exception) -> Blocked | Failed:
    """Return what a run comes to that could do nothing: only what is worth an attempt has failed."""
    is_worth_a_retry = isinstance(error, TransientError) and not isinstance(error, PlatformClosedError)
    return Failed(str(error)) if is_worth_a_retry else Blocked(str(error))
