"""Reading a profile."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from actors.domain.counts import parse_label
from actors.errors import PageChangedError
from actors.pages import script, selectors
from actors.pages.card import LONGEST
from actors.pages.visit import Visit
from actors.pages.wall import GONE, PHRASES, refuse_walls, says_gone

if TYPE_CHECKING:
    from datetime import datetime

    from playwright.async_api import Page

    from actors.pages.errand import Desk

_HEAD_S = 10.0
_SELECTORS = {
    selector.name: selector.options
    for selector in (
        selectors.FOLLOWERS,
        selectors.FOLLOWING,
        selectors.BIO,
        selectors.MISSING,
        selectors.PROGRESS,
    )
}


@dataclass(frozen=True, slots=True)
class ProfileReading:
    """How many follow an account: None is unknown, and above ten thousand the site only shows a rounded number."""

    followers: int | None
    is_abbreviated: bool
    site_time: datetime
    drift: tuple[str, ...] = ()
    following: int | None = None
    """How many it follows; rounded just so."""

    bio: str = ""
    """What the account says of itself, empty if it says nothing."""

    is_missing: bool = False
    """Whether the site says that there is no such account, or that it is suspended; then nothing else is known."""


@dataclass(frozen=True, slots=True)
class ReadProfile:
    """Visit the profile of `account`."""

    account: str

    expected_s: ClassVar[float] = 2.0
    deadline_s: ClassVar[float] = 45.0
    needs_login: ClassVar[bool] = False
    recallable: ClassVar[bool] = True

    async def perform(self, page: Page, desk: Desk) -> ProfileReading:
        """Return what the head of the profile says, all of it read in one moment.

        Raises:
            ChallengeError, SiteBusyError: a wall stands before it.
            PageChangedError: there is no link to the followers.
        """
        visit = await Visit.open(page, desk.site, f"/{self.account}")
        refuse_walls(visit.session, visit.where)
        verdicts = [*GONE, *(phrase.lower() for phrase in PHRASES)]
        argument = {"selectors": _SELECTORS, "verdicts": verdicts, **script.pace(_HEAD_S)}
        raw = await script.run(visit.page, "profile", argument, _HEAD_S + script.SETTLE_S)
        visit.note_drift(*raw["drift"])
        if raw["followers"] is None:
            visit.refuse_failure(raw["missing"], is_empty=True)
            if says_gone(raw["missing"]):
                return ProfileReading(None, is_abbreviated=False, site_time=visit.site_time, is_missing=True)
            raise PageChangedError(selectors.FOLLOWERS.name, visit.where)
        followers, following = (parse_label(raw[noun], noun) for noun in ("followers", "following"))
        return ProfileReading(
            followers=followers.value if followers else None,
            is_abbreviated=followers is not None and not followers.exact,
            site_time=visit.site_time,
            drift=visit.drift,
            following=following.value if following else None,
            bio=raw["bio"][:LONGEST],
        )
