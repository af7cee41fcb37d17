"""Utilisation: what the jobs ask of each resource in the long run."""

from __future__ import annotations

import math

import pytest

from actors.domain.feasibility.utilisation import (
    Capacity,
    background,
    demand,
    own_utilisation,
    set_up_s,
    starts_per_second,
    total,
    work_s,
)
from tests.domain.job_sets import job


@pytest.mark.parametrize(
    ("priority", "errand", "length", "set_up"),
    [
        (1, 45.0, (45.0, 45.0), 0.5),
        (1, 45.0, (46.0, 46.0), 1.0),
        (1, 45.0, (0.0, 90.0), 0.75),  # half of the runs are one errand, half of them two
        (1, 45.0, (30.0, 120.0), 0.5 * (15 + 90 + 90) / 90),
        (2, None, (300.0, 300.0), 0.5),  # a publication is one errand
        (0, 45.0, (60.0, 60.0), 0.0),
    ],
)
def test_each_browser_errand_but_p0_s_costs_its_set_up(
    priority: int, errand: float | None, length: tuple[float, float], set_up: float
) -> None:
    assert set_up_s(job("scrape", priority, 1200, length, errand_s=errand)) == pytest.approx(set_up)


def test_a_job_asks_for_the_mean_of_its_runs_over_its_interval() -> None:
    scrape = job("scrape", 1, 1200, (60.0, 480.0), "browser database")
    assert demand(scrape, "browser") == pytest.approx((270.0 + set_up_s(scrape)) / 1200)
    assert demand(scrape, "openai") == 0.0
    assert own_utilisation(scrape) == pytest.approx(demand(scrape, "browser"))


def test_everything_needs_a_run_slot_for_as_long_as_it_works() -> None:
    assert work_s(job("watchdog", 1, 300, (1.0, 3.0), ""), "runs") == 2.0


def test_all_jobs_together_are_held_against_all_slots() -> None:
    jobs = [job("posting", 0, 300, (20.0, 60.0)), job("sync", 2, 100, (20.0, 20.0), "database")]
    assert total(jobs, "browser", Capacity(2, 1)) == pytest.approx(40 / 300 / 2)
    assert total(jobs, "database", Capacity(2, 1)) == pytest.approx(20 / 100 / 2)


def test_the_browser_s_reserved_slot_works_for_others_between_two_runs_of_p0() -> None:
    posting, scrape = job("posting", 0, 300, (40.0, 40.0)), job("scrape", 1, 600, (450.0, 450.0))
    # The third of three errands that end evenly leaves its slot idle for a quarter of an errand before P0 comes.
    lent = 1 - 40 / 300 - 45.5 / 4 / 300
    assert background([posting, scrape], "browser", Capacity(3, 1)) == pytest.approx(455 / 600 / (2 + lent))


def test_without_p0_on_it_the_whole_reservation_is_lent() -> None:
    scrape = job("scrape", 1, 600, (450.0, 450.0))
    assert background([scrape], "browser", Capacity(3, 1)) == pytest.approx(455 / 600 / 3)


def test_no_slot_is_lent_when_p0_comes_more_often_than_an_errand_ends() -> None:
    posting, scrape = job("posting", 0, 40, (1.0, 1.0)), job("scrape", 1, 600, (450.0, 450.0))
    assert background([posting, scrape], "browser", Capacity(3, 1)) == pytest.approx(455 / 600 / 2)


def test_the_database_s_reservation_is_never_lent() -> None:
    sync = job("sync", 2, 100, (50.0, 50.0), "database")
    assert background([sync], "database", Capacity(3, 2)) == pytest.approx(0.5)


def test_publications_have_to_fit_into_the_share_that_is_not_lent() -> None:
    replies = job("reply_posting", 1, 100, (59.5, 59.5), errand_s=None)
    assert background([replies], "browser", Capacity(2, 1)) == pytest.approx(0.6)
    assert background([replies], "browser", Capacity(1, 1)) == math.inf


def test_a_slot_shared_by_two_grids_is_one_start() -> None:
    every_5, every_15 = job("posting", 0, 300, (1.0, 1.0)), job("plan", 0, 900, (1.0, 1.0))
    assert starts_per_second([every_5, every_15]) == pytest.approx(1 / 300)
    shifted = job("plan", 0, 900, (1.0, 1.0), offset_s=60)
    assert starts_per_second([every_5, shifted]) == pytest.approx(1 / 300 + 1 / 900)
