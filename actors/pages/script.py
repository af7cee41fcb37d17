"""The scripts that run inside a page: plain files, because what a bundler or a formatter adds breaks them there."""

from __future__ import annotations

import asyncio
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from actors.errors import DeadlineError

if TYPE_CHECKING:
    from playwright.async_api import Page

_FOLDER = Path(__file__).parent / "scripts"
_GRACE_S = 5.0


@cache
def load(name: str) -> str:
    """Return the source of `scripts/<name>.js`, which is one function expression."""
    return (_FOLDER / f"{name}.js").read_text(encoding="utf-8")


async def run(page: Page, name: str, argument: dict[str, Any], expected_s: float = 0.0) -> Any:
    """Run a script in the page and return its value.

    `expected_s` is how long the script itself may wait, in real seconds. A page that spins answers nothing and
    Playwright would wait for ever, so this gives up a little later.

    Raises:
        DeadlineError: the page did not answer.
    """
    try:
        async with asyncio.timeout(expected_s + _GRACE_S):
            return await page.evaluate(load(name), argument)
    except TimeoutError as error:
        raise DeadlineError(f"the page did not finish the script {name} within {expected_s + _GRACE_S:g} s") from error
