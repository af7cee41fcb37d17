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
_READERS = frozenset({"cards", "cells", "profile"})
"""Scripts that take what `scripts/reading.js` offers as their second argument."""

_QUIET_S = 0.1
"""A page without a change for so long has come to rest."""

SETTLE_S = 1.0
_END_S = 0.4
"""So long a page may take, in real seconds, to show that it loads more."""


@cache
def load(name: str) -> str:
    """Return the source of `scripts/<name>.js`, which is one expression: a function of one argument, or its parts."""
    source = (_FOLDER / f"{name}.js").read_text(encoding="utf-8")
    return f"(argument) => (\n{source})(argument,\n{load('reading')})" if name in _READERS else source


def pace(seconds: float, *, is_brief_at_end: bool = False) -> dict[str, float]:
    """Return how long a reading script waits for what is new, in real seconds, and for the page to come to rest then.

    `is_brief_at_end` cuts the wait short where the page seems to end.
    """
    return {
        "waitMs": seconds * 1000,
        "endMs": (_END_S if is_brief_at_end else seconds) * 1000,
        "quietMs": _QUIET_S * 1000,
        "settleMs": SETTLE_S * 1000,
    }


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
