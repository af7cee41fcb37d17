"""A server on a free port with a view of a tree that is well, and a receiver of what goes out."""

from __future__ import annotations

import socket
import threading
import time
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import TYPE_CHECKING, Any

import pytest

from actors.config import Secret
from actors.dashboard.published import Published, View
from actors.dashboard.routes import LOOPBACK, PLATFORM, Gate
from actors.dashboard.server import Server
from actors.domain.freshness import LaneAge
from actors.domain.readiness import DEPENDENCIES, STEPS
from actors.domain.redaction import Redaction

if TYPE_CHECKING:
    from collections.abc import Iterator

TOKEN = "t" * 40
HIDDEN = "postgres-password-1"
NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
WAIT_S = 20.0


def snapshot() -> dict[str, Any]:
    """Return a board's snapshot with everything in it that it can hold."""
    front = {
        "size": 3,
        "running": 1,
        "waiting": 0,
        "lent": 0,
        "overdue": 0,
        "abandoned": 0,
        "breaker": "closed",
        "counters": {"done": 7, "failed": 1},
        "spent": {},
        "condition": "",
    }
    fronts: dict[str, Any] = {name: dict(front) for name in (*DEPENDENCIES, "runs")}
    fronts["openai"]["spent"] = {"content": 0.5}
    job = {"last_outcome": "done", "last_success_at": NOON - timedelta(minutes=5), "runs": 3, "missed": 1}
    return {
        "boot": "boot-1",
        "build": "0123456789ab",
        "uptime_s": 12.5,
        "schedule_time": NOON,
        "speed": 1.0,
        "dead_letters": 1,
        "actors": {name: {"state": "running", "generation": 1} for name in (*DEPENDENCIES, "clock")},
        "restarts": {"clock": 2},
        "fronts": fronts,
        "families": {"publishing": {"paused": ("posting",), "running": ()}},
        "running": {"plan": NOON},
        "jobs": {
            "posting": {**job, "nothing_streak": 0},
            "plan": {**job, "nothing_streak": 4, "last_success_at": None},
        },
        "next_due": {"posting": NOON + timedelta(minutes=5), "plan": NOON},
        "waiting": {"posting": "plan is stale"},
        "pauses": [{"name": "posting", "until": None, "by": "operator", "because": "the site moves"}],
        "kill_switch": False,
        "draining": False,
        "memory": {"level": "ok", "used_mb": 300, "limit_mb": 512},
        "lease": {"holder": "boot-1", "fence": 3, "is_ours": True, "left_s": 20.0},
        "counts": {"published": 2},
    }


def view() -> View:
    """Return a view with all that the ledger can tell."""
    lane = {"queued": 2, "in_doubt": 0, "posted": 40, "of_hour": 1, "of_day": 9, "hour_cap": 4, "day_cap": 48}
    ledger = {
        "lanes": {"content": lane, "reply": lane},
        "pool": {"pending": 12},
        "measuring": {"posted": 20, "measured": 18},
        "weights": {"content": {"version": 4}},
        "followers": {"followers": 1234},
        "health": {"score": 88.0},
    }
    lanes = {lane: LaneAge(timedelta(minutes=9), timedelta(hours=1)) for lane in ("content", "reply")}
    status = {**snapshot(), "text": f"up, {HIDDEN}", "ledger": ledger}
    return View(snapshot(), time.monotonic(), frozenset(), status, lanes, time.monotonic())


@pytest.fixture
def published() -> Published:
    """Return what a tree that is well has published."""
    published = Published()
    for step in STEPS:
        published.step(step)
    published.view = view()
    return published


@pytest.fixture
def gate(published: Published) -> Gate:
    """Return a gate with a token."""
    return Gate(published, Secret(TOKEN), LOOPBACK | PLATFORM, Redaction([HIDDEN]))


@pytest.fixture
def server(gate: Gate) -> Iterator[Server]:
    """Yield a server at work."""
    server = Server(0, gate)
    server.start()
    yield server
    server.close()


def talk(server: Server, sent: bytes, family: socket.AddressFamily = socket.AF_INET) -> bytes:
    """Send bytes as they are and return all that comes back until the server closes."""
    host = "127.0.0.1" if family is socket.AF_INET else "::1"
    with socket.socket(family) as line:
        line.settimeout(WAIT_S)
        line.connect((host, server.port))
        line.sendall(sent)
        return everything(line)


def everything(line: socket.socket) -> bytes:
    """Return what comes until the other side closes."""
    found = bytearray()
    try:
        while data := line.recv(65536):
            found += data
    except ConnectionResetError:
        pass
    return bytes(found)


def get(path: str, *headers: str, method: str = "GET", host: str = "localhost") -> bytes:
    """Return a request."""
    lines = [f"{method} {path} HTTP/1.1", f"Host: {host}", *headers]
    return "\r\n".join(lines).encode() + b"\r\n\r\n"


def with_token(path: str) -> bytes:
    """Return a request of somebody who may see everything."""
    return get(path, f"Authorization: Bearer {TOKEN}")


def code(answer: bytes) -> int:
    """Return an answer's status."""
    return int(answer.split(b" ")[1])


def said(caplog: pytest.LogCaptureFixture) -> list[dict[str, Any]]:
    """Return the fields of what the dashboard logged: threads of earlier tests may speak meanwhile."""
    return [vars(record) for record in list(caplog.records) if record.name.startswith("actors.dashboard")]


class Receiver:
    """A webhook that keeps what it is sent, and answers with the codes it is given, the last one for ever."""

    def __init__(self) -> None:
        self.codes = [204]
        self.hits: list[tuple[str, str, bytes]] = []
        self.news = threading.Condition()
        self.holding: threading.Event | None = None
        """While set to an event, no request is answered before it."""
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length", "0")))
                with receiver.news:
                    receiver.hits.append((self.command, self.path, body))
                    answer = receiver.codes[0] if len(receiver.codes) == 1 else receiver.codes.pop(0)
                    receiver.news.notify_all()
                if receiver.holding is not None:
                    receiver.holding.wait(WAIT_S)
                self.send_response(answer)
                self.send_header("Content-Length", "0")
                self.end_headers()

            do_GET = do_POST

            def log_message(self, *_: Any) -> None:
                pass

        self._server = HTTPServer(("127.0.0.1", 0), Handler)
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02})
        self._thread.start()

    @property
    def url(self) -> Secret:
        """Return where it listens."""
        return Secret(f"http://127.0.0.1:{self._server.server_address[1]}/hook?key=abc")

    def wait(self, count: int) -> list[tuple[str, str, bytes]]:
        """Return what came, once it is so much."""
        with self.news:
            assert self.news.wait_for(lambda: len(self.hits) >= count, WAIT_S), f"{len(self.hits)} of {count} came"
            return list(self.hits)

    def close(self) -> None:
        """Stop it."""
        if self.holding is not None:
            self.holding.set()
        self._server.shutdown()
        self._thread.join(WAIT_S)
        self._server.server_close()


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    """Yield a webhook."""
    receiver = Receiver()
    yield receiver
    receiver.close()
