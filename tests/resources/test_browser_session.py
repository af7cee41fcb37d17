"""The session in a real Chromium: it arrives as it was given, and nothing that happens in a page changes it."""

from __future__ import annotations

import copy
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest

from actors.resources.browser import Browser
from tests.pages.fixture_site import FixtureSite
from tests.resources.browser_stage import PAGE, Look, client, settings

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from playwright.async_api import Page

    from actors.pages.errand import Desk
    from tests.stage import Stage

MONTH_S = 30 * 86_400.0


@dataclass(frozen=True, slots=True)
class Cookies(Look):
    """Run the script on the page, and return the cookies that its context has then."""

    async def perform(self, page: Page, desk: Desk) -> Any:
        await page.goto(desk.site + self.path, wait_until="domcontentloaded")
        await page.evaluate(self.script)
        return await page.context.cookies()


def cookie(name: str, domain: str, expires: float, **changes: Any) -> dict[str, Any]:
    """Write one cookie of a session as Playwright keeps it."""
    usual = {"value": "secret", "path": "/", "httpOnly": True, "secure": False, "sameSite": "Lax"}
    return {**usual, "name": name, "domain": domain, "expires": expires, **changes}


def by_place(cookies: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return sorted(cookies, key=lambda each: (each["name"], each["domain"]))


@pytest.fixture
def site() -> Iterator[FixtureSite]:
    site = FixtureSite()
    site.pages[PAGE] = "<!doctype html><title>A page</title>"
    yield site
    site.close()


@pytest.fixture
def logged_in(stage: Stage, site: FixtureSite, tmp_path: Path) -> Callable[..., Browser]:
    """Open a browser of one slot with these cookies as its session."""

    def logged_in(cookies: list[dict[str, Any]], **changes: Any) -> Browser:
        session = {"cookies": cookies, "origins": []}
        browser = Browser(stage.loop, settings(site.url, tmp_path, session=session, **changes))
        stage.front(browser, 1)
        return browser

    return logged_in


def test_e3_each_cookie_reaches_the_context_with_its_own_domain_and_expiry(
    stage: Stage, logged_in: Callable[..., Browser]
) -> None:
    soon, late = float(int(time.time() + 3600)), float(int(time.time() + MONTH_S))
    given = [
        cookie("auth_token", ".platform.example", late, secure=True, sameSite="None"),
        cookie("auth_token", "platform.example", soon, path="/home"),
        cookie("auth_token", ".former.example", late),
        cookie("ct0", ".platform.example", -1, httpOnly=False, sameSite="Strict"),
    ]
    logged_in(given)

    assert by_place(client(stage).visit(Cookies())) == by_place(given)


def test_e3_a_cookie_that_has_expired_is_not_brought_back_to_life(
    stage: Stage, logged_in: Callable[..., Browser]
) -> None:
    past, late = float(int(time.time() - 3600)), float(int(time.time() + MONTH_S))
    logged_in([cookie("auth_token", "127.0.0.1", past), cookie("ct0", "127.0.0.1", late)])

    assert [each["name"] for each in client(stage).visit(Cookies())] == ["ct0"]


def test_e2_a_page_that_drops_our_login_cannot_change_what_the_next_context_begins_with(
    stage: Stage, logged_in: Callable[..., Browser]
) -> None:
    given = [cookie("auth_token", "127.0.0.1", float(int(time.time() + MONTH_S)), httpOnly=False)]
    before = copy.deepcopy(given)
    browser = logged_in(given, retire_after=1)
    drop = "document.cookie = 'auth_token=; Max-Age=0'; document.cookie = 'guest=1'"

    assert [each["name"] for each in client(stage).visit(Cookies(drop))] == ["guest"]

    assert client(stage).visit(Cookies()) == before
    assert browser.settings.session.held() == (0, {"cookies": before, "origins": []})
