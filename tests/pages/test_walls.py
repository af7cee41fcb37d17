"""Walls: whose page this is, and what stands before it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from actors.errors import (
    ChallengeError,
    ConsentError,
    ForeignAccountError,
    LoggedOutError,
    PageChangedError,
    RateLimitedError,
    SiteBusyError,
)
from actors.pages.session import ProbeSession
from actors.pages.wall import SessionState, Wall, classify, refuse_walls, require_account
from tests.pages.fixture_site import card, post_id

if TYPE_CHECKING:
    from tests.pages.chromium import Chromium, FakeDesk
    from tests.pages.fixture_site import FixtureSite


def landmarks(path: str = "/home", **found: Any) -> dict[str, Any]:
    return {"path": path, "alive": True, "profile": None, "login": -1, "consent": -1, "phrases": [], **found}


OURS = {"profile": "/us"}

JUDGED = [
    (200, landmarks(**OURS), Wall.LOGGED_IN),
    (200, landmarks(login=0), Wall.LOGGED_OUT),
    (200, landmarks("/i/flow/login"), Wall.LOGGED_OUT),
    (200, landmarks("/login", **OURS), Wall.LOGGED_OUT),
    (200, landmarks("/account/access", **OURS), Wall.CHALLENGE),
    (200, landmarks("/i/flow/challenge"), Wall.CHALLENGE),
    (200, landmarks("/i/flow/verify"), Wall.CHALLENGE),
    (200, landmarks("/account/verify"), Wall.CHALLENGE),
    (200, landmarks("/i/flow/consent"), Wall.CONSENT),
    (200, landmarks(consent=0, **OURS), Wall.CONSENT),
    (200, landmarks(phrases=["Refuse non-essential cookies"], **OURS), Wall.CONSENT),
    (200, landmarks(phrases=["Rate limit exceeded"], **OURS), Wall.RATE_LIMITED),
    (200, landmarks(phrases=["Something went wrong"]), Wall.BUSY),
    (200, landmarks(phrases=["Something went wrong", "Rate limit exceeded"]), Wall.RATE_LIMITED),
    (429, landmarks(), Wall.RATE_LIMITED),
    (429, landmarks(phrases=["Something went wrong"]), Wall.RATE_LIMITED),
    (503, landmarks(**OURS), Wall.BUSY),
    (404, landmarks(**OURS), Wall.LOGGED_IN),
    (200, landmarks(profile="https://elsewhere.example/us"), Wall.UNKNOWN),
    (200, landmarks(), Wall.UNKNOWN),
    (200, landmarks(alive=False), Wall.BLANK),
]


@pytest.mark.parametrize(("status", "found", "wall"), JUDGED)
def test_e4_a_page_is_judged_by_its_landmarks(status: int, found: dict[str, Any], wall: Wall) -> None:
    assert classify(status, found).state is wall


@pytest.mark.parametrize(
    ("state", "error"),
    [
        (Wall.CHALLENGE, ChallengeError),
        (Wall.CONSENT, ConsentError),
        (Wall.RATE_LIMITED, RateLimitedError),
        (Wall.BUSY, SiteBusyError),
        (Wall.BLANK, SiteBusyError),
        (Wall.UNKNOWN, PageChangedError),
        (Wall.LOGGED_OUT, LoggedOutError),
    ],
)
def test_only_our_own_page_passes(state: Wall, error: type[Exception]) -> None:
    with pytest.raises(error) as refused:
        require_account(SessionState(state), "us", "/home")
    assert refused.type is error
    require_account(SessionState(Wall.LOGGED_IN, "US"), "us", "/home")
    with pytest.raises(ForeignAccountError, match="them instead of us"):
        require_account(SessionState(Wall.LOGGED_IN, "them"), "us", "/home")


def test_a_public_page_passes_without_a_login() -> None:
    refuse_walls(SessionState(Wall.LOGGED_OUT), "/us")


def test_e1_the_profile_link_tells_whose_session_it_is(chromium: Chromium, site: FixtureSite, desk: FakeDesk) -> None:
    site.show("/home", account="us")
    assert chromium.perform(ProbeSession(), desk) == SessionState(Wall.LOGGED_IN, "us")


def test_e1_a_column_without_a_profile_link_is_no_login(chromium: Chromium, site: FixtureSite, desk: FakeDesk) -> None:
    site.show("/home", account=None)
    assert chromium.perform(ProbeSession(), desk) == SessionState(Wall.LOGGED_OUT)


def test_e4_what_people_write_cannot_pass_for_a_wall(chromium: Chromium, site: FixtureSite, desk: FakeDesk) -> None:
    site.show("/home", card(post_id(1), "Rate limit exceeded"), card(post_id(2), "Refuse non-essential cookies"))
    assert chromium.perform(ProbeSession(), desk).state is Wall.LOGGED_IN


def test_e4_the_sites_own_word_is_a_wall(chromium: Chromium, site: FixtureSite, desk: FakeDesk) -> None:
    site.show("/home", "<div><span>Something went wrong. Try reloading.</span></div>")
    assert chromium.perform(ProbeSession(), desk).state is Wall.BUSY


def test_a_landmark_that_comes_late_is_waited_for(chromium: Chromium, site: FixtureSite, desk: FakeDesk) -> None:
    link = '<a data-testid="AppTabBar_Profile_Link" href="/us">Profile</a>'
    site.pages["/home"] = f"<body></body><script>setTimeout(() => document.body.innerHTML = '{link}', 300)</script>"
    assert chromium.perform(ProbeSession(), desk).account == "us"


def test_a_page_that_stays_blank_is_told_from_one_that_changed(
    chromium: Chromium, site: FixtureSite, desk: FakeDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("actors.pages.visit._LANDMARK_S", 0.3)
    site.pages["/home"] = "<!doctype html><body></body>"
    assert chromium.perform(ProbeSession(), desk).state is Wall.BLANK
    site.pages["/home"] = '<!doctype html><body><main data-testid="primaryColumn"></main></body>'
    assert chromium.perform(ProbeSession(), desk).state is Wall.UNKNOWN


def test_a_site_that_does_not_answer_is_busy(
    chromium: Chromium, site: FixtureSite, desk: FakeDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("actors.pages.visit._OPEN_S", 0.5)
    site.held.add("/home")
    with pytest.raises(SiteBusyError, match="did not answer"):
        chromium.perform(ProbeSession(), desk)
