"""Recall: a P0 that comes unannounced has its slot back at once, and what had borrowed it loses nothing but time."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from actors.domain.arbiter import Arbiter, Recall, Refusal, Revoke, Running
from actors.domain.breaker import BreakerState
from actors.domain.memory import Level
from actors.domain.priority import Priority
from tests.domain.arbiters import (
    P0,
    P1,
    P2,
    P3,
    arbiter,
    at_work,
    called_back,
    ended,
    gave_back,
    granted,
    refused,
    revoked,
    scrape,
    ticket,
)


def lending(*borrowers: tuple[str, Priority, float], reserved: int = 1) -> Arbiter:
    """Return an arbiter without a free slot; the borrowers are (name, class, begin)."""
    machine = arbiter(len(borrowers), reserved, p0_at=1e6)
    for name, priority, begin in borrowers:
        assert granted(machine.arrived(scrape(name, priority, limit=60.0), begin)) == [name]
    return machine


def test_a_p0_that_finds_no_slot_calls_one_back_and_gets_it() -> None:
    machine = lending(("a", P3, 0.0), ("b", P3, 1.0))
    assert machine.arrived(ticket("p0", P0), 2.0) == [Recall("b", 1)]
    assert (machine.lent(), list(at_work(machine))) == (0, ["a"])
    assert machine._recalled == {1: Running(scrape("b", P3, limit=60.0), 1.0, 4.0, 4.0)}
    assert granted(gave_back(machine, 1, 2.1)) == ["p0"]
    assert [each.id for each in machine.waiting.tickets()] == ["b"]


@pytest.mark.parametrize(
    ("borrowers", "which"),
    [
        ([("a", P1, 0.0), ("b", P3, 0.0), ("c", P2, 0.0)], "b"),
        ([("a", P2, 1.0), ("b", P3, 0.0), ("c", P2, 2.0)], "b"),
        ([("a", P3, 0.0), ("b", P3, 1.0), ("c", P1, 2.0)], "b"),
        ([("a", P3, 0.0), ("b", P3, 0.0), ("c", P3, 0.0)], "c"),
    ],
)
def test_the_least_important_is_called_back_and_of_those_the_last_to_begin(borrowers: list, which: str) -> None:
    assert called_back(lending(*borrowers).arrived(ticket("p0", P0), 5.0)) == [which]


def test_what_cannot_be_called_back_goes_on_although_it_is_less_important() -> None:
    machine = arbiter(2, 1, p0_at=1e6)
    machine.arrived(ticket("publishes", P3), 0.0)
    machine.arrived(scrape("reads", P1), 0.0)
    assert called_back(machine.arrived(ticket("p0", P0), 1.0)) == ["reads"]


def test_no_more_is_called_back_than_p0_waits_for_and_was_lent() -> None:
    machine = lending(("a", P3, 0.0), ("b", P3, 1.0), ("c", P3, 2.0), ("d", P3, 3.0), reserved=2)
    assert called_back(machine.arrived(ticket("x", P0), 4.0)) == ["d"]
    assert called_back(machine.tick(4.1)) == []
    assert called_back(machine.arrived(ticket("y", P0), 4.2)) == ["c"]
    # A third stands on no reservation: it waits for whatever ends.
    assert called_back(machine.arrived(ticket("z", P0), 4.3)) == []
    assert granted(gave_back(machine, 3, 4.4)) == ["x"]
    assert granted(gave_back(machine, 2, 4.5)) == ["y"]
    assert list(at_work(machine)) == ["a", "b", "x", "y"]


def test_two_p0_that_waited_together_have_two_slots_back() -> None:
    machine = lending(("a", P3, 0.0), ("b", P3, 1.0), ("c", P3, 2.0), reserved=2)
    machine.waiting.add(ticket("x", P0))
    machine.waiting.add(ticket("y", P0))
    assert called_back(machine.tick(3.0)) == ["b", "c"]


def test_one_that_ends_before_it_hears_the_recall_is_answered_and_gives_its_slot() -> None:
    machine = lending(("a", P3, 0.0), ("b", P3, 1.0))
    machine.arrived(ticket("p0", P0), 2.0)
    assert granted(ended(machine, 1, 2.0)) == ["p0"]
    assert len(machine.waiting) == 0


def test_a_p0_that_got_another_slot_meanwhile_leaves_the_recalled_one_to_who_waits() -> None:
    machine = lending(("a", P3, 0.0), ("b", P3, 1.0))
    machine.arrived(ticket("p0", P0), 2.0)
    assert granted(ended(machine, 0, 2.0)) == ["p0"]
    assert granted(gave_back(machine, 1, 2.1)) == ["b"]


def test_what_was_called_back_has_its_place_in_the_order_again() -> None:
    machine = arbiter(2, 1, p0_at=1e6)
    machine.arrived(scrape("share", P1, limit=60.0), 0.0)
    machine.arrived(scrape("due long ago", P3, since=0.0), 500.0 - 450.0)
    machine.arrived(scrape("fresh", P3, since=50.0), 50.0)
    machine.arrived(ticket("p0", P0), 51.0)
    assert called_back(machine.tick(51.0)) == []
    gave_back(machine, 1, 51.0)
    assert granted(ended(machine, 1, 52.0)) == ["due long ago"]


def pressed(machine: Arbiter) -> None:
    machine.pressed(Level.TIGHT)


def drained(machine: Arbiter) -> None:
    machine.drain()


def opened(machine: Arbiter) -> None:
    machine.breaker.threshold = 1
    ended(machine, 0, 2.0, broken=True)
    assert machine.breaker.state is BreakerState.OPEN


@pytest.mark.parametrize(
    ("meanwhile", "refusal"),
    [(pressed, Refusal.MEMORY), (drained, Refusal.DRAINING), (opened, Refusal.CIRCUIT_OPEN)],
)
def test_what_may_not_wait_again_is_refused_when_it_comes_back(
    meanwhile: Callable[[Arbiter], None], refusal: Refusal
) -> None:
    machine = lending(("a", P3, 0.0), ("b", P3, 1.0))
    machine.arrived(ticket("p0", P0), 2.0)
    meanwhile(machine)
    assert refused(gave_back(machine, 1, 2.5)) == {"b": refusal}


def test_what_comes_back_past_its_start_by_is_refused_as_expired() -> None:
    machine = arbiter(1, 1, p0_at=1e6)
    machine.arrived(scrape("b", start_by=2.0), 1.0)
    machine.arrived(ticket("p0", P0), 1.5)
    actions = gave_back(machine, 0, 2.0)
    assert (refused(actions), granted(actions)) == ({"b": Refusal.EXPIRED}, ["p0"])


def test_a_full_queue_does_not_refuse_what_was_called_back() -> None:
    machine = arbiter(1, 1, queue=1, p0_at=1e6)
    machine.arrived(scrape("b"), 0.0)
    machine.arrived(scrape("waits"), 0.0)
    machine.arrived(ticket("p0", P0), 0.0)
    assert refused(gave_back(machine, 0)) == {}
    assert refused(machine.arrived(scrape("late"), 0.0)) == {"late": Refusal.QUEUE_FULL}


def test_one_that_does_not_come_back_in_time_is_revoked_and_its_asker_fails() -> None:
    machine = lending(("a", P3, 0.0), ("b", P3, 1.0))
    machine.arrived(ticket("p0", P0), 5.0)
    assert machine.next_wake() == 7.0
    assert machine.tick(6.9) == []
    assert machine.tick(7.0) == [Revoke("b", 1)]
    assert granted(machine.replaced(1, 7.0)) == ["p0"]
    assert len(machine.waiting) == 0


def test_a_recall_leaves_no_more_time_than_the_errand_had() -> None:
    machine = lending(("a", P3, 0.0))
    machine.arrived(ticket("p0", P0), 59.0)
    assert revoked(machine.tick(60.0)) == ["a"]


def test_no_other_is_called_back_for_one_that_is_revoked_since_its_successor_comes() -> None:
    machine = lending(("a", P3, 0.0), ("b", P3, 1.0), ("c", P3, 2.0), ("d", P3, 3.0), reserved=2)
    machine.arrived(ticket("p0", P0), 5.0)
    assert machine.tick(7.0) == [Revoke("d", 3)]
    assert machine.replaced(3, 7.0)[0].request_id == "p0"


def test_what_was_called_back_is_lost_with_what_all_slots_wait_on() -> None:
    machine = lending(("a", P3, 0.0), ("b", P3, 1.0))
    machine.arrived(ticket("p0", P0), 5.0)
    assert machine.revoke_all() == [Revoke("a", 0), Revoke("b", 1)]
    assert (machine.running, machine.next_wake()) == ({}, 100.0)
    assert granted(gone(machine, 0)) == ["p0"]
    assert granted(gone(machine, 1)) == []


def gone(machine: Arbiter, slot: int) -> list:
    return machine.settled(slot, 5.0, infrastructure_failed=False, answered=False)
