"""The server: one thread that serves every connection, and none of them for long.

Sockets never block it, a request is answered from values that are there already, and a connection is closed after its
one answer. So nothing that anybody sends can keep `/livez` from the next one who asks, and no flood gets more than its
share of the interpreter.
"""

from __future__ import annotations

import contextlib
import logging
import selectors
import socket
import threading
import time
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import TYPE_CHECKING

import h11

from actors.dashboard.routes import Asked, Page
from actors.domain.rate import Rate

if TYPE_CHECKING:
    from actors.dashboard.routes import Gate

logger = logging.getLogger(__name__)

_HEAD_BYTES = 8192
_READ_BYTES = 4096
_CONNECTIONS = 32
"""Open at once. One more, and the oldest is closed: whoever is slow gives way to whoever comes."""
_REQUEST_S = 5.0
"""For a whole request and its answer, however slowly either trickles."""
_LINGER_S = 1.0
"""For the other side to take its answer and close; a socket that is closed over unread bytes may take it back."""
_LINGER_BYTES = 65_536
_ACCEPTED = (200, 1.0)
"""Connections in so many seconds; what comes faster waits in the kernel. At 0.3 ms each that is 6 % of a core."""
_BACKLOG = 64
_LISTEN_AGAIN_S = 5.0
_STOP_S = 2.0

_HEADERS = (
    ("Cache-Control", "no-store"),
    ("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'"),
    ("X-Content-Type-Options", "nosniff"),
    ("X-Frame-Options", "DENY"),
    ("Referrer-Policy", "no-referrer"),
    ("Connection", "close"),
)


@dataclass(slots=True, eq=False)
class _Connection:
    """One connection; `until` is monotonic."""

    socket: socket.socket
    until: float
    protocol: h11.Connection = field(
        default_factory=lambda: h11.Connection(h11.SERVER, max_incomplete_event_size=_HEAD_BYTES)
    )
    out: bytes = b""
    is_answered: bool = False
    discarded: int = 0


