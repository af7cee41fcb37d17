"""Memory: the levels, their hysteresis, whose work they refuse, and when somebody is called."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.domain.memory import CRITICAL, RELEASE, TIGHT, Level, Refusals, Usage, admits, level_after
from actors.domain.priority import Priority

P0, P1, P2, P3 = Priority
LIMIT = 1000


def levels(*parts: int) -> list[Level]:
    """Return the level after each reading, in thousandths of the limit."""
    found = [Level.OK]
    for part in parts:
        found.append(level_after(found[-1], Usage(part, LIMIT)))
    return found[1:]


def test_a8_background_stops_before_p1_and_p0_is_admitted_at_every_level() -> None:
    admitted = {level: [priority for priority in Priority if admits(level, priority)] for level in Level}
    assert admitted == {Level.OK: [P0, P1, P2, P3], Level.TIGHT: [P0, P1], Level.CRITICAL: [P0]}


def test_a8_a_level_comes_at_its_threshold_and_goes_well_below_it() -> None:
    ok, tight, critical = Level
    assert levels(849, 850, 801, 799) == [ok, tight, tight, ok]
    assert levels(950, 920, 871, 869, 801, 799) == [critical, critical, critical, tight, tight, ok]
    assert levels(950, 100) == [critical, ok]


def test_a8_a_container_without_a_limit_is_never_pressed() -> None:
    assert level_after(Level.CRITICAL, None) is Level.OK


@pytest.mark.parametrize("level", list(Level))
@given(share=st.integers(0, 1200))
def test_a8_between_its_thresholds_a_level_stays_and_no_reading_flaps(level: Level, share: int) -> None:
    once = level_after(level, Usage(share, LIMIT))
    assert level_after(once, Usage(share, LIMIT)) is once
    if share / LIMIT >= CRITICAL:
        assert once is Level.CRITICAL
    if share / LIMIT < TIGHT - RELEASE:
        assert once is Level.OK


def test_a8_the_fourth_refusal_in_a_row_calls_somebody_and_then_every_fourth() -> None:
    refusals = Refusals()
    alarms = [refusals.refused("learn") for _ in range(8)]
    assert alarms == [0, 0, 0, 4, 0, 0, 0, 8]
    assert refusals.refused("plan") == 0


def test_a8_a_job_that_ran_between_its_refusals_is_no_alarm() -> None:
    refusals = Refusals()
    for _ in range(3):
        refusals.refused("learn")
    refusals.started("learn")
    assert [refusals.refused("learn") for _ in range(3)] == [0, 0, 0]


def test_a_usage_reads_in_megabytes_and_per_cent() -> None:
    assert str(Usage(486 * 1024**2, 512 * 1024**2)) == "486 of 512 MB are used (95%)"


def test_the_thresholds_stand_in_order() -> None:
    assert all(low + RELEASE < high for low, high in pairwise((TIGHT, CRITICAL, 1.0)))
