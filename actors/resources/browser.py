"""The browser: one Chromium on the loop thread, one context a slot, a fresh page for each errand."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import psutil
from playwright.async_api import Error as PlaywrightError
from playwright.async_api import async_playwright

from actors.errors import AppError, CommitRefusedError, ResourceDiedError, SiteBusyError
from actors.runtime.slot import CoroutineSlot, Place

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Mapping

    from playwright.async_api import Browser as Chromium
    from playwright.async_api import BrowserContext, Page, Playwright

    from actors.messages import CommitReply, Request
    from actors.pages.errand import Desk, Errand
    from actors.runtime.client import Caller
    from actors.runtime.loop import LoopThread
    from actors.runtime.slot import Slot

logger = logging.getLogger(__name__)

_LAUNCH_LIMIT_S = 20.0
_CLOSE_LIMIT_S = 2.0
_COMMIT_LIMIT_S = 10.0
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

    async def perform(self, page: Page, desk: Desk) -> None:
        """Let the page compute something."""
        await page.evaluate("1")


@dataclass(frozen=True, slots=True)
class BrowserSettings:
    """What the browser needs to know; `environment` is all that Chromium inherits. Times in real seconds."""

    executable: str | None
    site: str
    account: str
    session: Mapping[str, Any] | None
    idle_stop_s: float
    retire_after: int
    environment: Mapping[str, str]


class Browser:
    """The resource: driver and Chromium, started by the first errand and stopped when nothing has run for a while."""

    name = "browser"
    probe = Probe()

    def __init__(self, loop: LoopThread, settings: BrowserSettings) -> None:
        self.settings = settings
        self._loop = loop
        self._lock = asyncio.Lock()
        self._driver: Playwright | None = None
        self._chromium: Chromium | None = None
        self._processes: tuple[psutil.Process, ...] = ()
        self.launches = 0

    def make_slot(self, place: Place) -> Slot:
        """Return a slot on the loop; its context is made by its first errand."""
        return CoroutineSlot(place, BrowserWorker(self), self._loop)

    def reset(self) -> None:
        """Nothing is stale: a lost Chromium is noticed by its own disconnect."""

    def idle(self, since: float) -> None:
        """Stop Chromium and its driver: together they cost 250 MB and come back in under a second."""
        if self._driver is not None and time.monotonic() - since >= self.settings.idle_stop_s:
            self._loop.spawn(self._stop("idle"))

    def abandon(self) -> None:
        """Kill Chromium and its driver: whatever the lost loop still wants to do there, it cannot."""
        self.kill()

    def close(self) -> None:
        """Stop Chromium and its driver."""
        self._loop.call(self._stop("shutdown"), timeout=3 * _CLOSE_LIMIT_S)

    async def chromium(self) -> Chromium:
        """Return the running Chromium, launching it if need be. On the loop only.

        A caller that is cancelled leaves the launch to go on, because half a launch would leave processes behind.

        Raises:
            ResourceDiedError: it cannot be launched; the message says why and what to do.
        """
        return await asyncio.shield(self._launched())

    async def _launched(self) -> Chromium:
        async with self._lock:
            # A driver that died leaves Playwright in the belief that it is connected.
            is_whole = len(self._living()) == len(self._processes)
            if self._chromium is not None and self._chromium.is_connected() and is_whole:
                return self._chromium
            await self._stop_locked()
            try:
                async with asyncio.timeout(_LAUNCH_LIMIT_S):
                    return await self._launch()
            except (PlaywrightError, OSError, TimeoutError) as error:
                await self._stop_locked()
                raise ResourceDiedError(
                    f"Chromium cannot be launched: {error}", "run `make setup`, or set CHROMIUM_PATH"
                ) from error

    async def _launch(self) -> Chromium:
        started = time.monotonic()
        self._driver = await async_playwright().start()
        self._chromium = await self._driver.chromium.launch(
            executable_path=self.settings.executable,
            args=list(_ARGUMENTS),
            env=dict(self.settings.environment),
            handle_sigint=False,
            handle_sigterm=False,
            handle_sighup=False,
        )
        session = await self._chromium.new_browser_cdp_session()
        info = await session.send("SystemInfo.getProcessInfo")
        await session.detach()
        main = psutil.Process(next(each["id"] for each in info["processInfo"] if each["type"] == "browser"))
        self._processes = (main, psutil.Process(main.ppid()))
        self.launches += 1
        logger.info(
            "Chromium is up",
            extra={"action": "browser_launched", "pid": main.pid, "took_ms": int(1000 * (time.monotonic() - started))},
        )
        return self._chromium

    def kill(self) -> None:
        """Kill Chromium and its driver with all their children, and forget them: the last resort when closing hangs.

        Every call that waits for them raises at once.
        """
        left = self._living()
        if not left:
            return
        logger.warning("Chromium is killed", extra={"action": "browser_killed", "pid": left[0].pid})
        self._chromium = self._driver = None
        for process in left:
            with contextlib.suppress(psutil.NoSuchProcess):
                for each in [*process.children(recursive=True), process]:
                    with contextlib.suppress(psutil.NoSuchProcess):
                        each.kill()

    def _living(self) -> list[psutil.Process]:
        """Return Chromium's main process and the driver's, as far as they run."""
        return [process for process in self._processes if _runs(process)]

    async def _stop(self, why: str) -> None:
        async with self._lock:
            if self._driver is not None:
                await self._stop_locked()
                logger.info("Chromium is stopped (%s)", why, extra={"action": "browser_stopped", "data": why})

    async def _stop_locked(self) -> None:
        chromium, driver = self._chromium, self._driver
        self._chromium = self._driver = None
        if chromium is not None:
            await _closed_in_time(chromium.close())
        if driver is not None:
            await _closed_in_time(driver.stop())
        self.kill()
        self._processes = ()


class BrowserWorker:
    """One slot's context: kept between errands with its login, renewed after an error, an age or a relaunch."""

    def __init__(self, browser: Browser) -> None:
        self._browser = browser
        self._context: BrowserContext | None = None
        self._owner: Chromium | None = None
        self._errands = 0
        self._is_opening = False

    async def perform(self, request: Request) -> Any:
        """Run the errand on a fresh page. Playwright's errors become ours."""
        succeeded = False
        try:
            chromium = await self._browser.chromium()
            result = await _while_alive(chromium, self._visit(chromium, request))
            succeeded = True
        except PlaywrightError as error:
            raise translate(error, type(request.work).__name__) from error
        finally:
            self._errands += 1
            if not succeeded or self._errands >= self._browser.settings.retire_after:
                await self._drop_context()
        return result

    async def _visit(self, chromium: Chromium, request: Request) -> Any:
        errand: Errand | Probe = request.work
        context = await self._ready_context(chromium)
        page = await context.new_page()
        result = await errand.perform(page, SlotDesk(self._browser.settings, request))
        await page.close()
        return result

    async def destroy(self) -> None:
        """Close the context, which frees every hung call in it; a Chromium that does not answer is killed."""
        if self._is_opening:
            # There is nothing to close yet: Chromium itself does not answer.
            self._browser.kill()
        await self._drop_context()

    async def close(self) -> None:
        """Close the context."""
        await self._drop_context()

    async def _ready_context(self, chromium: Chromium) -> BrowserContext:
        if self._context is not None and self._owner is chromium:
            return self._context
        session = self._browser.settings.session
        self._is_opening = True
        try:
            context = await chromium.new_context(
                locale="en-US",
                timezone_id="UTC",
                accept_downloads=False,
                service_workers="block",
                storage_state=dict(session) if session else None,  # type: ignore[arg-type]
            )
        finally:
            self._is_opening = False
        context.set_default_timeout(15_000)
        self._context, self._owner, self._errands = context, chromium, 0
        return context

    async def _drop_context(self) -> None:
        context, self._context = self._context, None
        if context is not None and not await _closed_in_time(context.close()):
            self._browser.kill()


