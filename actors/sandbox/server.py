"""The sandbox as a process: a threaded HTTP server on the loopback interface."""

from __future__ import annotations

import errno
import logging
import select
import signal
import sys
import threading
import time
from contextlib import contextmanager
from dataclasses import dataclass
from email.utils import format_datetime
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

from actors.domain.text import weighted_length
from actors.sandbox.audience import Audience
from actors.sandbox.clock import Anchor, ScheduleClock
from actors.sandbox.exchange import Request, Response, answer
from actors.sandbox.model import ModelEndpoint
from actors.sandbox.site import Site
from actors.sandbox.store import EventLog
from actors.sandbox.world import World

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

logger = logging.getLogger(__name__)

_BODY_LIMIT = 1_000_000


@dataclass(frozen=True, slots=True)
class SandboxOptions:
    """How to run a sandbox."""

    port: int
    """TCP port; 0 takes a free one."""

    data: Path
    """Directory of its world and clock; belongs to one sandbox at a time."""

    speed: float = 60.0
    """Schedule seconds per real second."""

    seed: int = 1
    """Decides the background's past, the society, the audience and the model's words."""

    audience: Path | None = None
    """Profile file of the audience; without one it has the usual preferences."""

    anchor: Anchor | None = None
    """One instant on both clocks; without one the clock goes on where it was, or starts at the wall time."""

    account: str = "commons_daily"
    """Handle of the operated account."""

    host: str = "127.0.0.1"

    rather: int = 0
    """The port to take under `port` 0 if it is free."""


def serve(options: SandboxOptions, announce: Callable[[str], None] | None = None) -> None:
    """Run a sandbox in the main thread until SIGTERM or SIGINT, then return.

    Nothing has to be saved on the way out: all that was answered is on disk already. `announce` is told the URL as
    soon as it is served.

    Raises:
        ConfigError: the data directory is in use, belongs to another account, or is damaged.
        OSError: the port is taken.
    """
    ended = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: ended.set())
    with running(options) as server:
        if announce:
            announce(server.url)
        logger.info(
            "The sandbox serves %s",
            server.url,
            extra={"action": "sandbox_ready", "url": server.url, "account": options.account, "speed": options.speed},
        )
        while not ended.wait(60.0):
            continue
    logger.info("The sandbox stopped", extra={"action": "sandbox_stopped"})


class SandboxServer(ThreadingHTTPServer):
    """Serve one site, a thread per connection."""

    daemon_threads = True
    request_queue_size = 128

    def __init__(self, address: tuple[str, int], site: Site, clock: ScheduleClock) -> None:
        self.site = site
        self.clock = clock
        self.is_stopping = threading.Event()
        super().__init__(address, _Handler)

    @property
    def url(self) -> str:
        """Where it listens."""
        host, port = self.server_address[:2]
        return f"http://{host!s}:{port}"

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Note what ended a connection; a client that went away is nothing to speak of."""
        error = sys.exception()
        if isinstance(error, ConnectionError):
            logger.debug("A client left in the middle of an answer", extra={"action": "client_left"})
        else:
            logger.error("A connection failed", exc_info=error, extra={"action": "connection_failed"})


@contextmanager
def running(options: SandboxOptions) -> Iterator[SandboxServer]:
    """Serve in a background thread while the context is open."""
    log = EventLog(options.data)
    try:
        clock = ScheduleClock(options.data, options.speed, options.anchor)
        audience = Audience(options.seed, options.audience)
        world = World(log, clock.now, audience, weighted_length, options.account, options.seed, is_peopled=True)
        site = Site(world, clock, ModelEndpoint(options.seed))
        with _bound(options, site, clock) as server:
            thread = threading.Thread(target=partial(server.serve_forever, 0.05), name="sandbox", daemon=True)
            thread.start()
            try:
                yield server
            finally:
                server.is_stopping.set()
                server.shutdown()
                thread.join(5.0)
    finally:
        log.close()


def _bound(options: SandboxOptions, site: Site, clock: ScheduleClock) -> SandboxServer:
    """Listen on the port asked for; under port 0 on the one that would be rather taken, else on any that is free."""
    if options.port or not options.rather:
        return SandboxServer((options.host, options.port), site, clock)
    try:
        return SandboxServer((options.host, options.rather), site, clock)
    except OSError as error:
        if error.errno not in {errno.EADDRINUSE, errno.EACCES}:
            raise
        return SandboxServer((options.host, 0), site, clock)


class _Handler(BaseHTTPRequestHandler):
    """One connection of a client: reads requests, lets the site answer, writes, one after another."""

    protocol_version = "HTTP/1.1"
    server_version = "Commons"
    sys_version = ""
    disable_nagle_algorithm = True
    wbufsize = -1
    timeout = 120.0
    server: SandboxServer

    def do_GET(self) -> None:
        body = self._body()
        if body is None:
            return
        headers = {name.lower(): value for name, value in self.headers.items()}
        request = Request(self.command, self.path, headers, body)
        try:
            response = self.server.site.respond(request)
        except Exception:
            logger.exception("The sandbox failed to answer", extra={"action": "answer_failed", "data": request.path})
            response = answer({"error": "the sandbox failed to answer; its log says why"}, 500)
        self._send(response)

    do_HEAD = do_POST = do_PUT = do_DELETE = do_GET

    def date_time_string(self, timestamp: float | None = None) -> str:
        """Give the `Date` header: the platform's own clock, which is the schedule's."""
        return format_datetime(self.server.clock.now(), usegmt=True)

    def log_message(self, format: str, *args: Any) -> None:
        """Keep the requests out of the log unless it is asked for everything."""
        logger.debug("A client asked", extra={"action": "http_request", "data": format % args})

    def _body(self) -> bytes | None:
        """Read the body; a request without a sane length is refused and its connection ends."""
        length = self.headers.get("Content-Length", "0")
        if "Transfer-Encoding" in self.headers or not length.isdecimal() or int(length) > _BODY_LIMIT:
            self.close_connection = True
            self._send(answer({"error": f"the body must declare a length up to {_BODY_LIMIT} bytes"}, 413))
            return None
        return self.rfile.read(int(length))

    def _send(self, response: Response) -> None:
        if response.held_s is not None:
            self._drop(response.held_s)
            return
        if response.late_s:
            self.server.is_stopping.wait(response.late_s)
        self.send_response(response.status)
        self.send_header("Content-Type", response.type)
        self.send_header("Content-Length", str(len(response.body)))
        self.send_header("X-Content-Type-Options", "nosniff")
        for name, value in response.headers.items():
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(response.body)

    def _drop(self, seconds: float) -> None:
        """Keep the connection open without a word until the time is over, the client leaves, or the server stops.

        It then ends in the middle of an answer: a browser sends a request once more, POST or not, when a connection
        that it has used before ends without a single byte, and the site would seem to have been asked twice.
        """
        self.close_connection = True
        until = time.monotonic() + seconds
        while time.monotonic() < until and not self.server.is_stopping.is_set():
            has_client_left, _, _ = select.select([self.connection], [], [], 0.2)
            if has_client_left:
                return
        self.wfile.write(b"HTTP/1.1 504 Gateway Timeout\r\nContent-Length: 1\r\nConnection: close\r\n\r\n")
