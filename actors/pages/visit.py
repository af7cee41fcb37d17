"""One visit: opening a page of the site, knowing what it is, and finding things on it within a time."""

from __future__ import annotations

import asyncio
import time
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING

from actors.errors import PageChangedError, SiteBusyError
from actors.pages import script, selectors
from actors.pages.wall import PHRASES, SessionState, classify, is_refusal

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from playwright.async_api import Locator, Page

    from actors.pages.selectors import Selector

_OPEN_S = 15.0
_LANDMARK_S = 10.0
_DECISIVE = (selectors.IDENTITY, selectors.LOGIN, selectors.CONSENT)


class Visit:
    """An opened page and the notes an errand takes on it; lives as long as its `perform`. Made by `open`."""

    def __init__(self, page: Page, where: str, session: SessionState, site_time: datetime, asked_at: float) -> None:
        self.page = page
        self.where = where
        """Path of the page that was opened."""

        self.session = session
        """What the page says of our session."""

        self.site_time = site_time
        """The platform's own clock when it answered, from the `Date` header, to the second."""

        self.asked_at = asked_at
        """Wall-clock time (epoch seconds) just before it was asked, so that what passed since is never underrated."""

        self._drift: set[str] = set()

    @classmethod
    async def open(cls, page: Page, site: str, path: str) -> Visit:
        """Go to `path` of `site`, wait for a decisive landmark and judge the page. A wall is no error here.

        Timelines never stop loading, so it waits for the document only, and then for what it needs.

        Raises:
            SiteBusyError: the site does not answer, or without a date, and then no id could be judged.
        """
        asked_at = time.time()
        try:
            async with asyncio.timeout(_OPEN_S):
                response = await page.goto(site + path, wait_until="domcontentloaded", timeout=_OPEN_S * 2000)
        except TimeoutError as error:
            raise SiteBusyError(f"the site did not answer within {_OPEN_S:g} s on {path}") from error
        site_time = date_of(response.headers) if response else None
        if response is None or site_time is None:
            raise SiteBusyError(f"the site answered without a date on {path}")
        if not is_refusal(response.status):
            await appears(page.locator(", ".join(each.css for each in _DECISIVE)), _LANDMARK_S)
        argument = {
            "selectors": {each.name: each.options for each in _DECISIVE},
            "phrases": list(PHRASES),
            "written": f"{selectors.CARD.css}, {selectors.CARD_NAME.css}, {selectors.CARD_TEXT.css}",
        }
        landmarks = await script.run(page, "landmarks", argument)
        return cls(page, path, classify(response.status, landmarks), site_time, asked_at)

    @property
    def drift(self) -> tuple[str, ...]:
        """Selectors that were found by a fallback only, as "name#index"."""
        return tuple(sorted(self._drift))

    def note_drift(self, *found: str) -> None:
        """Add what was found by a fallback."""
        self._drift.update(found)

    async def find(self, selector: Selector, seconds: float) -> str:
        """Wait until `selector` is on the page and return the option that found it, noting a fallback as drift.

        Raises:
            PageChangedError: none of its options matched in that time.
        """
        if await appears(self.page.locator(selector.css), seconds):
            for index, option in enumerate(selector.options):
                if await self.page.locator(option).count():
                    if index:
                        self.note_drift(f"{selector.name}#{index}")
                    return option
        raise PageChangedError(selector.name, self.where)


async def appears(locator: Locator, seconds: float) -> bool:
    """Say whether something is attached within so many real seconds; for waits whose failure has a meaning."""
    try:
        async with asyncio.timeout(seconds):
            # Longer than ours, so that this one ends the wait and only a dead page can raise.
            await locator.first.wait_for(state="attached", timeout=(seconds + 1) * 1000)
    except TimeoutError:
        return False
    return True


def date_of(headers: Mapping[str, str]) -> datetime | None:
    """Return the time of a `Date` header, None when there is none that can be read."""
    try:
        return parsedate_to_datetime(headers["date"])
    except (KeyError, ValueError):
        return None
