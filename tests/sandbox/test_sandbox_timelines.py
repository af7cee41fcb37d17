"""What appears where."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from actors.sandbox.post import Post, Repost
from actors.sandbox.search_query import Query
from actors.sandbox.timelines import Entry, conversation, home, indexed, profile, search

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


def post(number: int, author: str = "ann", text: str = "", **rest: object) -> Post:
    return Post(str(number), author, text or f"post {number}", NOW + timedelta(minutes=number), **rest)  # type: ignore[arg-type]


def ids(entries: list[Entry]) -> list[str]:
    return [entry.post.id for entry in entries]


@pytest.mark.parametrize(
    ("speed", "age_s", "is_known"), [(1, 9, False), (1, 11, True), (60, 17, False), (60, 19, True)]
)
def test_a_new_post_reaches_the_timelines_late(speed: float, age_s: float, is_known: bool) -> None:
    fresh = post(0)
    assert (indexed([fresh], NOW + timedelta(seconds=age_s), speed) == [fresh]) is is_known


def test_home_is_newest_first_without_replies_and_with_an_ad() -> None:
    posts = [post(n) for n in range(5)] + [post(5, in_reply_to="1"), post(6, is_promoted=True)]
    assert ids(home(posts)) == ["4", "3", "2", "6", "1", "0"]


def test_a_profile_starts_with_the_pinned_post_and_carries_reposts() -> None:
    posts = [post(1, is_pinned=True), post(2), post(3, "bob"), post(4, in_reply_to="3"), post(5, "bob")]
    entries = profile("ann", "Ann", posts, [Repost("ann", "3", NOW + timedelta(hours=1))])
    assert ids(entries) == ["1", "3", "2"]
    assert [entry.context for entry in entries] == ["Pinned", "Ann reposted", ""]


def test_the_replies_tab_shows_a_reply_under_its_parent() -> None:
    posts = [post(1), post(2, "bob"), post(3, in_reply_to="2")]
    assert ids(profile("ann", "Ann", posts, [], with_replies=True)) == ["2", "3", "1"]


def test_on_the_page_of_a_reply_its_parents_come_first() -> None:
    posts = [post(1, "bob"), post(2, in_reply_to="1"), post(3, "bob", in_reply_to="2"), post(4, in_reply_to="3")]
    entries = conversation(posts[2], posts)
    assert ids(entries) == ["1", "2", "3", "4"]
    assert [entry.is_focal for entry in entries] == [False, False, True, False]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Tea", ["4", "3", "1"]),
        ('"green tea"', ["3"]),
        ("tea -green", ["4", "1"]),
        ("tea from:bob", ["4"]),
        ("tea from:@BOB", ["4"]),
        ("tea -filter:replies", ["3", "1"]),
        ("min_faves:3 lang:en", ["4", "3"]),
        ("from:nobody", []),
        ("", ["4", "3", "2", "1"]),
    ],
)
def test_search_understands_the_operators(text: str, expected: list[str]) -> None:
    posts = [
        post(1, text="Black tea"),
        post(2, text="Coffee"),
        post(3, text="Green tea"),
        post(4, "bob", "Any TEA", in_reply_to="1"),
    ]
    assert ids(search(text, posts, lambda found: int(found.id), is_latest=True)) == expected


def test_top_results_are_the_most_liked_first() -> None:
    posts = [post(1), post(2), post(3)]
    likes = {"1": 5, "2": 9, "3": 1}
    assert ids(search("post", posts, lambda found: likes[found.id], is_latest=False)) == ["2", "1", "3"]


def test_an_unknown_operator_is_ignored() -> None:
    assert Query.parse("within_time:2d tea") == Query.parse("tea")
