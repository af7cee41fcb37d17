"""Whatever an errand on real Chromium waits for, its deadline gives the slot back and no other slot notices."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

import playwright
import psutil
import pytest
from playwright.async_api import Browser as PlaywrightBrowser
from playwright.async_api import BrowserContext, Page

from actors.domain.launches import Launches
from actors.embedded.chromium import find
from actors.errors import AppError, DeadlineError, ResourceDiedError
from actors.resources import browser as browser_module
from actors.resources import browser_worker
from actors.resources.browser import Browser, BrowserClient
from tests.pages.fixture_site import FixtureSite
from tests.resources.browser_stage import (
    PAGE,
    Look,
    Meet,
    Wait,
    chromiums_in,
    drivers,
    is_dead,
    overlook_others,
    settings,
)
from tests.stage import PROMISE_S, Outcome, Stage, eventually

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterator

    from actors.pages.errand import Desk

COVERED = '<button>Post</button><div style="position:fixed;inset:0;z-index:9"></div><input disabled>'
SPIN = "() => { const end = Date.now() + 300; while (Date.now() < end) {} }"


@dataclass(frozen=True, slots=True)
class Stuck(Look):
    """Do what never ends; `reached` is set right before."""

    deadline_s: ClassVar[float] = 1.5

    way: Callable[[Page], Awaitable[Any]] | None = None
    reached: threading.Event = field(default_factory=threading.Event)

    async def perform(self, page: Page, desk: Desk) -> Any:
        await page.goto(desk.site + PAGE, wait_until="domcontentloaded")
        self.reached.set()
        assert self.way is not None
        return await self.way(page)


@dataclass(frozen=True, slots=True)
class BriefWait(Wait):
    """Wait past a deadline in which nothing needs to be reached."""

    deadline_s: ClassVar[float] = 0.4


@dataclass(frozen=True, slots=True)
class Commit(Look):
    """Leave a mark in the context, pass the commit point, and return what the mark is then."""

    async def perform(self, page: Page, desk: Desk) -> Any:
        await page.goto(desk.site + PAGE, wait_until="domcontentloaded")
        await page.evaluate("localStorage.mark = 'kept'")
        not_after = await desk.commit("prepared")
        return not_after, await page.evaluate("localStorage.mark")


@dataclass(frozen=True, slots=True)
class ShortWait(Wait):
    """Wait in the page past a short deadline."""

    deadline_s: ClassVar[float] = 1.0


@dataclass(frozen=True, slots=True)
class StuckInACrowd(Stuck):
    """The same, with time for all the others to open their pages."""

    deadline_s: ClassVar[float] = 3.0


@dataclass(frozen=True, slots=True)
class Killed(Stuck):
    """The same, ended by a kill long before its deadline."""

    deadline_s: ClassVar[float] = 30.0


@dataclass(frozen=True, slots=True)
class Gather(Look):
    """Return once all parties are on their pages."""

    barrier: asyncio.Barrier | None = None

    async def perform(self, page: Page, desk: Desk) -> Any:
        assert self.barrier is not None
        await self.barrier.wait()
        return await page.evaluate("1 + 1")


class House:
    """A browser's front on a stage of its own, with a site."""

    def __init__(self, folder: Path, size: int, **changes: Any) -> None:
        self.folder = folder
        self.site, self.stage = FixtureSite(), Stage()
        self.site.pages[PAGE] = f"<!doctype html><title>A page</title>{COVERED}"
        self.site.held.add("/held")
        self.site.halves.add("/half")
        self.browser = Browser(self.stage.loop, settings(self.site.url, folder, **changes))
        self.browser.cap = Launches(1000)
        self.stage.front(self.browser, size, breaker_threshold=1000)

    def client(self, within: float = 20.0) -> BrowserClient:
        return BrowserClient(self.stage.caller("browser", within=within))

    def visit(self, errand: Look) -> Any:
        """Return its result; a Chromium may have to be launched for it first, which takes what the machine takes."""
        return self.client().visit(errand)

    def visit_soon(self, errand: Look) -> Any:
        """Return its result, which needs no new Chromium."""
        return self.client(PROMISE_S).visit(errand)

    def get_stuck(self, way: Callable[[Page], Awaitable[Any]]) -> None:
        """Have an errand meet its deadline in this way; one that had no time to come so far does not count."""
        errand = Stuck(way=way)
        while not errand.reached.is_set():
            with pytest.raises(DeadlineError):
                self.visit(errand)

    def send(self, errand: Look) -> Outcome:
        return Outcome(lambda: self.client().visit(errand))

    def contexts(self) -> int:
        """Return how many contexts Chromium has."""

        async def count() -> int:
            return len((await self.browser.chromium()).contexts)

        number: int = self.stage.loop.call(count(), PROMISE_S)
        return number

    def close(self) -> None:
        self.stage.close()
        self.site.close()


