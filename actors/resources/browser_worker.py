"""One slot's context in the shared Chromium: how it is opened, used by one errand at a time, and let go of."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from playwright.async_api import Error as PlaywrightError

from actors.domain.priority import Priority
from actors.errors import PageChangedError, ResourceDiedError, SiteBusyError
from actors.resources.browser_egress import EgressWatch
from actors.resources.desk import SlotDesk

if TYPE_CHECKING:
    from collections.abc import Coroutine

    from playwright.async_api import Browser as Chromium
    from playwright.async_api import BrowserContext, Page

    from actors.errors import AppError
    from actors.messages import Request
    from actors.pages.errand import Errand
    from actors.resources.browser import Browser, Probe

CLOSE_LIMIT_S = 2.0
"""Real seconds that closing may take; a healthy Chromium needs hundredths."""


class BrowserWorker:
    """One slot's context: kept between errands with its login, renewed after an error, an age or a relaunch."""

    def __init__(self, browser: Browser) -> None:
        self._browser = browser
        self._owner: Chromium | None = None
        self._opening: asyncio.Task[None] | None = None
        self._context: BrowserContext | None = None
        self._login = 0
        """The version of the session that the context began with."""
        self._errands = 0
        self._is_working = False
        self._awaits_chromium = False

    async def perform(self, request: Request) -> Any:
        """Run the errand on a fresh page. Playwright's errors become ours.

        Raises:
            PlatformClosedError: the platform's state forbids the errand for now; nothing was opened.
        """
        visit = self._on_page(request)
        is_good = False
        self._is_working = True
        try:
            page, result = await visit
            # The errand has its result: what is wrong with the page from here on costs the context alone.
            is_good = await closed_in_time(page.close())
        except PlaywrightError as error:
            raise translate(error, type(request.work).__name__) from error
        finally:
            self._errands += 1
            if not is_good or self._errands >= self._browser.settings.retire_after:
                await self._drop_context()
            self._is_working = False
        return result

    async def shed(self) -> bool | None:
        """Close the context if no errand uses it; return whether it closed, None when there is nothing to close.

        One that does not close is left behind: others may work beside it, and a clean-up must not cut them.
        """
        if self._context is None or self._is_working:
            return None
        context, self._context = self._context, None
        return await closed_in_time(context.close())

    async def recall(self) -> None:
        """Close the context, which frees every call in it, also that of a page that spins (which alone takes 500 ms).

        An errand that still waits for Chromium has none, and the slot's cancelling ends it.
        """
        context, self._context = self._context, None
        if context is not None and self._owner is not None:
            await self._browser.in_doubt(self._give_up(context, self._owner))

    async def destroy(self) -> None:
        """Close the context, which frees every hung call in it; a Chromium that does not answer is killed."""
        if self._awaits_chromium:
            await self._browser.in_doubt(self._browser.hurry())
        await self._drop_context()

    async def close(self) -> None:
        """Close the context."""
        await self._drop_context()

    def _on_page(self, request: Request) -> Coroutine[Any, Any, tuple[Page, Any]]:
        errand: Errand | Probe = request.work
        if errand.needs_login is None:
            return self._in_chromium(request)
        platform = self._browser.platform
        is_urgent = request.priority is Priority.P0
        ticket = platform.admit(needs_login=errand.needs_login, is_urgent=is_urgent)
        return platform.follow(ticket, self._in_chromium(request))

    async def _in_chromium(self, request: Request) -> tuple[Page, Any]:
        chromium = await self._ready_chromium()
        opened: tuple[Page, Any] = await _while_alive(chromium, self._visit(chromium, request))
        return opened

    async def _ready_chromium(self) -> Chromium:
        self._awaits_chromium = True
        try:
            return await self._browser.chromium()
        finally:
            self._awaits_chromium = False

    async def _visit(self, chromium: Chromium, request: Request) -> tuple[Page, Any]:
        errand: Errand | Probe = request.work
        settings = self._browser.settings
        context = await self._ready_context(chromium)
        # Windows that the last page opened in the moment it was closed: nobody was there any more to dismiss them.
        for left in context.pages:
            await _dismiss(left)
        page = await context.new_page()
        # It would live as long as the context.
        page.on("popup", _dismiss)
        watch = EgressWatch(page, (settings.site,))
        try:
            return page, await errand.perform(page, SlotDesk(settings.site, settings.account, request))
        except (PlaywrightError, PageChangedError, SiteBusyError) as error:
            if watch.refusal is None:
                raise
            raise watch.refusal from error

    async def _ready_context(self, chromium: Chromium) -> BrowserContext:
        if self._context is not None and self._login != self._browser.settings.session.version:
            # A newer session was imported; nothing runs in this context now.
            await self._drop_context()
        if self._context is None or self._owner is not chromium:
            self._owner = chromium
            # A task of its own, because a context that is half made must still be seen, to be closed.
            self._opening = asyncio.create_task(self._open(chromium))
            self._opening.add_done_callback(lambda task: task.cancelled() or task.exception())
            await asyncio.shield(self._opening)
        assert self._context is not None
        return self._context

    async def _open(self, chromium: Chromium) -> None:
        version, session = self._browser.settings.session.held()
        context = await chromium.new_context(
            locale="en-US",
            timezone_id="UTC",
            accept_downloads=False,
            service_workers="block",
            storage_state=dict(session) if session else None,  # type: ignore[arg-type]
        )
        context.set_default_timeout(15_000)
        # Whatever is not granted is denied without a question.
        await context.grant_permissions([])
        self._context, self._errands, self._login = context, 0, version

    async def _drop_context(self) -> None:
        if self._owner is not None:
            await self._browser.in_doubt(self._let_go(self._owner))

    async def _give_up(self, context: BrowserContext, owner: Chromium) -> None:
        """Close a context in the middle of its work. A Chromium that is only slow is spared, for others may publish."""
        if not await closed_in_time(context.close()) and not await closed_in_time(_answer(owner)):
            self._browser.kill(owner)

    async def _let_go(self, owner: Chromium) -> None:
        opening = self._opening
        if opening is not None and not opening.done():
            if owner.is_connected():
                await asyncio.wait({opening}, timeout=CLOSE_LIMIT_S)
            if not opening.done():
                opening.cancel()
                self._browser.kill(owner)
        context, self._context = self._context, None
        if context is not None and not await closed_in_time(context.close()):
            self._browser.kill(owner)


async def _answer(chromium: Chromium) -> None:
    session = await chromium.new_browser_cdp_session()
    await session.send("Browser.getVersion")
    await session.detach()


async def _dismiss(popup: Page) -> None:
    await closed_in_time(popup.close())


async def closed_in_time(closing: Coroutine[Any, Any, None]) -> bool:
    """Return whether a page, a context or a browser closed within its limit, or was gone already."""
    try:
        await asyncio.wait_for(closing, CLOSE_LIMIT_S)
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
