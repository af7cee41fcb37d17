"""The retry decision: which end of a run is tried again, how often, and when."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from actors.domain.backoff import Backoff
from actors.domain.outcome import Blocked, Done, Failed, Nothing, Outcome, Snooze
from actors.domain.retry import Retry

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
RETRY = Retry(4, Backoff(5.0, 12.0, jitter=0.2))


def wait(attempt: int, speed: float = 1.0, draw: float = 0.0) -> float:
    at = RETRY.after(Failed("away"), attempt, NOON, speed, draw)
    assert at is not None
    return (at - NOON).total_seconds()


@pytest.mark.parametrize(
    "outcome",
    [
        Done({"posts": 1}),
        Nothing("nothing is due"),
        Snooze(NOON, "later"),
        Blocked("kill switch"),
        Failed("bug", False),
    ],
    ids=lambda outcome: type(outcome).__name__,
)
def test_only_a_transient_failure_is_tried_again(outcome: Outcome) -> None:
    assert RETRY.after(Failed("away"), 1, NOON, 1.0, 0.0) is not None
    assert RETRY.after(outcome, 1, NOON, 1.0, 0.0) is None


def test_the_last_attempt_is_the_last() -> None:
    failed = Failed("away")
    tried = [RETRY.after(failed, attempt, NOON, 1.0, 0.0) is not None for attempt in range(1, 7)]
    assert tried == [True, True, True, False, False, False]


def test_one_attempt_is_none_to_repeat() -> None:
    assert Retry(1, Backoff(5.0, 12.0)).after(Failed("away"), 1, NOON, 1.0, 0.0) is None


def test_the_first_wait_is_the_shortest_and_each_further_one_doubles_up_to_the_maximum() -> None:
    assert [wait(attempt) for attempt in (1, 2, 3)] == [5.0, 10.0, 12.0]


def test_the_draw_spreads_the_attempts_of_many_jobs() -> None:
    assert wait(1, draw=0.5) == 5.5


def test_a_fast_clock_waits_as_long_in_real_time() -> None:
    assert RETRY.after(Failed("away"), 1, NOON, 60.0, 0.0) == NOON + timedelta(minutes=5)
