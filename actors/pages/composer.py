"""The composer: the text box and the button that publishes what it holds."""

from __future__ import annotations

import asyncio
import re
from typing import TYPE_CHECKING, Any

from actors.errors import ComposerMismatchError, PageChangedError, TargetError
from actors.pages import script, selectors
from actors.pages.visit import appears
from actors.pages.wall import refuse_walls

if TYPE_CHECKING:
    from actors.pages.reply import Target
    from actors.pages.visit import Visit

_FOUND_S = 10.0
_FOCUS_S = 5.0
_ENABLED_S = 5.0
_TARGET_S = 5.0
_TARGET = re.compile(r"^\s*Replying to\s*@")


class Composer:
    """The text box and its button, with the text that they are to publish; those of the reply's dialog for a target."""

    def __init__(self, visit: Visit, text: str, target: Target | None = None) -> None:
        self.text = text.replace("\r\n", "\n")
        self._visit = visit
        self._target = target
        self._textbox = self._button = ""

    async def write(self) -> None:
        """Put the text into the box through real input events, and read it back.

        Raises:
            ComposerMismatchError: the box holds something else; it was emptied again.
            PageChangedError: there is no box or no button, something covers the box, the button stays disabled, or the
                dialog does not say whom it answers.
            ChallengeError: a wall came up and covers the box.
            TargetError: "not_shown": the dialog answers another post than the target.
        """
        visit, page, is_reply = self._visit, self._visit.page, self._target is not None
        textbox, button = (
            (selectors.REPLY_TEXT, selectors.REPLY_SUBMIT)
            if is_reply
            else (selectors.COMPOSER_TEXT, selectors.COMPOSER_SUBMIT)
        )
        self._textbox = await visit.find(textbox, _FOUND_S)
        self._button = await visit.find(button, _FOUND_S)
        if is_reply:
            await self._require_target()
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
        """Click, unless it is later than `not_after` (epoch milliseconds) or the composer changed; return which.

        With a target it is looked at again, in the same moment, whether the dialog still answers it.
        """
        return str((await self._run({"text": self.text, "notAfter": not_after}))["verdict"])

    async def _require_target(self) -> None:
        """Let nothing be written into a dialog that answers somebody else."""
        line = self._visit.page.locator(selectors.REPLY_TARGET.css).filter(has_text=_TARGET)
        await appears(line, _TARGET_S)
        aim = (await self._run(None))["aim"]
        if aim == "unknown":
            raise PageChangedError(selectors.REPLY_TARGET.name, self._visit.where)
        if aim != "target":
            raise TargetError(f"the dialog on {self._visit.where} answers another post", "not_shown")

    async def _focus(self) -> None:
        """Click into the box, which proves that nothing covers it."""
        try:
            async with asyncio.timeout(_FOCUS_S):
                await self._visit.page.locator(self._textbox).first.click(timeout=_FOCUS_S * 2000)
        except TimeoutError as error:
            # A wall may have come up since the page was judged.
            await self._visit.judge()
            refuse_walls(self._visit.session, self._visit.where)
            raise PageChangedError(f"{selectors.COMPOSER_TEXT.name} (uncovered)", self._visit.where) from error

    async def _read(self) -> str | None:
        text: str | None = (await self._run(None))["text"]
        return text

    async def _run(self, submit: dict[str, str | float] | None) -> Any:
        argument = {"textbox": self._textbox, "button": self._button, "target": self._aim(), "submit": submit}
        return await script.run(self._visit.page, "composer", argument)

    def _aim(self) -> dict[str, str] | None:
        if self._target is None:
            return None
        return {
            "id": self._target.id,
            "author": self._target.author,
            "dialog": selectors.REPLY_DIALOG.css,
            "line": selectors.REPLY_TARGET.css,
            "card": selectors.CARD.css,
            "quote": selectors.CARD_QUOTE.css,
            "link": selectors.CARD_LINK.options[0],
        }

    async def _clear(self) -> None:
        if await self._read():
            await self._visit.page.keyboard.press("Control+A")
            await self._visit.page.keyboard.press("Delete")
