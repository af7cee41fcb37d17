"""The browser: one Chromium on the loop thread, one context a slot, a fresh page for each errand."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from playwright.async_api import Error as PlaywrightError
from playwright.async_api import async_playwright

from actors.domain.launches import Launches
from actors.domain.platform_state import Platform
from actors.errors import ActorUnavailableError, ResourceDiedError
from actors.messages import Demand
from actors.resources.browser_egress import arguments, require_outside
from actors.resources.browser_process import BrowserProcesses
from actors.resources.browser_worker import CLOSE_LIMIT_S, BrowserWorker, closed_in_time
from actors.resources.platform_watch import PlatformWatch
from actors.runtime.resource import Resource
from actors.runtime.slot import CoroutineSlot, Place

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Mapping

    from playwright.async_api import Browser as Chromium
    from playwright.async_api import Page, Playwright

    from actors.pages.errand import Desk, Errand
    from actors.resources.login import Login
    from actors.runtime.client import Caller
    from actors.runtime.loop import LoopThread
    from actors.runtime.slot import Slot

logger = logging.getLogger(__name__)

_LAUNCH_LIMIT_S = 20.0
_STOP_LIMIT_S = 3 * CLOSE_LIMIT_S
_LAST_CHANCE_S = 2.0
"""How long a launch may still take once an errand that waits for it is past its deadline; it takes half a second."""

# Background traffic off: a container pays for it, and an errand must not meet a first-run page.
_ARGUMENTS = (
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-quic",
    "--no-first-run",
)


@dataclass(frozen=True, slots=True)
class Probe:
    """The breaker's errand: a page that answers proves the browser, whatever the site does."""

    needs_login: ClassVar[None] = None
    """It is no errand on the site, so the platform's state neither refuses it nor hears of it."""

    async def perform(self, page: Page, desk: Desk) -> None:
        """Let the page compute something."""
        await page.evaluate("1")


@dataclass(frozen=True, slots=True)
class BrowserSettings:
    """What the browser needs to know; `environment` is all that Chromium inherits. Times in real seconds."""

    executable: str | None
    site: str
    account: str
    session: Login
    idle_stop_s: float
    retire_after: int
    environment: Mapping[str, str]


