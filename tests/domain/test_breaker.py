"""The breaker alone, on a hand-set clock."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from actors.domain.breaker import Breaker, BreakerState


def opened(times: int = 1) -> tuple[Breaker, float]:
    """Return a breaker that opened and failed its probe again, and the time of its last failure."""
    breaker, now = Breaker(3, 2.0, 10.0), 0.0
    for _ in range(3):
        breaker.failure(now)
    for _ in range(times - 1):
        now = breaker.open_until
        assert breaker.wants_probe(now)
        breaker.failure(now)
    return breaker, now


def test_it_opens_at_the_threshold_and_not_before() -> None:
    breaker = Breaker(3, 2.0, 10.0)
    breaker.failure(0.0)
    breaker.failure(0.0)
    assert breaker.state is BreakerState.CLOSED
    breaker.failure(0.0)
    assert breaker.state is BreakerState.OPEN


def test_a_success_in_between_starts_the_count_anew() -> None:
    breaker = Breaker(2, 2.0, 10.0)
    for _ in range(10):
        breaker.failure(0.0)
        breaker.success()
    assert breaker.state is BreakerState.CLOSED


def test_a5_after_the_cool_down_it_asks_for_exactly_one_probe() -> None:
    breaker, _ = opened()
    assert not breaker.wants_probe(1.9)
    assert [breaker.wants_probe(2.0), breaker.wants_probe(2.0), breaker.wants_probe(99.0)] == [True, False, False]


def test_each_failed_probe_doubles_the_cool_down_up_to_the_maximum() -> None:
    waits = []
    for times in range(1, 6):
        breaker, now = opened(times)
        waits.append(breaker.open_until - now)
    assert waits == [2.0, 4.0, 8.0, 10.0, 10.0]


def test_a_success_after_many_failed_probes_starts_at_the_shortest_cool_down_again() -> None:
    breaker, _ = opened(5)
    breaker.success()
    for _ in range(3):
        breaker.failure(100.0)
    assert breaker.open_until == 102.0


def test_retry_after_is_nothing_while_closed_and_never_zero_while_open() -> None:
    breaker, _ = opened()
    assert Breaker(3, 2.0, 10.0).retry_after(0.0) == 0.0
    assert (breaker.retry_after(0.5), breaker.retry_after(7.0)) == (1.5, 0.1)


@given(st.lists(st.tuples(st.sampled_from(["failure", "success", "look"]), st.floats(0.0, 30.0)), max_size=60))
def test_a5_it_is_never_open_for_longer_than_the_maximum_without_wanting_a_probe(steps: list[tuple]) -> None:
    breaker, now = Breaker(3, 2.0, 10.0), 0.0
    for step, pause in steps:
        now += pause
        match step:
            case "failure":
                breaker.failure(now)
            case "success":
                breaker.success()
            case "look":
                breaker.wants_probe(now)
        if breaker.state is BreakerState.OPEN:
            assert breaker.open_until <= now + 10.0
    if breaker.state is BreakerState.OPEN:
        assert breaker.wants_probe(now + 10.0)
