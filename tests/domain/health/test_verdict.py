"""The verdict goes by legal steps, and not at every gust."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from actors.domain.health.symptom import Level, Symptom, worst
from actors.domain.health.verdict import LAPSE, LEGAL, LOOKS, Verdict, judge

START = datetime(2026, 3, 2, tzinfo=UTC)
LOOK = timedelta(minutes=15)
H, D, U = Level.HEALTHY, Level.DEGRADED, Level.UNHEALTHY


def levels(*seen: Level, every: timedelta = LOOK) -> list[Level]:
    """Return the level after each of these looks."""
    verdict: Verdict | None = None
    found = []
    for number, level in enumerate(seen):
        verdict = judge(verdict, level, START + number * every)
        found.append(verdict.level)
    return found


def test_one_bad_look_degrades_and_unhealthy_needs_two_more() -> None:
    assert levels(H, U, U, U) == [H, D, D, U]


def test_each_step_back_needs_two_good_looks() -> None:
    assert levels(U, U, U, H, H, H, H) == [D, D, U, U, D, D, H]


def test_an_illness_that_comes_and_goes_is_one_illness() -> None:
    assert levels(D, H, D, H, D, H, D) == [D] * 7
    assert levels(D, U, D, U, D, U, D) == [D] * 7


def test_a_look_the_other_way_is_no_second_opinion() -> None:
    assert levels(D, U, H, U, H, U) == [D] * 6


def test_the_first_look_of_all_cannot_find_the_whole_unhealthy() -> None:
    assert levels(U) == [D]


def test_looks_that_lie_far_apart_are_not_in_a_row() -> None:
    assert levels(D, U, U, U, every=LAPSE + LOOK) == [D] * 4
    assert levels(D, U, U, every=LAPSE) == [D, D, U]


def test_asking_again_at_once_is_no_second_opinion() -> None:
    assert levels(D, U, U, U, every=timedelta(minutes=1)) == [D] * 4


def test_since_when_it_is_ill_outlasts_the_steps_and_ends_with_the_illness() -> None:
    verdict = judge(None, D, START)
    for number in range(1, 3):
        verdict = judge(verdict, U, START + number * LOOK)
    assert (verdict.level, verdict.ill_since, verdict.since) == (U, START, START + 2 * LOOK)
    for number in range(3, 7):
        verdict = judge(verdict, H, START + number * LOOK)
    assert (verdict.level, verdict.ill_since) == (H, None)


@given(st.lists(st.tuples(st.sampled_from(Level), st.integers(-30, 300)), max_size=40))
def test_no_run_of_looks_takes_an_illegal_step_or_too_few_looks_for_one(looks: list[tuple[Level, int]]) -> None:
    now, verdict = START, judge(None, H, START)
    wanted = 0
    for seen, minutes in looks:
        now += timedelta(minutes=minutes)
        after = judge(verdict, seen, now)
        if after.judged_at != verdict.judged_at or after != verdict:
            wanted = wanted + 1 if seen is not verdict.level else 0
        if after.level is not verdict.level:
            step = (verdict.level, after.level)
            assert step in LEGAL
            assert wanted >= LOOKS[step]
            wanted = 0
        assert (after.level is H) == (after.ill_since is None)
        verdict = after


def test_the_worst_symptom_counts_and_a_note_says_nothing_against_the_whole() -> None:
    assert worst([]) is H
    assert worst([Symptom("kill_switch", H, "on")]) is H
    assert worst([Symptom("a", D, ""), Symptom("b", U, ""), Symptom("c", H, "")]) is U
