"""The verdict on a set of jobs: what it may never say, whom it blames, and what it advises."""

from __future__ import annotations

import dataclasses
import math
from datetime import timedelta

from hypothesis import assume, given
from hypothesis import strategies as st

from actors.domain.feasibility import Capacity, Kind, Proof, prove
from actors.domain.workload import JobLoad
from tests.domain.job_sets import FRONTS, any_fronts, any_job, any_jobs, job, longer

TICK_S = 1.0


def proof(jobs: list[JobLoad], fronts: dict[str, Capacity] = FRONTS) -> Proof:
    return prove(jobs, fronts, TICK_S)


def test_a_set_that_fits_is_feasible_and_says_how_much_is_used() -> None:
    found = proof([job("posting", 0, 300, (20.0, 60.0)), job("scrape", 1, 1200, (60.0, 480.0))])
    assert found.is_feasible
    assert found.complaints == ()
    assert found.p0 == {"posting": TICK_S}
    assert all(0.0 < used < 1.0 for used in found.utilisation["browser"])


def test_an_overload_names_the_greatest_job_and_an_interval_that_ends_it() -> None:
    jobs = [job("metrics_scraper", 1, 600, (400.0, 500.0)), job("harvester", 1, 600, (300.0, 400.0))]
    fronts = {**FRONTS, "browser": Capacity(1, 0)}
    (found,) = proof(jobs, fronts).complaints
    assert (found.kind, found.subject) == (Kind.OVERLOAD, "browser")
    assert [name for name, _ in found.blame] == ["metrics_scraper", "harvester"]
    assert found.remedy == ("metrics_scraper", timedelta(minutes=20))
    assert "run metrics_scraper every 20m instead of 10m" in found.advice
    assert "metrics_scraper 56 %" in found.found


def test_an_overload_that_no_interval_of_the_greatest_job_ends_has_no_remedy() -> None:
    jobs = [job("first", 1, 60, (29.5, 29.5)), job("second", 1, 60, (29.5 - 1e-12, 29.5 - 1e-12))]
    jobs.append(job("third", 1, 60, (29.5 - 1e-12, 29.5 - 1e-12)))
    (found,) = proof(jobs, {**FRONTS, "browser": Capacity(1, 0)}).complaints
    assert found.remedy is None
    assert "run first, second, third less often" in found.advice


def test_an_interval_that_would_fill_the_resource_to_the_brim_is_not_advised() -> None:
    jobs = [job("first", 1, 600, (359.5, 359.5), errand_s=None), job("second", 1, 600, (299.5, 299.5), errand_s=None)]
    (found,) = proof(jobs, {**FRONTS, "browser": Capacity(1, 0)}).complaints
    # Every 12 minutes would do exactly; every 15 is the next that leaves a rest.
    assert found.remedy == ("first", timedelta(minutes=15))
    full = [job("first", 1, 300, (299.5, 299.5), errand_s=None), job("second", 1, 600, (299.5, 299.5), errand_s=None)]
    overload = proof(full, {**FRONTS, "browser": Capacity(1, 0)}).complaints[0]
    assert overload.remedy == ("first", timedelta(minutes=15))


def test_runs_that_fill_their_own_interval_are_a_complaint_of_their_own() -> None:
    found = proof([job("slow", 2, 60, (50.0, 80.0), "database")])
    assert [complaint.kind for complaint in found.complaints] == [Kind.TOO_LONG]
    assert not found.is_sustainable
    assert found.is_promise_kept


def test_a_deadline_that_no_run_can_meet_is_a_complaint() -> None:
    found = proof([job("slow", 2, 3600, (50.0, 80.0), deadline_s=40.0)])
    assert [complaint.kind for complaint in found.complaints] == [Kind.TOO_LONG]
    assert "deadline" in found.complaints[0].found