@pytest.fixture(autouse=True)
def _overlook_others() -> None:
    overlook_others()


@pytest.fixture
def houses(tmp_path: Path) -> Iterator[Callable[..., House]]:
    """Yield a maker of houses for a test of its own."""
    made: list[House] = []

    def make(size: int = 1, **changes: Any) -> House:
        made.append(House(tmp_path, size, **changes))
        return made[-1]

    yield make
    for house in made:
        house.close()


def ways(house: House) -> dict[str, Callable[[Page], Awaitable[Any]]]:
    def alert(page: Page) -> Awaitable[Any]:
        page.on("dialog", lambda _: None)
        return page.evaluate("alert('Answer me')")

    return {
        "a site that never answers": lambda page: page.goto(house.site.url + "/held", timeout=0),
        "a page that stops half way": lambda page: page.goto(house.site.url + "/half", timeout=0),
        "a button that is covered": lambda page: page.click("button", timeout=0),
        "a field that is never ready": lambda page: page.fill("input", "text", timeout=0),
        "an endless loop": lambda page: page.evaluate("() => { while (true) {} }"),
        "a promise that nobody keeps": lambda page: page.evaluate("() => new Promise(() => {})"),
        "an open dialog": alert,
    }


def test_a2_a9_however_a_page_hangs_its_slot_is_back_and_a_neighbour_goes_on(
    houses: Callable[..., House],
) -> None:
    house = houses(size=8)
    errands = {name: StuckInACrowd(way=way) for name, way in ways(house).items()}
    met, all_back = threading.Barrier(2), asyncio.Barrier(len(errands))
    # Chromium and every context take longer to come than an errand is given here.
    all_there = asyncio.Barrier(len(errands) + 1)
    for outcome in [house.send(Gather(barrier=all_there)) for _ in range(len(errands) + 1)]:
        assert outcome.get() == 2
    neighbour = house.send(Meet(barrier=met))
    eventually(lambda: house.stage.state("browser").running)
    stuck = {name: house.send(errand) for name, errand in errands.items()}

    assert {name: verdict(outcome) for name, outcome in stuck.items()} == dict.fromkeys(errands, DeadlineError)

    assert [name for name, errand in errands.items() if not errand.reached.is_set()] == []
    back = [Outcome(lambda: house.visit_soon(Gather(barrier=all_back))) for _ in errands]
    assert [outcome.get() for outcome in back] == [2] * len(errands)
    met.wait(PROMISE_S)
    assert neighbour.get() == 2
    house.stage.all_free("browser")
    assert house.contexts() == len(errands) + 1
    assert house.browser.launches == 1


async def never(_: object) -> None:
    await asyncio.Event().wait()


def verdict(outcome: Outcome) -> type[BaseException] | None:
    try:
        outcome.get()
    except AppError as error:
        return type(error)
    return None


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    house = House(tmp_path_factory.mktemp("chromium"), size=1)
    yield house
    house.close()


def test_a9_a_frozen_renderer_costs_its_own_errand_only(house: House) -> None:
    async def freeze(page: Page) -> Any:
        mine = await own_renderer(house, page)
        mine.suspend()
        return await page.evaluate("1")

    assert house.visit(Look()) == "A page"
    launches = house.browser.launches

    house.get_stuck(freeze)

    assert house.visit_soon(Look()) == "A page"
    assert house.contexts() == 1
    assert house.browser.launches == launches


def test_a10_a_frozen_renderer_that_outlives_its_chromium_is_killed_with_the_rest(house: House) -> None:
    left: list[psutil.Process] = []

    async def freeze_and_kill(page: Page) -> Any:
        left.append(await own_renderer(house, page))
        left[0].suspend()
        # The driver first: a living one kills the group itself.
        for process in (driver(house), chromium(house)):
            process.kill()
        return await page.evaluate("1")

    with pytest.raises(ResourceDiedError):
        house.visit(Killed(way=freeze_and_kill))
    assert not is_dead(left[0])

    assert house.visit(Look()) == "A page"
    assert is_dead(left[0])


