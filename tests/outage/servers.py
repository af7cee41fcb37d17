"""Servers that belong to somebody else: taken away from under the supervisor, and brought back where they were."""

from __future__ import annotations

import signal
import socket
import time
from contextlib import suppress
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

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
        self._place: socket.socket | None = None

    def take_away(self) -> float:
        """Kill or freeze all of it at once; return when (epoch seconds)."""
        main = self._main()
        # Stopped first, so that it starts no other process in between.
        main.send_signal(signal.SIGSTOP)
        processes = [*main.children(recursive=True), main]
        self._send(self._signal, processes)
        gone = time.time()
        if self._signal is signal.SIGKILL:
            psutil.wait_procs(processes, _START_S)
            self._keep_place()
        return gone

    def bring_back(self) -> float:
        """Have it again under the same URL; return when it answered (epoch seconds)."""
        self._make_way()
        endpoint = self._server.ensure(_START_S)
        assert endpoint.url == self.url, f"{self._server.name} came back elsewhere: {endpoint.url}"
        return time.time()

    def stop(self) -> None:
        """End it, frozen or not."""
        self._make_way()
        self._server.stop(_START_S)

    def _keep_place(self) -> None:
        """Keep a port from whoever wants any free one: who is bound to it and does not listen refuses connections."""
        place = urlsplit(self.url)
        if place.port is not None:
            self._place = socket.socket()
            self._place.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            self._place.bind((place.hostname, place.port))

    def _make_way(self) -> None:
        if self._place is not None:
            self._place.close()
        if self._signal is signal.SIGSTOP:
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
