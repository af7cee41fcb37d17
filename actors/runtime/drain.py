"""Waiting for the runs to end, once nothing new is admitted."""

from __future__ import annotations

import logging
import threading
import time
from typing import TYPE_CHECKING

from actors.errors import AppError
from actors.messages import Describe

if TYPE_CHECKING:
    from collections.abc import Sequence

    from actors.runtime.address import Address

logger = logging.getLogger(__name__)

_ANSWER_S = 2.0
_LOOK_S = 0.1


def wait_for_runs(families: Sequence[Address], until: float) -> bool:
    """Return whether the last run of these families ended before `until` (monotonic). Blocks the caller."""
    waiter = threading.Event()
    running: list[str] = []
    while time.monotonic() < until:
        running = [job for family in families for job in _runs_of(family)]
        if not running:
            return True
        waiter.wait(_LOOK_S)
    logger.warning("drain ran out of time, runs go on: %s", running, extra={"action": "drain_timeout"})
    return False


def _runs_of(family: Address) -> tuple[str, ...]:
    try:
        running: tuple[str, ...] = family.ask(Describe(), _ANSWER_S).running
    except AppError:
        # It is restarting; the time of the others must not end with it.
        return (family.name,)
    return running
