"""Reading the number of followers."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from actors.errors import PageChangedError
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
    site.show("/us")
    with pytest.raises(PageChangedError, match=r"profile\.followers"):
        chromium.perform(ReadProfile("us"), desk)
