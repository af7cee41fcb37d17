"""Single flight, whatever triggers a job."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.domain.admission import Admission

JOBS = ("plan", "posting")


def test_d3_of_ten_triggers_one_is_admitted_and_nine_hear_which_run_stands_in_the_way() -> None:
    admission = Admission(frozenset(JOBS))
    answers = [admission.admit("posting", f"run-{number}", forced=number % 2 == 1) for number in range(10)]
    assert answers == ["", *["run run-0 is still under way"] * 9]


def test_jobs_of_one_family_run_beside_each_other() -> None:
    admission = Admission(frozenset(JOBS))
    assert [admission.admit(job, job) for job in JOBS] == ["", ""]


def test_the_end_of_an_older_run_does_not_end_the_present_one() -> None:
    admission = Admission(frozenset(JOBS))
    admission.admit("plan", "old")
    assert admission.ended("plan", "old")
    admission.admit("plan", "new")
    assert not admission.ended("plan", "old")
    assert admission.running == {"plan": "new"}


@pytest.mark.parametrize("paused", ["plan", None])
def test_a_paused_job_runs_only_for_the_operator_himself(paused: str | None) -> None:
    admission = Admission(frozenset(JOBS))
    admission.pause(paused)
    assert admission.admit("plan", "1") == "paused"
    assert admission.admit("plan", "2", forced=True) == ""


def test_a_pause_of_one_job_leaves_the_others_alone_and_resuming_all_ends_it() -> None:
    admission = Admission(frozenset(JOBS))
    admission.pause("plan")
    assert admission.admit("posting", "1") == ""
    admission.resume(None)
    assert admission.admit("plan", "2") == ""


def test_while_draining_nobody_is_admitted_not_even_by_force() -> None:
    admission = Admission(frozenset(JOBS), draining=True)
    assert admission.admit("plan", "1", forced=True) == "shutting down"


EVENTS = st.one_of(
    st.tuples(st.just("admit"), st.sampled_from(JOBS), st.booleans()),
    st.tuples(st.just("end"), st.sampled_from(JOBS), st.integers(0, 30)),
    st.tuples(st.sampled_from(["pause", "resume"]), st.sampled_from([*JOBS, None]), st.none()),
)


@given(st.lists(EVENTS, max_size=60))
def test_d3_no_job_is_ever_admitted_twice_at_once_and_a_refusal_always_has_a_reason(events: list[tuple]) -> None:
    admission, under_way, number = Admission(frozenset(JOBS)), dict.fromkeys(JOBS, ""), 0
    for kind, job, detail in events:
        match kind:
            case "admit":
                number += 1
                reason = admission.admit(job, str(number), forced=detail)
                if not reason:
                    assert not under_way[job]
                    under_way[job] = str(number)
            case "end":
                assert admission.ended(job, str(detail)) == (under_way[job] == str(detail))
                under_way[job] = "" if under_way[job] == str(detail) else under_way[job]
            case "pause":
                admission.pause(job)
            case "resume":
                admission.resume(job)
        assert admission.running == {job: run for job, run in under_way.items() if run}
