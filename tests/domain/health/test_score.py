"""The score is the weighted one of the inventory, and failures that burn are told before a day is lost."""

from __future__ import annotations

import pytest

from actors.domain.health.score import Figures, Window, burning, level_of
from actors.domain.health.symptom import Level

H, D, U = Level.HEALTHY, Level.DEGRADED, Level.UNHEALTHY


def test_a_whole_with_which_nothing_is_wrong_has_a_hundred_points() -> None:
    assert Figures().score == 100.0
    assert Figures().symptoms() == []


@pytest.mark.parametrize(
    ("figures", "score"),
    [
        (Figures(errors_per_hour=5.0), 85.0),
        (Figures(errors_per_hour=50.0), 70.0),
        (Figures(recovery=0.5), 90.0),
        (Figures(posting=0.5), 85.0),
        (Figures(jobs=0.5), 90.0),
        (Figures(20.0, 0.0, 0.0, 0.0), 0.0),
    ],
)
def test_each_part_weighs_as_in_the_inventory(figures: Figures, score: float) -> None:
    assert figures.score == score


def test_each_part_that_is_too_low_is_a_symptom_of_its_own() -> None:
    names = {each.name for each in Figures(5.1, 0.79, 0.89, 0.89).symptoms()}
    assert names == {"errors_high", "recovery_low", "posting_low", "runs_low"}
    assert Figures(5.0, 0.8, 0.9, 0.9).symptoms() == []


def test_a_score_at_a_bound_does_not_flap() -> None:
    assert [level_of(score, H) for score in (80.0, 79.9, 60.0, 59.9)] == [H, D, D, U]
    assert [level_of(score, D) for score in (84.9, 85.0, 60.0, 59.9)] == [D, H, D, U]
    assert [level_of(score, U) for score in (64.9, 65.0, 85.0)] == [U, D, H]


def test_failures_burn_when_they_go_on_now_and_have_done_so_for_an_hour() -> None:
    bad, good = Window(4, 3), Window(4, 0)
    hour_bad, hour_good = Window(12, 9), Window(12, 2)
    assert [each.name for each in burning("posting", bad, hour_bad, U)] == ["posting_burns"]
    assert burning("posting", good, hour_bad, U) == []
    assert burning("posting", bad, hour_good, U) == []


def test_one_failure_of_a_quiet_hour_burns_nothing() -> None:
    assert burning("posting", Window(1, 1), Window(2, 2), U) == []
    assert Window(0, 0).burn == 0.0
