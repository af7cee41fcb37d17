"""What the site's search box understands."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from actors.sandbox.post import Counts, Post
from actors.sandbox.search_query import Query
from actors.sandbox.timelines import search

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
POSTS = [
    Post("1", "ann", "Deep sleep is better than a nap.", NOON - timedelta(days=2)),
    Post("2", "bob", "Sleep well, says the #crypto crowd", NOON - timedelta(hours=20)),
    Post("3", "ann", "A WALK after dinner", NOON - timedelta(hours=3)),
    Post("4", "cleo", "Same here, a walk!", NOON - timedelta(hours=2), in_reply_to="3"),
    Post("5", "dora", "@ann what's your bedtime?", NOON - timedelta(hours=1)),
    Post("6", "emil", "Der Schlaf wird besser", NOON, lang="de"),
]


def found(text: str) -> str:
    entries = search(text, POSTS, lambda post: 100 * int(post.id), is_latest=True)
    return "".join(entry.post.id for entry in entries)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("sleep", "21"),
        ("SLEEP nap", "1"),
        ('"deep sleep"', "1"),
        ('"sleep deep"', ""),
        ("slee", ""),
        ("a", "431"),
        ("what's", "5"),
        ("sleep -crypto", "1"),
        ("#crypto", "2"),
        ('-"a walk" -sleep', "65"),
        ("(walk OR sleep)", "4321"),
        ('("deep sleep" OR walk OR bedtime) from:ann', "31"),
        ("(sleep OR walk) (dinner OR nap)", "31"),
        ("sleep OR walk dinner", "3"),
        ("(from:bob OR from:@Cleo)", "42"),
        ("or", ""),
        ("OR sleep", "21"),
        ("sleep OR", "21"),
        ("-from:ann lang:en", "542"),
        ("lang:de", "6"),
        ("-lang:en", "6"),
        ("filter:replies", "4"),
        ("walk -filter:replies", "3"),
        ("walk filter:links", "43"),
        ("@ann", "54"),
        ("@ANN -filter:replies", "5"),
        ("from:ann -@bob", "31"),
        ("min_faves:300", "6543"),
        ("min_faves:many walk", "43"),
        ("walk min_faves:301", "4"),
        ("since:2026-02-28 sleep", "2"),
        ("since:2026-03-01", "6543"),
        ("since:yesterday sleep", "21"),
        ("until:2026-03-01", "21"),
        ("since:2026-02-28 until:2026-03-01", "2"),
        ("until:tomorrow sleep", "21"),
        ('(sleep OR walk) min_faves:200 lang:en -filter:replies -crypto -nft -"link in bio"', "3"),
        ("((", "654321"),
    ],
)
def test_a_search_finds_what_its_operators_say(text: str, expected: str) -> None:
    assert found(text) == expected


def test_what_will_never_be_liked_enough_is_not_even_counted() -> None:
    asked: list[str] = []

    def likes(post: Post) -> int:
        asked.append(post.id)
        return post.popularity.likes

    posts = [Post("1", "ann", "tea", NOON, popularity=Counts(likes=10)), Post("2", "ann", "tea", NOON)]
    posts.append(Post("3", "ann", "tea", NOON, popularity=Counts(likes=500)))
    assert [entry.post.id for entry in search("tea min_faves:500", posts, likes, is_latest=True)] == ["3"]
    assert asked == ["2", "3"], "an own post carries no final count, so it is asked for"


def test_promoted_posts_stand_between_what_a_search_finds_and_are_never_found() -> None:
    posts = [Post(str(number), "ann", "tea", NOON + timedelta(minutes=number)) for number in range(6)]
    posts.append(Post("9", "shop", "tea", NOON, is_promoted=True))
    entries = search("tea", posts, lambda post: 0, is_latest=True)
    assert [entry.post.id for entry in entries] == ["5", "4", "3", "9", "2", "1", "0"]
    assert search("coffee", posts, lambda post: 0, is_latest=True) == []


def test_a_query_reads_the_same_in_any_order() -> None:
    assert Query.parse("min_faves:5 tea") == Query.parse("tea min_faves:5")
