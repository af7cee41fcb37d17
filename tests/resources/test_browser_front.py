"""The browser through its front, slots and client, with real Chromium on a site of static pages."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

import pytest

from actors.domain.launches import Launches
from actors.domain.priority import Priority
from actors.errors import (
    CircuitOpenError,
    CommitRefusedError,
    DeadlineError,
    NotFoundError,
    PermanentError,
    ResourceDiedError,
    SiteBusyError,
)
from actors.resources.browser import Browser, BrowserClient
from tests.pages.fixture_site import FixtureSite
from tests.resources.browser_stage import (
    PAGE,
    Look,
    Meet,
    Wait,
    chromiums,
    client,
    drivers,
    is_dead,
    overlook_others,
    settings,
)
from tests.stage import Outcome, eventually

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from playwright.async_api import Page

    from actors.pages.errand import Desk
    from tests.stage import Stage


@dataclass(frozen=True, slots=True)
class Hang(Look):
    """Spin in the page for ever; `limit` is its deadline."""

    deadline_s: ClassVar[float] = 1.0

    script: str = "() => { while (true) {} }"


@dataclass(frozen=True, slots=True)
class Fail(Look):
    """Raise an error of the errand's own."""

    error: type[Exception] = NotFoundError

    async def perform(self, page: Page, desk: Desk) -> Any:
        raise self.error("as told")


@dataclass(frozen=True, slots=True)
class Click(Look):
    """Ask for permission, then count a click."""

    async def perform(self, page: Page, desk: Desk) -> Any:
        await page.goto(desk.site + PAGE, wait_until="domcontentloaded")
        not_after = await desk.commit({"site_time": "now"})
        await page.evaluate("localStorage.clicks = 1 + Number(localStorage.clicks || 0)")
        return not_after


@pytest.fixture(autouse=True)
def _overlook_others() -> None:
    overlook_others()


@pytest.fixture
def site() -> Iterator[FixtureSite]:
    site = FixtureSite()
    site.pages[PAGE] = "<!doctype html><title>A page</title>"
    yield site
    site.close()


@pytest.fixture
def open_browser(stage: Stage, site: FixtureSite, tmp_path: Path) -> Callable[..., Browser]:
    def open_browser(size: int = 1, *, policy: dict[str, Any] | None = None, **changes: Any) -> Browser:
        browser = Browser(stage.loop, settings(site.url, tmp_path, **changes))
        stage.front(browser, size, **(policy or {}))
        return browser

    return open_browser


def open_pages(stage: Stage, browser: Browser) -> int:
    async def count() -> int:
        return sum(len(context.pages) for context in (await browser.chromium()).contexts)

    pages: int = stage.loop.call(count(), 10)
    return pages


def test_an_errand_gets_a_page_and_its_result_comes_back(stage: Stage, open_browser: Callable[..., Browser]) -> None:
    open_browser()

    assert client(stage).visit(Look()) == "A page"


def test_a1_a9_a_page_that_spins_is_destroyed_and_the_next_errand_has_a_fresh_context(
    stage: Stage, open_browser: Callable[..., Browser]
) -> None:
    browser = open_browser()
    assert client(stage).visit(Look("localStorage.mark = 'kept'")) == "kept"
    assert client(stage).visit(Look("localStorage.mark")) == "kept"

    with pytest.raises(DeadlineError):
        client(stage).visit(Hang())

    assert client(stage).visit(Look("localStorage.mark || 'none'")) == "none"
    stage.all_free("browser")
    assert browser.launches == 1


def test_a_chromium_killed_under_an_errand_fails_it_as_dead_and_the_next_one_launches_it_again(
    stage: Stage, open_browser: Callable[..., Browser]
) -> None:
    browser = open_browser()
    waiting = Outcome(lambda: client(stage).visit(Wait()))
    main = eventually(lambda: browser.launches and chromiums())[0]

    main.kill()

    with pytest.raises(ResourceDiedError):
        waiting.get()
    assert client(stage).visit(Look()) == "A page"
    assert browser.launches == 2
    assert len(chromiums()) == 1


