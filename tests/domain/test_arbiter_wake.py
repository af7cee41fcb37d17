"""When to look again: the machine says exactly when time alone will change something, and how late it is."""

from __future__ import annotations

import pytest

from actors.domain.arbiter import PROBE, Grant, Running, Ticket
from tests.domain.arbiters import P0, P2, arbiter, ended, refused, revoked, scrape, ticket


def test_with_nothing_to_do_there_is_nothing_to_wake_for() -> None:
    machine = arbiter(p0_at=50.0)
    assert machine.next_wake() is None
    # Time alone lends nothing: that P0 comes nearer only forbids.
    assert machine.tick(50.0) == []


def test_of_limits_recalls_and_deadlines_the_first_is_woken_for() -> None:
    machine = arbiter(1, 1, p0_at=1e6)
    machine.arrived(scrape("a", limit=30.0), 0.0)
    assert machine.next_wake() == 30.0
    machine.arrived(ticket("b", start_by=20.0), 0.0)
    assert machine.next_wake() == 20.0
    machine.arrived(ticket("p0", P0, start_by=40.0), 10.0)
    assert machine.next_wake() == 12.0
    assert revoked(machine.tick(12.0)) == ["a"]
    # The front replaces it at once: no time has to pass for that.
    assert machine.next_wake() == 20.0


def test_an_open_breaker_is_woken_for_when_its_time_is_over() -> None:
    machine = arbiter(2, 0, threshold=1)
    machine.arrived(ticket("a", P0), 0.0)
    machine.arrived(ticket("b", limit=50.0), 0.0)
    ended(machine, 0, 1.0, broken=True)
    assert machine.next_wake() == 3.0
    assert machine.tick(2.9) == []
    assert machine.tick(3.0) == [Grant(PROBE, 0)]
    assert machine.next_wake() == 13.0
    assert machine.running[0] == Running(Ticket(PROBE, P0, 3.0, 10.0), 3.0, 13.0, 13.0)


def test_a_probe_waits_for_a_slot_and_goes_at_the_next_look() -> None:
    machine = arbiter(1, 0, threshold=1)
    machine.arrived(ticket("a", limit=50.0), 0.0)
    machine.breaker.failure(1.0)
    assert (machine.tick(5.0), machine.next_wake()) == ([], 50.0)
    ended(machine, 0, 6.0)
    assert machine.next_wake() == 3.0, "due already"
    assert machine.tick(6.0) == [Grant(PROBE, 0)]


def test_a_probe_that_succeeds_lets_in_who_comes_and_one_that_fails_waits_twice_as_long() -> None:
    machine = arbiter(1, 0, threshold=1)
    machine.breaker.failure(0.0)
    machine.tick(2.0)
    assert ended(machine, 0, 2.5, broken=True) == []
    assert machine.next_wake() == 6.5
    machine.tick(6.5)
    ended(machine, 0, 7.0)
    assert machine.next_wake() is None


def test_an_errand_that_neither_fails_nor_answers_says_nothing_of_the_resource() -> None:
    machine = arbiter(1, 0, threshold=2)
    for broken in (True, None, True):
        machine.arrived(ticket("a", P2), 0.0)
        machine.settled(0, 0.0, infrastructure_failed=bool(broken), answered=False)
    assert refused(machine.arrived(ticket("b"), 0.0)) != {}


@pytest.mark.parametrize(("before", "overdue"), [(5.0, 0), (5.1, 1), (9.0, 1), (9.1, 2)])
def test_how_many_run_past_their_time_is_known(before: float, overdue: int) -> None:
    machine = arbiter()
    machine.arrived(ticket("a", limit=5.0), 0.0)
    machine.arrived(ticket("b", limit=9.0), 0.0)
    assert machine.overdue(before) == overdue
