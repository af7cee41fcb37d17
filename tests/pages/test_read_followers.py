"""Reading who follows us."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from actors.errors import LoggedOutError, NotFoundError, PageChangedError, SiteBusyError
from actors.pages.followers import FollowersReading, ReadFollowers
from tests.pages.fixture_site import NOW, VIRTUALISED

if TYPE_CHECKING:
    from tests.pages.chromium import Chromium, FakeDesk
    from tests.pages.fixture_site import FixtureSite

PAGE = "/us/followers"
ERRAND = ReadFollowers("us")


def cell(handle: str, bio: str = "", test_id: str = "UserCell") -> str:
    link = f'<a role="link" href="/{handle}">'
    return f'<div data-testid="{test_id}">{link}</a>{link}Name</a>{link}@{handle}</a><div>{bio}</div></div>'


def test_i2_followers_are_read_newest_first_however_they_scroll_away(
    chromium: Chromium, site: FixtureSite, desk: FakeDesk
) -> None:
    handles = [f"reader_{number}" for number in range(24)]
    cells = json.dumps([cell(each, 'friend of <a role="link" href="/somebody">@somebody</a>') for each in handles])
    aside = f"<aside>{cell('recommended')}</aside>"
    script = VIRTUALISED.replace("CARDS", cells.replace("</", "<\\/"))
    site.show(PAGE, script=f"document.body.insertAdjacentHTML('beforeend', {json.dumps(aside)});{script}")
    reading = chromium.perform(ReadFollowers("us", limit=12), desk)
    assert reading == FollowersReading(tuple(handles[:12]), has_ended=False, site_time=NOW)
    whole = chromium.perform(ReadFollowers("us", limit=99), desk)
    assert (list(whole.handles), whole.has_ended) == (handles, True)


@pytest.mark.parametrize("unlike", ["", "loading", "unreadable"])
def test_a_list_has_ended_only_if_all_of_it_was_read(
    chromium: Chromium, site: FixtureSite, desk: FakeDesk, monkeypatch: pytest.MonkeyPatch, unlike: str
) -> None:
    monkeypatch.setattr("actors.pages.descent.NEXT_S", 0.1)
    rest = {"": "", "loading": '<i role="progressbar"></i>', "unreadable": '<p data-testid="UserCell">somebody</p>'}
    site.show(PAGE, cell("ann"), cell("bob"), rest[unlike])
    reading = chromium.perform(ERRAND, desk)
    assert (reading.handles, reading.has_ended) == (("ann", "bob"), unlike == "")


def test_nobody_follows_only_by_the_sites_own_word(
    chromium: Chromium, site: FixtureSite, desk: FakeDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("actors.pages.descent.FIRST_S", 0.2)
    for words, has_ended in {"Looking for followers?": True, "These followers are not shown": False}.items():
        site.show(PAGE, f'<div data-testid="emptyState">{words}</div>')
        reading = chromium.perform(ERRAND, desk)
        assert (reading.handles, reading.has_ended) == ((), has_ended)
    errors = {
        '<div data-testid="emptyState">This account doesn’t exist</div>': NotFoundError,
        '<div data-testid="UserCell">somebody</div>': PageChangedError,
        "": PageChangedError,
    }
    for shown, error in errors.items():
        site.show(PAGE, shown)
        with pytest.raises(error):
            chromium.perform(ERRAND, desk)


def test_e1_followers_are_read_in_our_own_session_only(chromium: Chromium, site: FixtureSite, desk: FakeDesk) -> None:
    site.show(PAGE, cell("ann"), account="them")
    with pytest.raises(LoggedOutError):
        chromium.perform(ERRAND, desk)


def test_b19_followers_outside_of_their_column_are_reported_as_drift(
    chromium: Chromium, site: FixtureSite, desk: FakeDesk
) -> None:
    site.show(PAGE, f'<div data-testid="cellInnerDiv">{cell("ann")}</div>')
    site.pages[PAGE] = site.pages[PAGE].replace(' data-testid="primaryColumn"', "")
    assert chromium.perform(ERRAND, desk).drift == ("cell#1",)


def test_trouble_on_the_site_is_not_taken_for_nobody(chromium: Chromium, site: FixtureSite, desk: FakeDesk) -> None:
    site.fail_late(PAGE)
    with pytest.raises(SiteBusyError):
        chromium.perform(ERRAND, desk)
