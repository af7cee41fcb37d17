"""More errors than usual are a spike, and the usual number is none."""

from __future__ import annotations

from datetime import timedelta
from random import Random

import pytest

from actors.domain.health.spikes import chance, is_spike, per_hour, usual


@pytest.mark.parametrize(
    ("seen", "rate", "expected"),
    [(0, 3.0, 1.0), (1, 1.0, 0.632121), (3, 2.0, 0.323324), (10, 2.0, 4.6e-5), (200, 100.0, 0.0)],
)
def test_the_chance_of_so_many_or_more_is_that_of_a_poisson_distribution(
    seen: int, rate: float, expected: float
) -> None:
    assert chance(seen, rate) == pytest.approx(expected, abs=1e-6)


def test_six_errors_in_an_hour_that_had_none_are_a_spike_and_five_are_not() -> None:
    assert is_spike(6, [0] * 7)
    assert not is_spike(5, [0] * 7)


def test_what_happens_every_day_at_this_hour_is_no_spike() -> None:
    assert not is_spike(40, [38, 41, 44, 36, 40, 39, 42])
    assert is_spike(80, [38, 41, 44, 36, 40, 39, 42])


def test_yesterday_weighs_more_than_last_week() -> None:
    assert usual([20, 0, 0, 0, 0, 0, 0]) > usual([0, 0, 0, 0, 0, 0, 20])
    assert usual([4, 4, 4]) == pytest.approx(4.0)


def test_a_kind_of_a_day_ago_is_held_against_that_day_alone() -> None:
    assert not is_spike(12, [10])


def test_errors_that_come_by_chance_raise_no_alarm_in_a_year_of_hours() -> None:
    rng = Random(1)
    counts = [sum(rng.random() < 0.02 for _ in range(100)) for _ in range(365 * 24)]
    days = [counts[hour::24] for hour in range(24)]
    spikes = sum(
        is_spike(day[at], [day[at - back] for back in range(1, 8)]) for day in days for at in range(7, len(day))
    )
    assert spikes <= 25


def test_the_rate_of_the_last_hour_does_not_start_at_nothing_with_each_new_hour() -> None:
    assert per_hour(8, 0, timedelta()) == 8.0
    assert per_hour(8, 2, timedelta(minutes=45)) == 4.0
    assert per_hour(8, 5, timedelta(hours=1)) == 5.0
