"""Run slots: what a job's body may do, and what becomes of its run."""

from __future__ import annotations

import asyncio
import threading
import time
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest

from actors.domain.outcome import Blocked, Done, Failed, Nothing, Snooze
from actors.domain.workload import Span
from actors.errors import (
    BudgetExceededError,
    DeadlineError,
    MemoryPressureError,
    PageChangedError,
    PlatformClosedError,
    SiteBusyError,
)
from actors.runtime.client import Scope
from actors.runtime.runs import Run, RunResult, Runs, RunWorker, execute
from tests.runtime.jobs import NOON, make_job, schedule_clock
from tests.runtime.stage import WAIT, request
from tests.runtime.test_front import House

CLOCK = schedule_clock()


def run_of(body: Any, name: str = "plan") -> Run:
    return Run(make_job(name, body), f"{name}-1", NOON, 1, "slot", "")


def raising(error: BaseException) -> Any:
    def body(_: Any) -> None:
        raise error

    return body


def outcome_of(body: Any) -> Any:
    return execute(run_of(body), SimpleNamespace(now=CLOCK.now))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "outcome", [Done({"posts": 2}), Nothing("empty"), Snooze(NOON, "cap"), Blocked("kill switch"), Failed("no", False)]
)
def test_c9_what_a_body_returns_is_what_its_run_ends_as(outcome: Any) -> None:
    assert outcome_of(lambda _: outcome) == outcome


@pytest.mark.parametrize("counts", [{}, {"posts": 0}, {"posts": 0, "replies": 0}])
def test_d8_done_with_nothing_done_is_no_success(counts: dict[str, int]) -> None:
    assert outcome_of(lambda _: Done(counts)) == Nothing("all counts are zero")


@pytest.mark.parametrize("value", [None, True, "done", {"posts": 3}])
def test_d8_a_body_that_returns_no_outcome_has_failed_for_good(value: Any) -> None:
    outcome = outcome_of(lambda _: value)
    assert isinstance(outcome, Failed)
    assert not outcome.transient
    assert f"returned {type(value).__name__} instead of an outcome" in outcome.error


@pytest.mark.parametrize(
    ("error", "transient"),
    [
        (SiteBusyError("429"), True),
        (PageChangedError("x", "home"), False),
        (KeyError("bug"), False),
        (SystemExit(1), False),
        (KeyboardInterrupt(), False),
        (asyncio.CancelledError(), False),
        (MemoryError(), False),
    ],
)
def test_d8_whatever_a_body_raises_its_run_has_failed_and_the_branch_decides_about_another(
    error: BaseException, transient: bool
) -> None:
    outcome = outcome_of(raising(error))
    assert isinstance(outcome, Failed)
    assert outcome.transient is transient
    assert type(error).__name__ in outcome.error


def test_a8_a_run_whose_errand_is_refused_for_memory_is_blocked_and_has_not_failed() -> None:
    assert outcome_of(raising(MemoryPressureError("486 of 512 MB"))) == Blocked("486 of 512 MB")


def test_a_run_that_finds_the_days_money_spent_is_blocked_and_has_not_failed() -> None:
    assert outcome_of(raising(BudgetExceededError("0.4 of 0.4 $"))) == Blocked("0.4 of 0.4 $")


def test_e4_a_run_whose_errand_the_platform_forbids_is_blocked_and_not_tried_again() -> None:
    closed = PlatformClosedError("the platform is cooling until noon: 429", "cooling", 0.0)
    assert outcome_of(raising(closed)) == Blocked("the platform is cooling until noon: 429")


class RunHouse(House):
    """A front over run slots; `scopes` are those of the runs so far."""

    def __init__(self, size: int = 1, **policy: Any) -> None:
        self.scopes: list[Scope] = []

        def prepare(run: Run, scope: Scope) -> Any:
            self.scopes.append(scope)
            return SimpleNamespace(now=CLOCK.now, scope=scope)

        super().__init__(size, 0, resource=Runs(prepare), **policy)


