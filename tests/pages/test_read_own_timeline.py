"""Reading our own timeline, as evidence."""

from __future__ import annotations

import json
import re
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from actors.domain.snowflake import created_at
from actors.errors import LoggedOutError, PageChangedError, SiteBusyError
from actors.pages.timeline import OwnPost, ReadOwnTimeline
from tests.pages.fixture_site import NOW, VIRTUALISED, card, post_id

if TYPE_CHECKING:
    from tests.pages.chromium import Chromium, FakeDesk
    from tests.pages.fixture_site import FixtureSite

HOUR_AGO = NOW - timedelta(hours=1)


@pytest.fixture
def short_end(monkeypatch: pytest.MonkeyPatch) -> None:
    """See soon that a timeline ends."""
    monkeypatch.setattr("actors.pages.timeline._NEXT_CARDS_S", 0.05)


def test_own_posts_are_listed_newest_first_until_before_the_time_asked_for(
    chromium: Chromium, site: FixtureSite, desk: FakeDesk, short_end: None
) -> None:
    ids = [post_id(minutes) for minutes in (5, 20, 70)]
    site.show("/us", *(card(each, f"post {index}") for index, each in enumerate(ids)))
    reading = chromium.perform(ReadOwnTimeline("us", HOUR_AGO), desk)
    assert reading.posts[0] == OwnPost(ids[0], "post 0", created_at(ids[0]), None)
    assert [post.id for post in reading.posts] == ids
    assert (reading.reached_back, reading.site_time, reading.drift) == (True, NOW, ())


def test_b8_pinned_posts_reposts_and_other_authors_are_left_out(
    chromium: Chromium, site: FixtureSite, desk: FakeDesk, short_end: None
) -> None:
    site.show(
        "/us",
        card(post_id(60 * 24), "pinned", context="Pinned"),
        card(post_id(60 * 48), "theirs", author="them", context="Us reposted"),
        card(post_id(60 * 72), "ours again", context="You reposted"),
        card(post_id(5), "ours"),
        card(post_id(50), "a parent", author="them"),
        f'<div data-testid="placementTracking">{card(post_id(60 * 96), "promoted")}</div>',
    )
    reading = chromium.perform(ReadOwnTimeline("us", HOUR_AGO), desk)
    assert [post.text for post in reading.posts] == ["ours"]
    assert not reading.reached_back, "none of the old ones is in its own place"


def test_posts_that_scrolled_away_are_remembered(chromium: Chromium, site: FixtureSite, desk: FakeDesk) -> None:
    ids = [post_id(3 * minutes) for minutes in range(1, 25)]
    cards = json.dumps([card(each, f"post {each}") for each in ids]).replace("</", "<\\/")
    site.show("/us", script=VIRTUALISED.replace("CARDS", cards))
    reading = chromium.perform(ReadOwnTimeline("us", HOUR_AGO), desk)
    assert reading.reached_back
    assert [post.id for post in reading.posts][:20] == ids[:20], "all since an hour ago, without a gap"


def test_a_timeline_that_ends_early_has_not_reached_back(
    chromium: Chromium, site: FixtureSite, desk: FakeDesk, short_end: None
) -> None:
    site.show("/us", card(post_id(5), "the only one"))
    reading = chromium.perform(ReadOwnTimeline("us", HOUR_AGO), desk)
    assert len(reading.posts) == 1
    assert not reading.reached_back


