"""Reading one post: the numbers are of the post that was asked for, or of none."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from actors.domain.snowflake import created_at
from actors.errors import LoggedOutError, NotFoundError, PageChangedError, SiteBusyError
from actors.pages.status import Answer, ReadPost
from tests.pages.fixture_site import NOW, action, card, post_id, quote

if TYPE_CHECKING:
    from tests.pages.chromium import Chromium, FakeDesk
    from tests.pages.fixture_site import FixtureSite

OURS, PARENT, OTHER = post_id(30), post_id(60), post_id(90)
PAGE = f"/us/status/{OURS}"
ERRAND = ReadPost(OURS, "us")


def actions(likes: str = "12 Likes. Like", views: str = "345 views. View post analytics", path: str = "/us/x") -> str:
    return (
        action("reply", "3 Replies. Reply", "3")
        + action("retweet", "2 Reposts. Repost", "2")
        + action("like", likes, "12")
        + action("bookmark", "Bookmark")
        + f'<a href="{path}/analytics" aria-label="{views}"><span>345</span></a>'
    )


FOREIGN = actions("8,000 Likes. Like", "1,000,000 views. View post analytics")


def test_all_counts_of_a_post_are_read(chromium: Chromium, site: FixtureSite, desk: FakeDesk) -> None:
    site.show(PAGE, card(OURS, "line one\nline two <img alt='🛌'>", actions=actions()))
    reading = chromium.perform(ERRAND, desk)
    assert (reading.views, reading.likes, reading.reposts, reading.replies, reading.bookmarks) == (345, 12, 2, 3, 0)
    assert (reading.tweet_id, reading.author, reading.text) == (OURS, "us", "line one\nline two 🛌")
    assert (reading.created_at, reading.site_time) == (created_at(OURS), NOW)
    assert (reading.abbreviated, reading.drift) == ((), ())


def test_h1_of_a_parent_and_our_reply_ours_is_read(chromium: Chromium, site: FixtureSite, desk: FakeDesk) -> None:
    parent = card(PARENT, "an 8K post", author="famous", actions=FOREIGN)
    site.show(PAGE, parent, card(OURS, "our reply", replying_to="famous", actions=actions()))
    reading = chromium.perform(ERRAND, desk)
    assert (reading.tweet_id, reading.text, reading.likes) == (OURS, "our reply", 12)


def test_h1_a_quoted_post_lends_nothing_to_the_one_that_quotes_it(
    chromium: Chromium, site: FixtureSite, desk: FakeDesk
) -> None:
    inner = quote(OTHER, "the quoted one", "famous")
    site.show(
        PAGE,
        card(OURS, "", quoted=inner, actions=actions()).replace(
            '<div data-testid="tweetText"><span></span></div>', "", 1
        ),
    )
    reading = chromium.perform(ERRAND, desk)
    assert (reading.tweet_id, reading.author, reading.text) == (OURS, "us", "")


def test_h1_a_post_that_only_quotes_ours_is_not_ours(
    chromium: Chromium, site: FixtureSite, desk: FakeDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("actors.pages.status._NEXT_CARDS_S", 0.1)
    site.show(PAGE, card(OTHER, "look at this", author="famous", quoted=quote(OURS, "ours", "us"), actions=FOREIGN))
    with pytest.raises(NotFoundError):
        chromium.perform(ERRAND, desk)


def test_h1_a_card_with_two_links_of_its_own_is_nobodys(
    chromium: Chromium, site: FixtureSite, desk: FakeDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("actors.pages.status._FIRST_CARD_S", 0.3)
    unmarked = quote(OURS, "ours", "us").replace('role="link"', "")
    site.show(PAGE, card(OTHER, "look at this", author="famous", quoted=unmarked, actions=FOREIGN))
    with pytest.raises(PageChangedError):
        chromium.perform(ERRAND, desk)


def test_h1_a_pinned_post_before_ours_is_passed_over(chromium: Chromium, site: FixtureSite, desk: FakeDesk) -> None:
    site.show(PAGE, card(OTHER, "old", context="Pinned", actions=FOREIGN), card(OURS, "ours", actions=actions()))
    assert chromium.perform(ERRAND, desk).likes == 12


@pytest.mark.parametrize("test_id", ["error-detail", "emptyState"])
def test_h1_a_deleted_post_is_not_found(chromium: Chromium, site: FixtureSite, desk: FakeDesk, test_id: str) -> None:
    site.show(PAGE, f'<div data-testid="{test_id}">Hmm...this page doesn’t exist.</div>')
    with pytest.raises(NotFoundError):
        chromium.perform(ERRAND, desk)


def test_h1_a_deleted_reply_is_not_its_parent(
    chromium: Chromium, site: FixtureSite, desk: FakeDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("actors.pages.status._NEXT_CARDS_S", 0.1)
    tombstone = "<article><span>This post was deleted by its author.</span></article>"
    site.show(PAGE, card(PARENT, "parent", author="famous", actions=FOREIGN), tombstone)
    with pytest.raises(NotFoundError):
        chromium.perform(ERRAND, desk)


def test_h1_somebody_elses_post_with_our_id_is_refused(chromium: Chromium, site: FixtureSite, desk: FakeDesk) -> None:
    site.show(PAGE, card(OURS, "not ours", author="famous", actions=FOREIGN))
    with pytest.raises(NotFoundError, match="not written by us"):
        chromium.perform(ERRAND, desk)


def test_h1_a_post_further_down_is_scrolled_to(chromium: Chromium, site: FixtureSite, desk: FakeDesk) -> None:
    below = card(OURS, "ours", actions=actions()).replace("'", "\\'")
    script = (
        "document.body.style.minHeight = '5000px';"
        "addEventListener('scroll', () => setTimeout(() => {"
        f"if (scrollY > 1500) document.querySelector('main').innerHTML = '{below}';"
        "}, 50));"
    )
    site.show(PAGE, card(PARENT, "parent", author="famous"), script=script)
    assert chromium.perform(ERRAND, desk).likes == 12


def test_a_post_that_comes_late_is_waited_for(chromium: Chromium, site: FixtureSite, desk: FakeDesk) -> None:
    late = card(OURS, "ours", actions=actions())
    site.show(PAGE, script=f"setTimeout(() => document.querySelector('main').innerHTML = `{late}`, 400);")
    assert chromium.perform(ERRAND, desk).likes == 12


def test_h1_a_login_wall_in_place_of_the_post_is_told(
    chromium: Chromium, site: FixtureSite, desk: FakeDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("actors.pages.status._FIRST_CARD_S", 0.2)
    site.show(PAGE, "Log in to see this", account=None)
    with pytest.raises(LoggedOutError):
        chromium.perform(ERRAND, desk)


def test_e6_a_public_post_is_read_without_a_login(chromium: Chromium, site: FixtureSite, desk: FakeDesk) -> None:
    site.show(PAGE, card(OURS, "ours", actions=actions()), account=None)
    assert chromium.perform(ERRAND, desk).likes == 12


def test_trouble_on_the_site_is_not_taken_for_a_deleted_post(
    chromium: Chromium, site: FixtureSite, desk: FakeDesk
) -> None:
    site.fail_late(PAGE)
    with pytest.raises(SiteBusyError):
        chromium.perform(ERRAND, desk)


def test_h2_a_control_that_is_missing_is_unknown_and_one_without_a_digit_is_zero(
    chromium: Chromium, site: FixtureSite, desk: FakeDesk
) -> None:
    site.show(PAGE, card(OURS, "ours", actions=action("like", "Like") + action("reply")))
    reading = chromium.perform(ERRAND, desk)
    assert reading.likes == 0
    assert (reading.replies, reading.reposts, reading.bookmarks, reading.views) == (None, None, None, None)


def test_h2_the_label_is_preferred_to_the_rounded_number(chromium: Chromium, site: FixtureSite, desk: FakeDesk) -> None:
    shown = action("like", "1,234 Likes. Like", "1.2K") + action("retweet", None, "5.6K")
    site.show(PAGE, card(OURS, "ours", actions=shown))
    reading = chromium.perform(ERRAND, desk)
    assert (reading.likes, reading.reposts) == (1234, 5600)
    assert reading.abbreviated == ("reposts",)


def test_h2_the_bar_fills_in_what_the_controls_leave_out(chromium: Chromium, site: FixtureSite, desk: FakeDesk) -> None:
    bar = card(OURS, "ours", actions=action("like", None, "1.2K"))
    site.show(PAGE, bar.replace('role="group"', 'role="group" aria-label="4 replies, 1,234 likes, 9,876 views"'))
    reading = chromium.perform(ERRAND, desk)
    assert (reading.likes, reading.replies, reading.views, reading.abbreviated) == (1234, 4, 9876, ())


def test_h2_an_exact_number_is_preferred_wherever_it_stands(
    chromium: Chromium, site: FixtureSite, desk: FakeDesk
) -> None:
    bar = card(OURS, "ours", actions=action("like", "1.2K Likes. Like", "1.2K"))
    site.show(PAGE, bar.replace('role="group"', 'role="group" aria-label="1,234 likes"'))
    reading = chromium.perform(ERRAND, desk)
    assert (reading.likes, reading.abbreviated) == (1234, ())


def test_h2_numbers_that_people_write_are_not_counts(chromium: Chromium, site: FixtureSite, desk: FakeDesk) -> None:
    site.show(PAGE, card(OURS, "99K Views", actions=action("like", "7 Likes. Like")))
    assert chromium.perform(ERRAND, desk).views is None
    site.show(PAGE, card(OURS, "ours", actions="<div><span>1.5K</span> <span>Views</span></div>"))
    assert chromium.perform(ERRAND, desk).views == 1500


def test_b19_a_card_known_by_its_role_alone_is_read_and_reported(
    chromium: Chromium, site: FixtureSite, desk: FakeDesk
) -> None:
    site.show(PAGE, card(OURS, "ours", actions=actions()).replace('data-testid="tweet"', 'role="article"'))
    reading = chromium.perform(ERRAND, desk)
    assert (reading.likes, reading.drift) == (12, ("card#1",))


def test_the_answers_to_a_post_stand_below_it(chromium: Chromium, site: FixtureSite, desk: FakeDesk) -> None:
    answer, plain = post_id(20), post_id(15)
    site.show(
        PAGE,
        card(PARENT, "parent", author="famous"),
        card(OURS, "ours", replying_to="famous"),
        card(answer, "stop", author="them", replying_to="US"),
        card(post_id(18), "to them", author="others", replying_to="them"),
        f'<div data-testid="placementTracking">{card(post_id(10), "buy", author="shop")}</div>',
        card(plain, "without the line", author="others"),
        card(OTHER, "older, recommended", author="famous"),
    )
    assert chromium.perform(ERRAND, desk).answers == (
        Answer(answer, "them", "stop"),
        Answer(plain, "others", "without the line"),
    )
