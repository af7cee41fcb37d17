"""The composer: the text box and the button that publishes what it holds."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from actors.errors import ComposerMismatchError, PageChangedError
from actors.pages import script, selectors
from actors.pages.visit import appears

if TYPE_CHECKING:
    from actors.pages.visit import Visit

_FOUND_S = 10.0
_FOCUS_S = 5.0
_ENABLED_S = 5.0


class Composer:
    """The text box and its button, with the text that they are to publish."""

    def __init__(self, visit: Visit, text: str) -> None:
        self.text = text
        self._visit = visit
        self._textbox = self._button = ""

    async def write(self) -> None:
        """Put the text into the box through real input events, and read it back.

        Raises:
            ComposerMismatchError: the box holds something else; it was emptied again.
            PageChangedError: there is no box or no button, something covers the box, or the button stays disabled.
        """
        visit, page = self._visit, self._visit.page
        self._textbox = await visit.find(selectors.COMPOSER_TEXT, _FOUND_S)
        self._button = await visit.find(selectors.COMPOSER_SUBMIT, _FOUND_S)
        await self._focus()
        await self._clear()
        for index, line in enumerate(self.text.split("\n")):
            if index:
                await page.keyboard.press("Enter")
            await page.keyboard.insert_text(line)
        if await self._read() != self.text:
            await self._clear()
            raise ComposerMismatchError(selectors.COMPOSER_TEXT.name, visit.where)
        enabled = page.locator(f"{self._button}:not(:disabled):not([aria-disabled='true'])")
        if not await appears(enabled, _ENABLED_S):
            raise PageChangedError(f"{selectors.COMPOSER_SUBMIT.name} (enabled)", visit.where)

    async def submit(self, not_after: float) -> str:
        """Click, unless it is later than `not_after` (epoch milliseconds) or the composer changed; return which."""
        return str((await self._run({"text": self.text, "notAfter": not_after}))["verdict"])

    async def _focus(self) -> None:
        """Click into the box, which proves that nothing covers it."""
        try:
            async with asyncio.timeout(_FOCUS_S):
                await self._visit.page.locator(self._textbox).first.click(timeout=_FOCUS_S * 2000)
        except TimeoutError as error:
            raise PageChangedError(f"{selectors.COMPOSER_TEXT.name} (uncovered)", self._visit.where) from error

    async def _read(self) -> str | None:
        text: str | None = (await self._run(None))["text"]
        return text

    async def _run(self, submit: dict[str, str | float] | None) -> Any:
        argument = {"textbox": self._textbox, "button": self._button, "submit": submit}
        return await script.run(self._visit.page, "composer", argument)

    async def _clear(self) -> None:
        if await self._read():
            await self._visit.page.keyboard.press("Control+A")
            await self._visit.page.keyboard.press("Delete")
