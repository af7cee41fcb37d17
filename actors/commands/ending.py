"""How a run is told to end: TERM and INT, heard from its first moment on. Needs nothing of the rest of the program."""

from __future__ import annotations

import os
import signal
import threading
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


class Ending:
    """Whether the process is to end, and since when. Written by signals and by the supervisor, read by any thread."""

    def __init__(self) -> None:
        self.ended = threading.Event()
        """Set when the process is to end, for whatever reason."""
        self.asked = threading.Event()
        """Set when somebody asked for that."""
        self.last_lines: Callable[[], None] = lambda: None
        """What a process does whose end is at once; set once there is a log, whose lines may wait for a reader."""
        self._came: float | None = None

    def came(self) -> float | None:
        """Return when the first signal came, monotonic."""
        return self._came

    def take(self, number: int) -> None:
        """Take a signal: the first one asks for the end, a second one ends the process at once."""
        if self._came is not None:
            self.last_lines()
            os._exit(128 + number)
        self._came = time.monotonic()
        self.asked.set()
        self.ended.set()


@contextmanager
def heard() -> Iterator[Ending]:
    """TERM and INT end the process cleanly; a second one ends it at once, which is safe at any instruction.

    On the main thread, and before anything is imported that takes time: a signal that nobody hears kills without a
    word, and a deployment may be replaced in its first second.
    """
    ending = Ending()

    def on_signal(number: int, _frame: Any) -> None:
        ending.take(number)

    before = {number: signal.signal(number, on_signal) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        yield ending
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
