"""Walls: whose page this is, and what stands before it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from actors import errors
from actors.errors import (
    ChallengeError,
    ConsentError,
    ForeignAccountError,
    LoggedOutError,
    PageChangedError,
    RateLimitedError,
    SiteBusyError,
)
from actors.pages.compose import PublishPost
from actors.pages.profile import ReadProfile
from actors.pages.session import ProbeSession
from actors.pages.visit import Visit
from actors.pages.wall import SessionState, Wall, classify, refuse_walls, require_account
from tests.pages.fixture_site import card, post_id
from tests.stage import eventually

if TYPE_CHECKING:
    from playwright.async_api import Page

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


def test_e4_a_challenge_is_told_by_its_address_without_a_wait_for_landmarks(
    chromium: Chromium, site: FixtureSite, desk: FakeDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def never(*_: object) -> bool:
        raise AssertionError("there is nothing to wait for")

    monkeypatch.setattr("actors.pages.visit.appears", never)
    site.pages["/account/access"] = "<body>Confirm that you are human</body>"
    site.redirects["/us"] = "/account/access"
    with pytest.raises(ChallengeError) as wall:
        chromium.perform(ReadProfile("us"), desk)
    assert wall.value.code == "challenge"


def show_consent(site: FixtureSite, button: str, *, works: bool = True, path: str = "/home") -> None:
    """Put a page behind a consent wall; every click on it is told to the site."""
    wall = f"""<div id="wall"><div data-testid="twc-cc-mask" style="position: fixed; inset: 0"></div>
      <div style="position: relative"><button>Accept all cookies</button>{button}<button>Manage</button></div></div>"""
    script = f"""addEventListener("click", (event) => {{
        const body = JSON.stringify({{ variables: {{ tweet_text: event.target.textContent }} }});
        fetch("/click", {{ method: "POST", body }});
        if ({json.dumps(works)}) setTimeout(() => document.querySelector("#wall").remove(), 50);
      }}, true);"""
    site.show(path, wall, script=script)


REFUSE = '<button data-testid="twc-cc-refuse"><span>Refuse non-essential cookies</span></button>'


@pytest.mark.parametrize(
    ("button", "drift"),
    [
        (REFUSE, ()),
        ("<button> <span>Refuse non-essential cookies</span> </button>", ("wall.consent.refuse#1",)),
    ],
    ids=["by its test id", "by its words"],
)
def test_b18_e4_a_consent_wall_is_refused_once_and_the_page_judged_anew(
    chromium: Chromium, site: FixtureSite, desk: FakeDesk, button: str, drift: tuple[str, ...]
) -> None:
    show_consent(site, button)

    async def look(page: Page) -> Visit:
        return await Visit.open(page, desk.site, "/home")

    visit = chromium.on_page(look)
    assert (visit.session, visit.drift) == (SessionState(Wall.LOGGED_IN, "us"), drift)
    assert [text.strip() for text in site.created] == ["Refuse non-essential cookies"]


@pytest.mark.parametrize(
    "button",
    ["", "<button>Refuse non-essential cookies and close</button>", "<button>Continue</button>"],
    ids=["no button", "other words", "another button"],
)
def test_b18_e4_no_other_button_of_a_wall_is_ever_clicked(
    chromium: Chromium, site: FixtureSite, desk: FakeDesk, monkeypatch: pytest.MonkeyPatch, button: str
) -> None:
    monkeypatch.setattr("actors.pages.visit._BUTTON_S", 0.2)
    show_consent(site, button)
    assert chromium.perform(ProbeSession(), desk).state is Wall.CONSENT
    assert site.created == []


def test_b18_e4_a_consent_wall_that_stays_is_clicked_no_second_time(
    chromium: Chromium, site: FixtureSite, desk: FakeDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("actors.pages.visit._DISMISS_S", 2.0)
    show_consent(site, REFUSE, works=False, path="/us")
    with pytest.raises(ConsentError) as wall:
        chromium.perform(ReadProfile("us"), desk)
    assert wall.value.code == "consent"
    eventually(lambda: site.created, "the click told to the site")
    assert len(site.created) == 1


def test_b18_e4_after_a_consent_page_elsewhere_the_page_that_was_meant_is_opened(
    chromium: Chromium, site: FixtureSite, desk: FakeDesk
) -> None:
    site.show("/home", script="if (!localStorage.consent) location.replace('/i/flow/consent');", account=None)
    leave = "localStorage.consent = 1; location.replace('/elsewhere')"
    site.pages["/i/flow/consent"] = f"<body>{REFUSE.replace('<button', f'<button onclick={json.dumps(leave)}')}</body>"
    site.pages["/elsewhere"] = "<body></body>"

    async def look(page: Page) -> tuple[str, Wall]:
        site.show("/home", script="if (!localStorage.consent) location.replace('/i/flow/consent');")
        visit = await Visit.open(page, desk.site, "/home")
        return page.url, visit.session.state

    assert chromium.on_page(look) == (f"{site.url}/home", Wall.LOGGED_IN)


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("LoggedOutError", "logged_out"),
        ("ChallengeError", "challenge"),
        ("ConsentError", "consent"),
        ("SiteBusyError", "site_busy"),
        ("RateLimitedError", "rate_limited"),
        ("NotFoundError", "not_found"),
        ("PageChangedError", "ui_drift"),
        ("ComposerMismatchError", "composer_mismatch"),
    ],
)
def test_b19_e4_every_wall_has_a_word_that_does_not_change(name: str, code: str) -> None:
    assert getattr(errors, name).code == code


@pytest.mark.parametrize(
    ("status", "words", "code"),
    [
        (429, "", "rate_limited"),
        (200, "Rate limit exceeded", "rate_limited"),
        (503, "", "site_busy"),
        (200, "Something went wrong. Try reloading.", "site_busy"),
    ],
)
def test_e4_asking_too_often_is_told_from_trouble(
    chromium: Chromium, site: FixtureSite, desk: FakeDesk, status: int, words: str, code: str
) -> None:
    site.show("/us", f"<div><span>{words}</span></div>")
    site.statuses["/us"] = status
    with pytest.raises(SiteBusyError) as busy:
        chromium.perform(ReadProfile("us"), desk)
    assert busy.value.code == code


def test_e4_trouble_on_a_page_whose_api_answered_429_is_asking_too_often(
    chromium: Chromium, site: FixtureSite, desk: FakeDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    # The API's answer has to come in this time.
    monkeypatch.setattr("actors.pages.profile._HEAD_S", 4.0)
    site.answer = lambda _: (429, {"errors": []})
    ask = 'fetch("/i/api/graphql/q/UserByName", {method: "POST", body: \'{"variables": {"tweet_text": ""}}\'})'
    site.show("/us", script=f"{ask};")
    with pytest.raises(RateLimitedError):
        chromium.perform(ReadProfile("us"), desk)


NOTHING_ALIVE = [
    "",
    "<!doctype html><html lang='en'><head><title>Home</title><link rel='icon' href='data:,'></head><bo",
    "<!doctype html><body><noscript>This site needs scripts.</noscript><div id='root'><p>Loading ...</p></div>",
    "<!doctype html><body><p>Loading</p><template id='post'><article data-testid='tweet'><a href='/x'>Pro",
]


@pytest.mark.parametrize("half", NOTHING_ALIVE)
def test_b19_a_document_that_was_cut_off_is_no_drift(
    chromium: Chromium, site: FixtureSite, desk: FakeDesk, monkeypatch: pytest.MonkeyPatch, half: str
) -> None:
    monkeypatch.setattr("actors.pages.visit._LANDMARK_S", 0.3)
    site.pages["/compose/post"] = half
    with pytest.raises(SiteBusyError, match="blank") as busy:
        chromium.perform(PublishPost("text", "d"), desk)
    assert (busy.value.code, desk.prepared) == ("site_busy", [])


def test_b19_a_living_page_without_a_landmark_is_drift(
    chromium: Chromium, site: FixtureSite, desk: FakeDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("actors.pages.visit._LANDMARK_S", 0.3)
    site.pages["/compose/post"] = '<!doctype html><body><main data-testid="primaryColumn"></main></body>'
    with pytest.raises(PageChangedError) as changed:
        chromium.perform(PublishPost("text", "d"), desk)
    assert changed.value.code == "ui_drift"


@pytest.mark.parametrize("landmarks", ["", '<a data-testid="AppTabBar_Profile_Link" href="/us">Profile</a>'])
def test_b19_a_connection_that_breaks_off_is_the_sites_trouble(
    chromium: Chromium, site: FixtureSite, desk: FakeDesk, monkeypatch: pytest.MonkeyPatch, landmarks: str
) -> None:
    monkeypatch.setattr("actors.pages.visit._OPEN_S", 1.0)
    monkeypatch.setattr("actors.pages.visit._LANDMARK_S", 0.3)
    site.pages["/compose/post"] = f"<!doctype html><body>{landmarks}<p>Loa"
    site.cut.add("/compose/post")
    with pytest.raises(SiteBusyError):
        chromium.perform(PublishPost("text", "d"), desk)
