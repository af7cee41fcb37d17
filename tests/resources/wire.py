"""A TCP line to a server that can fall silent, or to nobody at all."""

from __future__ import annotations

import contextlib
import socket
import threading
from enum import Flag, auto
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

_HELD_LIMIT_S = 60.0
_DRIP_S = 0.1


class Way(Flag):
    """Directions of a line, seen from the client."""

    THERE = auto()
    BACK = auto()
    BOTH = THERE | BACK


class Wire:
    """Accepts connections and carries bytes to the server and back. Close it after use.

    Without a server it answers whatever it hears with `greeting`, then says `drip` now and then, for ever.
    """

    def __init__(self, server: tuple[str, int] | Path | None = None, greeting: bytes = b"", drip: bytes = b"") -> None:
        self._server, self._greeting, self._drip = server, greeting, drip
        self._silent: set[tuple[socket.socket, Way]] = set()
        self._silent_from_the_start = Way(0)
        self._ends: list[socket.socket] = []
        self._accepted = 0
        self._lock = threading.Lock()
        self._closed = threading.Event()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    @property
    def lines(self) -> int:
        """How many connections were accepted."""
        return self._accepted

    def fall_silent(self, way: Way = Way.BOTH) -> None:
        """Carry nothing more that way: neither on the connections there are nor on new ones. None of them is closed."""
        self._silent_from_the_start = way
        self._silent |= {(end, each) for end in self._ends for each in way}

    def heal(self) -> None:
        """Carry the bytes of new connections; old ones stay as they are."""
        self._silent_from_the_start = Way(0)

    def close(self) -> None:
        """Cut every connection and accept no more."""
        with self._lock:
            self._closed.set()
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        for end in [self._listener, *self._ends]:
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
            end.close()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            self._accepted += 1
            if not self._keep(client):
                return
            self._silent |= {(client, way) for way in self._silent_from_the_start}
            threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client: socket.socket) -> None:
        if self._server is None:
            self._answer(client)
            return
        is_path = not isinstance(self._server, tuple)
        server = socket.socket(socket.AF_UNIX if is_path else socket.AF_INET)
        if not self._keep(server):
            return
        with contextlib.suppress(OSError):  # closed meanwhile; then there is nothing to carry
            server.connect(str(self._server) if is_path else self._server)
        for source, sink, way in ((client, server, Way.THERE), (server, client, Way.BACK)):
            threading.Thread(target=self._carry, args=(client, source, sink, way), daemon=True).start()

    def _keep(self, end: socket.socket) -> bool:
        """Note an end to be closed; close it at once when the wire is closed already."""
        with self._lock:
            if self._closed.is_set():
                end.close()
                return False
            self._ends.append(end)
            return True

    def _answer(self, client: socket.socket) -> None:
        with contextlib.suppress(OSError):
            if client.recv(65536):
                client.sendall(self._greeting)
            while self._drip and not self._closed.wait(_DRIP_S):
                client.sendall(self._drip)

    def _carry(self, line: socket.socket, source: socket.socket, sink: socket.socket, way: Way) -> None:
        with contextlib.suppress(OSError):
            while data := source.recv(65536):
                if (line, way) in self._silent:
                    self._closed.wait(_HELD_LIMIT_S)
                    return
                sink.sendall(data)
            sink.shutdown(socket.SHUT_WR)
