"""The bound on how late P0 may start, rule by rule."""

from __future__ import annotations

import math
from datetime import timedelta

import pytest

from actors.domain.arbiter import RECALL_LIMIT_S
from actors.domain.feasibility.delay import start_bounds
from actors.domain.feasibility.utilisation import Capacity
from actors.domain.timetable import After
from tests.domain.job_sets import FRONTS, job

TICK_S = 1.0
POSTING = job("posting", 0, 300, (20.0, 60.0))
SCRAPES = [job(f"scrape_{number}", 2, 1200, (60.0, 480.0)) for number in range(4)]


def bound(*jobs: object, browser: Capacity = FRONTS["browser"], runs: Capacity = FRONTS["runs"]) -> float:
    """Return the bound of `posting` among these jobs."""
    fronts = {**FRONTS, "browser": browser, "runs": runs}
    return start_bounds([POSTING, *jobs], fronts, TICK_S)["posting"]  # type: ignore[list-item]


def test_p0_with_a_slot_of_its_own_waits_for_the_clock_alone() -> None:
    assert bound(*SCRAPES) == TICK_S


def test_without_a_reservation_p0_waits_for_the_first_errand_to_end() -> None:
    assert bound(*SCRAPES, browser=Capacity(3, 0)) == TICK_S + 45.5


def test_fewer_others_than_slots_cannot_keep_p0_out() -> None:
    assert bound(*SCRAPES[:2], browser=Capacity(3, 0)) == TICK_S


def test_two_p0_jobs_on_one_reserved_slot_wait_for_each_other_or_for_an_errand() -> None:
    other = job("plan", 0, 900, (10.0, 30.0))
    assert bound(other, *SCRAPES) == TICK_S + 30.0
    assert bound(job("plan", 0, 900, (10.0, 90.0)), *SCRAPES) == TICK_S + 45.5


def test_p0_jobs_whose_runs_never_meet_do_not_delay_each_other() -> None:
    assert bound(job("plan", 0, 900, (10.0, 30.0), offset_s=150), *SCRAPES) == TICK_S


def test_a_job_that_is_long_over_when_p0_comes_delays_nothing() -> None:
    one = Capacity(1, 0)
    assert bound(job("scrape", 2, 600, (10.0, 40.0), offset_s=150), browser=one) == TICK_S
    assert bound(job("scrape", 2, 600, (10.0, 40.0), offset_s=290), browser=one) == TICK_S + 40.5


def test_a_run_that_may_outlast_its_interval_has_no_bound() -> None:
    assert start_bounds([job("posting", 0, 60, (20.0, 60.0))], FRONTS, TICK_S) == {"posting": math.inf}


@pytest.mark.parametrize(("fresh_min", "held_s"), [(45, 0.0), (15, 120.0)])
def test_the_gate_s_patience_counts_if_what_it_waits_for_can_grow_stale(fresh_min: int, held_s: float) -> None:
    after = After("plan", timedelta(minutes=fresh_min), patience=timedelta(minutes=2))
    jobs = [job("posting", 0, 300, (20.0, 60.0), after=(after,)), job("plan", 0, 900, (10.0, 30.0), "database")]
    assert start_bounds(jobs, FRONTS, TICK_S)["posting"] == TICK_S + held_s


def test_a_lent_errand_that_may_wait_for_a_connection_is_called_back() -> None:
    crowd = [job(f"sync_{number}", 2, 1800, (5.0, 5.0), "database") for number in range(9)]
    scrape = job("scrape", 2, 1200, (60.0, 480.0), "browser database")
    assert bound(scrape) == TICK_S
    assert bound(scrape, *crowd) == TICK_S + RECALL_LIMIT_S


def test_more_p0_runs_than_reserved_run_slots_wait_for_a_run_s_deadline() -> None:
    urgent = [job(f"urgent_{number}", 0, 1800, (1.0, 1.0), "") for number in range(2)]
    others = [job(f"other_{number}", 3, 300, (10.0, 290.0), "", deadline_s=200.0) for number in range(3)]
    narrow = Capacity(4, 2)
    assert bound(*urgent[:1], *others, runs=narrow) == TICK_S
    assert bound(*urgent, *others, runs=narrow) == TICK_S + 1.0  # the two others of P0 end first


def test_p0_jobs_that_are_due_together_queue_behind_one_another() -> None:
    peers = [job(f"peer_{number}", 0, 1200, (length, length)) for number, length in enumerate((5.0, 7.0))]
    assert bound(*peers, browser=Capacity(1, 1)) == TICK_S + 12.0