class Server:
    """Listens on a port of every address, IPv6 and IPv4, until it is closed.

    A port that cannot be had is tried again every five seconds: the work does not need it.
    """

    def __init__(self, port: int, gate: Gate) -> None:
        self.port: int | None = None
        """The port that is listened on; None while it cannot be had."""
        self.trouble = ""
        """Why it cannot."""
        self._wanted, self._gate = port, gate
        self._selector = selectors.DefaultSelector()
        self._listener: socket.socket | None = None
        self._listen_at = 0.0
        self._accepted = Rate(*_ACCEPTED)
        self._accept_at = 0.0
        self._connections: dict[_Connection, None] = {}
        self._ended = threading.Event()
        self._waker, self._wakes = socket.socketpair()
        self._waker.setblocking(False)
        self._selector.register(self._wakes, selectors.EVENT_READ, None)
        self._thread = threading.Thread(target=self._run, name="http", daemon=True)

    def start(self) -> None:
        """Listen, and return; the requests are served by a thread of its own."""
        self._listen()
        self._thread.start()

    def close(self) -> None:
        """Take no further request and close every connection."""
        self._ended.set()
        with contextlib.suppress(OSError):
            self._waker.send(b"x")
        self._thread.join(_STOP_S)

    def _run(self) -> None:
        while not self._ended.is_set():
            try:
                self._turn()
            except Exception:
                # Whatever it was, the next one who asks is to be answered.
                logger.exception("the HTTP server met an error", extra={"action": "http_failed"})
                self._ended.wait(_LINGER_S)
        for connection in list(self._connections):
            self._drop(connection)
        for each in (self._listener, self._wakes, self._waker):
            if each is not None:
                each.close()
        self._selector.close()

    def _turn(self) -> None:
        now = time.monotonic()
        if self._listener is None and now >= self._listen_at:
            self._listen()
        self._take_up_again(now)
        limits = [connection.until for connection in self._connections]
        limits += [self._listen_at] if self._listener is None else [self._accept_at] if self._accept_at else []
        wait_s = max(0.0, min(limits) - now) if limits else _LISTEN_AGAIN_S
        for key, mask in self._selector.select(wait_s):
            if key.data is not None:
                self._serve(key.data, mask)
            elif key.fileobj is self._listener:
                self._accept()
        now = time.monotonic()
        for connection in [each for each in self._connections if each.until <= now]:
            self._drop(connection)

    def _listen(self) -> None:
        try:
            self._listener = _listener(self._wanted)
        except OSError as error:
            if not self.trouble:
                self.trouble = f"port {self._wanted}: {error.strerror}"
            self._listen_at = time.monotonic() + _LISTEN_AGAIN_S
            return
        self._listener.setblocking(False)
        self._selector.register(self._listener, selectors.EVENT_READ, None)
        self.port = self._listener.getsockname()[1]
        if self.trouble:
            logger.info("HTTP is served at last", extra={"action": "http_ready", "port": self.port})
        self.trouble = ""

    def _accept(self) -> None:
        assert self._listener is not None
        now = time.monotonic()
        if not self._accepted.allows(now):
            self._rest_until(self._accepted.passed[0] + self._accepted.window_s)
            return
        try:
            accepted, _ = self._listener.accept()
        except BlockingIOError:
            return
        except OSError:
            # The process has no file left for it; the others need the interpreter meanwhile.
            self._rest_until(now + _LINGER_S)
            return
        accepted.setblocking(False)
        if len(self._connections) >= _CONNECTIONS:
            self._drop(next(iter(self._connections)))
        connection = _Connection(accepted, now + _REQUEST_S)
        self._connections[connection] = None
        self._selector.register(accepted, selectors.EVENT_READ, connection)

    def _rest_until(self, monotonic: float) -> None:
        assert self._listener is not None
        self._selector.unregister(self._listener)
        self._accept_at = monotonic

    def _take_up_again(self, now: float) -> None:
        if self._accept_at and now >= self._accept_at:
            assert self._listener is not None
            self._accept_at = 0.0
            self._selector.register(self._listener, selectors.EVENT_READ, None)

    def _serve(self, connection: _Connection, mask: int) -> None:
        if connection not in self._connections:
            return
        try:
            if mask & selectors.EVENT_READ:
                self._read(connection)
            elif mask & selectors.EVENT_WRITE:
                self._write(connection)
        except BlockingIOError:
            return
        except OSError:
            self._drop(connection)

    def _read(self, connection: _Connection) -> None:
        data = connection.socket.recv(_READ_BYTES)
        if connection.is_answered:
            connection.discarded += len(data)
            if not data or connection.discarded > _LINGER_BYTES:
                self._drop(connection)
            return
        try:
            page = self._page(connection, data)
        except Exception:
            # Whatever it was, it is this page's trouble alone.
            logger.exception("a page could not be made", extra={"action": "http_failed"})
            page = Page(500, b"this page could not be made\n")
        if page is None and not data:
            self._drop(connection)
        elif page is not None:
            connection.is_answered = True
            connection.out = _response(page)
            self._write(connection)

    def _page(self, connection: _Connection, data: bytes) -> Page | None:
        """Return the answer, once the head of the request is there."""
        try:
            connection.protocol.receive_data(data)
            event = connection.protocol.next_event()
        except h11.RemoteProtocolError as error:
            return Page(error.error_status_hint, b"not understood\n")
        if not isinstance(event, h11.Request):
            return None
        headers = {name: value for name, value in event.headers}  # noqa: C416 - h11's own list of pairs is typed by none
        asked = Asked(
            event.method.decode("ascii"),
            event.target.decode("ascii"),
            headers.get(b"host", b"").decode("latin-1"),
            headers.get(b"authorization", b"").decode("latin-1"),
            has_body=b"transfer-encoding" in headers or headers.get(b"content-length", b"0") != b"0",
        )
        return self._gate.answer(asked, time.monotonic())

    def _write(self, connection: _Connection) -> None:
        try:
            sent = connection.socket.send(connection.out)
        except BlockingIOError:
            sent = 0
        connection.out = connection.out[sent:]
        if connection.out:
            self._selector.modify(connection.socket, selectors.EVENT_WRITE, connection)
            return
        connection.socket.shutdown(socket.SHUT_WR)
        connection.until = min(connection.until, time.monotonic() + _LINGER_S)
        self._selector.modify(connection.socket, selectors.EVENT_READ, connection)

    def _drop(self, connection: _Connection) -> None:
        self._connections.pop(connection, None)
        self._selector.unregister(connection.socket)
        connection.socket.close()


def _listener(port: int) -> socket.socket:
    """Return a socket that listens on every address.

    Raises:
        OSError: the port cannot be had.
    """
    if socket.has_dualstack_ipv6():
        with contextlib.suppress(OSError):
            return socket.create_server(("::", port), family=socket.AF_INET6, backlog=_BACKLOG, dualstack_ipv6=True)
    # A container without IPv6 has the constants but no address of it.
    return socket.create_server(("0.0.0.0", port), backlog=_BACKLOG)  # noqa: S104 - the platform's proxy comes from outside


def _response(page: Page) -> bytes:
    phrase = HTTPStatus(page.status).phrase
    headers = (("Content-Type", page.kind), ("Content-Length", str(len(page.body))), *_HEADERS, *page.more)
    lines = [f"HTTP/1.1 {page.status} {phrase}", *(f"{name}: {value}" for name, value in headers)]
    return "\r\n".join(lines).encode("latin-1") + b"\r\n\r\n" + page.body
