"""Schedule time as a line through wall time."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.domain.schedule_time import Anchor

START = datetime(2026, 3, 1, 12, tzinfo=UTC)
ANCHOR = Anchor(1000.0, START.timestamp(), 60.0)


def test_at_sixty_a_schedule_minute_passes_in_a_real_second() -> None:
    assert ANCHOR.at(1001.0) - ANCHOR.at(1000.0) == timedelta(minutes=1)
    assert ANCHOR.real_seconds(timedelta(minutes=5)) == 5.0


def test_schedule_time_is_aware_and_in_utc() -> None:
    assert ANCHOR.at(1000.0) == START
    assert ANCHOR.at(1000.0).tzinfo is UTC


@given(wall=st.floats(1000.0, 1e7), speed=st.sampled_from([1.0, 2.0, 60.0, 1440.0]))
def test_another_speed_goes_on_without_a_jump(wall: float, speed: float) -> None:
    changed = ANCHOR.with_speed(speed, wall)
    assert abs(changed.at(wall) - ANCHOR.at(wall)) <= timedelta(milliseconds=1)
    assert (changed.at(wall + 1.0) - changed.at(wall)).total_seconds() == pytest.approx(speed, abs=1e-3)


def test_the_same_speed_keeps_the_anchor() -> None:
    assert ANCHOR.with_speed(60.0, 5000.0) is ANCHOR
