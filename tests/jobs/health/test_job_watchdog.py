"""The watchdog knows only clock and job table, and calls whoever fell silent."""

from __future__ import annotations

import logging
from datetime import timedelta
from typing import TYPE_CHECKING

from actors.domain.outcome import Done, Nothing
from actors.job import JobsView
from actors.jobs.health.job_watchdog import job_watchdog
from tests.jobs.doors import START

if TYPE_CHECKING:
    from datetime import datetime

    import pytest

    from tests.jobs.doors import Bench


def test_d4_it_uses_no_resource() -> None:
    assert job_watchdog.uses == frozenset()


def test_nobody_is_called_while_everybody_is_on_time(bench: Bench) -> None:
    bench.now = START + timedelta(minutes=14)
    assert isinstance(bench.run(job_watchdog), Nothing)
    assert bench.jobs.triggered == []


def test_d1_a_job_that_never_succeeded_is_called_and_named(bench: Bench, caplog: pytest.LogCaptureFixture) -> None:
    bench.now = START + timedelta(minutes=15)
    with caplog.at_level(logging.WARNING):
        assert bench.run(job_watchdog) == Done({"silent": 1, "called": 1})
    assert bench.jobs.triggered == ["posting"]
    said = [each for each in caplog.records if each.name == job_watchdog.body.__module__]
    assert [vars(each)["job"] for each in said] == ["posting"]


def test_c7_a_job_whose_success_grew_too_old_is_called(bench: Bench) -> None:
    bench.now = START + timedelta(hours=12)
    fresh = dict.fromkeys(bench.config.jobs, bench.now)
    bench.jobs.seen = JobsView(START, {**fresh, "plan": bench.now - timedelta(hours=1)}, {})
    bench.run(job_watchdog)
    assert bench.jobs.triggered == ["plan"]


def test_d4_a_long_run_under_way_is_never_doubled(bench: Bench) -> None:
    bench.now = START + timedelta(hours=1)
    bench.jobs.seen = JobsView(START, {}, dict.fromkeys(bench.config.jobs, START))
    bench.run(job_watchdog)
    assert bench.jobs.triggered == []


def test_d9_a_job_that_goes_on_failing_is_called_once_in_its_allowance(bench: Bench) -> None:
    # posting may be silent for 14 minutes; each of its runs fails, and one that is called fails within the minute.
    others = dict.fromkeys(set(bench.config.jobs) - {"posting"}, START + timedelta(hours=24))
    ended: dict[str, datetime] = {}
    for minutes in range(2, 122, 5):
        bench.now = START + timedelta(minutes=minutes)
        bench.jobs.seen = JobsView(START, others, {}, dict(ended))
        before = len(bench.jobs.triggered)
        bench.run(job_watchdog)
        if len(bench.jobs.triggered) > before:
            ended["posting"] = bench.now + timedelta(minutes=1)
    assert 5 <= len(bench.jobs.triggered) <= 8


def test_a_silent_job_that_was_just_blocked_is_left_alone_and_still_counted(bench: Bench) -> None:
    bench.now = START + timedelta(hours=12)
    fresh = dict.fromkeys(set(bench.config.jobs) - {"posting"}, bench.now)
    bench.jobs.seen = JobsView(START, fresh, {}, {"posting": bench.now - timedelta(minutes=4)})
    assert bench.run(job_watchdog) == Done({"silent": 1, "called": 0})
    assert bench.jobs.triggered == []


def test_a_job_that_is_paused_or_waits_for_another_one_is_not_called(bench: Bench) -> None:
    bench.now = START + timedelta(hours=1)
    fresh = dict.fromkeys(set(bench.config.jobs) - {"posting", "plan"}, bench.now)
    bench.jobs.seen = JobsView(START, fresh, {}, {}, frozenset({"plan"}), frozenset({"posting"}))
    assert bench.run(job_watchdog) == Done({"silent": 2, "called": 0})
    assert bench.jobs.triggered == []