def test_an_empty_timeline_counts_only_by_the_sites_own_word(
    chromium: Chromium, site: FixtureSite, desk: FakeDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("actors.pages.timeline._FIRST_CARD_S", 0.2)
    site.show("/us", '<div data-testid="emptyState">Nothing here yet</div>')
    reading = chromium.perform(ReadOwnTimeline("us", HOUR_AGO), desk)
    assert (reading.posts, reading.reached_back) == ((), True)
    site.show("/us")
    with pytest.raises(PageChangedError):
        chromium.perform(ReadOwnTimeline("us", HOUR_AGO), desk)


def test_b6_a_timeline_that_could_not_be_loaded_proves_nothing(
    chromium: Chromium, site: FixtureSite, desk: FakeDesk
) -> None:
    site.fail_late("/us")
    with pytest.raises(SiteBusyError):
        chromium.perform(ReadOwnTimeline("us", HOUR_AGO), desk)


@pytest.mark.parametrize("account", [None, "them"])
def test_e1_nobody_elses_view_of_our_timeline_is_evidence(
    chromium: Chromium, site: FixtureSite, desk: FakeDesk, account: str | None
) -> None:
    site.show("/us", card(post_id(70), "ours"), account=account)
    with pytest.raises(LoggedOutError):
        chromium.perform(ReadOwnTimeline("us", HOUR_AGO), desk)


def test_replies_are_read_from_their_own_tab(
    chromium: Chromium, site: FixtureSite, desk: FakeDesk, short_end: None
) -> None:
    reply = card(post_id(5), "our reply", replying_to="them")
    site.show(
        "/us/with_replies", card(post_id(9), "Replying to @nobody", author="them"), reply, card(post_id(70), "old")
    )
    reading = chromium.perform(ReadOwnTimeline("us", HOUR_AGO, replies=True), desk)
    assert [(post.text, post.replying_to) for post in reading.posts] == [("our reply", "them"), ("old", None)]


def test_what_people_write_does_not_make_a_post_a_reply(
    chromium: Chromium, site: FixtureSite, desk: FakeDesk, short_end: None
) -> None:
    site.show("/us", card(post_id(70), "Replying to @them is rude"))
    assert chromium.perform(ReadOwnTimeline("us", HOUR_AGO), desk).posts[0].replying_to is None


def test_b6_cards_that_come_one_by_one_leave_no_gap(
    chromium: Chromium, site: FixtureSite, desk: FakeDesk, short_end: None
) -> None:
    ids = [post_id(minutes) for minutes in (70, 20, 5)]
    cards = json.dumps([card(each, f"post {each}") for each in ids]).replace("</", "<\\/")
    script = (
        f"const cards = {cards}, column = document.querySelector('main');"
        "const next = () => cards.length && column.insertAdjacentHTML('afterbegin', cards.shift());"
        "setInterval(next, 50);"
    )
    site.show("/us", script=script)
    reading = chromium.perform(ReadOwnTimeline("us", HOUR_AGO), desk)
    assert {post.id for post in reading.posts} == set(ids)


def test_b6_an_old_parent_above_a_new_answer_does_not_prove_how_far_back_the_page_reaches(
    chromium: Chromium, site: FixtureSite, desk: FakeDesk, short_end: None
) -> None:
    old, new, older = post_id(90), post_id(5), post_id(120)
    thread = (card(old, "part one"), card(new, "part two", replying_to="us"))
    site.show("/us/with_replies", *thread, card(post_id(9), "ours"))
    reading = chromium.perform(ReadOwnTimeline("us", HOUR_AGO, replies=True), desk)
    assert not reading.reached_back, "all that is older stands above its answer"
    assert {post.id for post in reading.posts} == {old, new, post_id(9)}
    site.show("/us/with_replies", *thread, card(older, "ours"))
    assert chromium.perform(ReadOwnTimeline("us", HOUR_AGO, replies=True), desk).reached_back


def test_b6_a_timeline_that_ends_before_the_time_asked_for_says_so_and_is_no_proof(
    chromium: Chromium, site: FixtureSite, desk: FakeDesk, short_end: None
) -> None:
    site.show("/us", card(post_id(5), "ours"), card(post_id(20), "the first of all"))
    reading = chromium.perform(ReadOwnTimeline("us", HOUR_AGO), desk)
    assert (len(reading.posts), reading.reached_back, reading.has_ended) == (2, False, True)


def test_b6_the_last_card_may_be_the_parent_of_one_that_is_still_to_come(
    chromium: Chromium, site: FixtureSite, desk: FakeDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("actors.pages.timeline._NEXT_CARDS_S", 1.0)
    later = json.dumps(card(post_id(7), "part two", replying_to="us") + card(post_id(8), "looked for"))
    script = (
        "document.body.style.minHeight = '3000px';"
        "addEventListener('scroll', () => setTimeout(() => {"
        f"document.querySelector('main').insertAdjacentHTML('beforeend', {later});"
        "}, 300), { once: true });"
    ).replace("</", "<\\/")
    site.show("/us/with_replies", card(post_id(5), "ours"), card(post_id(90), "part one"), script=script)
    reading = chromium.perform(ReadOwnTimeline("us", HOUR_AGO, replies=True), desk)
    assert "looked for" in [post.text for post in reading.posts]
    assert not reading.reached_back


def test_answers_are_told_by_the_parent_above_them_where_the_line_is_left_out(
    chromium: Chromium, site: FixtureSite, desk: FakeDesk, short_end: None
) -> None:
    site.show(
        "/us/with_replies",
        card(post_id(500), "pinned", context="Pinned"),
        card(post_id(2), "stands alone"),
        card(post_id(40), "theirs", author="them"),
        card(post_id(4), "to them"),
        card(post_id(30), "part one"),
        card(post_id(6), "part two"),
        card(post_id(600), "passed on", author="them", context="Us reposted"),
        card(post_id(8), "alone as well"),
    )
    reading = chromium.perform(ReadOwnTimeline("us", HOUR_AGO, replies=True), desk)
    assert {post.text: post.replying_to for post in reading.posts} == {
        "stands alone": None,
        "to them": "them",
        "part one": None,
        "part two": "us",
        "alone as well": None,
    }


def test_b6_only_a_card_that_may_be_ours_makes_a_look_inconclusive_for_want_of_its_text(
    chromium: Chromium, site: FixtureSite, desk: FakeDesk, short_end: None
) -> None:
    def reached_back(*shown: str) -> bool:
        site.show("/us/with_replies", *shown, card(post_id(70), "ours"))
        return bool(chromium.perform(ReadOwnTimeline("us", HOUR_AGO, replies=True), desk).reached_back)

    def picture(author: str) -> str:
        return re.sub("<div data-testid=.tweetText.*?</div>", "", card(post_id(30), "", author))

    assert reached_back(picture("them"), card(post_id(5), "that is a fine picture"))
    assert not reached_back(picture("US"))
    assert not reached_back(picture("them").replace("/status/", "/photo/")), "whose it is cannot be read"
