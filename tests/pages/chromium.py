"""A real Chromium on a loop thread of its own, performing errands for tests that are plain functions."""

from __future__ import annotations

import asyncio
import os
import shutil
import threading
from concurrent.futures import Future
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from playwright.async_api import Browser, Page, async_playwright

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Coroutine

    from actors.pages.errand import Errand

_HEADLESS_SHELL = Path("/usr/lib/chromium/chromium-headless-shell")
_LIMIT_S = 90.0
_FOREVER_MS = 4_102_444_800_000.0
"""The year 2100."""


@dataclass
class FakeDesk:
    """A desk whose run grants every commit, or does what a test says."""

    site: str
    account: str = "us"
    not_after: float = _FOREVER_MS
    refusal: Exception | None = None
    before_grant: Callable[[Page], Awaitable[Any]] | None = None
    """What happens to the page while the run thinks about the commit."""

    prepared: list[Any] = field(default_factory=list)
    page: Page | None = None

    async def commit(self, prepared: Any) -> float:
        """Grant or refuse, and note what was prepared."""
        self.prepared.append(prepared)
        if self.refusal is not None:
            raise self.refusal
        if self.before_grant is not None and self.page is not None:
            await self.before_grant(self.page)
        return self.not_after


class Chromium:
    """One Chromium for many errands, each in a context of its own."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="chromium", daemon=True)
        self._thread.start()
        self._stopped = asyncio.Event()
        ready: Future[Browser] = Future()
        self._main = asyncio.run_coroutine_threadsafe(self._serve(ready), self._loop)
        self._browser = ready.result(_LIMIT_S)

    def perform(self, errand: Errand, desk: FakeDesk, session: Any = None) -> Any:
        """Perform an errand on a fresh page and return its value, or raise what it raises."""

        async def visit(page: Page) -> Any:
            desk.page = page
            return await errand.perform(page, desk)

        return self.on_page(visit, session)

    def on_page(self, visit: Callable[[Page], Coroutine[Any, Any, Any]], session: Any = None) -> Any:
        """Run `visit` with a fresh page in a fresh context, logged in with `session` if given."""

        async def whole() -> Any:
            context = await self._browser.new_context(locale="en-US", storage_state=session)
            try:
                return await visit(await context.new_page())
            finally:
                await context.close()

        return asyncio.run_coroutine_threadsafe(whole(), self._loop).result(_LIMIT_S)

    def close(self) -> None:
        """Stop the browser and the thread."""
        self._loop.call_soon_threadsafe(self._stopped.set)
        self._main.result(_LIMIT_S)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(_LIMIT_S)
        self._loop.close()

    async def _serve(self, ready: Future[Browser]) -> None:
        try:
            async with async_playwright() as driver:
                browser = await driver.chromium.launch(executable_path=_executable(), args=["--disable-gpu"])
                ready.set_result(browser)
                await self._stopped.wait()
                await browser.close()
        except Exception as error:
            if not ready.done():
                ready.set_exception(error)
            raise


def _executable() -> str | None:
    """Find a Chromium: the configured one, the system's, or (None) the one Playwright installed."""
    if configured := os.environ.get("CHROMIUM_PATH"):
        return configured
    return str(_HEADLESS_SHELL) if _HEADLESS_SHELL.exists() else shutil.which("chromium")
