"""A run of a merged job, against the real history of its stages."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from actors.domain.outcome import Blocked, Done, Failed, Nothing, Outcome
from actors.domain.priority import Priority
from actors.domain.stages import Stages
from actors.errors import BudgetExceededError, PlatformClosedError, QueryError
from actors.job import Job, JobContext
from actors.stages import run_stages

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.jobs.doors import Bench

HOUR = timedelta(hours=1)


def merged(bench: Bench, **bodies: Callable[[JobContext], Outcome]) -> Job:
    """Return a job whose stages have these bodies, the first every two hours and the others every hour."""
    intervals = [(name, 2 * HOUR if place == 0 else HOUR) for place, name in enumerate(bodies)]
    settings = replace(bench.config.jobs["learn"], every=HOUR, offset=timedelta(), stages=Stages(tuple(intervals)))
    bench.config = replace(bench.config, jobs={**bench.config.jobs, "merged": settings})

    def merged(ctx: JobContext) -> Outcome:
        return run_stages(ctx, bodies)

    return Job("merged", "some", Priority.P3, frozenset(), (), tuple(bodies), merged, tuple(bodies))


def does(**counts: int) -> Callable[[JobContext], Outcome]:
    return lambda _: Done(counts)


def breaks(error: Exception) -> Callable[[JobContext], Outcome]:
    def body(_: JobContext) -> Outcome:
        raise error

    return body


def test_a_run_does_what_is_due_and_keeps_a_result_of_each_stage(bench: Bench) -> None:
    job = merged(bench, read=does(posts=3), sum_up=does(groups=2))
    assert bench.run(job) == Done({"read.posts": 3, "sum_up.groups": 2})
    bench.now += HOUR
    assert bench.run(job) == Done({"sum_up.groups": 2})
    rows = bench.rows("SELECT stage, outcome, counts FROM stage_runs ORDER BY slot, stage DESC")
    assert [(row["stage"], row["outcome"], row["counts"]) for row in rows] == [
        ("sum_up", "done", {"groups": 2}),
        ("read", "done", {"posts": 3}),
        ("sum_up", "done", {"groups": 2}),
    ]


def test_a_stage_that_fails_takes_no_other_with_it_and_is_due_again(bench: Bench) -> None:
    job = merged(bench, read=breaks(QueryError("no such column")), sum_up=does(groups=2))
    outcome = bench.run(job)
    assert isinstance(outcome, Failed)
    assert "read: QueryError: no such column" in outcome.error
    bench.now += HOUR
    assert isinstance(bench.run(job), Failed)
    rows = bench.rows("SELECT outcome FROM stage_runs WHERE stage = 'sum_up'")
    assert [row["outcome"] for row in rows] == ["done", "done"]


def test_a_bug_in_one_stage_is_its_failure_alone(bench: Bench) -> None:
    outcome = bench.run(merged(bench, read=breaks(KeyError("followers")), sum_up=does(groups=1)))
    assert outcome == Failed("read: KeyError: 'followers'", transient=False)
    assert bench.rows("SELECT count(*) AS n FROM stage_runs")[0]["n"] == 2


@pytest.mark.parametrize("error", [PlatformClosedError("shut", "challenged", 0.0), BudgetExceededError("shut")])
def test_a_closed_site_or_spent_money_blocks_the_stage_that_needs_it_and_no_other(
    bench: Bench, error: Exception
) -> None:
    assert bench.run(merged(bench, read=breaks(error), sum_up=does(groups=1))) == Blocked("shut")
    rows = bench.rows("SELECT stage, outcome FROM stage_runs ORDER BY stage")
    assert [(row["stage"], row["outcome"]) for row in rows] == [("read", "blocked"), ("sum_up", "done")]


def test_a_stage_whose_counts_are_all_zero_did_nothing(bench: Bench) -> None:
    assert bench.run(merged(bench, read=does(posts=0))) == Nothing("read: all counts are zero")
