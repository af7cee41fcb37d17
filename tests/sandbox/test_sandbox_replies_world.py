"""How the site and its audience deal with replies to others."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from actors.sandbox.api import Api
from actors.sandbox.audience import Audience
from actors.sandbox.exchange import Request
from actors.sandbox.faults import FaultBoard
from actors.sandbox.post import Answered, Counts, Post
from actors.sandbox.session import COOKIE, DEV_TOKEN
from actors.sandbox.snowflake import encode
from actors.sandbox.store import EventLog
from actors.sandbox.world import RefusedError, World

from .conftest import ACCOUNT, BORN, HandClock, OpenWorld

if TYPE_CHECKING:
    from pathlib import Path

    from actors.sandbox.society_people import Attitude

Opening = Callable[[], OpenWorld]
GRUMPY: dict[str, Attitude] = {"slowkitchen": "opted_out", "quietdesk": "welcoming"}


def test_the_audience_is_told_what_a_reply_to_somebody_else_answers(open_world: Opening) -> None:
    opened = open_world()
    theirs = opened.world.posts()[0]

    opened.world.create("A reply", theirs.id)

    views = theirs.popularity.views
    expected = Answered(theirs.id, theirs.author, "indifferent", theirs.created_at, views, theirs.text)
    assert [post.answered for post in opened.crowd.heard] == [expected]
    assert [post.answered for post in open_world().crowd.heard] == [expected]


def test_an_answer_to_oneself_answers_nobody_else(open_world: Opening) -> None:
    opened = open_world()
    opened.world.create("A reply to a part", opened.world.create("A part").id)

    assert [post.answered for post in opened.crowd.heard] == [None, None]


@pytest.mark.parametrize(
    ("text", "is_addressed"),
    [(f"What do you say, @{ACCOUNT.upper()}?", True), (f"Mind @{ACCOUNT}s", False), ("Just so", False)],
)
def test_who_mentions_us_addresses_us(open_world: Opening, text: str, is_addressed: bool) -> None:
    opened = open_world()
    theirs = opened.world.write("slowkitchen", text)

    opened.world.create("A reply", theirs.id)

    (heard,) = opened.crowd.heard
    assert heard.answered
    assert heard.answered.is_addressed is is_addressed


def test_who_answers_us_addresses_us(open_world: Opening) -> None:
    opened = open_world()
    question = opened.world.write("slowkitchen", "A question", opened.world.create("A post").id)

    opened.world.create("A reply", question.id)

    heard = opened.crowd.heard[-1]
    assert heard.answered
    assert heard.answered.is_addressed


def test_what_authors_answer_appears_in_its_time_and_can_be_answered(open_world: Opening) -> None:
    opened = open_world()
    world, clock = opened.world, opened.clock
    ours = world.create("A reply", world.posts()[0].id)
    at = BORN + timedelta(minutes=30)
    theirs = Post(str(encode(at) | 1 << 20), "slowkitchen", "stop", at, ours.id, popularity=Counts(40, 2))
    opened.crowd.said.append(theirs)

    assert world.post(theirs.id) is None
    assert theirs not in world.posts()
    before = world.counts(ours).replies
    with pytest.raises(RefusedError):
        world.create("Too early", theirs.id)

    clock.forward(minutes=31)
    assert world.post(theirs.id) == theirs
    assert world.posts()[-1] == theirs
    assert world.counts(ours).replies == before + 1
    world.mark("like", theirs.id, is_on=True)
    world.create("Understood", theirs.id)
    answered = opened.crowd.heard[-1].answered
    assert answered
    assert (answered.post_id, answered.is_addressed) == (theirs.id, True)


def test_a_platform_that_has_had_enough_answers_429_and_keeps_nothing(open_world: Opening) -> None:
    opened = open_world()
    opened.crowd.is_fed_up = True
    api = Api(opened.world, FaultBoard(), 60.0)
    body = json.dumps({"variables": {"tweet_text": "Once more"}}).encode()

    refusal = api.serve("CreateTweet", Request("POST", "/", {"cookie": f"{COOKIE}={DEV_TOKEN}"}, body))

    assert refusal.status == 429
    assert json.loads(refusal.body)["errors"][0]["code"] == 88
    assert opened.world.own_posts() == []
    opened.crowd.is_fed_up = False
    assert api.serve("CreateTweet", Request("POST", "/", {"cookie": f"{COOKIE}={DEV_TOKEN}"}, body)).status == 200


class GrumpyWorld(World):
    """A world whose authors take answers as `GRUMPY` says."""

    def attitude(self, handle: str) -> Attitude:
        return GRUMPY.get(handle, "hostile")


def test_the_followers_of_the_account_have_names_and_profiles(open_world: Opening) -> None:
    world = open_world().world

    known, invented = world.followers(2)

    assert known == world.account_of("slowkitchen")
    assert (invented.handle, invented.name) == ("ada_2k3", "Ada")
    assert world.account_of("Ada_2k3") == invented
    assert world.followers(1) == [known]
    assert world.account_of("nobody_at_all") is None


def test_replies_end_up_the_same_after_a_restart(tmp_path: Path) -> None:
    clock = HandClock()

    def opened() -> tuple[World, EventLog]:
        log = EventLog(tmp_path)
        return GrumpyWorld(log, clock.now, Audience(4), len, ACCOUNT, 1), log

    world, log = opened()
    targets = [post for post in world.posts() if post.author in GRUMPY]
    for number, theirs in enumerate(targets):
        world.create(f"Reply {number} about the very same thing", theirs.id)
        clock.forward(hours=9)
    answer = next(post for post in world.posts() if post.author == "slowkitchen" and post.created_at > BORN)
    world.create("Understood", answer.id)
    clock.forward(hours=30)
    truth, posts = world.truth(), world.posts()
    counts = [world.counts(post) for post in world.own_posts()]
    log.close()

    world, log = opened()
    assert world.truth() == truth
    assert world.posts() == posts
    assert [world.counts(post) for post in world.own_posts()] == counts
    assert len(truth["follows"]) - len(truth["unfollows"]) == truth["followers"] - 5000
    assert {follow["cause"] for follow in truth["follows"]} <= {None, *(post["id"] for post in truth["posts"])}
    log.close()
