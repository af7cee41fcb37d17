"""The bound on how long a run of P1 to P3 may take from its due time to its end."""

from __future__ import annotations

import dataclasses
import math

import pytest

from actors.domain.feasibility import Capacity
from actors.domain.feasibility.response import response_bounds
from tests.domain.job_sets import FRONTS, job

ONE_CONNECTION = {**FRONTS, "database": Capacity(1, 0)}
QUICK = job("quick", 1, 60, (5.0, 5.0), "database")
LONG = job("long", 3, 3600, (20.0, 20.0), "database", offset_s=30)


def test_with_a_slot_for_everybody_nobody_waits() -> None:
    assert response_bounds([QUICK, LONG], FRONTS) == {"quick": 5.0, "long": 20.0}


def test_a_run_waits_for_what_is_under_way_when_it_comes() -> None:
    assert response_bounds([QUICK, LONG], ONE_CONNECTION) == {"quick": 25.0, "long": 25.0}


def test_what_goes_before_it_comes_on_top() -> None:
    together = dataclasses.replace(LONG, offset=QUICK.offset)
    # Under way when it comes, or before it in the order: either is reckoned with.
    assert response_bounds([QUICK, together], ONE_CONNECTION)["long"] == 20.0 + 5.0 + 5.0


def test_p0_beyond_its_reservation_takes_from_the_share() -> None:
    posting = job("posting", 0, 600, (40.0, 40.0), "database", offset_s=300)
    assert response_bounds([posting, LONG], ONE_CONNECTION)["long"] == 20.0 + 40.0


def test_what_may_outlast_its_interval_has_no_bound() -> None:
    assert (
        response_bounds([QUICK, job("huge", 3, 3600, (300.0, 300.0), "database")], ONE_CONNECTION)["quick"] == math.inf
    )


@pytest.mark.parametrize("errand", [45.0, None])
def test_set_ups_are_part_of_a_run(errand: float | None) -> None:
    scrape = job("scrape", 1, 1200, (60.0, 90.0), errand_s=errand)
    assert response_bounds([scrape], FRONTS) == {"scrape": 90.0 + (1.0 if errand else 0.5)}
