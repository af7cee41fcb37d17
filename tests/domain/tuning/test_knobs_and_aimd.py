"""Knobs stay within their bounds, and are turned up by a step and down by half."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.config.sections import SECTIONS
from actors.domain.tuning.aimd import IDLE_RUNS, Change, by_idleness, by_pressure
from actors.domain.tuning.knob import ACCOUNTS, KNOBS, PROFILES, SEARCHES, Knob, Setting, in_force
from actors.domain.tuning.load import JobFigures, Pressure

FIGURES = JobFigures("", 10, 10, 0, 1.0, 2.0, 1.0, 2.0, 0.0, 0.0, 10.0)
ALL = (Setting(SEARCHES, 3, 3), Setting(PROFILES, 12, 12), Setting(ACCOUNTS, 50, 50))


def figures(**browser_s: float) -> dict[str, JobFigures]:
    return {job: replace(FIGURES, job=job, browser_s=used) for job, used in browser_s.items()}


def test_no_knob_is_a_cap_an_approval_a_disclosure_a_host_or_a_share_of_the_budget() -> None:
    sections = {name.partition(".")[0] for name, knob in KNOBS.items() if knob.usual is None}

    assert sections <= {"replies", "insight"}
    forbidden = ("per_hour", "per_day", "share", "approv", "url", "holdout")
    assert not [name for name in KNOBS if any(word in name for word in forbidden)]


@pytest.mark.parametrize("knob", KNOBS.values(), ids=KNOBS)
def test_a_knob_has_a_key_or_a_value_of_its_own_and_room_for_its_step(knob: Knob) -> None:
    section, _, key = knob.name.partition(".")
    usual = getattr(SECTIONS[section](), key) if knob.usual is None else knob.usual

    assert 1 <= knob.low <= usual <= knob.high
    assert knob.low + knob.step <= knob.high


@given(st.sampled_from(list(KNOBS.values())), st.integers(-(10**6), 10**6), st.integers(1, 100))
def test_whatever_is_stored_or_turned_stays_within_the_bounds(knob: Knob, stored: int, usual: int) -> None:
    low, high = min(knob.low, usual), max(knob.high, usual)
    value = in_force(knob, usual, (stored, usual))

    for turned in (value, knob.less(value, usual), knob.more(value, usual), knob.slower(value, usual)):
        assert low <= turned <= high


def test_what_the_operator_has_turned_since_is_what_holds() -> None:
    assert in_force(SEARCHES, 3, (2, 3)) == 2
    assert in_force(SEARCHES, 5, (2, 3)) == 5
    assert in_force(SEARCHES, 12, None) == 12


def test_congestion_halves_the_knob_whose_job_is_at_the_browser_for_longest() -> None:
    used = figures(mega_viral_harvester=30.0, account_discovery=90.0, engagement_calculator=40.0)

    change = by_pressure(Pressure.CONGESTED, ALL, used, set())

    assert change == Change(PROFILES.name, 12, 6, 12, "runs of P1 wait for the browser")
    assert not change.is_raise


def test_what_was_taken_back_lately_is_not_tried_again() -> None:
    used = figures(mega_viral_harvester=30.0, account_discovery=90.0)

    change = by_pressure(Pressure.CONGESTED, ALL, used, {(PROFILES.name, 6)})

    assert change is not None
    assert (change.knob, change.new) == (SEARCHES.name, 2)
    assert by_pressure(Pressure.CONGESTED, ALL, used, {(PROFILES.name, 6), (SEARCHES.name, 2)}) is None


def test_at_its_lowest_a_knob_is_left_alone() -> None:
    lowest = [Setting(SEARCHES, 1, 3), Setting(PROFILES, 3, 12)]
    used = figures(mega_viral_harvester=9.0, account_discovery=9.0)

    assert by_pressure(Pressure.CONGESTED, lowest, used, set()) is None


def test_room_raises_by_one_step_the_knob_that_is_furthest_below_its_usual_value() -> None:
    lowered = [Setting(SEARCHES, 2, 3), Setting(PROFILES, 6, 12)]
    used = figures(mega_viral_harvester=1.0, account_discovery=90.0)

    change = by_pressure(Pressure.SLACK, lowered, used, set())

    assert change is not None
    assert change.is_raise
    assert (change.knob, change.old, change.new) == (PROFILES.name, 6, 9)


def test_a_job_that_finds_little_to_do_is_given_no_more_to_do() -> None:
    used = figures(mega_viral_harvester=9.0)
    idle = {"mega_viral_harvester": replace(used["mega_viral_harvester"], done=7)}

    assert by_pressure(Pressure.SLACK, ALL, used, set()) is not None
    assert by_pressure(Pressure.SLACK, ALL, idle, set()) is None


def test_a_steady_load_turns_nothing() -> None:
    assert by_pressure(Pressure.STEADY, ALL, figures(mega_viral_harvester=9.0, account_discovery=99.0), set()) is None


def test_a_job_that_only_looks_does_less_after_six_runs_without_anything_new() -> None:
    streaks = {"mega_viral_harvester": 99, "account_discovery": IDLE_RUNS, "engagement_calculator": IDLE_RUNS - 1}

    assert by_idleness(ALL, streaks, set()) == Change(PROFILES.name, 12, 9, 12, "its job finds nothing new")
    assert by_idleness(ALL, streaks, {(PROFILES.name, 9)}) is None
    assert by_idleness(ALL, {"account_discovery": IDLE_RUNS - 1}, set()) is None