def test_a9_a_context_that_opens_late_is_closed_and_costs_no_chromium(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert house.visit(Look()) == "A page"
    house.browser.shed()
    eventually(lambda: not house.contexts(), "its context closed")
    launches, pause = house.browser.launches, threading.Event()
    open_context = PlaywrightBrowser.new_context

    async def late(*args: Any, **options: Any) -> Any:
        context = await open_context(*args, **options)
        await asyncio.to_thread(pause.wait, 2 * BriefWait.deadline_s)
        return context

    with monkeypatch.context() as patch:
        patch.setattr(PlaywrightBrowser, "new_context", late)
        with pytest.raises(DeadlineError):
            house.visit(BriefWait())
        house.stage.all_free("browser")

    assert house.visit_soon(Look()) == "A page"
    assert house.contexts() == 1
    assert house.browser.launches == launches


async def own_renderer(house: House, page: Page) -> psutil.Process:
    """Return the process that works when this page does."""
    tree = chromium(house).children(recursive=True)
    before = {each: each.cpu_times().user for each in tree if "--type=renderer" in each.cmdline()}
    await page.evaluate(SPIN)
    return max(before, key=lambda process: process.cpu_times().user - before[process])


def test_a11_an_errand_that_ignores_its_cancellation_is_counted_until_it_ends_and_its_result_reaches_nobody(
    house: House,
) -> None:
    cancelled, released = threading.Event(), threading.Event()

    async def ignore(_: Page) -> str:
        while not released.is_set():
            try:
                await asyncio.to_thread(released.wait, 20.0)
            except asyncio.CancelledError:
                cancelled.set()
        return "late"

    done = house.stage.state("browser").counters["done"]
    house.get_stuck(ignore)

    assert cancelled.wait(PROMISE_S)
    assert house.visit_soon(Look()) == "A page"
    eventually(lambda: house.stage.state("browser").abandoned == 1, "one counted")
    assert house.contexts() == 1, "the context under it is closed all the same"
    released.set()
    house.stage.all_free("browser")
    assert house.visit(Look()) == "A page"
    assert house.stage.state("browser").counters["done"] == done + 2


def test_a9_a_context_that_never_closes_takes_its_chromium_with_it(
    house: House, quick: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert house.visit(Look()) == "A page"
    launches = house.browser.launches
    with monkeypatch.context() as patch:
        patch.setattr(BrowserContext, "close", never)
        with pytest.raises(DeadlineError):
            house.visit(ShortWait())

        assert house.visit(Look()) == "A page"
    assert house.browser.launches == launches + 1


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Shorten what is waited for a polite end, for the cases in which none can come."""
    monkeypatch.setattr(browser_worker, "CLOSE_LIMIT_S", 0.5)
    monkeypatch.setattr(browser_module, "_LAST_CHANCE_S", 0.5)


def chromium(house: House) -> psutil.Process:
    return chromiums_in(house.folder)[0]


def driver(house: House) -> psutil.Process:
    return psutil.Process(chromium(house).ppid())


VICTIMS = [chromium, driver]


class Replaced:
    """A browser that is up, to be killed and replaced whole."""

    def __init__(self, house: House) -> None:
        assert house.visit(Look()) == "A page"
        self.house, self.old = house, [chromium(house), driver(house)]

    def check(self) -> None:
        assert self.house.visit(Look()) == "A page"
        self.house.stage.all_free("browser")
        eventually(lambda: all(is_dead(process) for process in self.old), "the old browser dead")
        assert len(chromiums_in(self.house.folder)) == 1


@pytest.mark.parametrize(("victim", "limits"), [(chromium, "real"), (driver, "quick")])
def test_a9_what_freezes_during_an_errand_is_killed_and_replaced(
    request: pytest.FixtureRequest, house: House, victim: Callable[[House], psutil.Process], limits: str
) -> None:
    if limits == "quick":
        request.getfixturevalue("quick")
    replaced = Replaced(house)

    async def freeze(page: Page) -> Any:
        victim(house).suspend()
        return await page.evaluate("1")

    house.get_stuck(freeze)

    replaced.check()


@pytest.mark.usefixtures("quick")
@pytest.mark.parametrize("has_context", [True, False], ids=["page opens", "context opens"])
@pytest.mark.parametrize("is_killed", [False, True], ids=["for ever", "then dies"])
@pytest.mark.parametrize("victim", VICTIMS)
def test_a9_what_freezes_while_a_page_or_context_opens_is_killed_and_replaced(
    house: House, victim: Callable[[House], psutil.Process], *, is_killed: bool, has_context: bool
) -> None:
    replaced = Replaced(house)
    if not has_context:
        house.browser.shed()
        eventually(lambda: not house.contexts(), "its context closed")
    frozen = victim(house)
    frozen.suspend()
    revoked = house.stage.state("browser").counters["revoked"]
    waiting = house.send(Wait() if is_killed else BriefWait())

    def has_begun() -> bool:
        state = house.stage.state("browser")
        return bool(state.running) or state.counters["revoked"] > revoked

    eventually(has_begun, "the errand begun")
    # Who asks for Chromium after the errand gets it after the errand.
    house.contexts()
    if is_killed:
        frozen.kill()

    assert verdict(waiting) is (ResourceDiedError if is_killed else DeadlineError)

    replaced.check()


LAUNCHES = {
    "Chromium freezes": ("kill -STOP $$", DeadlineError),
    "Chromium dies": ("kill -KILL $$", ResourceDiedError),
    "the driver freezes": ("kill -STOP $PPID", DeadlineError),
    "the driver dies": ("kill -KILL $PPID", ResourceDiedError),
    "the driver freezes at its own start": ("kill -STOP $$", DeadlineError),
    "the driver dies at its own start": ("kill -KILL $$", ResourceDiedError),
}


@pytest.mark.usefixtures("quick")
@pytest.mark.parametrize(("strike", "expected"), LAUNCHES.values(), ids=LAUNCHES)
def test_a9_a_launch_that_hangs_or_dies_gives_way_to_the_next(
    request: pytest.FixtureRequest,
    houses: Callable[..., House],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    strike: str,
    expected: type[Exception],
) -> None:
    is_driver_s = "own start" in request.node.name
    program = struck_once(tmp_path, NODE if is_driver_s else find(os.environ).path, strike)
    if is_driver_s:
        monkeypatch.setenv("PLAYWRIGHT_NODEJS_PATH", program)
    house = houses(**({} if is_driver_s else {"executable": program}))

    if expected is ResourceDiedError:
        with pytest.raises(ResourceDiedError):
            house.visit(Wait())
    # Of a launch that has not come so far by the deadline nothing hangs yet.
    while (tmp_path / "mark").exists():
        with pytest.raises(DeadlineError):
            house.visit(ShortWait())

    assert house.visit(Look()) == "A page"
    eventually(lambda: len(chromiums_in(tmp_path)) == 1, "one Chromium")
    assert len(drivers()) == 1


NODE = Path(playwright.__file__).parent / "driver" / "node"


def struck_once(folder: Path, program: Path, strike: str) -> str:
    """Write a script that is `program`, but strikes at its first start."""
    mark, script = folder / "mark", folder / "program"
    mark.touch()
    script.write_text(f'#!/bin/sh\nif [ -e {mark} ]; then rm {mark}; {strike}; fi\nexec {program} "$@"\n')
    script.chmod(0o755)
    return str(script)


def test_the_end_comes_before_that_of_a_hung_launch_and_leaves_nothing_of_it(
    houses: Callable[..., House], tmp_path: Path
) -> None:
    house = houses(executable=struck_once(tmp_path, find(os.environ).path, "kill -STOP $$"))
    house.send(Look())
    eventually(lambda: not (tmp_path / "mark").exists(), "the launch hung")

    house.browser.close()

    assert chromiums_in(tmp_path) == []
    assert drivers() == []


def test_the_end_leaves_no_process_even_if_the_loop_does_not_answer(
    houses: Callable[..., House], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(browser_module, "_STOP_LIMIT_S", 0.5)
    house, released = houses(), threading.Event()
    assert house.visit(Look()) == "A page"

    async def block() -> None:
        released.wait(PROMISE_S)

    house.stage.loop.spawn(block())

    with pytest.raises(DeadlineError):
        house.browser.close()

    eventually(lambda: not chromiums_in(house.folder) and all(map(is_dead, drivers())), "no process left")
    released.set()


def test_a_page_that_does_not_close_costs_its_context_and_not_the_result(
    house: House, quick: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Page, "close", never)

    assert house.visit(Look("localStorage.mark = 'kept'")) == "kept"
    assert house.visit(Look("localStorage.mark || 'none'")) == "none"


def test_a6_shedding_closes_what_is_idle_and_nothing_that_works(houses: Callable[..., House]) -> None:
    house = houses(size=2)
    remember, recall = "localStorage.mark = 'kept'", "localStorage.mark || 'none'"
    both = asyncio.Barrier(2)
    for outcome in [house.send(Gather(barrier=both)) for _ in range(2)]:
        assert outcome.get() == 2
    assert house.contexts() == 2
    asked, answered = threading.Event(), threading.Event()

    def grant(_: Any) -> float:
        asked.set()
        assert answered.wait(PROMISE_S)
        return 42.0

    publishing = Outcome(lambda: house.client().visit(Commit(), grant))
    assert asked.wait(PROMISE_S)
    assert house.visit(Look(remember)) == "kept"
    assert house.visit(Look(recall)) == "kept"

    house.browser.shed()

    eventually(lambda: house.contexts() == 1, "the idle context closed")
    assert house.visit(Look(recall)) == "none"
    answered.set()
    assert publishing.get() == (42.0, "kept")
    assert house.browser.launches == 1


def test_a6_an_idle_context_that_does_not_close_is_left_rather_than_cut_a_neighbour(
    houses: Callable[..., House], quick: None, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    house = houses(size=2)
    met = threading.Barrier(2)
    neighbour = house.send(Meet(barrier=met))
    eventually(lambda: house.stage.state("browser").running)
    assert house.visit(Look()) == "A page"
    with monkeypatch.context() as patch:
        patch.setattr(BrowserContext, "close", never)
        house.browser.shed()
        eventually(lambda: "0 idle contexts are closed" in caplog.text)

    met.wait(PROMISE_S)
    assert neighbour.get() == 2
    assert house.browser.launches == 1


def test_a10_a_browser_that_dies_again_and_again_leaves_no_zombie_and_is_launched_no_more_than_the_cap(
    houses: Callable[..., House],
) -> None:
    house = houses()
    cap = house.browser.cap = Launches(limit=6)
    before = zombies()
    for number in range(cap.limit):
        assert house.visit(Look()) == "A page"
        crash(house, number)

    with pytest.raises(ResourceDiedError, match="launched 6 times within 60 s"):
        house.visit(Look())

    assert house.browser.launches == cap.limit
    eventually(lambda: not chromiums_in(house.folder) and not drivers(), "no browser left")
    eventually(lambda: zombies() <= before, "every zombie reaped")


def crash(house: House, number: int) -> None:
    """Kill Chromium and the driver by turns, and see it dead."""
    victim = VICTIMS[number % 2](house)
    victim.kill()
    eventually(lambda: is_dead(victim), "its death")


def zombies() -> set[int]:
    """Return the dead browsers and drivers that nobody has reaped."""
    found = set()
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error):
            is_ours = any(word in process.name() for word in ("headless", "node"))
            if is_ours and process.status() == psutil.STATUS_ZOMBIE:
                found.add(process.pid)
    return found


@pytest.mark.soak
@pytest.mark.timeout(1200)
def test_a10_a_hundred_crashes_leave_no_zombie_and_keep_to_the_cap(houses: Callable[..., House]) -> None:
    house = houses()
    cap = house.browser.cap = Launches()
    before, begun, pause = zombies(), [], threading.Event()
    while house.browser.launches < 100:
        pause.wait(min(cap.wait_s(time.monotonic()), cap.window_s))
        assert house.send(Look()).get() == "A page"
        begun.append(time.monotonic())
        crash(house, len(begun))

    assert all(later - first > cap.window_s - 5 for first, later in zip(begun, begun[cap.limit :], strict=False))
    house.stage.close()
    eventually(lambda: not chromiums_in(house.folder) and not drivers(), "no browser left")
    eventually(lambda: zombies() <= before, "every zombie reaped")
