"""The series of our followers: who is new, what came and went, and where it is heading."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.domain.followers import (
    CountReading,
    FollowerGain,
    Newcomers,
    digest_of,
    gains_of,
    newcomers,
    trend_of,
    usual_churn,
)

START = datetime(2026, 3, 2, tzinfo=UTC)
HALF = timedelta(minutes=30)


def look(handles: str, known: str = "", *, has_ended: bool = False, is_first: bool = False) -> Newcomers:
    """Look at a list of one-letter followers, the newest first."""
    return newcomers(handles, set(known), has_ended=has_ended, is_first=is_first)


def series(*counts: int, follows: tuple[int | None, ...] = (), is_rounded: bool = False) -> list[CountReading]:
    """Return half-hourly readings."""
    came = follows or (None,) * len(counts)
    pairs = enumerate(zip(counts, came, strict=True))
    return [CountReading(START + HALF * place, count, is_rounded, new) for place, (count, new) in pairs]


def test_a_digest_knows_a_handle_in_any_case_and_does_not_show_it() -> None:
    assert digest_of("Anna_Walks") == digest_of("anna_walks") != digest_of("anna_walk")
    assert len(digest_of("anna")) == 32
    assert "anna" not in digest_of("anna")


@pytest.mark.parametrize(
    ("handles", "known", "has_ended", "follows", "others"),
    [
        ("xyabc", "abc", False, 2, ""),
        ("abc", "abc", False, 0, ""),
        # B left, so the older d moved up to where it can be seen for the first time.
        ("xacd", "abc", False, 1, "d"),
        # A left and came back: no new follower, but x behind him is one.
        ("axbc", "abc", False, 1, ""),
        ("xxyabc", "abc", False, 2, ""),
        ("xy", "", True, 2, ""),
        ("", "", True, 0, ""),
    ],
)
def test_new_is_who_stands_before_somebody_known(
    handles: str, known: str, has_ended: bool, follows: int, others: str
) -> None:
    found = look(handles, known, has_ended=has_ended)

    assert (found.follows, len(found.counted), found.others) == (follows, follows, tuple(others))


def test_h6_a_list_that_does_not_reach_back_is_unknown_and_not_zero() -> None:
    found = look("uvwxyz")

    assert found.follows is None
    assert found.counted == tuple("uvwxyz")


def test_the_first_look_only_remembers_who_is_there() -> None:
    assert look("abc", is_first=True, has_ended=True) == Newcomers(None, (), ("a", "b", "c"))


@given(st.lists(st.tuples(st.booleans(), st.integers(0, 30)), max_size=60), st.integers(2, 12))
def test_h6_looks_one_after_the_other_count_nobody_twice(steps: list[tuple[bool, int]], limit: int) -> None:
    following, known, counted, ordinal = list(range(100, 140)), set[str](), list[str](), 0
    came = set()
    for comes, place in steps:
        if comes:
            following.insert(0, ordinal)
            came.add(str(ordinal))
            ordinal += 1
        elif following:
            following.pop(place % len(following))
        shown = [str(each) for each in following[:limit]]
        found = newcomers(shown, known, has_ended=len(following) < limit, is_first=not known)
        known.update(found.counted, found.others)
        counted.extend(found.counted)

    assert len(counted) == len(set(counted))
    assert set(counted) <= came


def test_where_the_list_was_read_those_who_came_are_counted() -> None:
    gains = gains_of(series(100, 103, 101, follows=(None, 4, 1)), churn=7.0)

    assert [(gain.net, gain.gross, gain.is_counted) for gain in gains] == [(3, 4, True), (-2, 1, True)]
    assert (gains[0].since, gains[0].until) == (START, START + HALF)


def test_elsewhere_they_are_the_net_gain_and_the_usual_loss_and_never_below_zero() -> None:
    gains = gains_of(series(100, 103, 80), churn=0.5)

    assert [(gain.gross, gain.is_counted) for gain in gains] == [(3.25, False), (0.0, False)]


def test_h2_a_rounded_count_that_stands_still_is_waited_for_until_it_moves() -> None:
    still = series(12_300, 12_300, 12_300, is_rounded=True)

    assert gains_of(still, churn=1.0) == []
    moved = gains_of([*still, CountReading(START + 3 * HALF, 12_400, is_rounded=True)], churn=1.0)
    assert [(gain.since, gain.until, gain.gross) for gain in moved] == [(START, START + 3 * HALF, 101.5)]


def test_a_rounded_count_is_waited_for_no_longer_than_a_day_and_not_at_all_if_the_list_was_read() -> None:
    still = [CountReading(START + HALF * place, 12_300, is_rounded=True) for place in range(60)]
    assert [gain.until for gain in gains_of(still, churn=1.0)] == [START + timedelta(days=1)]

    counted = gains_of(series(12_300, 12_300, follows=(None, 9), is_rounded=True), churn=1.0)
    assert [(gain.gross, gain.is_counted) for gain in counted] == [(9, True)]


@given(st.lists(st.tuples(st.integers(0, 10**6), st.none() | st.integers(0, 99)), max_size=30))
def test_gains_follow_each_other_without_a_gap_and_sum_to_the_net(counts: list[tuple[int, int | None]]) -> None:
    readings = [CountReading(START + HALF * n, count, False, new) for n, (count, new) in enumerate(counts)]

    gains = gains_of(readings, churn=0.3)

    assert [gain.since for gain in gains] == [reading.at for reading in readings[:-1]]
    assert [gain.until for gain in gains] == [reading.at for reading in readings[1:]]
    assert sum(gain.net for gain in gains) == (readings[-1].followers - readings[0].followers if readings else 0)
    assert all(gain.gross >= 0 for gain in gains)


def test_the_usual_loss_is_that_of_a_usual_day_whatever_one_bad_day_lost() -> None:
    gains = [
        FollowerGain(
            START + timedelta(days=day, hours=hour),
            START + timedelta(days=day, hours=hour + 1),
            net=-9 if day > 6 else -200 if (day, hour) == (3, 4) else -(hour % 2),
            gross=0.0,
            is_counted=day <= 6,
        )
        for day in range(20)
        for hour in range(20)
    ]

    assert usual_churn(gains) == pytest.approx(0.5)
    assert usual_churn([]) == 0.0


def test_fewer_than_three_readings_have_no_trend() -> None:
    assert trend_of(series(100, 101)) is None
    assert trend_of(series(100, 101, 102)) is not None


def test_one_wrong_count_moves_the_slope_of_a_week_by_nothing_to_speak_of() -> None:
    counts = [5000 + place // 4 for place in range(337)]
    counts[100] = 50_000

    trend = trend_of(series(*counts))

    assert trend is not None
    assert trend.per_day == pytest.approx(12.0, abs=0.1)


def test_the_interval_holds_the_true_slope_nine_times_in_ten() -> None:
    rng, held = np.random.default_rng(7), 0
    for _ in range(200):
        steps = rng.poisson(0.4, 60) - rng.poisson(0.15, 60)
        trend = trend_of(series(5000, *(5000 + np.cumsum(steps)).tolist()))
        assert trend is not None
        held += trend.low <= 12.0 <= trend.high

    assert 170 <= held <= 192


def test_a_jump_is_seen_and_a_steady_rise_is_none() -> None:
    steady = [5000 + place // 2 for place in range(337)]
    jumped = [count + 60 * (place > 200) for place, count in enumerate(steady)]
    fallen = [count - 60 * (place > 200) for place, count in enumerate(steady)]

    flags = [trend.has_jumped for each in (steady, jumped, fallen) if (trend := trend_of(series(*each)))]

    assert flags == [False, True, True]
