"""Lengths: what the next run of a job is expected to take."""

from __future__ import annotations

from actors.domain.lengths import JobLengths, Lengths
from actors.domain.outcome import Blocked, Done, Failed, Nothing, Outcome
from actors.domain.workload import Span

GIVEN = Span(20.0, 60.0)


def measured(*seconds: float) -> Span:
    lengths = Lengths(GIVEN)
    lengths.recent.extend(seconds)
    return lengths.span


def test_until_five_runs_were_measured_the_configuration_is_believed() -> None:
    assert measured(1.0, 2.0, 3.0, 4.0) == GIVEN
    assert measured(1.0, 2.0, 3.0, 4.0, 5.0) == Span(2.0, 4.0)


def test_a_single_outlier_moves_nothing() -> None:
    assert measured(10.0, 11.0, 12.0, 13.0, 5000.0) == Span(11.0, 13.0)
    assert measured(*[10.0] * 49, 5000.0) == Span(10.0, 10.0)


def test_what_lies_further_back_than_fifty_runs_is_forgotten() -> None:
    assert measured(*[500.0] * 50, *[10.0] * 50) == Span(10.0, 10.0)


def test_runs_that_fail_in_no_time_do_not_make_the_next_one_look_short() -> None:
    lengths = JobLengths.of(GIVEN)
    for _ in range(50):
        lengths.measured(Failed("the database is away"), 0.003, 0.0)
    assert (lengths.took.span, lengths.browser.span) == (GIVEN, GIVEN)


def test_only_a_run_that_began_and_found_work_says_how_long_the_next_one_is() -> None:
    lengths = JobLengths.of(GIVEN)
    unmeasured: list[tuple[Outcome, float | None]] = [
        (Nothing("no post is due"), 0.1),
        (Blocked("paused"), 0.1),
        (Failed("the slots are full"), None),
    ]
    for outcome, took_s in unmeasured:
        lengths.measured(outcome, took_s, took_s)

    assert not lengths.took.recent
    assert not lengths.browser.recent


def test_time_in_all_and_time_on_the_browser_are_two_measures() -> None:
    lengths = JobLengths.of(GIVEN)
    lengths.load([30.0] * 4, [5.0] * 4)
    lengths.measured(Done({"posts": 1}), 30.0, 5.0)

    assert lengths.took.span == Span(30.0, 30.0)
    assert lengths.browser.span == Span(5.0, 5.0)
