"""The tally counts what went wrong once, by kind and by hour, and nothing that was meant to be."""

from __future__ import annotations

import logging
import threading
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from actors.domain.health.fingerprint import mask
from actors.domain.redaction import Redaction
from actors.errors import CircuitOpenError, QueryError, ResourceDiedError
from actors.health.tally import HOURS, KINDS, ErrorTally, listening
from tests.jobs.doors import START

if TYPE_CHECKING:
    from collections.abc import Iterator

HOUR = timedelta(hours=1)


class Time:
    """Schedule time as the test sets it."""

    def __init__(self) -> None:
        self.now = START

    def __call__(self) -> Any:
        return self.now


@pytest.fixture
def time() -> Time:
    return Time()


@pytest.fixture
def tally(time: Time) -> Iterator[ErrorTally]:
    """Return a tally that hears one logger, so that no other test's errors come in."""
    logger = logging.getLogger("actors.test_tally")
    tally = ErrorTally(time)
    logger.addHandler(tally)
    logger.propagate = False
    yield tally
    logger.removeHandler(tally)
    logger.propagate = True


def log(level: int, text: str = "it broke", error: BaseException | None = None, **extra: Any) -> None:
    logging.getLogger("actors.test_tally").log(level, text, exc_info=error, extra=extra)


def raised(error: Exception) -> Exception:
    try:
        raise error
    except Exception as caught:  # noqa: BLE001 - any error is handed in here
        return caught


def seen(tally: ErrorTally) -> dict[str, int]:
    """Return how often each kind was counted."""
    return {each.fault.kind: sum(each.hours.values()) for each in tally.sightings()}


def failed(run: str, text: str, attempt: int = 1, **extra: Any) -> None:
    """Log the end of a failed run, as a family does."""
    log(logging.WARNING, action="run_failed", job="plan", run=run, attempt=attempt, data=text, **extra)


def test_an_error_is_counted_in_its_hour_and_a_warning_is_none(tally: ErrorTally, time: Time) -> None:
    error = raised(QueryError("no table"))
    log(logging.ERROR, error=error)
    log(logging.WARNING, error=error)
    time.now += HOUR
    log(logging.CRITICAL, error=error)
    (one,) = tally.sightings()
    assert one.hours == {START: 1, START + HOUR: 1}
    assert (one.first, one.last) == (START, START + HOUR)


def test_the_further_tries_of_a_run_that_fails_are_one_error(tally: ErrorTally) -> None:
    for attempt in (1, 2, 3):
        failed(f"plan-a1b2c3-{attempt}", f"ResourceDiedError: endpoint {attempt} is away", attempt)
    assert seen(tally) == {"ResourceDiedError": 1}
    failed("plan-a1b2c3-4", "ResourceDiedError: endpoint 4 is away")
    assert seen(tally) == {"ResourceDiedError": 2}


def test_a_further_try_that_fails_of_something_else_is_another_error(tally: ErrorTally) -> None:
    failed("plan-1", "ResourceDiedError: the endpoint is away")
    failed("plan-2", "ModelOutputError: no JSON", attempt=2)
    assert seen(tally) == {"ResourceDiedError": 1, "ModelOutputError": 1}


def test_a_crash_and_the_end_of_its_run_are_one_error(tally: ErrorTally) -> None:
    log(logging.ERROR, error=raised(ZeroDivisionError("x")), action="run_crashed", job="plan", run="plan-7")
    failed("plan-7", "ZeroDivisionError: x")
    assert seen(tally) == {"ZeroDivisionError": 1}


def test_a_crashed_stage_and_the_ends_of_stage_and_run_are_one_error(tally: ErrorTally) -> None:
    named = {"job": "health_monitor", "stage": "health_check", "run": "health_monitor-7"}
    log(logging.ERROR, error=raised(ZeroDivisionError("x")), action="stage_crashed", **named)
    log(logging.WARNING, action="stage_failed", attempt=1, data="ZeroDivisionError: x", **named)
    failed("health_monitor-7", "health_check: ZeroDivisionError: x")
    assert seen(tally) == {"ZeroDivisionError": 1}
    assert tally.sightings()[0].fault.place == "health_monitor:health_check"


def test_a_refusal_by_a_guard_of_our_own_is_no_error(tally: ErrorTally) -> None:
    failed("plan-1", "CircuitOpenError: openai: the breaker is open, retry in 3.0 s")
    log(logging.WARNING, action="stage_failed", job="x", stage="y", run="x-1", data="BudgetExceededError: none left")
    failed("x-1", "y: BudgetExceededError: none left")
    log(logging.ERROR, error=raised(CircuitOpenError("open", 1.0)))
    assert seen(tally) == {}


def test_a_blocked_run_is_no_error(tally: ErrorTally) -> None:
    log(logging.WARNING, action="run_blocked", job="posting", run="posting-1", data="the kill switch is on")
    assert seen(tally) == {}


def test_an_alarm_about_the_state_of_things_does_not_make_it_worse(tally: ErrorTally) -> None:
    log(logging.ERROR, "nothing has been published", action="lane_silent")
    assert seen(tally) == {}


def test_health_does_not_count_what_it_says_itself(time: Time) -> None:
    with listening(time) as tally:
        logging.getLogger("actors.health.whole").error("the whole is unhealthy")
        assert seen(tally) == {}


def test_the_number_of_kinds_and_of_hours_is_bounded(tally: ErrorTally, time: Time) -> None:
    for number in range(KINDS + 5):
        log(logging.ERROR, "it broke", action="x" * (number + 1))
    assert len(tally.sightings()) == KINDS
    for _ in range(HOURS + 5):
        time.now += HOUR
        log(logging.ERROR, action="late")
    assert len(tally.sightings()[-1].hours) == HOURS


def test_f_who_logs_never_fails_of_the_tally(tally: ErrorTally) -> None:
    class Unspeakable(Exception):  # noqa: N818 - it stands for any foreign one
        def __str__(self) -> str:
            raise ValueError("no words")

    log(logging.ERROR, error=raised(Unspeakable()))
    log(logging.ERROR, action=object(), run=object(), stage=3)
    tally._now = lambda: 1 / 0  # type: ignore[assignment,return-value]
    log(logging.ERROR)
    assert len(tally.sightings()) == 2


def test_k8_no_secret_is_kept(time: Time) -> None:
    with listening(time, Redaction(["correct-horse-battery"])) as tally:
        logger = logging.getLogger("actors.test_tally_secrets")
        failure = {"action": "run_failed", "job": "plan", "run": "p", "data": "E: correct-horse-battery"}
        logger.warning("x", extra=failure)
        logger.error("x", exc_info=raised(ResourceDiedError("postgresql://me:word@host/db is away")))
        kept = " ".join(each.fault.message for each in tally.sightings())
    assert "horse" not in kept
    assert "word" not in kept
    assert len(tally.sightings()) == 2


def test_errors_of_many_threads_are_all_counted(tally: ErrorTally) -> None:
    def work() -> None:
        for _ in range(200):
            log(logging.ERROR)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10)
    assert list(seen(tally).values()) == [800]


def test_nothing_is_counted_after_the_end() -> None:
    with listening(Time()) as tally:
        pass
    logging.getLogger("actors.test_tally").error(mask("late"))
    assert tally.sightings() == ()
