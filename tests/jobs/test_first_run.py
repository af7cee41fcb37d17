"""Every job of the registry, with the first run of its life going wrong."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest

import actors.jobs
from actors.config import load
from actors.domain.backoff import Backoff
from actors.domain.outcome import Failed
from actors.domain.retry import Retry
from actors.domain.timetable import Entry, Fire, Timetable, slot_before
from actors.job import Job, find_jobs
from actors.runtime.runs import Run, execute
from tests.jobs.doors import ROOT, START

JOBS = find_jobs(actors.jobs)
MINUTE = timedelta(minutes=1)


def crashing(job: Job) -> Job:
    """Return the job with a body that knows only how to crash."""

    def body(_: Any) -> Any:
        raise ZeroDivisionError("first run")

    return replace(job, body=body)


@pytest.mark.parametrize("name", sorted(JOBS))
def test_d1_a_job_whose_first_run_crashes_runs_again_at_its_next_due_time(name: str) -> None:
    settings, job = load(ROOT / "config.toml", {}).jobs[name], JOBS[name]
    entry = Entry(name, settings.every, settings.offset, (), settings.attempts)
    timetable = Timetable.of([entry])
    timetable.load({}, {})
    (first,) = timetable.tick(START)
    assert isinstance(first, Fire)
    run = Run(crashing(job), "run-1", first.slot, first.attempt, first.trigger, first.degraded)

    outcome = execute(run, SimpleNamespace(now=lambda: START))  # type: ignore[arg-type]
    retry = Retry(settings.attempts, Backoff(settings.backoff.total_seconds(), 300.0))
    retry_at = retry.after(outcome, first.attempt, START, speed=1.0, draw=0.0)
    timetable.settled(name, first.slot, first.attempt, outcome, START, retry_at)

    due = slot_before(entry, START) + settings.every
    assert isinstance(outcome, Failed)
    assert timetable.next_due(START) == due
    assert timetable.tick(due) == [Fire(name, due, 1, "slot")]