class SlotDesk:
    """The desk of one errand: passes the question at the commit point to the run that waits for the errand."""

    def __init__(self, settings: BrowserSettings, request: Request) -> None:
        self.site, self.account = settings.site, settings.account
        self._request = request

    async def commit(self, prepared: Any) -> float:
        """Ask the run; see `actors.pages.errand.Desk`."""
        loop = asyncio.get_running_loop()
        answer: asyncio.Future[float] = loop.create_future()
        reply: CommitReply = self._request.reply  # type: ignore[assignment]
        reply.ask_permit(prepared, LoopPermit(loop, answer))
        try:
            return await asyncio.wait_for(answer, _COMMIT_LIMIT_S)
        except TimeoutError:
            raise CommitRefusedError(f"the run gave no permission within {_COMMIT_LIMIT_S:g} s") from None


class LoopPermit:
    """Carries the run's answer from its thread to the loop."""

    def __init__(self, loop: asyncio.AbstractEventLoop, answer: asyncio.Future[float]) -> None:
        self._loop, self._answer = loop, answer

    def grant(self, not_after: float) -> None:
        """Allow the click until this epoch time in milliseconds."""
        self._loop.call_soon_threadsafe(_settle, self._answer.set_result, self._answer, not_after)

    def refuse(self, error: BaseException) -> None:
        """Forbid it."""
        self._loop.call_soon_threadsafe(_settle, self._answer.set_exception, self._answer, error)


def _settle(setter: Callable[[Any], None], answer: asyncio.Future[float], value: Any) -> None:
    if not answer.done():
        setter(value)


def _runs(process: psutil.Process) -> bool:
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


async def _closed_in_time(closing: Any) -> bool:
    try:
        await asyncio.wait_for(closing, _CLOSE_LIMIT_S)
    except TimeoutError:
        return False
    except PlaywrightError:
        # It is gone already, which is what was wanted.
        return True
    return True


async def _while_alive(chromium: Chromium, visit: Coroutine[Any, Any, Any]) -> Any:
    """Return the visit's result. Playwright may wait for ever for a Chromium that died while a page was opened."""
    task = asyncio.ensure_future(visit)

    def end(_: object) -> None:
        task.cancel()

    chromium.on("disconnected", end)
    try:
        return await task
    except asyncio.CancelledError:
        if chromium.is_connected():
            raise
        raise ResourceDiedError("Chromium died under the errand") from None
    finally:
        chromium.remove_listener("disconnected", end)


def translate(error: PlaywrightError, errand: str) -> AppError:
    """Return our word for Playwright's error. A site that cannot be reached says nothing of the browser."""
    first_line = error.message.partition("\n")[0]
    if "net::ERR_" in first_line:
        return SiteBusyError(f"{errand}: the site cannot be reached: {first_line}", "check PLATFORM_URL")
    return ResourceDiedError(f"{errand}: {first_line}")


@dataclass(frozen=True, slots=True)
class BrowserClient:
    """What a job holds of the browser: it sends errands and never sees a page."""

    caller: Caller

    def visit(self, errand: Errand, on_commit: Callable[[Any], float] | None = None) -> Any:
        """Return the errand's result. `on_commit` is called in this thread before the errand's commit point.

        Raises:
            AppError: in the words of `actors.errors`, by the errand, the slot or the front.
        """
        return self.caller.call(errand, errand.deadline_s, on_commit)
