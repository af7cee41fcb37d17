"""The cap on launches of Chromium."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.config.sections import BreakerSettings
from actors.domain.breaker import Breaker, BreakerState
from actors.domain.launches import Launches


def test_a_launch_beyond_the_limit_waits_until_the_oldest_is_a_window_ago() -> None:
    launches = Launches(limit=2, window_s=60.0)
    for now in (0.0, 10.0):
        assert launches.wait_s(now) == 0.0
        launches.begin(now)

    assert launches.wait_s(15.0) == pytest.approx(45.0)
    assert launches.wait_s(59.9) == pytest.approx(0.1)
    assert launches.wait_s(60.0) == 0.0


def test_a_browser_is_stopped_for_memory_only_while_half_of_the_launches_are_left() -> None:
    launches = Launches(limit=4, window_s=60.0)
    assert launches.can_spare(0.0)
    launches.begin(0.0)
    assert launches.can_spare(1.0)
    launches.begin(1.0)

    assert not launches.can_spare(2.0)
    assert launches.can_spare(60.0)


@given(st.lists(st.floats(0.0, 30.0), max_size=60), st.integers(1, 5))
def test_a10_no_window_ever_holds_more_launches_than_the_limit(pauses: list[float], limit: int) -> None:
    launches, now, begun = Launches(limit=limit, window_s=60.0), 0.0, []
    for pause in pauses:
        now += pause
        if launches.wait_s(now) == 0.0:
            launches.begin(now)
            begun.append(now)

    assert all(sum(first <= each < first + 60.0 for each in begun) <= limit for first in begun)


def test_the_cap_never_hinders_the_breaker_of_a_browser_that_does_not_come_up() -> None:
    settings, launches = BreakerSettings(), Launches()
    breaker = Breaker(settings.threshold, settings.open_min.total_seconds(), settings.open_max.total_seconds())
    for now in (tenth / 10 for tenth in range(6000)):
        if breaker.state is BreakerState.CLOSED or breaker.wants_probe(now):
            assert launches.wait_s(now) == 0.0
            launches.begin(now)
            breaker.failure(now)
