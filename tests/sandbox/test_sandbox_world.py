"""What the site remembers."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest

from actors.errors import ConfigError
from actors.sandbox.post import PublishedPost
from actors.sandbox.store import EventLog
from actors.sandbox.world import RefusedError, World

from .conftest import BORN, OpenWorld, PlainCrowd

if TYPE_CHECKING:
    from pathlib import Path

Opening = Callable[[], OpenWorld]


def test_a_new_world_has_a_past_but_nothing_of_ours(open_world: Opening) -> None:
    world = open_world().world
    assert len(world.posts()) > 50
    assert all(post.created_at < BORN for post in world.posts())
    assert world.truth() == {"posts": [], "followers": 5000, "follows": [], "unfollows": [], "want_no_bots": []}


def test_the_past_is_the_same_after_a_restart_and_for_the_same_seed(open_world: Opening, tmp_path: Path) -> None:
    past = open_world().world.posts()
    assert open_world().world.posts() == past
    other_log = EventLog(tmp_path / "other")
    other = World(other_log, lambda: BORN, PlainCrowd(), len, "commons_daily", seed=1)
    assert other.posts() == past
    other_log.close()


def test_the_truth_lists_what_the_account_published_and_survives_a_restart(open_world: Opening) -> None:
    opened = open_world()
    first = opened.world.create("Hello <b>world</b>\n\nagain 🙂")
    opened.clock.forward(minutes=1)
    reply = opened.world.create("And a reply", first.id)
    expected = [
        {
            "id": first.id,
            "author": "commons_daily",
            "text": "Hello <b>world</b>\n\nagain 🙂",
            "in_reply_to": None,
            "created_at": "2026-03-01T12:00:00.000Z",
            "source": "site",
        },
        {
            "id": reply.id,
            "author": "commons_daily",
            "text": "And a reply",
            "in_reply_to": first.id,
            "created_at": "2026-03-01T12:01:00.000Z",
            "source": "site",
        },
    ]
    follows = [{"at": post["created_at"], "cause": post["id"]} for post in expected]
    truth = {"posts": expected, "followers": 5002, "follows": follows, "unfollows": [], "want_no_bots": []}
    assert opened.world.truth() == truth
    assert open_world().world.truth() == truth


def test_the_audience_hears_of_every_own_post_in_order_and_again_at_replay(open_world: Opening) -> None:
    opened = open_world()
    ids = [opened.world.create(f"post {number}").id for number in range(3)]
    heard = opened.crowd.heard
    assert [(post.id, post.ordinal) for post in heard] == [(ids[0], 0), (ids[1], 1), (ids[2], 2)]
    assert heard[0] == PublishedPost(ids[0], 0, "post 0", BORN, None)
    assert open_world().crowd.heard == heard


def test_an_id_never_falls_behind_an_earlier_one_over_restarts(open_world: Opening) -> None:
    opened = open_world()
    first = opened.world.create("now")
    opened.clock.forward(hours=-2)
    second = open_world().world.create("earlier by the clock")
    assert int(second.id) > int(first.id)
    assert second.created_at >= first.created_at


def test_the_same_text_is_refused_within_a_day(open_world: Opening) -> None:
    opened = open_world()
    opened.world.create("Again")
    opened.clock.forward(hours=23)
    with pytest.raises(RefusedError) as refused:
        opened.world.create("  Again ")
    assert refused.value.code == 187
    opened.clock.forward(hours=2)
    opened.world.create("Again")
    assert len(opened.world.own_posts()) == 2


@pytest.mark.parametrize(
    ("text", "parent", "code"), [("", None, 38), (" \n", None, 38), ("x" * 281, None, 186), ("x", "123", 385)]
)
def test_what_the_site_does_not_take(open_world: Opening, text: str, parent: str | None, code: int) -> None:
    world = open_world().world
    with pytest.raises(RefusedError) as refused:
        world.create(text, parent)
    assert refused.value.code == code
    assert world.own_posts() == []


def test_ten_threads_with_one_text_publish_it_once(open_world: Opening) -> None:
    world = open_world().world
    refused: list[int] = []
    gate = threading.Barrier(10)

    def publish() -> None:
        gate.wait(5)
        try:
            world.create("the same")
        except RefusedError as error:
            refused.append(error.code)

    threads = [threading.Thread(target=publish) for _ in range(10)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10)
    assert len(world.own_posts()) == 1
    assert refused == [187] * 9


def test_a_post_that_was_cut_off_by_a_crash_never_happened(open_world: Opening, tmp_path: Path) -> None:
    world = open_world().world
    kept = world.create("kept")
    world.create("torn")
    path = tmp_path / "events.jsonl"
    path.write_bytes(path.read_bytes()[:-7])
    again = open_world().world
    assert [post.id for post in again.own_posts()] == [kept.id]
    again.create("torn")
    assert len(open_world().world.own_posts()) == 2


def test_marks_count_for_everybody_and_survive_a_restart(open_world: Opening) -> None:
    world = open_world().world
    post = world.posts()[0]
    before = world.counts(post)
    for kind in ("like", "repost", "bookmark"):
        world.mark(kind, post.id, is_on=True)
    world.mark("bookmark", post.id, is_on=False)
    again = open_world().world
    after = again.counts(post)
    assert (after.likes, after.reposts, after.bookmarks) == (before.likes + 1, before.reposts + 1, before.bookmarks)
    assert [entry.of for entry in again.reposts() if entry.by == "commons_daily"] == [post.id]


def test_the_counts_of_the_background_grow_with_time(open_world: Opening) -> None:
    opened = open_world()
    young = max(opened.world.posts(), key=lambda post: (post.created_at, post.popularity.views))
    before = opened.world.counts(young).views
    opened.clock.forward(days=9)
    assert before < opened.world.counts(young).views <= young.popularity.views


def test_a_world_of_another_account_is_refused(open_world: Opening, tmp_path: Path) -> None:
    open_world().log.close()
    log = EventLog(tmp_path)
    with pytest.raises(ConfigError, match="commons_daily"):
        World(log, lambda: BORN, PlainCrowd(), len, "somebody_else", seed=1)


def test_an_event_of_a_newer_release_is_refused(open_world: Opening, tmp_path: Path) -> None:
    open_world()
    with (tmp_path / "events.jsonl").open("a") as file:
        file.write(json.dumps({"event": "teleported"}) + "\n")
    with pytest.raises(ConfigError, match="teleported"):
        open_world()