def test_a_killed_driver_is_noticed_and_made_anew(stage: Stage, open_browser: Callable[..., Browser]) -> None:
    browser = open_browser(policy={"breaker_threshold": 100})
    waiting = Outcome(lambda: client(stage).visit(Wait()))
    eventually(lambda: browser.launches)

    drivers()[0].kill()

    with pytest.raises(ResourceDiedError):
        waiting.get()
    assert client(stage).visit(Look()) == "A page"
    assert len(chromiums()) == 1


def test_a_browser_that_died_while_nobody_used_it_costs_no_errand(
    stage: Stage, open_browser: Callable[..., Browser]
) -> None:
    open_browser()
    for find_victim in (chromiums, drivers):
        client(stage).visit(Look())
        victim = find_victim()[0]
        victim.kill()
        eventually(lambda victim=victim: is_dead(victim), "its death")

        assert client(stage).visit(Look()) == "A page"


def test_a7_three_slots_that_start_together_share_one_launch(
    stage: Stage, open_browser: Callable[..., Browser]
) -> None:
    browser = open_browser(size=3)
    met = threading.Barrier(3)
    errands = [Outcome(lambda: client(stage).visit(Meet(barrier=met))) for _ in range(3)]

    assert [errand.get() for errand in errands] == [2, 2, 2]
    assert browser.launches == 1
    assert len(chromiums()) == 1


def test_a_launch_survives_the_errand_that_asked_for_it(stage: Stage, open_browser: Callable[..., Browser]) -> None:
    browser = open_browser(policy={"breaker_threshold": 100})
    scope = stage.caller("browser", within=0.1)

    with pytest.raises(Exception, match=r"destroyed|no answer|no free slot|deadline"):
        BrowserClient(scope).visit(Look())

    assert client(stage).visit(Look()) == "A page"
    assert browser.launches == 1
    assert len(chromiums()) == 1


def test_a14_thirty_errands_leave_no_page_behind(stage: Stage, open_browser: Callable[..., Browser]) -> None:
    browser = open_browser(size=3)
    kinds = [Look(), Fail(), Look("missing.property"), Look(path="/nowhere")]
    for outcome in [Outcome(lambda errand=kinds[i % 4]: client(stage).visit(errand)) for i in range(30)]:  # type: ignore[misc]
        try:
            outcome.get()
        except (NotFoundError, ResourceDiedError):
            continue

    assert open_pages(stage, browser) == 0
    assert browser.launches == 1
    assert stage.state("browser").running == 0


def test_a_context_is_retired_after_so_many_errands(stage: Stage, open_browser: Callable[..., Browser]) -> None:
    open_browser(retire_after=2)
    remember = "localStorage.visits = 1 + Number(localStorage.visits || 0)"

    assert [client(stage).visit(Look(remember)) for _ in range(5)] == [1, 2, 1, 2, 1]


def test_the_session_is_in_every_context(stage: Stage, site: FixtureSite, open_browser: Callable[..., Browser]) -> None:
    cookie = {"name": "session", "value": "ours", "domain": "127.0.0.1", "path": "/"}
    cookie |= {"expires": -1, "httpOnly": False, "secure": False, "sameSite": "Lax"}  # type: ignore[dict-item]
    open_browser(retire_after=1, session={"cookies": [cookie], "origins": []})

    assert [client(stage).visit(Look("document.cookie")) for _ in range(2)] == ["session=ours"] * 2


def test_an_idle_browser_is_stopped_whole_and_comes_back(stage: Stage, open_browser: Callable[..., Browser]) -> None:
    browser = open_browser(idle_stop_s=0.1)
    assert client(stage).visit(Look()) == "A page"

    eventually(lambda: not chromiums() and not drivers(), "no process left")

    assert client(stage).visit(Look()) == "A page"
    assert browser.launches == 2


def test_a10_an_idle_browser_is_kept_while_launches_are_short(
    stage: Stage, open_browser: Callable[..., Browser]
) -> None:
    browser = open_browser()
    assert client(stage).visit(Look()) == "A page"
    browser.cap = Launches(limit=2)
    browser.cap.begin(time.monotonic())

    browser.idle(since=time.monotonic() - 601.0)

    assert client(stage).visit(Look()) == "A page"
    assert browser.launches == 1


def test_the_end_of_the_front_leaves_no_process(stage: Stage, open_browser: Callable[..., Browser]) -> None:
    open_browser()
    client(stage).visit(Look())
    assert chromiums()

    stage.close()

    assert chromiums() == []
    assert drivers() == []


