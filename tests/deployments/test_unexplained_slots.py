"""The bench of deployments finds a slot that nobody explains."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from tests.deployments.slots import unexplained

MINUTE = timedelta(minutes=1)
ANCHOR = datetime(2026, 3, 1, tzinfo=UTC)


def at(minutes: float) -> datetime:
    return ANCHOR + minutes * MINUTE


def test_a_slot_between_two_known_ones_that_nobody_speaks_of_is_found() -> None:
    assert unexplained([(at(1), ""), (at(2), ""), (at(4), "")], [], MINUTE, ANCHOR) == [at(3)]


def test_a_slot_whose_run_died_with_its_process_is_explained_and_a_triggers_moment_explains_none() -> None:
    assert unexplained([(at(1), ""), (at(3), "")], [at(2)], MINUTE, ANCHOR) == []
    assert unexplained([(at(1), ""), (at(3), "")], [at(2.5)], MINUTE, ANCHOR) == [at(2)]
    assert unexplained([(at(0.5), ""), (at(1), ""), (at(3), "")], [], MINUTE, ANCHOR) == [at(2)]


def test_a_row_that_counts_coalesced_slots_explains_as_many_and_no_more() -> None:
    assert unexplained([(at(1), ""), (at(5), "3 slots coalesced into a later one")], [], MINUTE, ANCHOR) == [at(2)]


def test_without_any_history_nothing_is_missing() -> None:
    assert unexplained([], [], MINUTE, ANCHOR) == []