def test_a_run_comes_back_with_its_outcome_and_its_times() -> None:
    house = RunHouse()
    result = house.result(house.send(run_of(lambda _: Done({"posts": 1}))))
    assert isinstance(result, RunResult)
    assert result.outcome == Done({"posts": 1})
    assert NOON <= result.started_at <= result.ended_at


def test_a_run_works_in_the_scope_of_its_due_time_and_tells_what_it_worked_on_the_browser() -> None:
    house = RunHouse()

    def body(context: Any) -> Done:
        context.scope.worked.update(browser=5.0, database=9.0)
        return Done({"posts": 1})

    run = replace(run_of(body), since=12.0, length=Span(20.0, 60.0))
    before = time.monotonic()
    result = house.result(house.send(run))
    (scope,) = house.scopes
    assert (scope.since, scope.length) == (12.0, Span(20.0, 60.0))
    assert result.browser_s == 5.0
    assert 0 < result.took_s <= time.monotonic() - before


@pytest.mark.parametrize("error", [SystemExit(1), KeyboardInterrupt(), asyncio.CancelledError()])
def test_a_body_that_raises_an_exit_settles_as_failed_and_its_slot_runs_the_next(error: BaseException) -> None:
    house = RunHouse()
    assert isinstance(house.result(house.send(run_of(raising(error)))).outcome, Failed)
    assert house.result(house.send(run_of(lambda _: Nothing("fine")))).outcome == Nothing("fine")


def test_d2_a_hung_run_is_revoked_counted_and_its_capacity_is_back() -> None:
    house, release, started = RunHouse(), threading.Event(), threading.Event()

    def hang(_: Any) -> Nothing:
        started.set()
        assert release.wait(WAIT)
        return Nothing("woke up")

    reply = house.send(run_of(hang), limit=0.05)
    assert started.wait(WAIT)
    assert isinstance(house.result(reply), DeadlineError)
    assert (house.state().abandoned, house.state().counters["revoked"]) == (1, 1)
    assert house.result(house.send(run_of(lambda _: Nothing("next")))).outcome == Nothing("next")
    release.set()
    house.front.abandoned[0]._thread.join(WAIT)
    house.stage.serve_until(lambda: house.free() == 1)
    assert house.state().counters["done"] == 1


def test_a_revoked_run_can_ask_for_nothing_more() -> None:
    house, started, ended = RunHouse(), threading.Event(), threading.Event()
    errors: list[BaseException] = []

    def works_on(context: Any) -> Nothing:
        started.set()
        try:
            assert context.scope._revoked.wait(WAIT)
            context.scope.remaining()
        except DeadlineError as error:
            errors.append(error)
        ended.set()
        return Nothing("over")

    reply = house.send(run_of(works_on), limit=0.05)
    assert started.wait(WAIT)
    assert isinstance(house.result(reply), DeadlineError)
    assert ended.wait(WAIT)
    assert len(errors) == 1


def test_a_run_that_is_revoked_before_its_thread_comes_to_it_can_ask_for_nothing_either() -> None:
    scopes: list[Scope] = []
    worker = RunWorker(lambda _, scope: scopes.append(scope) or SimpleNamespace(now=CLOCK.now))  # type: ignore[arg-type, func-returns-value, return-value]
    worker.destroy()
    worker.perform(request(run_of(lambda _: Nothing("woke up"))))
    with pytest.raises(DeadlineError):
        scopes[0].remaining()


def test_runs_that_overran_do_not_keep_the_next_ones_out() -> None:
    house, release = RunHouse(breaker_threshold=1), threading.Event()
    for _ in range(3):
        reply = house.send(run_of(lambda _: release.wait(WAIT)), limit=0.005)
        assert isinstance(house.result(reply), DeadlineError)
    assert house.result(house.send(run_of(lambda _: Nothing("runs")))).outcome == Nothing("runs")
    release.set()
