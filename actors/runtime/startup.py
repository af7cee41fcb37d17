"""Progress of the start in the log: a line for each step that is done, and for one that takes long while it lasts."""

from __future__ import annotations

import logging
import threading
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

from actors.domain.startup import Line, Startup
from actors.errors import AppError, CircuitOpenError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

logger = logging.getLogger(__name__)

_AGAIN_S = 1.0


class Progress:
    """Steps are taken by one thread; another one tells of a step that lasts.

    `on_done` is called with the name of each step that is done, in the thread that takes it, and must not wait.
    """

    def __init__(self, ended: threading.Event, on_done: Callable[[str], None] = lambda _: None) -> None:
        """`ended` is set when the process is to end: a step that is cut short by that is not done."""
        self.startup = Startup()
        """The present state: replaced whole, so that any thread may read it."""
        self._ended, self._on_done = ended, on_done
        self._lock = threading.Lock()

    @contextmanager
    def step(self, name: str) -> Iterator[None]:
        """Take a step; it is done when the block ends, and stays awaited if that raises.

        Once the process is to end, no step is the next any more: nothing is told of it.
        """
        if self._ended.is_set():
            yield
            return
        with self._lock:
            self.startup = self.startup.begin(name, time.monotonic())
        ended = threading.Event()
        teller = threading.Thread(target=self._tell_while, args=(ended,), name=f"start-{name}-teller", daemon=True)
        teller.start()
        try:
            yield
        finally:
            ended.set()
        if self._ended.is_set():
            return
        with self._lock:
            self.startup, line = self.startup.end(time.monotonic())
        _tell(line)
        self._on_done(name)

    def _tell_while(self, ended: threading.Event) -> None:
        while (due := self.startup.next_report()) is not None and not ended.wait(max(0.0, due - time.monotonic())):
            with self._lock:
                if ended.is_set():
                    return
                self.startup, line = self.startup.report(time.monotonic())
                # Before the lock is let go of: nothing is told of a step after the line that it is done.
                if line is not None:
                    _tell(line)


def until_served(ask: Callable[[], None], ended: threading.Event) -> None:
    """Ask the database until it answers, as long as it takes, or until the process is to end. Says each reason once."""
    told: set[str] = set()
    while not ended.is_set():
        try:
            return ask()
        except AppError as error:
            reason = str(error)
            # An open breaker only says that the reason told before still stands, each time with other seconds.
            if reason not in told and not isinstance(error, CircuitOpenError):
                told.add(reason)
                logger.warning("the database is awaited", extra={"action": "database_awaited", "data": reason})
            ended.wait(_AGAIN_S)
    return None


def _tell(line: Line) -> None:
    took_s = round(line.seconds, 2)
    if line.is_done:
        logger.info(
            "start: %s done after %.1f s",
            line.step,
            line.seconds,
            extra={"action": "start_step", "step": line.step, "awaits": line.awaits, "took_s": took_s},
        )
    else:
        logger.log(
            logging.ERROR if line.is_long else logging.WARNING,
            "start: %s takes %.0f s so far; it waits for %s",
            line.step,
            line.seconds,
            line.awaits,
            extra={"action": "start_waits", "step": line.step, "awaits": line.awaits, "took_s": took_s},
        )
