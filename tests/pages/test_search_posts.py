"""Searching for posts."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from actors.domain.snowflake import created_at
from actors.errors import LoggedOutError, PageChangedError, SiteBusyError
from actors.pages.card import LONGEST
from actors.pages.search import FoundPost, SearchPosts
from tests.pages.fixture_site import NOW, VIRTUALISED, action, card, post_id

if TYPE_CHECKING:
    from actors.domain.snowflake import TweetId
    from tests.pages.chromium import Chromium, FakeDesk
    from tests.pages.fixture_site import FixtureSite

ERRAND = SearchPosts("(sleep OR rest) -filter:replies", latest=True, account="us")


ENDLESS = "rest as well, " * 20_000


def virtualised(number: int) -> tuple[list[TweetId], str]:
    """Return so many ids, and the script that shows their cards as a list that recycles them."""
    ids = [post_id(minutes) for minutes in range(number)]
    cards = json.dumps([card(each, f"post {each}", "them") for each in ids]).replace("</", "<\\/")
    return ids, VIRTUALISED.replace("CARDS", cards)


def test_i2_posts_are_read_in_the_sites_order_and_what_is_left_out_is_counted(
    chromium: Chromium, site: FixtureSite, desk: FakeDesk
) -> None:
    newest, reply, picture = post_id(3), post_id(20), post_id(30)
    counts = action("like", "1,234 Likes. Like", "1.2K") + action("retweet", None, "5.6K") + action("reply", "Reply")
    site.show(
        "/search",
        card(newest, "sleep is <img alt='🛌'>", "them", actions=counts),
        f'<div data-testid="placementTracking">{card(post_id(9), "buy a bed", "shop")}</div>',
        card(post_id(15), "passed on", "them", context="Shop reposted"),
        card(reply, ENDLESS, "others", replying_to="them"),
        card(picture, "", "them"),
        "<article data-testid='tweet'>This post is not available.</article>",
    )
    reading = chromium.perform(ERRAND, desk)
    assert reading.posts == (
        FoundPost(newest, "them", "sleep is 🛌", created_at(newest), None, None, 1234, 5600, 0),
        FoundPost(reply, "others", ENDLESS[:LONGEST], created_at(reply), "them", None, None, None, None),
    )
    assert (reading.seen, reading.site_time, reading.drift) == (6, NOW, ())


def test_i2_posts_that_scrolled_away_are_kept_without_a_gap_up_to_the_limit(
    chromium: Chromium, site: FixtureSite, desk: FakeDesk
) -> None:
    ids, script = virtualised(40)
    site.show("/search", script=script)
    reading = chromium.perform(SearchPosts("sleep", latest=False, limit=20, account="us"), desk)
    assert [post.id for post in reading.posts] == ids[:20]
    assert 20 <= reading.seen < 40, "it scrolls no further than it must"


def test_i4_a_search_scrolls_no_further_when_its_time_is_over(
    chromium: Chromium, site: FixtureSite, desk: FakeDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("actors.pages.descent.SCROLLING_S", 0.0)
    ids, script = virtualised(20)
    site.show("/search", script=script)
    found = [post.id for post in chromium.perform(ERRAND, desk).posts]
    assert 0 < len(found) < 20
    assert found == ids[: len(found)]


def test_i1_no_result_is_an_answer_if_the_site_says_so_and_no_card_at_all_is_none(
    chromium: Chromium, site: FixtureSite, desk: FakeDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("actors.pages.descent.FIRST_S", 0.2)
    site.show("/search", '<div data-testid="emptyState">No results for “sleep”</div>')
    reading = chromium.perform(ERRAND, desk)
    assert (reading.posts, reading.seen) == ((), 0)
    site.show("/search")
    with pytest.raises(PageChangedError, match="'card'"):
        chromium.perform(ERRAND, desk)
    site.show("/search", "<article data-testid='tweet'>a card without its link</article>")
    with pytest.raises(PageChangedError, match=r"'card\.link'"):
        chromium.perform(ERRAND, desk)


@pytest.mark.parametrize("account", [None, "them"])
def test_e1_a_search_needs_our_own_session(
    chromium: Chromium, site: FixtureSite, desk: FakeDesk, account: str | None
) -> None:
    site.show("/search", card(post_id(3), "sleep", "them"), account=account)
    with pytest.raises(LoggedOutError):
        chromium.perform(ERRAND, desk)


def test_i1_trouble_on_the_site_is_not_taken_for_no_result(
    chromium: Chromium, site: FixtureSite, desk: FakeDesk
) -> None:
    site.fail_late("/search")
    with pytest.raises(SiteBusyError):
        chromium.perform(ERRAND, desk)
