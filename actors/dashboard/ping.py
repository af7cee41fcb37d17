"""The dead-man's ping: somebody outside is told that the work goes on, and calls a person when he hears nothing.

So it is left out as soon as the work stands still, whatever else of the process still lives.
"""

from __future__ import annotations

import logging
import threading
from typing import TYPE_CHECKING

from actors.dashboard.post import send
from actors.domain.readiness import standstill
from actors.errors import AppError

if TYPE_CHECKING:
    from actors.config import Secret
    from actors.dashboard.published import Published

logger = logging.getLogger(__name__)

_LIMIT_S = 10.0


class Ping:
    """A thread that asks for the URL each `every_s` real seconds while the work goes on."""

    def __init__(self, url: Secret, every_s: float, published: Published) -> None:
        self._url, self._every_s, self._published = url, every_s, published
        self._ended = threading.Event()
        self._trouble = ""
        self._thread = threading.Thread(target=self._run, name="ping", daemon=True)

    def start(self) -> None:
        """Ping until `close`."""
        self._thread.start()

    def close(self) -> None:
        """Ping no more; one that is under way may end by itself."""
        self._ended.set()

    def _run(self) -> None:
        while not self._ended.is_set():
            self._tell()
            self._ended.wait(self._every_s)

    def _tell(self) -> None:
        trouble = self._standstill()
        if trouble:
            self._published.count("ping", "left_out")
        else:
            try:
                send(self._url, None, _LIMIT_S)
                self._published.count("ping", "sent")
            except AppError as error:
                self._published.count("ping", "failed")
                trouble = str(error)
        if bool(trouble) != bool(self._trouble):
            # One line for each change: what keeps it from pinging may last for hours.
            logger.warning(
                "the dead-man's ping %s",
                "is left out" if trouble else "goes out again",
                extra={"action": "ping_left_out" if trouble else "ping_goes_on", "data": trouble},
            )
        self._trouble = trouble

    def _standstill(self) -> str:
        clock = self._published.clock
        if clock is None:
            return "start: there is no clock yet"
        return standstill(self._published.known(), clock.now(), clock.speed)
