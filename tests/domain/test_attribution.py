"""Sharing follows out: nobody is credited twice, and what comes without posts is no post's."""

from __future__ import annotations

import math
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from actors.domain.attribution import Gain, Method, Post, attribute, engagement_at, method_for
from actors.domain.learning.maturity import USUAL

START = datetime(2026, 3, 2, tzinfo=UTC)
HALF = timedelta(minutes=30)
HOUR = timedelta(hours=1)


def intervals(*gross: float, start: datetime = START) -> list[Gain]:
    return [Gain(start + HALF * place, start + HALF * (place + 1), each) for place, each in enumerate(gross)]


def post(name: str, at: datetime, reactions: float, *, group: str = "coach") -> Post:
    """Return a post whose every reading lies on the maturity curve."""
    ages = [timedelta(minutes=15), HOUR, 6 * HOUR, 24 * HOUR]
    return Post(name, group, at, tuple((age.total_seconds(), reactions * USUAL.share(age)) for age in ages))


def ends(gains: list[Gain]) -> set[datetime]:
    return {gain.until for gain in gains}


def test_h6_two_posts_and_ten_followers_are_ten_follows_in_all() -> None:
    gains = intervals(0, 10, 0)
    posts = [post("a", START, 40), post("b", START + HALF / 2, 10)]

    _, shares = attribute(gains, posts, ends(gains))

    shared = shares[1]
    assert math.fsum(shared.credits.values()) + shared.background == pytest.approx(10, abs=1e-9)
    assert shared.credits["a"] > shared.credits["b"] > 0
    assert shares[0].credits == shares[2].credits == {}


def test_h6_more_known_by_name_than_the_estimate_says_came_is_no_more_than_came() -> None:
    gains = intervals(1.5)
    _, (share,) = attribute(gains, [post("a", START, 40)], ends(gains), {gains[0].until: ["a", "b", "b"]})
    assert share.credits == {"a": pytest.approx(0.5), "b": pytest.approx(1.0)}
    assert share.background == pytest.approx(0)


gains_and_posts = st.tuples(
    st.lists(st.tuples(st.integers(1, 400), st.floats(0, 1e4)), min_size=1, max_size=30),
    st.lists(
        st.tuples(
            st.integers(-3000, 3000),
            st.sampled_from(["coach", "reply", "story"]),
            st.lists(st.tuples(st.floats(0, 1e6), st.floats(0, 1e6)), max_size=4),
        ),
        max_size=40,
    ),
)


@settings(max_examples=60, deadline=None)
@given(gains_and_posts)
def test_h6_credits_and_background_are_the_gross_of_each_interval(
    drawn: tuple[list[tuple[int, float]], list[tuple[int, str, list[tuple[float, float]]]]],
) -> None:
    gains, at = [], START
    for minutes, gross in drawn[0]:
        gains.append(Gain(at, at + timedelta(minutes=minutes), gross))
        at = gains[-1].until
    posts = [
        Post(str(name), group, START + timedelta(minutes=minutes), tuple(sorted(readings)))
        for name, (minutes, group, readings) in enumerate(drawn[1])
    ]

    _, shares = attribute(gains, posts, ends(gains))

    assert [share.until for share in shares] == [gain.until for gain in gains]
    for gain, share in zip(gains, shares, strict=True):
        assert abs(math.fsum(share.credits.values()) + share.background - gain.gross) <= 1e-9 * max(1.0, gain.gross)
        assert share.background >= 0
        assert all(credit > 0 for credit in share.credits.values())


def test_only_the_wanted_intervals_are_shared_out() -> None:
    gains = intervals(1, 2, 3)

    _, shares = attribute(gains, [post("a", START, 5)], {gains[1].until})

    assert [share.until for share in shares] == [gains[1].until]
    assert attribute([], [], set()) == (Method.ENGAGEMENT, [])


def test_a_post_is_credited_with_nothing_before_it_was_posted() -> None:
    gains = intervals(5, 5, 5)

    _, shares = attribute(gains, [post("a", gains[2].since, 50)], ends(gains))

    assert [set(share.credits) for share in shares] == [set(), set(), {"a"}]
    assert [share.background for share in shares[:2]] == [5, 5]


def test_a_post_without_a_reading_yet_is_credited_with_nothing() -> None:
    gains = intervals(4)

    _, shares = attribute(gains, [Post("a", "coach", START)], ends(gains))

    assert shares[0].credits == {}
    assert shares[0].background == 4


