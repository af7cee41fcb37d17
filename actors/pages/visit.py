"""One visit: opening a page of the site, knowing what it is, and finding things on it within a time."""

from __future__ import annotations

import asyncio
import re
import time
from dataclasses import dataclass, replace
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from actors.domain.egress import verdict
from actors.errors import EgressError, PageChangedError, SiteBusyError
from actors.pages import script, selectors
from actors.pages.wall import (
    PHRASES,
    TOO_MANY_REQUESTS,
    SessionState,
    Wall,
    classify,
    is_consent_path,
    is_told_at_once,
    trouble,
)

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from playwright.async_api import Locator, Page, Response

    from actors.pages.selectors import Selector

_OPEN_S = 15.0
_LANDMARK_S = 10.0
_BUTTON_S = 1.0
_DISMISS_S = 5.0
_DECISIVE = (selectors.IDENTITY, selectors.LOGIN, selectors.CONSENT)
_REFUSE_COOKIES = re.compile(rf"^\s*{re.escape(selectors.CONSENT_REFUSE.text)}\s*$")
_API = "/i/api/"


class Visit:
    """An opened page and the notes an errand takes on it; lives as long as its `perform`. Made by `open`."""

    def __init__(self, page: Page, where: str, arrival: _Arrival) -> None:
        self.page = page
        self.where = where
        """Path of the page that was opened."""

        self.session = SessionState(Wall.UNKNOWN)
        """What the page says of our session."""

        self.site_time = arrival.site_time
        """The platform's own clock when it answered, from the `Date` header, to the second."""

        self.asked_at = arrival.asked_at
        """Wall-clock time (epoch seconds) just before it was asked, so that what passed since is never underrated."""

        self._status = arrival.status
        self._traffic = arrival.traffic
        self._drift: set[str] = set()

    @classmethod
    async def open(cls, page: Page, site: str, path: str) -> Visit:
        """Go to `path` of `site`, wait for a decisive landmark and judge the page. A wall is no error here.

        Of a consent wall the button that refuses all cookies but the necessary is clicked, once, and the page judged
        anew. Timelines never stop loading, so it waits for the document only, and then for what it needs.

        Raises:
            SiteBusyError: the site does not answer, or without a date, and then no id could be judged.
            EgressError: site and path together lead elsewhere; nothing was asked for.
        """
        visit = await cls._go(page, site, path)
        if visit.session.state is Wall.CONSENT:
            was_sent_elsewhere = is_consent_path(urlsplit(page.url).path)
            if await visit.refuse_cookies():
                drift = visit.drift
                if was_sent_elsewhere:
                    visit = await cls._go(page, site, path)
                    visit.note_drift(*drift)
                else:
                    await visit.judge()
        return visit

    @classmethod
    async def _go(cls, page: Page, site: str, path: str) -> Visit:
        reason = verdict(site + path, (site,))
        if reason is not None:
            raise EgressError(site + path, reason, path)
        traffic = _Traffic()
        page.on("response", traffic.notice)
        asked_at = time.time()
        try:
            async with asyncio.timeout(_OPEN_S):
                response = await page.goto(site + path, wait_until="domcontentloaded", timeout=_OPEN_S * 2000)
        except TimeoutError as error:
            raise SiteBusyError(f"the site did not answer within {_OPEN_S:g} s on {path}") from error
        site_time = date_of(response.headers) if response else None
        if response is None or site_time is None:
            raise SiteBusyError(f"the site answered without a date on {path}")
        visit = cls(page, path, _Arrival(response.status, site_time, asked_at, traffic))
        await visit.judge()
        return visit

    async def judge(self) -> None:
        """Look at the page as it is now, and say in `session` what it is."""
        if not is_told_at_once(self._status, urlsplit(self.page.url).path):
            decisive = [*(each.css for each in _DECISIVE), selectors.CONSENT_REFUSE.options[0]]
            await appears(self.page.locator(", ".join(decisive)), _LANDMARK_S)
        argument = {
            "selectors": {each.name: each.options for each in _DECISIVE},
            "phrases": list(PHRASES),
            "written": f"{selectors.CARD.css}, {selectors.CARD_NAME.css}, {selectors.CARD_TEXT.css}",
        }
        landmarks = await script.run(self.page, "landmarks", argument)
        session = classify(self._status, landmarks)
        # The site words a 429 of its API like any failure.
        self.session = replace(session, state=self.blame(session.state)) if session.state is Wall.BUSY else session

    def blame(self, failure: Wall) -> Wall:
        """Return what stands behind a failure that the page shows: RATE_LIMITED once the API answered 429."""
        return Wall.RATE_LIMITED if self.is_throttled else failure

    def refuse_failure(self, words: str | None, *, is_empty: bool) -> None:
        """Pass what a page says in place of its content, unless it says that the site failed. `is_empty`: it has none.

        Raises:
            SiteBusyError: the page says that it could not be loaded.
            RateLimitedError: so it does because we ask too often, or it shows nothing for this reason.
        """
        failures = [wall for phrase, wall in PHRASES.items() if (words or "").startswith(phrase)]
        if failures:
            raise trouble(self.blame(failures[0]), self.where)
        if self.is_throttled and is_empty:
            raise trouble(Wall.RATE_LIMITED, self.where)

    @property
    def is_throttled(self) -> bool:
        """Whether the site's API answered the page that we ask too often."""
        return self._traffic.is_throttled

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
            RateLimitedError: so it was, and the API answered the page with a 429.
        """
        if await appears(self.page.locator(selector.css), seconds):
            for index, option in enumerate(selector.options):
                if await self.page.locator(option).count():
                    if index:
                        self.note_drift(f"{selector.name}#{index}")
                    return option
        if self.is_throttled:
            raise trouble(Wall.RATE_LIMITED, self.where)
        raise PageChangedError(selector.name, self.where)

    async def refuse_cookies(self) -> bool:
        """Click the button that refuses cookies, if it is there, and say whether the wall went away."""
        trusted, fallback = (self.page.locator(option) for option in selectors.CONSENT_REFUSE.options)
        worded = fallback.filter(has_text=_REFUSE_COOKIES)
        if not await appears(trusted.or_(worded), _BUTTON_S):
            return False
        is_trusted = await trusted.count() > 0
        if not is_trusted:
            self.note_drift(f"{selectors.CONSENT_REFUSE.name}#1")
        button = (trusted if is_trusted else worded).first
        try:
            async with asyncio.timeout(_DISMISS_S):
                await button.click(timeout=_DISMISS_S * 2000)
                wall = self.page.locator(selectors.CONSENT.css).or_(button)
                await wall.first.wait_for(state="detached", timeout=_DISMISS_S * 2000)
        except TimeoutError:
            return False
        return True


@dataclass
class _Traffic:
    """What the site's API answers to a page that its own scripts fill."""

    is_throttled: bool = False

    def notice(self, response: Response) -> None:
        if response.status == TOO_MANY_REQUESTS and urlsplit(response.url).path.startswith(_API):
            self.is_throttled = True


@dataclass(frozen=True, slots=True)
class _Arrival:
    """How the site answered a navigation."""

    status: int
    site_time: datetime
    asked_at: float
    traffic: _Traffic


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
