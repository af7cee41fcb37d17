"""Reading who follows an account."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from actors.errors import NotFoundError, PageChangedError
from actors.pages import script, selectors
from actors.pages.descent import Descent
from actors.pages.visit import Visit
from actors.pages.wall import require_account, says_gone

if TYPE_CHECKING:
    from datetime import datetime

    from playwright.async_api import Page

    from actors.pages.errand import Desk

_NOBODY_YET = "looking for followers"
"""How the site begins, in small letters, where nobody follows an account; other words only tell that it shows none."""

_SELECTORS = {
    selector.name: selector.options
    for selector in (selectors.CELL, selectors.CELL_LINK, selectors.MISSING, selectors.PROGRESS)
}


@dataclass(frozen=True, slots=True)
class FollowersReading:
    """Who follows an account, the newest first; handles as the site writes them."""

    handles: tuple[str, ...]
    has_ended: bool
    """Whether the list ended within the limit, and all of it could be read: who is not here does not follow. No proof
    by itself: a page that stops loading may look the same."""

    site_time: datetime
    drift: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ReadFollowers:
    """Read the newest `limit` followers of `account`; the site shows them only to somebody."""

    account: str
    limit: int = 60

    expected_s: ClassVar[float] = 4.0
    deadline_s: ClassVar[float] = 60.0
    needs_login: ClassVar[bool] = True
    recallable: ClassVar[bool] = True

    async def perform(self, page: Page, desk: Desk) -> FollowersReading:
        """Collect the list from its top; after 45 real seconds it scrolls no further.

        Raises:
            LoggedOutError, ChallengeError, SiteBusyError: a wall stands before it.
            NotFoundError: there is no such account.
            PageChangedError: the page shows neither followers nor that there are none, or nobody's handle.
        """
        descent = Descent()
        visit = await Visit.open(page, desk.site, f"/{self.account}/followers")
        require_account(visit.session, desk.account, visit.where)
        handles: dict[str, None] = {}
        is_clear = True
        while True:
            is_first = descent.is_first
            raw = await self._read(visit, descent)
            if is_first:
                self._require_cells(raw, visit)
            found = [handle for handle in raw["handles"] if handle is not None]
            is_clear = is_clear and len(found) == len(raw["handles"])
            descent.note(found, is_at_end=raw["atEnd"])
            handles.update(dict.fromkeys(found))
            is_blank = raw["missing"] is not None and not handles
            if is_blank or len(handles) >= self.limit or descent.is_over:
                break
        is_empty = is_blank and raw["missing"].lower().startswith(_NOBODY_YET)
        has_ended = (is_empty or descent.has_ended) and is_clear and not visit.is_throttled
        return FollowersReading(tuple(handles)[: self.limit], has_ended, visit.site_time, visit.drift)

    async def _read(self, visit: Visit, descent: Descent) -> Any:
        """Read the cells that are there, after one scroll if it is not the first time."""
        argument = {
            "selectors": _SELECTORS,
            "known": list(descent.known),
            "scroll": not descent.is_first,
            **script.pace(descent.seconds, is_brief_at_end=True),
        }
        raw = await script.run(visit.page, "cells", argument, descent.seconds + script.SETTLE_S)
        visit.note_drift(*raw["drift"])
        visit.refuse_failure(raw["missing"], is_empty=not raw["handles"])
        return raw

    def _require_cells(self, raw: Any, visit: Visit) -> None:
        if says_gone(raw["missing"]):
            raise NotFoundError(f"there is no account {self.account}")
        if not raw["handles"] and raw["missing"] is None:
            raise PageChangedError(selectors.CELL.name, visit.where)
        if raw["handles"] and not any(raw["handles"]):
            raise PageChangedError(selectors.CELL_LINK.name, visit.where)
