"""The unrolled timetable: what becomes of slots when much falls due together."""

from __future__ import annotations

import dataclasses

from hypothesis import given, settings

from actors.domain.feasibility import Capacity, Kind, prove
from actors.domain.feasibility.delay import start_bounds
from actors.domain.feasibility.unrolled import unroll
from actors.domain.workload import JobLoad
from tests.domain.job_sets import FRONTS, any_fronts, any_jobs, job

ONE_CONNECTION = {**FRONTS, "database": Capacity(1, 0)}
QUICK = job("quick", 1, 60, (5.0, 5.0), "database")
LONG = job("long", 3, 3600, (300.0, 300.0), "database", offset_s=30)


def test_in_a_light_set_every_slot_is_run_at_once() -> None:
    fates = unroll([QUICK, LONG], FRONTS, 1.0)
    assert (fates["quick"].due, fates["quick"].lost, fates["quick"].latest_s) == (720, 0, 0.0)
    assert (fates["long"].due, fates["long"].lost) == (12, 0)


def test_a_long_run_on_the_only_connection_costs_a_frequent_job_its_slots() -> None:
    # Of the five slots due while it holds the connection one waits as a run and the last as a slot; three are lost.
    fates = unroll([QUICK, LONG], ONE_CONNECTION, 1.0)
    assert fates["quick"].lost == 12 * 3
    assert fates["quick"].latest_s == 270.0
    assert fates["long"].lost == 0


def test_lost_slots_are_a_complaint_though_in_the_long_run_there_is_room_for_all() -> None:
    assert prove([QUICK, LONG], ONE_CONNECTION, 1.0).is_feasible
    found = prove([QUICK, LONG], ONE_CONNECTION, 1.0, days=1.0)
    (complaint,) = found.complaints
    assert (complaint.kind, complaint.subject, complaint.measure) == (Kind.BURSTS, "quick", 36 / 720)
    assert dict(complaint.blame).keys() == {"quick", "long"}
    assert "run long less often" in complaint.advice
    assert found.is_sustainable
    assert not found.is_expected_to_hold


def test_of_what_is_due_at_one_moment_p0_comes_first() -> None:
    scrape, posting = job("scrape", 1, 600, (40.0, 40.0)), job("posting", 0, 300, (20.0, 20.0))
    assert unroll([scrape, posting], {**FRONTS, "browser": Capacity(1, 0)}, 1.0)["posting"].latest_s == 0.0


def test_p0_waits_for_an_errand_where_nothing_is_reserved_and_for_none_where_something_is() -> None:
    posting = job("posting", 0, 300, (20.0, 60.0))
    scrapes = [job(f"scrape_{number}", 2, 600, (400.0, 500.0)) for number in range(3)]
    without, with_one = (
        unroll([posting, *scrapes], {**FRONTS, "browser": Capacity(size, reserved)}, 1.0)["posting"].latest_s
        for size, reserved in ((2, 0), (3, 1))
    )
    assert 0.0 < without <= 45.5
    assert with_one == 0.0


def test_an_errand_keeps_its_context_while_it_waits_for_a_connection() -> None:
    both = job("both", 1, 600, (10.0, 10.0), "browser database")
    alone = job("alone", 2, 600, (10.0, 10.0), "browser", offset_s=90)
    holder = job("holder", 1, 600, (110.0, 110.0), "database", offset_s=0)
    fronts = {**ONE_CONNECTION, "browser": Capacity(1, 0)}
    fates = unroll([dataclasses.replace(both, offset=LONG.offset * 2), alone, holder], fronts, 1 / 24)
    assert fates["both"].latest_s == 50.0
    assert fates["alone"].latest_s == 30.5


def test_what_is_switched_off_has_no_fate() -> None:
    assert unroll([dataclasses.replace(QUICK, enabled=False)], FRONTS, 0.1) == {}


@settings(deadline=None)
@given(any_jobs(), any_fronts())
def test_no_p0_run_starts_later_than_its_bound(jobs: list[JobLoad], fronts: dict[str, Capacity]) -> None:
    endless = [dataclasses.replace(load, deadline_s=None) for load in jobs]
    bounds, fates = start_bounds(endless, fronts, 1.0), unroll(endless, fronts, 0.2)
    assert all(fates[name].latest_s <= bound for name, bound in bounds.items())


def test_an_errand_called_back_while_it_waits_for_a_connection_wants_none_any_more() -> None:
    posting = job("posting", 0, 600, (60.0, 60.0), "browser")
    lent = [job(f"lent_{number}", 2, 600, (30.0, 30.0), "browser database", offset_s=560) for number in range(2)]
    holder = job("holder", 1, 600, (110.0, 110.0), "database", offset_s=500)
    fates = unroll([posting, *lent, holder], {**ONE_CONNECTION, "browser": Capacity(2, 1)}, 1.0)
    assert fates["posting"].latest_s == 0.0
    assert all(fate.lost == 0 for fate in fates.values())


def test_an_errand_that_waits_too_long_for_a_connection_fails_and_its_slot_is_lost() -> None:
    both = job("both", 1, 3600, (10.0, 10.0), "browser database", offset_s=60)
    fates = unroll([both, LONG], ONE_CONNECTION, 1.0)
    assert (fates["both"].due, fates["both"].lost) == (12, 12)
    assert fates["long"].lost == 0
