"""The back-off formula."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from actors.domain.backoff import Backoff

BACKOFF = Backoff(0.5, 30.0, jitter=0.2)


def test_the_wait_doubles_with_each_failure_and_stops_at_the_maximum() -> None:
    assert [BACKOFF.delay(failures, 0.0) for failures in range(8)] == [0.5, 1.0, 2.0, 4.0, 8.0, 16.0, 30.0, 30.0]


def test_the_largest_draw_adds_the_whole_jitter() -> None:
    assert BACKOFF.delay(1, 1.0) == 1.2


@given(failures=st.integers(0, 10_000), draw=st.floats(0.0, 1.0, exclude_max=True))
def test_jitter_never_leads_past_the_maximum_nor_below_the_plain_wait(failures: int, draw: float) -> None:
    assert BACKOFF.delay(failures, 0.0) <= BACKOFF.delay(failures, draw) <= 30.0


def test_a_back_off_of_nothing_never_waits() -> None:
    assert Backoff(0.0, 0.0, 0.0).delay(40, 0.9) == 0.0
