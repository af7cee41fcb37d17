"""A coroutine that blocks the event loop, with real Chromium on it: loop, driver and browser are made anew."""

from __future__ import annotations

import os
import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

import psutil
import pytest

from actors.domain.priority import Priority
from actors.embedded.chromium import find
from actors.errors import ResourceDiedError
from actors.resources.browser import Browser, BrowserClient, BrowserSettings
from actors.resources.login import Login
from actors.runtime.abandoned import abandoned_threads
from actors.runtime.front import Front, FrontPolicy
from actors.runtime.loop import Loop
from actors.runtime.loop_keeper import LoopKeeper
from tests.pages.fixture_site import FixtureSite
from tests.stage import PATIENCE_S, Outcome, Stage, eventually

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from playwright.async_api import Page

    from actors.pages.errand import Desk

PAGE = "/us"


@dataclass(frozen=True, slots=True)
class Block:
    """Do on the loop what no coroutine may: wait for an event of threads."""

    entered: threading.Event
    release: threading.Event

    expected_s: ClassVar[float] = 1.0
    deadline_s: ClassVar[float] = 60.0
    needs_login: ClassVar[bool] = False
    recallable: ClassVar[bool] = False

    async def perform(self, page: Page, desk: Desk) -> str:
        self.entered.set()
        self.release.wait(PATIENCE_S)
        await page.goto(desk.site + PAGE)
        return "came back"


@dataclass(frozen=True, slots=True)
class Click:
    """Ask for permission, and click a moment later."""

    expected_s: ClassVar[float] = 1.0
    deadline_s: ClassVar[float] = 60.0
    needs_login: ClassVar[bool] = False
    recallable: ClassVar[bool] = False

    async def perform(self, page: Page, desk: Desk) -> str:
        await page.goto(desk.site + PAGE, wait_until="domcontentloaded")
        await desk.commit({})
        # The answer to this evaluation, and all that follows it, needs the loop.
        await page.evaluate("new Promise(done => setTimeout(done, 200))")
        await page.evaluate("""fetch("/create", {method: "POST", body: '{"variables": {"tweet_text": "clicked"}}'})""")
        return "clicked"


@pytest.fixture
def site() -> Iterator[FixtureSite]:
    site = FixtureSite()
    site.pages[PAGE] = "<!doctype html><title>A page</title>"
    yield site
    site.close()


def test_a9_a_coroutine_that_blocks_the_loop_costs_its_errands_and_nobody_elses(
    stage: Stage, site: FixtureSite, tmp_path: Path
) -> None:
    environment = {"PATH": os.environ["PATH"], "TMPDIR": str(tmp_path), "HOME": str(tmp_path)}
    settings = BrowserSettings(str(find(os.environ).path), site.url, "us", Login(), 600.0, 1000, environment)
    loop, made = Loop(), []

    def make() -> Browser:
        made.append(Browser(loop.thread, settings))
        return made[-1]

    rules = FrontPolicy(3, 1, 50)
    front = stage.actor("browser", lambda context: Front(context, make, rules, stage.board))
    client = BrowserClient(stage.caller("browser", Priority.P1, within=60.0))
    other = BrowserClient(stage.caller("browser", Priority.P1, within=60.0))
    urgent = BrowserClient(stage.caller("browser", Priority.P0, within=60.0))
    entered, release, granted = threading.Event(), threading.Event(), threading.Event()

    def grant(_: Any) -> float:
        # The loop is blocked between the permission and the click.
        blocking.append(Outcome(lambda: other.visit(Block(entered, release))))
        assert entered.wait(PATIENCE_S)
        granted.set()
        return 0.0

    blocking: list[Outcome] = []
    committed = Outcome(lambda: client.visit(Click(), grant))
    assert granted.wait(PATIENCE_S)
    old = made[0]._processes._main
    # Not before, nor longer than for this: a loop that is only starved must not be taken for blocked.
    keeper = stage.actor("loop", lambda context: LoopKeeper(context, loop, (front,), limit_s=0.5))

    for lost in (committed, blocking[0]):
        with pytest.raises(ResourceDiedError, match="event loop was blocked"):
            lost.get()
    keeper.mailbox.stop(keeper.mailbox.generation)

    assert urgent.visit(Block(threading.Event(), _set())) == "came back"
    assert len(made) == 2
    assert not old.is_running() or old.status() == psutil.STATUS_ZOMBIE
    assert [thread.name for thread in abandoned_threads() if thread.name.startswith("loop")] == ["loop (abandoned)"]
    release.set()
    eventually(lambda: not abandoned_threads(), "the blocked thread came back and ended")
    stage.all_free("browser")
    assert site.created == []
    stage.close()
    loop.thread.stop()


def _set() -> threading.Event:
    event = threading.Event()
    event.set()
    return event
