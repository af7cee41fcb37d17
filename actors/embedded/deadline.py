"""Waiting with an end: the one loop in which this package polls."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

POLL_SECONDS = 0.02


class Deadline:
    """A point in real time after which nobody waits any more."""

    def __init__(self, seconds: float) -> None:
        self._end = time.monotonic() + seconds

    def left(self) -> float:
        """Return the seconds left, never below zero."""
        return max(0.0, self._end - time.monotonic())

    def wait_until(self, condition: Callable[[], bool]) -> bool:
        """Poll until the condition holds or the time is up; return whether it held. It is tried at least once."""
        never = threading.Event()
        while not condition():
            if not self.left():
                return False
            never.wait(min(POLL_SECONDS, self.left()))
        return True
