"""Who follows, for what, and who leaves."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import TYPE_CHECKING

from actors.sandbox.audience import Audience
from actors.sandbox.audience_people import Occasion, is_readers, reader_handle
from actors.sandbox.post import Follow, PublishedPost
from actors.sandbox.reader import Reading

if TYPE_CHECKING:
    from pathlib import Path

START = datetime(2026, 3, 1, 8, 17, tzinfo=UTC)
END = START + timedelta(days=20)
MANY = 1_000_000


def reader(text: str) -> Reading:
    return Reading(None, None, None, "plain", "short")


def posts(number: int) -> list[PublishedPost]:
    return [
        PublishedPost(f"id{i}", i, f"p{i} " * 3 + f"q{i}", START + i * timedelta(hours=5, minutes=7), None)
        for i in range(number)
    ]


def met(published: list[PublishedPost], followers: int = 50_000) -> Audience:
    audience = Audience(2, followers=followers, reader=reader)
    for post in published:
        audience.publish(post)
    return audience


def test_at_any_instant_the_count_is_the_first_one_and_who_came_less_who_left() -> None:
    audience = met(posts(60))

    for hours in (0, 0.4, 1, 2.7, 30, 30.5, 300, 479.9):
        at = START + timedelta(hours=hours)
        came, left = len(audience.follows(at)), len(audience.unfollows(at))
        assert audience.followers(at) == 50_000 + came - left
    assert came > 100
    assert left > 100


def test_each_follow_and_each_unfollow_counts_at_its_own_instant() -> None:
    audience, moment = met(posts(60)), timedelta(microseconds=1)
    came, left = audience.follows(END), audience.unfollows(END)

    for at, step in [*((follow.at, 1) for follow in came[:80]), *((at, -1) for at in left[:80])]:
        before, after = at - 9 * moment, at + 9 * moment
        assert audience.followers(after) - audience.followers(before) == step


def test_who_came_for_a_post_came_after_it_and_names_it_and_others_name_none() -> None:
    published = posts(60)
    born = {post.id: post.created_at for post in published}

    follows = met(published).follows(END)
    caused = [follow for follow in follows if follow.cause]

    assert all(follow.at > born[follow.cause or ""] for follow in caused)
    assert len(caused) > 20
    assert len(follows) - len(caused) > 60
    assert [follow.at for follow in follows] == sorted(follow.at for follow in follows)


def test_the_list_of_followers_is_never_empty_and_begins_with_the_newest() -> None:
    audience = Audience(2, reader=reader)
    before = audience.new_followers(START, 60)
    assert len(before) == 60
    assert {follow.cause for follow in before} == {None}

    audience = met(posts(60))
    newest = audience.new_followers(END, MANY)
    assert all(first.at >= second.at for first, second in pairwise(newest))
    came = audience.follows(END)
    assert newest[: len(came)] == came[::-1]
    assert len(newest) == 50_000 + len(came)
    assert newest[len(came)].at < START
    assert audience.new_followers(END, 25) == newest[:25]
    assert audience.new_followers(END, 0) == []


def test_no_more_followed_before_the_first_post_than_there_were() -> None:
    assert len(Audience(2, followers=7, reader=reader).new_followers(START, 60)) == 7


def test_handles_are_valid_and_nobody_shares_one(tmp_path: Path) -> None:
    file = tmp_path / "audience.json"
    file.write_text(json.dumps({"follow_rate": 1.0, "background_follows": 500}))
    audience = Audience(2, file, followers=50_000, reader=reader)
    for post in posts(40):
        audience.publish(post)

    handles = [follow.handle for follow in audience.new_followers(END, MANY)]

    assert len(set(handles)) == len(handles) > 60_000
    assert all(re.fullmatch(r"[a-z0-9_]{1,15}", handle) and is_readers(handle) for handle in handles)


def test_no_name_without_digits_is_taken_for_an_invented_one() -> None:
    assert not any(map(is_readers, ("slowkitchen", "harbour_runner", "tomas_reads", "lou_", "_2k3", "")))
    far = reader_handle(1, Occasion.POST, 300_000, 9)
    assert is_readers(far)
    assert len(far) <= 15


def test_neither_questions_nor_replay_change_who_came() -> None:
    published = posts(40)
    asked = Audience(2, followers=50_000, reader=reader)
    for post in published:
        asked.publish(post)
        asked.new_followers(post.created_at + timedelta(hours=9), 40)
        asked.unfollows(post.created_at + timedelta(minutes=50))
        asked.followers(post.created_at + timedelta(hours=2))
    replayed = met(published)

    assert asked.follows(END) == replayed.follows(END)
    assert asked.unfollows(END) == replayed.unfollows(END)


def test_before_the_first_post_nobody_came_and_nobody_left() -> None:
    audience = Audience(2, reader=reader)

    assert (audience.follows(END), audience.unfollows(END)) == ([], [])
    audience.publish(posts(1)[0])
    assert (audience.follows(START - timedelta(hours=2)), audience.unfollows(START - timedelta(hours=2))) == ([], [])


def test_a_follow_is_what_it_was_when_the_next_post_came_in_the_same_hour() -> None:
    first = posts(1)[0]
    second = PublishedPost("id1", 1, "quite another one", START + timedelta(minutes=20), None)
    audience = met([first])
    until = second.created_at

    def came() -> list[Follow]:
        return audience.follows(until)

    known, left = came(), audience.unfollows(until)
    audience.publish(second)

    assert came() == known
    assert audience.unfollows(until) == left
