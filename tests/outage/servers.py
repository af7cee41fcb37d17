"""Servers that belong to somebody else: taken away from under the supervisor, and brought back where they were."""

from __future__ import annotations

import signal
import time
from contextlib import suppress
from typing import TYPE_CHECKING

import psutil

from actors.embedded.lock import ServerLock

if TYPE_CHECKING:
    from pathlib import Path

    from actors.embedded.postgres import EmbeddedPostgres
    from actors.embedded.valkey import EmbeddedValkey

_START_S = 60.0


class ForeignServer:
    """A server that the supervisor knows by its URL only, so that it cannot start it again.

    `is_frozen` stops its processes where they stand instead of killing them: connections stay up and nobody answers.
    """

    def __init__(self, data: Path, server: EmbeddedPostgres | EmbeddedValkey, *, is_frozen: bool) -> None:
        self._server, self._signal = server, signal.SIGSTOP if is_frozen else signal.SIGKILL
        self._lock = ServerLock(data / server.name / "server.lock")
        self.url = server.ensure(_START_S).url

    def take_away(self) -> float:
        """Kill or freeze all of it at once; return when (epoch seconds)."""
        main = self._main()
        # Stopped first, so that it starts no other process in between.
        main.send_signal(signal.SIGSTOP)
        self._send(self._signal, [*main.children(recursive=True), main])
        return time.time()

    def bring_back(self) -> float:
        """Have it again under the same URL; return when it answered (epoch seconds)."""
        if self._signal is signal.SIGSTOP:
            self._thaw()
        endpoint = self._server.ensure(_START_S)
        assert endpoint.url == self.url, f"{self._server.name} came back elsewhere: {endpoint.url}"
        return time.time()

    def stop(self) -> None:
        """End it, frozen or not."""
        if self._signal is signal.SIGSTOP:
            self._thaw()
        self._server.stop(_START_S)

    def _thaw(self) -> None:
        with suppress(psutil.NoSuchProcess):
            main = self._main()
            self._send(signal.SIGCONT, [*main.children(recursive=True), main])

    def _main(self) -> psutil.Process:
        pid = self._lock.read().pid
        assert pid is not None
        return psutil.Process(pid)

    def _send(self, number: signal.Signals, processes: list[psutil.Process]) -> None:
        for process in processes:
            with suppress(psutil.NoSuchProcess):
                process.send_signal(number)
