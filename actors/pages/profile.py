"""Reading a profile."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from actors.domain.counts import parse_label
from actors.pages import selectors
from actors.pages.visit import Visit
from actors.pages.wall import refuse_walls

if TYPE_CHECKING:
    from datetime import datetime

    from playwright.async_api import Page

    from actors.pages.errand import Desk

_FOLLOWERS_S = 10.0


@dataclass(frozen=True, slots=True)
class ProfileReading:
    """How many follow an account: None is unknown, and above ten thousand the site only shows a rounded number."""

    followers: int | None
    is_abbreviated: bool
    site_time: datetime
    drift: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ReadProfile:
    """Visit the profile of `account`."""

    account: str

    expected_s: ClassVar[float] = 2.0
    deadline_s: ClassVar[float] = 45.0
    needs_login: ClassVar[bool] = False
    recallable: ClassVar[bool] = True

    async def perform(self, page: Page, desk: Desk) -> ProfileReading:
        """Return what the link to the followers says.

        Raises:
            ChallengeError, SiteBusyError: a wall stands before it.
            PageChangedError: there is no such link.
        """
        visit = await Visit.open(page, desk.site, f"/{self.account}")
        refuse_walls(visit.session, visit.where)
        link = page.locator(await visit.find(selectors.FOLLOWERS, _FOLLOWERS_S)).first
        count = parse_label(await link.text_content(timeout=_FOLLOWERS_S * 1000), "followers")
        return ProfileReading(
            followers=count.value if count else None,
            is_abbreviated=count is not None and not count.exact,
            site_time=visit.site_time,
            drift=visit.drift,
        )