def test_engagement_between_and_after_readings_follows_the_maturity_curve() -> None:
    ages = np.array([0.0, 1800.0, 3600.0, 6 * 3600.0, 1e9])
    found = engagement_at(Post("a", "coach", START, ((3600.0, 10.0), (6 * 3600.0, 40.0))), ages)

    early = USUAL.share(HALF) / USUAL.share(HOUR)
    assert found == pytest.approx([0.0, 10 * early, 10.0, 40.0, 40 / USUAL.share(6 * HOUR)])


def test_a_like_that_was_taken_back_is_no_follower_lost() -> None:
    found = engagement_at(Post("a", "coach", START, ((3600.0, 10.0), (7200.0, 4.0))), np.array([3600.0, 7200.0]))

    assert found.tolist() == [10.0, 10.0]


@pytest.mark.parametrize(
    ("per_day", "hours", "method"),
    [(8, 14, Method.DECONVOLUTION), (8, 24, Method.ENGAGEMENT), (24, 14, Method.ENGAGEMENT)],
)
def test_follows_are_told_apart_only_where_quiet_hours_show_what_comes_by_itself(
    per_day: int, hours: int, method: Method
) -> None:
    posts = [
        post(f"{day} {place}", START + timedelta(days=day, hours=7 + (place + day / 7) * hours / per_day), 1)
        for day in range(7)
        for place in range(per_day)
    ]

    assert method_for(posts, START, START + timedelta(days=8)) is method


def lived(
    *, days: int, background: float, worth: dict[str, float], seed: int = 3, per_day: int = 8, awake: int = 14
) -> tuple[list[Gain], list[Post]]:
    """Draw half hours in which follows come at `background` an hour and `worth` a reaction."""
    rng = np.random.default_rng(seed)
    groups = list(worth)
    posts = [
        post(
            f"{day} {place}",
            START + timedelta(days=day, hours=7 + awake * place / per_day),
            float(rng.poisson(rng.exponential(30))),
            group=groups[int(rng.integers(len(groups)))],
        )
        for day in range(days)
        for place in range(per_day)
    ]
    expected = np.full(48 * days, background / 2)
    edges = START.timestamp() + 1800.0 * np.arange(48 * days + 1)
    for each in posts:
        expected += worth[each.group] * np.diff(engagement_at(each, edges - each.posted_at.timestamp()))
    return intervals(*rng.poisson(expected).tolist()), posts


def credited(gains: list[Gain], posts: list[Post]) -> tuple[dict[str, float], float]:
    """Return the credits by group, and the background of all intervals."""
    groups = {each.id: each.group for each in posts}
    by_group = dict.fromkeys(groups.values(), 0.0)
    _, shares = attribute(gains, posts, ends(gains))
    for share in shares:
        for name, credit in share.credits.items():
            by_group[groups[name]] += credit
    return by_group, sum(share.background for share in shares)


def test_h6_what_comes_by_itself_is_credited_to_no_post() -> None:
    gains, posts = lived(days=20, background=0.5, worth={"coach": 0.05})

    by_group, background = credited(gains, posts)

    assert background == pytest.approx(24 * 20 * 0.5, rel=0.2)
    assert by_group["coach"] == pytest.approx(sum(gain.gross for gain in gains) - background)


def test_h6_where_posts_come_all_day_the_background_has_one_share_of_every_interval_with_engagement() -> None:
    gains, posts = lived(days=20, background=1.0, worth={"coach": 0.05}, per_day=24, awake=24)

    method, shares = attribute(gains, posts, ends(gains))

    parts = [share.background / gain.gross for gain, share in zip(gains, shares, strict=True) if share.credits]
    assert method is Method.ENGAGEMENT
    assert parts == pytest.approx([parts[0]] * len(parts))
    assert sum(share.background for share in shares) == pytest.approx(24 * 20 * 1.0, rel=0.3)


def test_posts_that_win_more_with_the_same_engagement_are_credited_with_more() -> None:
    gains, posts = lived(days=30, background=0.2, worth={"coach": 0.12, "story": 0.01})

    by_group, _ = credited(gains, posts)

    assert by_group["coach"] > 3 * by_group["story"]


@pytest.mark.parametrize("seed", range(3))
def test_h11_a_group_seen_once_is_not_judged_by_one_lucky_follow(seed: int) -> None:
    gains, posts = lived(days=10, background=0.2, worth={"coach": 0.05}, seed=seed)
    lucky = post("lucky", START + timedelta(days=9, hours=7), 2, group="story")
    place = next(n for n, gain in enumerate(gains) if gain.since == lucky.posted_at)
    gains[place] = Gain(gains[place].since, gains[place].until, gains[place].gross + 5)

    _, shares = attribute(gains, [*posts, lucky], ends(gains))

    assert sum(share.credits.get("lucky", 0.0) for share in shares) < 2.5
