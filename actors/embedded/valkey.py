"""The embedded Valkey: a Redis that comes along, on a port of the loopback interface."""

from __future__ import annotations

import errno
import socket
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from actors.embedded.process import Endpoint, Launch, ServerProcess
from actors.embedded.programs import find_valkey
from actors.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

HOST = "127.0.0.1"
PING_SECONDS = 1.0


class EmbeddedValkey:
    """Valkey with an append-only file, one per data folder.

    It listens on 127.0.0.1 without a password, so that an operator on the machine can type
    `redis-cli -p PORT PUBLISH supervisor:control status`; protected mode keeps it there. It writes its log once a
    second: a power cut may take the last second with it, a kill of the process takes nothing.

    Args:
        data: the folder that holds everything the program keeps; this server lives in `data/valkey`.
        port: the port to listen on, or 0 for the one it had last time if that is free, else any free one.
        progress: told a sentence before each step that takes time.
    """

    name = "valkey"

    def __init__(self, data: Path, port: int = 0, progress: Callable[[str], None] = lambda _: None) -> None:
        self._folder = data.resolve() / "valkey"
        self._port = port
        self._progress = progress
        self._process = ServerProcess(self.name, self._folder)

    def ensure(self, timeout: float) -> Endpoint:
        """Make Valkey run and answer, and return its `redis://` URL.

        Raises:
            ConfigError: there is no server program, or the configured port is taken.
            ResourceDiedError: it ended while starting.
            DeadlineError: it did not answer within `timeout` real seconds.
        """
        return self._process.ensure(self._prepare, _answers, timeout)

    def is_alive(self) -> bool:
        """Return whether the server's process runs."""
        return self._process.is_alive()

    def running_url(self) -> str | None:
        """Return the URL of the Valkey that runs now, or None; for those who only look."""
        return self._process.running_url()

    def stop(self, timeout: float) -> None:
        """End Valkey; it writes what it holds first."""
        self._process.stop(timeout)

    def _prepare(self, last_url: str | None) -> Launch:
        self._progress("Starting Valkey")
        port = choose_port(self._port, urlsplit(last_url or "").port or 0, "Valkey")
        settings = {
            "bind": HOST,
            "port": str(port),
            "protected-mode": "yes",
            "dir": str(self._folder),
            "daemonize": "no",
            "appendonly": "yes",
            "appendfsync": "everysec",
            "auto-aof-rewrite-min-size": "8mb",
            "save": "",
            "maxmemory": "64mb",
            "maxmemory-policy": "noeviction",
        }
        options = [word for name, value in settings.items() for word in (f"--{name}", value)]
        return Launch((str(find_valkey()), *options), f"redis://{HOST}:{port}/0")


def choose_port(configured: int, last: int, owner: str) -> int:
    """Return the configured port, else the last one, so that clients need not be told anew, else a free one."""
    if configured:
        if not _is_free(configured):
            raise ConfigError(f"port {configured} for {owner} is taken", "choose another, or 0 for any free one")
        return configured
    return last if last and _is_free(last) else _free_port()


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError as error:
            if error.errno in {errno.EADDRINUSE, errno.EACCES}:
                return False
            raise
        return True


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        port: int = probe.getsockname()[1]
        return port


def _answers(url: str) -> bool:
    """Return whether the server says PONG: while it loads its file it answers with an error instead."""
    port = urlsplit(url).port
    if not port:
        return False
    try:
        with socket.create_connection((HOST, port), timeout=PING_SECONDS) as connection:
            connection.sendall(b"PING\r\n")
            return connection.recv(16).startswith(b"+PONG")
    except OSError:
        return False