def test_a_commit_is_granted_by_the_run_that_waits(stage: Stage, open_browser: Callable[..., Browser]) -> None:
    open_browser()
    asked: list[Any] = []

    def grant(prepared: Any) -> float:
        asked.append((prepared, threading.current_thread().name))
        return 42.0

    assert client(stage).visit(Click(), grant) == 42.0
    assert asked == [({"site_time": "now"}, threading.current_thread().name)]
    assert client(stage).visit(Look("localStorage.clicks")) == "1"


@pytest.mark.parametrize("is_asked", [True, False], ids=["the run refuses", "the run grants no commits"])
def test_a_refused_commit_ends_the_errand_without_a_click(
    stage: Stage, open_browser: Callable[..., Browser], *, is_asked: bool
) -> None:
    open_browser()
    client(stage).visit(Look("localStorage.clicks = 0"))
    seen: list[str] = []

    def refuse(_: Any) -> float:
        seen.append("asked")
        raise CommitRefusedError("the kill switch is on")

    with pytest.raises(Exception, match=r"kill switch is on|grants no commit"):
        client(stage).visit(Click(), refuse if is_asked else None)

    assert seen == ["asked"] * is_asked
    assert stage.state("browser").breaker == "closed"


def test_a_run_that_fails_at_its_commit_point_forbids_the_click(
    stage: Stage, open_browser: Callable[..., Browser]
) -> None:
    open_browser()

    def fail(_: Any) -> float:
        raise KeyError("a bug")

    with pytest.raises(KeyError):
        client(stage).visit(Click(), fail)

    stage.all_free("browser")


def test_a5_what_the_site_or_the_errand_does_never_opens_the_breaker(
    stage: Stage, site: FixtureSite, open_browser: Callable[..., Browser]
) -> None:
    open_browser(policy={"breaker_threshold": 1})
    with pytest.raises(NotFoundError):
        client(stage).visit(Fail())
    with pytest.raises(PermanentError):
        client(stage).visit(Fail(error=KeyError))
    site.close()

    with pytest.raises(SiteBusyError, match="PLATFORM_URL"):
        client(stage).visit(Look())

    assert stage.state("browser").breaker == "closed"


def test_a15_a_missing_program_is_named_and_the_breaker_opens(
    stage: Stage, open_browser: Callable[..., Browser]
) -> None:
    open_browser(executable="/nowhere/chromium", policy={"breaker_threshold": 2, "breaker_open_min": 30.0})
    for _ in range(2):
        with pytest.raises(ResourceDiedError, match="CHROMIUM_PATH"):
            client(stage).visit(Look())

    with pytest.raises(CircuitOpenError):
        client(stage).visit(Look())


def test_the_breaker_s_probe_closes_it_once_a_page_answers(stage: Stage, open_browser: Callable[..., Browser]) -> None:
    browser = open_browser(policy={"breaker_threshold": 1})
    waiting = Outcome(lambda: client(stage).visit(Wait()))
    eventually(lambda: browser.launches and chromiums())[0].kill()
    with pytest.raises(ResourceDiedError):
        waiting.get()

    stage.breaker_is("browser", "closed")

    assert client(stage).visit(Look()) == "A page"


def test_k8_chromium_inherits_no_variable_of_ours(
    stage: Stage, open_browser: Callable[..., Browser], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgresql://us:secret@host/db")
    open_browser()
    client(stage).visit(Look())

    assert "secret" not in str(chromiums()[0].environ())


def test_a3_p0_takes_the_reserved_context_while_the_others_are_busy(
    stage: Stage, open_browser: Callable[..., Browser]
) -> None:
    open_browser(size=2, policy={"reserved": 1})
    met = threading.Barrier(2)
    busy = Outcome(lambda: client(stage).visit(Meet(barrier=met)))
    eventually(lambda: stage.state("browser").running == 1)
    behind = Outcome(lambda: client(stage).visit(Look()))
    eventually(lambda: stage.state("browser").waiting == 1)

    assert client(stage, Priority.P0).visit(Look()) == "A page"

    assert stage.state("browser").waiting == 1
    met.wait(20)
    assert (busy.get(), behind.get()) == (2, "A page")
