"""The embedded Valkey: a Redis that comes along, on a port of the loopback interface."""

from __future__ import annotations

import errno
import socket
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from actors.embedded.deadline import Deadline
from actors.embedded.process import Endpoint, Launch, ServerProcess
from actors.embedded.programs import find_valkey
from actors.errors import ConfigError, ResourceDiedError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

HOST = "127.0.0.1"
PING_SECONDS = 1.0
_OWNER = "Valkey"
_INFO_LIMIT_BYTES = 16_384


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
        self._chosen = 0
        self._progress = progress
        self._process = ServerProcess(self.name, self._folder)

    def ensure(self, timeout: float) -> Endpoint:
        """Make Valkey run and answer, and return its `redis://` URL.

        It cannot say which port it got, so one is chosen for it; when somebody else takes that in the meantime, it is
        started once more on another.

        Raises:
            ConfigError: there is no server program, or the configured port is taken.
            ResourceDiedError: it ended while starting.
            DeadlineError: it did not answer within `timeout` real seconds.
        """
        deadline = Deadline(timeout)
        try:
            endpoint = self._process.ensure(self._prepare, self._answers, timeout)
        except ResourceDiedError:
            if self._port:
                require_free(self._port, _OWNER)
            if _is_free(self._chosen):
                raise
            endpoint = self._process.ensure(self._prepare, self._answers, deadline.left())
        # Whoever was told this URL is not told another: from now on it is this port or none.
        self._port = urlsplit(endpoint.url).port or self._port
        return endpoint

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
        port = self._chosen = choose_port(self._port, urlsplit(last_url or "").port or 0, _OWNER)
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

    def _answers(self, url: str) -> bool:
        """Return whether our server says PONG: while it loads its file it answers with an error instead.

        A neighbour who took the port would say PONG too, hence the pid.
        """
        port = urlsplit(url).port
        if not port:
            return False
        mark, answer = f"\r\nprocess_id:{self._process.pid()}\r\n".encode(), b""
        try:
            with socket.create_connection((HOST, port), timeout=PING_SECONDS) as connection:
                connection.sendall(b"PING\r\nINFO server\r\n")
                while mark not in answer and len(answer) < _INFO_LIMIT_BYTES and (part := connection.recv(4096)):
                    answer += part
        except OSError:
            return False
        return answer.startswith(b"+PONG") and mark in answer


def choose_port(configured: int, last: int, owner: str) -> int:
    """Return the configured port, else the last one, so that clients need not be told anew, else a free one."""
    if configured:
        require_free(configured, owner)
        return configured
    return last if last and _is_free(last) else _free_port()


def require_free(port: int, owner: str) -> None:
    """Pass a configured port that nobody listens on.

    Raises:
        ConfigError: somebody does.
    """
    if not _is_free(port):
        raise ConfigError(f"port {port} for {owner} is taken", "choose another, or 0 for any free one")


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
