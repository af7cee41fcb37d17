"""Posts that people write by hand, backstage."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from .conftest import ACCOUNT, OpenWorld, Visitor, eventually

Opening = Callable[[], OpenWorld]


def write(visitor: Visitor, author: str, text: str, parent: str | None = None) -> str:
    return str(visitor.json("POST", "/_posts", {"author": author, "text": text, "in_reply_to": parent})["id"])


def ids(visitor: Visitor, operation: str, handle: str) -> list[str]:
    return [entry["id"] for entry in visitor.query(operation, handle=handle)["entries"]]


def test_a_post_by_hand_is_ours_and_told_apart_in_the_truth(visitor: Visitor) -> None:
    by_site = visitor.create("By the site")["data"]["create_tweet"]["tweet_results"]["result"]["rest_id"]

    by_hand = write(visitor, ACCOUNT, "By hand")

    assert [(post["id"], post["source"]) for post in visitor.truth()] == [(by_site, "site"), (by_hand, "hand")]
    assert set(visitor.truth()[1]) == {"id", "author", "text", "in_reply_to", "created_at", "source"}
    assert eventually(lambda: ids(visitor, "UserTweets", ACCOUNT)[:2] == [by_hand, by_site])


def test_a_background_account_writes_and_answers(visitor: Visitor) -> None:
    ours = write(visitor, ACCOUNT, "A question")

    theirs = write(visitor, "SlowKitchen", "An answer", ours)

    parent, answer = visitor.query("TweetDetail", id=ours)["entries"]
    assert (answer["id"], answer["handle"], answer["replyingTo"]) == (theirs, "slowkitchen", ACCOUNT)
    assert parent["actions"]["reply"][1] == "2", "one from the audience, one by hand"
    assert [post["id"] for post in visitor.truth()] == [ours]
    assert eventually(lambda: ids(visitor, "UserTweetsAndReplies", "slowkitchen")[:2] == [ours, theirs])


@pytest.mark.parametrize(
    "draft",
    [
        {"author": "nobody_at_all", "text": "x"},
        {"author": ACCOUNT, "text": " "},
        {"author": ACCOUNT, "text": "x", "in_reply_to": "1"},
        {"author": ACCOUNT, "text": "x", "in_reply_to": 1},
        {"author": ACCOUNT},
        {"text": "x"},
        [],
    ],
)
def test_what_nobody_could_have_written_is_refused(visitor: Visitor, draft: Any) -> None:
    posts = visitor.query("HomeTimeline")["entries"]

    status, _, body = visitor.ask("POST", "/_posts", draft)

    assert status == 400
    assert json.loads(body)["error"]
    assert visitor.truth() == []
    assert [entry["id"] for entry in visitor.query("HomeTimeline")["entries"]] == [entry["id"] for entry in posts]


def test_posts_by_hand_survive_a_restart(open_world: Opening) -> None:
    opened = open_world()
    ours = opened.world.write("Commons_Daily", "By hand")
    theirs = opened.world.write("slowkitchen", "By theirs", ours.id)
    by_site = opened.world.create("By the site")

    again = open_world()

    assert again.world.post(theirs.id) == theirs
    assert theirs.author == "slowkitchen"
    assert [(post["id"], post["source"]) for post in again.world.truth()["posts"]] == [
        (ours.id, "hand"),
        (by_site.id, "site"),
    ]
    assert [post.id for post in again.crowd.heard] == [ours.id, by_site.id], "the audience hears of ours alone"


def test_two_people_may_write_the_same_and_one_may_not(open_world: Opening) -> None:
    world = open_world().world
    world.write("slowkitchen", "Good morning")
    world.write("quietdesk", "Good morning")
    world.create("Good morning")

    for author in ("slowkitchen", "commons_daily"):
        with pytest.raises(Exception, match="duplicate"):
            world.write(author, "Good morning")
