"""What the audience makes of what is published."""

from __future__ import annotations

import json
from dataclasses import astuple
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import numpy as np
import pytest

from actors.domain.randomness import keyed
from actors.domain.taxonomy import FACTORS
from actors.errors import ConfigError, NotFoundError
from actors.sandbox.audience import Audience
from actors.sandbox.audience_profile import Profile, load_profile
from actors.sandbox.post import PublishedPost
from actors.sandbox.reader import Reading

if TYPE_CHECKING:
    from pathlib import Path

START = datetime(2026, 3, 1, 8, 17, tzinfo=UTC)
LATER = START + timedelta(days=40)


def posts(number: int, *, hours: float = 1.0) -> list[PublishedPost]:
    """Return posts on all topics, each with words of its own."""
    topics = ["a good pillow", "a walk on foot", "a glass of water", "a slow exhale"]
    made = []
    for i in range(number):
        words = " ".join(f"w{keyed('word', i, j).integers(10**9)}" for j in range(12))
        made.append(
            PublishedPost(f"id{i}", i, f"Try {topics[i % 4]} {words}.", START + i * timedelta(hours=hours), None)
        )
    return made


def met(audience: Audience, published: list[PublishedPost]) -> Audience:
    """Return the audience after it met all posts."""
    for post in published:
        audience.publish(post)
    return audience


def test_equal_seeds_and_posts_give_equal_numbers() -> None:
    published = posts(60)
    first, second = met(Audience(3), published), met(Audience(3), published)

    assert [first.counts(p.id, LATER) for p in published] == [second.counts(p.id, LATER) for p in published]
    assert first.followers(LATER) == second.followers(LATER)
    other = met(Audience(4), published)
    assert [first.counts(p.id, LATER) for p in published] != [other.counts(p.id, LATER) for p in published]


def test_neither_questions_nor_their_order_change_a_number() -> None:
    published = posts(60)
    asked = Audience(3)
    for post in published:
        asked.publish(post)
        asked.counts("id0", post.created_at + timedelta(minutes=20))
        asked.followers(post.created_at + timedelta(minutes=59))
    replayed = met(Audience(3), published)

    instants = [START + timedelta(hours=7 * i) for i in range(60)]
    backwards = {at: replayed.followers(at) for at in reversed(instants)}
    assert {at: asked.followers(at) for at in instants} == backwards
    assert [asked.counts(p.id, LATER) for p in published] == [replayed.counts(p.id, LATER) for p in published]


def test_followers_already_counted_learn_of_a_post_that_came_in_just_before() -> None:
    first, second = posts(2, hours=1.6)
    hasty, patient = Audience(3), Audience(3)
    hasty.publish(first)
    hasty.followers(second.created_at + timedelta(hours=30))
    hasty.publish(second)
    met(patient, [first, second])

    assert hasty.followers(LATER) == patient.followers(LATER)
    assert hasty.counts(second.id, LATER) == patient.counts(second.id, LATER)


def test_a_post_met_twice_counts_once() -> None:
    published = posts(20)

    twice = met(met(Audience(3), published), published)

    assert twice.followers(LATER) == met(Audience(3), published).followers(LATER)


def test_counts_never_fall_and_no_more_like_a_post_than_saw_it() -> None:
    published = posts(40)
    audience = met(Audience(1), published)

    for post in published:
        last = (0,) * 5
        for minutes in (0, 1, 5, 15, 60, 240, 1440, 14_400):
            counts = audience.counts(post.id, post.created_at + timedelta(minutes=minutes))
            assert all(now >= before for now, before in zip(astuple(counts), last, strict=True))
            assert max(counts.likes, counts.reposts, counts.replies, counts.bookmarks) <= counts.views
            last = astuple(counts)
        assert last[0] > 0


def test_a_post_has_no_reader_before_it_is_published() -> None:
    audience = met(Audience(1), posts(1))

    assert astuple(audience.counts("id0", START)) == (0,) * 5
    assert astuple(audience.counts("id0", START - timedelta(days=1))) == (0,) * 5


def test_two_thirds_of_the_views_come_within_six_hours() -> None:
    published = posts(200, hours=2)
    audience = met(Audience(1), published)
    final = sum(audience.counts(p.id, LATER + timedelta(days=60)).views for p in published)
    early = sum(audience.counts(p.id, p.created_at + timedelta(hours=6)).views for p in published)

    assert early / final == pytest.approx(0.68, abs=0.06)


