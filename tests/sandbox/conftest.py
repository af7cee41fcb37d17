"""A sandbox to test with: a clock that is set by hand, a plain audience, and the real server in a thread."""

from __future__ import annotations

import http.client
import json
import os
import shutil
import threading
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from actors.sandbox.clock import Anchor, ScheduleClock
from actors.sandbox.post import Counts, Follow, Post, PublishedPost
from actors.sandbox.server import SandboxServer
from actors.sandbox.session import COOKIE, DEV_TOKEN
from actors.sandbox.site import Site
from actors.sandbox.store import EventLog
from actors.sandbox.world import World

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

ACCOUNT = "commons_daily"
REACTION = Counts(views=1234, likes=56, reposts=7, replies=1, bookmarks=0)
BORN = datetime(2026, 3, 1, 12, tzinfo=UTC)
CHROMIUM = os.environ.get("CHROMIUM_PATH") or next(
    filter(os.path.exists, ["/usr/lib/chromium/chromium-headless-shell"]), shutil.which("chromium")
)


@dataclass
class PlainCrowd:
    """Everybody reacts to everything in the same way."""

    reaction: Counts = REACTION
    heard: list[PublishedPost] = field(default_factory=list)
    said: list[Post] = field(default_factory=list)
    is_fed_up: bool = False

    def publish(self, post: PublishedPost) -> None:
        self.heard.append(post)

    def counts(self, post_id: str, now: datetime) -> Counts:
        assert any(post.id == post_id for post in self.heard)
        return self.reaction

    def followers(self, now: datetime) -> int:
        return 5000 + len(self.heard)

    def new_followers(self, until: datetime, limit: int) -> list[Follow]:
        handles = ("slowkitchen", "ada_2k3", *(f"uma_1{number}" for number in range(40)))
        return [Follow(BORN, handle, None) for handle in handles][:limit]

    def follows(self, until: datetime) -> list[Follow]:
        return [Follow(post.created_at, f"ada_3{post.ordinal}", post.id) for post in self.heard]

    def unfollows(self, until: datetime) -> list[datetime]:
        return []

    def answers(self, until: datetime) -> list[Post]:
        return [answer for answer in self.said if answer.created_at <= until]

    def takes_posts(self, at: datetime) -> bool:
        return not self.is_fed_up


class EchoModel:
    """Answers what it was asked."""

    def handle(self, path: str, headers: Mapping[str, str], body: bytes) -> tuple[int, dict[str, Any]]:
        return 200, {"path": path, "key": headers.get("authorization"), "body": json.loads(body)}


@dataclass
class HandClock:
    """Time that goes when told."""

    moment: datetime = BORN

    def now(self) -> datetime:
        return self.moment

    def forward(self, **step: float) -> None:
        self.moment += timedelta(**step)


@dataclass
class OpenWorld:
    """A world with what it is made of."""

    world: World
    clock: HandClock
    crowd: PlainCrowd
    log: EventLog


@pytest.fixture
def clock() -> HandClock:
    return HandClock()


@pytest.fixture
def open_world(tmp_path: Path, clock: HandClock) -> Iterator[Callable[[], OpenWorld]]:
    """Open the world in `tmp_path`, closing the one that was open: a restart."""
    opened: list[OpenWorld] = []

    def reopen() -> OpenWorld:
        for earlier in opened:
            earlier.log.close()
        opened.clear()
        crowd, log = PlainCrowd(), EventLog(tmp_path)
        opened.append(OpenWorld(World(log, clock.now, crowd, len, ACCOUNT, seed=1), clock, crowd, log))
        return opened[-1]

    yield reopen
    for last in opened:
        last.log.close()


class Impatience(threading.Event):
    """Takes note of how long it should have waited, and does not."""

    def __init__(self) -> None:
        super().__init__()
        self.pauses: list[float | None] = []

    def wait(self, timeout: float | None = None) -> bool:
        self.pauses.append(timeout)
        return self.is_set()


def eventually(probe: Callable[[], Any]) -> Any:
    """Ask until the answer is true, ten seconds at most."""
    pause = threading.Event()
    until = time.monotonic() + 10.0
    while not (answer := probe()):
        assert time.monotonic() < until, "it did not become true in ten seconds"
        pause.wait(0.02)
    return answer


@dataclass
class Visitor:
    """Talks HTTP to a sandbox, as the operated account unless told otherwise."""

    port: int
    impatience: Impatience = field(default_factory=Impatience)

    def ask(
        self,
        method: str,
        path: str,
        value: Any = None,
        *,
        is_member: bool = True,
        timeout: float = 10.0,
        headers: Mapping[str, str] | None = None,
    ) -> tuple[int, dict[str, str], bytes]:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=timeout)
        try:
            body = None if value is None else json.dumps(value)
            cookie = {"Cookie": f"{COOKIE}={DEV_TOKEN}"} if is_member else {}
            connection.request(method, path, body, {**cookie, **(headers or {})})
            response = connection.getresponse()
            return response.status, {k.lower(): v for k, v in response.getheaders()}, response.read()
        finally:
            connection.close()

    def json(self, method: str, path: str, value: Any = None, **options: Any) -> Any:
        return json.loads(self.ask(method, path, value, **options)[2])

    def create(self, text: str, parent: str | None = None, **options: Any) -> Any:
        variables: dict[str, Any] = {"tweet_text": text}
        if parent:
            variables["reply"] = {"in_reply_to_tweet_id": parent}
        path = "/i/api/graphql/anyHash_-1/CreateTweet"
        return self.json("POST", path, {"variables": variables, "queryId": "anyHash"}, **options)

    def query(self, operation: str, **variables: Any) -> Any:
        return self.json("GET", f"/i/api/graphql/h/{operation}?variables={quote(json.dumps(variables))}")["data"]

    def arm(self, fault: str, count: int = 1) -> None:
        assert self.ask("POST", "/_faults", {"fault": fault, "count": count})[0] == 200

    def truth(self) -> list[dict[str, Any]]:
        return self.json("GET", "/_truth")["posts"]  # type: ignore[no-any-return]


@pytest.fixture
def visitor(tmp_path: Path) -> Iterator[Visitor]:
    """A visitor of a real server whose schedule started at `BORN`."""
    log = EventLog(tmp_path)
    wall = datetime.now(UTC).timestamp()
    clock = ScheduleClock(tmp_path, 60.0, Anchor(wall, BORN.timestamp()))
    world = World(log, clock.now, PlainCrowd(), len, ACCOUNT, seed=1)
    with SandboxServer(("127.0.0.1", 0), Site(world, clock, EchoModel()), clock) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
        thread.start()
        visitor = Visitor(server.server_address[1])
        server.is_stopping = visitor.impatience
        yield visitor
        server.is_stopping.set()
        server.shutdown()
        thread.join(5.0)
    log.close()


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    expect.set_options(timeout=10_000)
    with sync_playwright() as playwright:
        try:
            browser = playwright.chromium.launch(executable_path=CHROMIUM)
        except Exception:
            if os.environ.get("CI"):
                raise
            pytest.skip("no Chromium here")
        yield browser
        browser.close()


@pytest.fixture
def page(browser: Browser, visitor: Visitor) -> Iterator[Page]:
    """A logged-in page that fails the test on any script error."""
    context = browser.new_context(
        base_url=f"http://127.0.0.1:{visitor.port}",
        storage_state=visitor.json("GET", "/_session"),
        viewport={"width": 1200, "height": 900},
        locale="en-US",
    )
    context.set_default_timeout(10_000)
    page = context.new_page()
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    yield page
    context.close()
    assert errors == []