def test_p0_without_its_reservation_is_a_broken_promise_with_the_reservation_as_advice() -> None:
    jobs = [job("posting", 0, 300, (20.0, 60.0)), *(job(f"s{n}", 2, 1200, (60.0, 480.0)) for n in range(3))]
    found = proof(jobs, {**FRONTS, "browser": Capacity(3, 0)})
    (complaint,) = found.complaints
    assert (complaint.kind, complaint.subject, complaint.measure) == (Kind.P0_LATE, "posting", TICK_S + 45.5)
    assert "browser: keep 1 for P0 instead of 0" in complaint.advice
    assert [name for name, share in complaint.blame if share] == ["s0", "s1", "s2"]
    assert found.is_sustainable
    assert not found.is_promise_kept


def test_what_is_switched_off_asks_for_nothing() -> None:
    off = job("slow", 2, 60, (50.0, 80.0), enabled=False)
    assert proof([off]).is_feasible
    assert proof([off]).utilisation["browser"] == (0.0, 0.0)


@given(any_jobs(), any_fronts(), any_job("another"))
def test_one_more_job_never_makes_an_infeasible_set_feasible(
    jobs: list[JobLoad], fronts: dict[str, Capacity], another: JobLoad
) -> None:
    before, after = proof(jobs, fronts), proof([*jobs, another], fronts)
    assert before.is_feasible or not after.is_feasible
    assert before.is_sustainable or not after.is_sustainable


@given(any_jobs(), any_fronts(), st.integers(0, 7), st.floats(1.0, 5.0))
def test_longer_runs_never_make_an_infeasible_set_feasible_nor_a_bound_smaller(
    jobs: list[JobLoad], fronts: dict[str, Capacity], which: int, factor: float
) -> None:
    grown = list(jobs)
    grown[which % len(jobs)] = longer(jobs[which % len(jobs)], factor)
    before, after = proof(jobs, fronts), proof(grown, fronts)
    assert before.is_feasible or not after.is_feasible
    assert all(after.p0[name] >= bound for name, bound in before.p0.items())


@given(any_jobs(), any_fronts(), st.data())
def test_a_slot_less_for_everybody_never_makes_an_infeasible_set_feasible(
    jobs: list[JobLoad], fronts: dict[str, Capacity], data: st.DataObject
) -> None:
    name = data.draw(st.sampled_from(sorted(fronts)))
    front = fronts[name]
    assume(front.share > 1)
    fewer = {**fronts, name: dataclasses.replace(front, size=front.size - 1)}
    assert proof(jobs, fronts).is_feasible or not proof(jobs, fewer).is_feasible


@given(any_jobs(), any_fronts())
def test_among_those_to_blame_is_every_job_without_which_it_would_work(
    jobs: list[JobLoad], fronts: dict[str, Capacity]
) -> None:
    found = proof(jobs, fronts)
    assume(not found.is_feasible)
    for culprit in jobs:
        if proof([load for load in jobs if load is not culprit], fronts).is_feasible:
            assert all(culprit.name in dict(complaint.blame) for complaint in found.complaints)


@given(any_jobs(), any_fronts())
def test_blame_is_sorted_and_makes_up_the_whole(jobs: list[JobLoad], fronts: dict[str, Capacity]) -> None:
    for complaint in proof(jobs, fronts).complaints:
        shares = [share for _, share in complaint.blame]
        assert shares == sorted(shares, reverse=True)
        assert math.isclose(sum(shares), 1.0)


@given(any_jobs(), any_fronts())
def test_the_interval_that_is_advised_ends_the_overload(jobs: list[JobLoad], fronts: dict[str, Capacity]) -> None:
    for complaint in proof(jobs, fronts).complaints:
        if complaint.remedy is None:
            continue
        name, every = complaint.remedy
        cured = [dataclasses.replace(load, every=every) if load.name == name else load for load in jobs]
        left = {(other.kind, other.subject) for other in proof(cured, fronts).complaints}
        assert (complaint.kind, complaint.subject) not in left
