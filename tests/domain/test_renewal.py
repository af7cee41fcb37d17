"""Too many abandoned threads want a new process, which comes in a gap that costs nobody anything."""

from __future__ import annotations

import math

from actors.domain.renewal import Renewal


def over(budget: int = 2) -> Renewal:
    """Return one whose budget has been passed since time 0."""
    renewal = Renewal(budget, drain_s=30.0)
    renewal.is_over(budget + 1, 0, 0.0)
    return renewal


def test_as_many_threads_as_the_budget_allows_are_no_reason() -> None:
    renewal = Renewal(2, drain_s=30.0)
    assert not any(renewal.is_over(2, 0, float(second)) for second in range(100))


def test_only_threads_that_do_not_come_home_within_half_a_minute_count() -> None:
    renewal = Renewal(2, drain_s=30.0)
    assert not renewal.is_over(20, 0, 0.0)
    assert not renewal.is_over(20, 0, 29.0)
    assert not renewal.is_over(2, 0, 29.5)
    assert not renewal.is_over(20, 0, 30.0)
    assert renewal.is_over(20, 0, 60.0)


def test_one_thread_that_computes_is_too_many() -> None:
    renewal = Renewal(16, drain_s=30.0)
    assert not renewal.is_over(1, 1, 0.0)
    assert renewal.is_over(1, 1, 30.0)


def test_it_waits_until_p0_would_not_be_late() -> None:
    renewal = over()
    assert not renewal.is_time(31.0, runs=0, next_p0_in=4.9)
    assert renewal.is_time(31.0, runs=0, next_p0_in=5.0)
    assert renewal.is_time(31.0, runs=0, next_p0_in=math.inf)


def test_with_runs_under_way_the_gap_has_to_hold_their_end_as_well() -> None:
    renewal = over()
    assert not renewal.is_time(31.0, runs=1, next_p0_in=34.9)
    assert renewal.is_time(31.0, runs=1, next_p0_in=35.0)


def test_a_gap_that_never_comes_is_not_waited_for_longer_than_ten_minutes() -> None:
    renewal = over()
    assert not renewal.is_time(629.0, runs=3, next_p0_in=0.0)
    assert renewal.is_time(630.0, runs=3, next_p0_in=0.0)
