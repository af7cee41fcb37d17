"""Asking the site whose session this is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from actors.pages.visit import Visit

if TYPE_CHECKING:
    from playwright.async_api import Page

    from actors.pages.errand import Desk
    from actors.pages.wall import SessionState


@dataclass(frozen=True, slots=True)
class ProbeSession:
    """Look at the home page and return its `SessionState`; a wall is an answer here, not an error."""

    expected_s: ClassVar[float] = 2.0
    deadline_s: ClassVar[float] = 35.0
    needs_login: ClassVar[bool] = True
    recallable: ClassVar[bool] = True

    async def perform(self, page: Page, desk: Desk) -> SessionState:
        """Open the home page and judge it."""
        return (await Visit.open(page, desk.site, "/home")).session
