"""Waiting for the runs to end, once nothing new is admitted."""

from __future__ import annotations

import logging
import threading
import time
from typing import TYPE_CHECKING

from actors.domain.grace import drain_s
from actors.errors import AppError
from actors.messages import Describe

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from actors.runtime.address import Address

logger = logging.getLogger(__name__)

_ANSWER_S = 2.0
_LOOK_S = 0.1


class Grace:
    """The time between TERM and KILL, in real seconds. It begins with the signal, or when it is first asked about."""

    def __init__(self, seconds: float, came: Callable[[], float | None]) -> None:
        """`came` tells when the signal came, monotonic; None: it did not."""
        self.seconds = seconds
        self._came = came
        self._began: float | None = None

    def left_s(self) -> float:
        """Return what is left of it; below 0 when it is over."""
        return self.seconds - self._used_s()

    def drain_s(self) -> float:
        """Return for how long runs are still waited for."""
        return drain_s(self.seconds, self._used_s())

    def _used_s(self) -> float:
        now = time.monotonic()
        if self._began is None:
            self._began = self._came() or now
        return now - self._began


def wait_for_runs(families: Sequence[Address], until: float) -> bool:
    """Return whether the last run of these families ended before `until` (monotonic). Blocks the caller.

    Looks at least once, so that a grace of nothing does not hide that nothing runs.
    """
    waiter = threading.Event()
    while running := [job for family in families for job in _runs_of(family)]:
        if time.monotonic() >= until:
            break
        waiter.wait(_LOOK_S)
    else:
        return True
    logger.warning("drain ran out of time, runs go on: %s", running, extra={"action": "drain_timeout"})
    return False


def _runs_of(family: Address) -> tuple[str, ...]:
    try:
        running: tuple[str, ...] = family.ask(Describe(), _ANSWER_S).running
    except AppError:
        # It is restarting; the time of the others must not end with it.
        return (family.name,)
    return running