def test_a_viral_post_is_counted_without_drawing_each_view() -> None:
    audience = Audience(1, followers=5_000_000)
    audience.publish(posts(1)[0])

    counts = [audience.counts("id0", START + timedelta(hours=hour)) for hour in (1, 6, 24, 240)]

    assert counts[-1].views > 20_000
    assert counts[-1].likes > 0
    assert [c.views for c in counts] == sorted(c.views for c in counts)
    assert [c.likes for c in counts] == sorted(c.likes for c in counts)
    assert all(c.likes <= c.views for c in counts)


def test_the_same_text_again_is_worth_less() -> None:
    def likes(texts: list[str]) -> int:
        made = [PublishedPost(str(i), i, t, START + timedelta(hours=i), None) for i, t in enumerate(texts)]
        audience = met(Audience(2, followers=2_000_000), made)
        return sum(audience.counts(post.id, LATER).likes for post in made[1:])

    fresh = [" ".join(f"x{keyed('fresh', i, j).integers(10**9)}" for j in range(15)) for i in range(30)]

    assert likes([fresh[0]] * 30) < 0.6 * likes(fresh)


def test_a_topic_tires_when_repeated_and_recovers_with_rest() -> None:
    def reader(_: str) -> Reading:
        return Reading(None, "sleep", None, "plain", "short")

    audience = Audience(1, reader=reader)
    for i in range(6):
        audience.publish(PublishedPost(str(i), i, f"post {i}", START + timedelta(hours=i), None))
    sleep, walking = FACTORS["topic"].index("sleep"), FACTORS["topic"].index("walking")
    tired = audience.moment(START + timedelta(hours=6)).topic_fatigue
    rested = audience.moment(START + timedelta(hours=6 + 12)).topic_fatigue

    assert tired[sleep] == pytest.approx(sum(np.exp(-age / 12) for age in range(1, 7)))
    assert rested[sleep] == pytest.approx(tired[sleep] / np.e)
    assert tired[walking] == 0


def test_more_posts_a_day_reach_fewer_each() -> None:
    at = START + timedelta(days=3)
    few = met(Audience(1), posts(9, hours=8)).moment(at).reach
    many = met(Audience(1), posts(144, hours=0.5)).moment(at).reach

    assert many < 0.7 * few


def test_a_reply_reaches_few_and_tires_nobody() -> None:
    post = posts(1)[0]
    reply = PublishedPost("r", 1, post.text + " indeed", START + timedelta(hours=1), "123")
    audience = met(Audience(1), [post, reply])

    assert audience.counts("r", LATER).views < audience.counts("id0", LATER).views
    alone = met(Audience(1), [post])
    at = START + timedelta(hours=2)
    assert np.allclose(audience.moment(at).topic_fatigue, alone.moment(at).topic_fatigue)


def test_before_the_first_post_nobody_comes_or_goes() -> None:
    assert Audience(1).followers(LATER) == Profile().followers
    assert Audience(1, followers=77).followers(LATER) == 77


def test_an_unknown_post_is_an_error_not_a_zero() -> None:
    with pytest.raises(NotFoundError, match="never met post 5"):
        Audience(1).counts("5", START)


def test_a_profile_file_changes_only_what_it_names(tmp_path: Path) -> None:
    file = tmp_path / "audience.json"
    file.write_text(json.dumps({"followers": 1000, "factor_sd": {"topic": 0.0}}))

    profile = load_profile(file)

    assert profile.followers == 1000
    assert profile.factor_sd == {**Profile().factor_sd, "topic": 0.0}
    assert profile.reach == Profile().reach
    assert not Audience(1, file).taste.factors["topic"].any()


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        ('{"folowers": 5}', "nearest known key is 'followers'"),
        ('{"factor_sd": {"topics": 1}}', "nearest known key is 'topic'"),
        ('{"followers": 2.5}', "no whole number"),
        ('{"followers": true}', "no whole number"),
        ('{"reach": "big"}', "no number"),
        ('{"reach": -1}', "from 0 up"),
        ('{"reach": NaN}', "from 0 up"),
        ('{"factor_sd": 3}', "no JSON object"),
        ('{"segments": 0}', "divide"),
        ("[]", "no JSON object"),
        ("{", "cannot be read"),
    ],
)
def test_a_wrong_profile_is_refused_by_name(tmp_path: Path, content: str, complaint: str) -> None:
    file = tmp_path / "audience.json"
    file.write_text(content)

    with pytest.raises(ConfigError, match=complaint):
        Audience(1, file)
