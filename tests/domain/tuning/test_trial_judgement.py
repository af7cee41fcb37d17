"""A change on trial is taken back when it is proven to do harm, and a raise already when it seems to."""

from __future__ import annotations

import random
from datetime import timedelta

import pytest

from actors.domain.tuning.judgement import FEWEST_PAIRS, TRIAL, Hour, Verdict, judge, lower_bound

HOUR = timedelta(hours=1)


def hours(*waits: float | None, failed: float = 0.0) -> dict[int, Hour]:
    return {number: Hour(wait, failed) for number, wait in enumerate(waits)}


def verdict(
    before: dict[int, Hour], after: dict[int, Hour], *, is_raise: bool = True, age: timedelta = TRIAL
) -> Verdict:
    return judge(is_raise=is_raise, age=age, before=before, after=after).verdict


def test_without_harm_a_raise_waits_for_its_day_and_is_kept_then() -> None:
    same = hours(*[10.0, 12.0] * 12)

    assert verdict(same, same, age=TRIAL - HOUR) is Verdict.WAIT
    assert verdict(same, same) is Verdict.KEEP


@pytest.mark.parametrize("is_raise", [True, False])
def test_clear_harm_reverts_any_change_before_its_day_is_over(is_raise: bool) -> None:
    before, after = hours(*[10.0] * 8), hours(*[60.0, 70.0, 65.0, 80.0] * 2)

    assert verdict(before, after, is_raise=is_raise, age=8 * HOUR) is Verdict.REVERT


def test_runs_that_fail_more_revert_it_however_quick_they_are() -> None:
    before, after = hours(*[10.0] * 10), hours(*[5.0] * 10, failed=0.4)

    found = judge(is_raise=False, age=10 * HOUR, before=before, after=after)

    assert found.verdict is Verdict.REVERT
    assert found.reason.startswith("more runs fail")
    assert "+40.0 % of failures over 10 hours" in found.reason


def test_after_a_day_a_raise_that_only_seems_to_do_harm_is_taken_back_and_a_reduction_is_not() -> None:
    before, after = hours(*[10.0] * 24), hours(*[0.0, 40.0] * 12)

    assert verdict(before, after) is Verdict.REVERT
    assert verdict(before, after, is_raise=False) is Verdict.KEEP


def test_what_nobody_saw_anything_of_is_given_another_day_and_then_only_a_reduction_is_kept() -> None:
    few = hours(*[10.0] * (FEWEST_PAIRS - 1))

    assert verdict(few, few) is Verdict.WAIT
    assert verdict(few, few, age=2 * TRIAL) is Verdict.REVERT
    assert verdict(few, few, is_raise=False, age=2 * TRIAL) is Verdict.KEEP
    assert verdict({}, {}, age=2 * TRIAL) is Verdict.REVERT


def test_only_the_same_hours_are_held_against_each_other() -> None:
    busy_night = {hour: Hour(90.0, 0.0) for hour in range(12)}
    quiet_day = {hour: Hour(5.0, 0.0) for hour in range(12, 24)}

    assert verdict({**busy_night, **quiet_day}, busy_night, age=12 * HOUR) is Verdict.WAIT


def test_an_hour_without_a_run_that_took_time_says_nothing_of_waiting() -> None:
    assert verdict(hours(*[10.0] * 24), hours(*[None] * 24)) is Verdict.WAIT


def test_looked_at_every_hour_a_change_without_effect_is_hardly_ever_found_to_be_worse() -> None:
    noise = random.Random(5)
    reverted = 0
    for _ in range(300):
        differences = [noise.lognormvariate(2, 0.8) - noise.lognormvariate(2, 0.8) for _ in range(24)]
        looks = range(FEWEST_PAIRS, 25)
        reverted += any(lower_bound(differences[:count], 5.0, 0.025) > 0 for count in looks)

    assert reverted <= 0.05 * 300


def test_a_harm_of_the_size_of_the_scatter_is_nearly_always_found_within_the_day() -> None:
    noise = random.Random(6)
    found = 0
    for _ in range(100):
        differences = [noise.gauss(20, 20) for _ in range(24)]
        found += any(lower_bound(differences[:count], 5.0, 0.025) > 0 for count in range(FEWEST_PAIRS, 25))

    assert found >= 90
