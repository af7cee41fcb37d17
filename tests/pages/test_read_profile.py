"""Reading the head of a profile."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from actors.errors import PageChangedError, SiteBusyError
from actors.pages.profile import ReadProfile

if TYPE_CHECKING:
    from tests.pages.chromium import Chromium, FakeDesk
    from tests.pages.fixture_site import FixtureSite


@pytest.mark.parametrize(
    ("shown", "followers", "is_abbreviated"),
    [("1,234 Followers", 1234, False), ("12.3K Followers", 12_300, True), ("Followers", None, False)],
)
def test_h2_the_link_to_the_followers_holds_their_number(
    chromium: Chromium, site: FixtureSite, desk: FakeDesk, shown: str, followers: int | None, is_abbreviated: bool
) -> None:
    site.show("/us", f'<a href="/us/verified_followers">{shown}</a>')
    reading = chromium.perform(ReadProfile("us"), desk)
    assert (reading.followers, reading.is_abbreviated, reading.drift) == (followers, is_abbreviated, ())


def test_b19_an_older_link_is_reported_as_drift(chromium: Chromium, site: FixtureSite, desk: FakeDesk) -> None:
    site.show("/us", '<a href="/us/followers">9 Followers</a>')
    reading = chromium.perform(ReadProfile("us"), desk)
    assert (reading.followers, reading.drift) == (9, ("profile.followers#1",))


def test_a_profile_without_the_link_has_changed(
    chromium: Chromium, site: FixtureSite, desk: FakeDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("actors.pages.profile._HEAD_S", 0.2)
    site.show("/us", '<div data-testid="emptyState">Nothing here yet</div>')
    with pytest.raises(PageChangedError, match=r"profile\.followers"):
        chromium.perform(ReadProfile("us"), desk)


def test_i2_a_profile_says_whom_it_follows_and_what_it_is(
    chromium: Chromium, site: FixtureSite, desk: FakeDesk
) -> None:
    site.show(
        "/them",
        '<div data-testid="UserDescription">Tea <img alt="🍵"> and rest.<br>No bots. Not <b>suspended</b>.</div>',
        '<a href="/them/following"><span>1,012</span> <span>Following</span></a>',
        '<a href="/them/verified_followers"><span>7</span> Followers</a>',
        '<div data-testid="emptyState">Nothing here yet</div>',
    )
    reading = chromium.perform(ReadProfile("them"), desk)
    assert (reading.followers, reading.following, reading.is_missing) == (7, 1012, False)
    assert reading.bio == "Tea 🍵 and rest.\nNo bots. Not suspended."


@pytest.mark.parametrize("words", ["This account doesn’t exist", "Account suspended"])
def test_an_account_that_is_gone_is_an_answer(
    chromium: Chromium, site: FixtureSite, desk: FakeDesk, words: str
) -> None:
    site.show("/them", f'<div data-testid="emptyState"><h2>{words}</h2><p>Try searching for another.</p></div>')
    reading = chromium.perform(ReadProfile("them"), desk)
    assert (reading.is_missing, reading.followers, reading.following, reading.bio) == (True, None, None, "")


def test_trouble_on_the_site_is_not_taken_for_an_account_that_is_gone(
    chromium: Chromium, site: FixtureSite, desk: FakeDesk
) -> None:
    site.fail_late("/them")
    with pytest.raises(SiteBusyError):
        chromium.perform(ReadProfile("them"), desk)