class Browser(Resource):
    """The resource: driver and Chromium, started by the first errand and stopped when nothing has run for a while."""

    name = "browser"
    probe = Probe()

    def __init__(self, loop: LoopThread, settings: BrowserSettings, platform: Platform | None = None) -> None:
        """`platform` outlives this browser: a new loop or a new life of the front does not make the site forget."""
        self.settings = settings
        self.platform = PlatformWatch(platform or Platform(), settings.account, settings.session)
        self.launches = 0
        self.cap = Launches()
        self._loop = loop
        self._lock = asyncio.Lock()
        self._driver: Playwright | None = None
        self._chromium: Chromium | None = None
        self._processes: BrowserProcesses | None = None
        self._workers: dict[int, BrowserWorker] = {}
        self._launch: asyncio.Task[Chromium] | None = None
        self._launch_limit: asyncio.Timeout | None = None
        self._doubts: set[asyncio.Task[None]] = set()
        """Steps under way that show whether Chromium still answers."""

    def make_slot(self, place: Place) -> Slot:
        """Return a slot on the loop; its context is made by its first errand."""
        worker = self._workers[place.index] = BrowserWorker(self)
        return CoroutineSlot(place, worker, self._loop)

    def condition(self) -> str:
        """Return the platform's state."""
        return self.platform.state

    def idle(self, since: float) -> None:
        """Stop Chromium and its driver: together they cost 250 MB and come back in under a second."""
        now = time.monotonic()
        if self._driver is not None and now - since >= self.settings.idle_stop_s and self.cap.can_spare(now):
            self._spawn(self._stop("idle"))

    def abandon(self) -> None:
        """Kill Chromium and its driver: whatever the lost loop still wants to do there, it cannot."""
        # The next browser has the platform's state on a loop of its own.
        self.platform.detach()
        self._kill_from_outside("the event loop is lost")

    def shed(self) -> None:
        """Give memory back: close the contexts of the slots that are idle right now, never of one that works.

        From any thread, without waiting. An errand that comes meanwhile gets a context of its own.
        """
        self._spawn(self._shed())

    def close(self) -> None:
        """Stop Chromium and its driver, and a launch under way; whatever the loop does, nothing of them is left."""
        try:
            self._loop.call(self._shut_down(), timeout=_STOP_LIMIT_S)
        finally:
            self._kill_from_outside("shutdown")

    def _spawn(self, coroutine: Coroutine[Any, Any, None]) -> None:
        # With a loop that has stopped, Chromium is about to be killed anyway.
        with contextlib.suppress(ActorUnavailableError):
            self._loop.spawn(coroutine)

    async def chromium(self) -> Chromium:
        """Return the running Chromium, launching it if need be. On the loop only.

        While another slot finds out whether Chromium still answers, this waits: nobody is given a hung one. A caller
        that is cancelled leaves the launch to go on, because half a launch would leave processes behind.

        Raises:
            ResourceDiedError: it cannot be launched; the message says why and what to do.
        """
        if self._doubts:
            await asyncio.wait(set(self._doubts), timeout=_LAST_CHANCE_S + CLOSE_LIMIT_S)
        if self._launch is None or self._launch.done():
            self._launch = asyncio.create_task(self._launched())
            # Its askers may all be gone by then; the log has the error.
            self._launch.add_done_callback(lambda task: task.cancelled() or task.exception())
        return await asyncio.shield(self._launch)

    async def in_doubt(self, step: Coroutine[Any, Any, None]) -> None:
        """Take a step that shows whether Chromium still answers, to its end even if the caller is cancelled.

        The step bounds its own waits. Until it ends, nobody else is given Chromium.
        """
        task = asyncio.create_task(step)
        self._doubts.add(task)
        task.add_done_callback(self._doubts.discard)
        await asyncio.shield(task)

    async def hurry(self) -> None:
        """An errand is past its deadline and still waits for the launch: leave the launch a last chance."""
        if self._launch is not None and not self._launch.done():
            self._limit_launch(_LAST_CHANCE_S)
            await asyncio.wait({self._launch}, timeout=_LAST_CHANCE_S + CLOSE_LIMIT_S)

    def kill(self, hung: Chromium) -> None:
        """Kill Chromium and its driver with all their children, and forget them: the last resort when closing hangs.

        Every call that waits for them raises at once. A Chromium that has a successor by now is left alone.
        """
        if hung is self._chromium:
            self._chromium = self._driver = None
            self._kill_processes("it does not answer")

    async def _launched(self) -> Chromium:
        async with self._lock:
            # A driver that died leaves Playwright in the belief that it is connected.
            is_whole = self._processes is not None and self._processes.are_whole()
            if self._chromium is not None and self._chromium.is_connected() and is_whole:
                return self._chromium
            await self._stop_locked()
            # Before the launch is counted: what is refused for its address starts nothing.
            await require_outside(self.settings.site)
            self._admit_launch(time.monotonic())
            try:
                async with asyncio.timeout(_LAUNCH_LIMIT_S) as self._launch_limit:
                    return await self._start()
            except (PlaywrightError, OSError, TimeoutError) as error:
                # Nothing of it is worth a polite end, and a hung one would not hear of it.
                driver, self._driver, self._chromium = self._driver, None, None
                self._kill_processes("its launch failed")
                if driver is not None:
                    await closed_in_time(driver.stop())
                why = "it took too long" if isinstance(error, TimeoutError) else str(error)
                logger.warning("Chromium cannot be launched", extra={"action": "browser_launch_failed", "data": why})
                raise ResourceDiedError(
                    f"Chromium cannot be launched: {why}", "run `make setup`, or set CHROMIUM_PATH"
                ) from error
            finally:
                self._launch_limit = None

    def _admit_launch(self, now: float) -> None:
        cap = self.cap
        wait_s = cap.wait_s(now)
        if wait_s > 0:
            raise ResourceDiedError(
                f"Chromium was launched {cap.limit} times within {cap.window_s:g} s, the next may be in {wait_s:.0f} s",
                "the log says how each one ended",
            )
        cap.begin(now)

    async def _start(self) -> Chromium:
        started = time.monotonic()
        processes = self._processes = BrowserProcesses()
        self._driver = await async_playwright().start()
        self._chromium = await self._driver.chromium.launch(
            executable_path=self.settings.executable,
            args=[*_ARGUMENTS, *arguments((self.settings.site,))],
            env=dict(self.settings.environment),
            handle_sigint=False,
            handle_sigterm=False,
            handle_sighup=False,
        )
        session = await self._chromium.new_browser_cdp_session()
        info = await session.send("SystemInfo.getProcessInfo")
        await session.detach()
        pid = next(each["id"] for each in info["processInfo"] if each["type"] == "browser")
        processes.launched(pid)
        self.launches += 1
        logger.info(
            "Chromium is up",
            extra={"action": "browser_launched", "pid": pid, "took_ms": int(1000 * (time.monotonic() - started))},
        )
        return self._chromium

    def _limit_launch(self, seconds: float) -> None:
        """Let the launch under way, if any, take no longer than so many real seconds from now."""
        limit, until = self._launch_limit, asyncio.get_running_loop().time() + seconds
        if limit is not None and not limit.expired() and (limit.when() or until) >= until:
            limit.reschedule(until)

    def _kill_processes(self, why: str) -> None:
        self._kill_from_outside(why)
        self._processes = None

    def _kill_from_outside(self, why: str) -> None:
        """Kill what lives of driver and Chromium; from any thread, for all else here belongs to the loop."""
        processes = self._processes
        if processes is not None and processes.kill():
            logger.warning("Chromium is killed: %s", why, extra={"action": "browser_killed", "data": why})

    async def _shed(self) -> None:
        closed = await asyncio.gather(*(worker.shed() for worker in self._workers.values()))
        logger.info(
            "%d idle contexts are closed",
            closed.count(True),
            extra={"action": "browser_shed", "closed": closed.count(True), "hung": closed.count(False)},
        )

    async def _shut_down(self) -> None:
        self._limit_launch(0.0)
        await self._stop("shutdown")

    async def _stop(self, why: str) -> None:
        async with self._lock:
            if self._driver is not None:
                await self._stop_locked()
                logger.info("Chromium is stopped (%s)", why, extra={"action": "browser_stopped", "data": why})

    async def _stop_locked(self) -> None:
        chromium, driver = self._chromium, self._driver
        self._chromium = self._driver = None
        if chromium is not None:
            await closed_in_time(chromium.close())
        if driver is not None:
            await closed_in_time(driver.stop())
        self._kill_processes("it does not end by itself")


@dataclass(frozen=True, slots=True)
class BrowserClient:
    """What a job holds of the browser: it sends errands and never sees a page."""

    caller: Caller

    def visit(self, errand: Errand, on_commit: Callable[[Any], float] | None = None) -> Any:
        """Return the errand's result. `on_commit` is called in this thread before the errand's commit point.

        Raises:
            AppError: in the words of `actors.errors`, by the errand, the slot or the front.
        """
        scope = self.caller.scope
        done_s = scope.worked.get(self.caller.front.name, 0.0)
        rest_s = 0.0 if scope.length is None else scope.length.remaining_s(done_s)
        demand = Demand(
            owner=scope.owner,
            since=scope.since,
            expected_s=errand.expected_s,
            remaining_s=max(rest_s, errand.expected_s),
            # Twice sure: what may ask for a commit is never done twice.
            recallable=errand.recallable and on_commit is None,
        )
        return self.caller.call(errand, errand.deadline_s, on_commit, demand)
