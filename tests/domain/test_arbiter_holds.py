"""Holds: a slot stays free for a moment for the next errand of a run that is nearly done."""

from __future__ import annotations

from typing import Any

import pytest

from actors.domain.arbiter import Arbiter, Grant, Refusal, Revoke
from actors.domain.priority import Priority
from actors.domain.waiting import Ticket
from tests.domain.arbiters import P0, P1, P2, P3, arbiter, ended, gave_back, granted, refused, scrape, ticket


def page(name: str, run: str = "run", priority: Priority = P2, rest: float = 10.0, **known: Any) -> Ticket:
    """Return an errand of a run that has so much left."""
    return ticket(name, priority, owner=run, remaining_s=rest, **known)


def between(first: Ticket, *others: Ticket, took: float = 4.0, **shape: Any) -> Arbiter:
    """Return an arbiter whose one slot came free of the run's first errand while the others wait."""
    machine = arbiter(1, 0, **shape)
    for each in (first, *others):
        machine.arrived(each, 0.0)
    assert ended(machine, 0, took) == []
    return machine


def test_the_slot_is_kept_for_the_next_errand_of_a_run_that_goes_before_who_waits() -> None:
    machine = between(page("one"), ticket("other", remaining_s=6.5))
    assert granted(machine.arrived(page("two", rest=0.5), 4.1)) == ["two"]
    assert granted(ended(machine, 0, 4.7)) == ["other"]


def test_a_hold_ends_at_its_time_and_who_waits_starts() -> None:
    machine = between(page("one"), ticket("other", remaining_s=6.5))
    assert machine.next_wake() == 4.2
    assert machine.tick(4.19) == []
    assert granted(machine.tick(4.2)) == ["other"]
    assert granted(machine.arrived(page("two", rest=6.0), 4.3)) == []


@pytest.mark.parametrize(("took", "until"), [(2.0, 2.1), (4.0, 4.2), (5.0, 5.25), (8.0, 8.25)])
def test_a_hold_lasts_a_twentieth_of_the_errand_and_a_quarter_second_at_most(took: float, until: float) -> None:
    machine = between(page("one", rest=20.0), ticket("other", remaining_s=50.0), took=took)
    assert machine.next_wake() == pytest.approx(until)


@pytest.mark.parametrize(
    ("first", "other"),
    [
        (page("one"), ticket("shorter rest", remaining_s=5.5)),
        (page("one"), ticket("equal rest", remaining_s=6.0)),
        (page("one", rest=4.0), ticket("nothing is left", remaining_s=50.0)),
        (page("one", run=""), ticket("no run", remaining_s=50.0)),
        (page("one", priority=P0), ticket("p0 needs none", remaining_s=50.0)),
        (page("one"), ticket("p0 waits", P0)),
    ],
)
def test_nothing_is_held_from_who_goes_first_or_for_who_does_not_come_again(first: Ticket, other: Ticket) -> None:
    machine = arbiter(1, 0)
    machine.arrived(first, 0.0)
    machine.arrived(other, 0.0)
    assert granted(ended(machine, 0, 4.0)) == [other.id]
    assert machine.next_wake() == 14.0, "when the other is overdue, and nothing else"
    assert granted(machine.arrived(page("two"), 4.0)) == []


def test_a_long_run_is_held_for_by_its_age() -> None:
    machine = arbiter(1, 0)
    machine.arrived(page("one", rest=50.0, since=-800.0), 0.0)
    machine.arrived(ticket("other", P1, remaining_s=5.0), 0.0)
    assert granted(ended(machine, 0, 4.0)) == []


def test_p0_takes_a_slot_that_is_held_and_the_hold_stands_when_it_ends() -> None:
    machine = between(page("one"), ticket("other", remaining_s=50.0))
    assert granted(machine.arrived(ticket("p0", P0), 4.05)) == ["p0"]
    assert granted(ended(machine, 0, 4.1)) == []
    assert granted(machine.arrived(page("two", rest=6.0), 4.15)) == ["two"]


def test_a_better_rank_takes_the_held_slot() -> None:
    machine = between(page("one"), ticket("other", remaining_s=50.0))
    assert granted(machine.arrived(ticket("short", P1, since=4.0), 4.1)) == ["short"]


def test_an_equal_rank_takes_the_held_slot_and_a_greater_one_does_not() -> None:
    machine = between(page("one"), ticket("other", remaining_s=50.0))
    assert granted(machine.arrived(ticket("greater", remaining_s=6.1), 4.1)) == []
    assert granted(machine.arrived(ticket("equal", remaining_s=6.0), 4.1)) == ["equal"]


def test_one_slot_is_held_and_the_next_that_comes_free_is_not() -> None:
    machine = arbiter(2, 0)
    for each in (page("one"), ticket("long", limit=50.0), ticket("other", remaining_s=50.0)):
        machine.arrived(each, 0.0)
    assert granted(ended(machine, 0, 4.0)) == []
    assert ended(machine, 1, 4.1) == [Grant("other", 0)]
    assert granted(machine.arrived(page("two", rest=6.0), 4.15)) == ["two"]


def test_two_runs_hold_a_slot_each() -> None:
    machine = arbiter(2, 0)
    for each in (page("one"), page("uno", run="corsa"), ticket("other", remaining_s=50.0)):
        machine.arrived(each, 0.0)
    assert granted(ended(machine, 0, 4.0) + ended(machine, 1, 4.0)) == []
    assert granted(machine.arrived(page("two", rest=6.0), 4.1)) == ["two"]
    assert granted(machine.arrived(page("due", run="corsa", rest=6.0), 4.1)) == ["due"]


def test_a_hold_of_a_share_that_is_all_taken_keeps_others_from_the_reservation_too() -> None:
    machine = arbiter(3, 1)
    for each in (page("one"), ticket("long", limit=50.0), ticket("other", remaining_s=50.0)):
        machine.arrived(each, 0.0)
    assert granted(ended(machine, 0, 4.0)) == []
    assert granted(machine.tick(4.1)) == []
    assert granted(machine.tick(4.2)) == ["other"]


@pytest.mark.parametrize(("other_ends", "lent"), [(30.0, []), (20.0, ["borrower"])])
def test_a_held_slot_counts_as_one_that_is_needed_past_p0s_time(other_ends: float, lent: list[str]) -> None:
    machine = arbiter(3, 1, p0_at=25.0)
    for each in (page("one"), ticket("other", limit=other_ends), ticket("waits", remaining_s=50.0, limit=60.0)):
        machine.arrived(each, 0.0)
    assert granted(ended(machine, 0, 4.0)) == []
    assert granted(machine.arrived(scrape("borrower", limit=50.0, remaining_s=50.0), 4.0)) == lent


@pytest.mark.parametrize(("p0_at", "lent"), [(4.0, []), (4.5, ["reads"])])
def test_beside_a_held_slot_nothing_is_lent_from_the_moment_at_which_p0_may_come(p0_at: float, lent: list[str]) -> None:
    machine = arbiter(3, 1)
    for each in (page("one"), ticket("over soon", expected_s=1.0), scrape("reads", remaining_s=50.0)):
        machine.arrived(each, 0.0)
    machine.p0_at = p0_at
    assert granted(ended(machine, 0, 4.0)) == lent


@pytest.mark.parametrize("recallable", [True, False])
def test_a_held_slot_counts_as_the_run_that_it_waits_for(*, recallable: bool) -> None:
    machine = arbiter(3, 1)
    for each in (page("one", recallable=recallable), ticket("other"), ticket("waits", remaining_s=50.0)):
        machine.arrived(each, 0.0)
    machine.p0_at = 25.0
    # What cannot be called back would take the place in the share that the next errand needs if it cannot be either.
    assert granted(ended(machine, 0, 4.0)) == (["waits"] if recallable else [])
    assert granted(machine.arrived(page("two", rest=6.0, recallable=recallable), 4.0)) == ["two"]


def test_nothing_is_held_after_an_errand_that_failed_was_called_back_or_revoked() -> None:
    for end in (lambda m: ended(m, 0, 4.0, broken=True), lambda m: m.replaced(0, 4.0)):
        machine = arbiter(1, 0)
        machine.arrived(page("one"), 0.0)
        machine.arrived(ticket("other", remaining_s=50.0), 0.0)
        assert granted(end(machine)) == ["other"]
    machine = arbiter(1, 1, p0_at=1e6)
    machine.arrived(page("one", recallable=True), 0.0)
    machine.arrived(scrape("other", remaining_s=50.0), 0.0)
    machine.arrived(ticket("p0", P0), 1.0)
    # It ended by itself before it heard the recall: P0 has the slot, and nobody waits for its run.
    assert granted(ended(machine, 0, 1.0)) == ["p0"]
    assert granted(ended(machine, 0, 1.01)) == ["other"]


def test_what_was_called_back_and_waits_again_needs_no_hold() -> None:
    machine = arbiter(1, 1, p0_at=1e6)
    machine.arrived(page("one", recallable=True), 0.0)
    machine.arrived(ticket("p0", P0), 4.0)
    gave_back(machine, 0, 4.0)
    assert granted(ended(machine, 0, 4.1)) == ["one"]


def test_a_run_whose_next_errand_is_refused_keeps_its_hold_for_its_time() -> None:
    machine = arbiter(1, 0, queue=1)
    for each in (page("one"), ticket("other", remaining_s=50.0)):
        machine.arrived(each, 0.0)
    ended(machine, 0, 4.0)
    assert refused(machine.arrived(page("two", rest=6.0), 4.1)) == {"two": Refusal.QUEUE_FULL}
    assert granted(machine.tick(4.15)) == []
    assert granted(machine.tick(4.2)) == ["other"]


def test_an_errand_without_length_holds_nothing() -> None:
    machine = arbiter(1, 0)
    machine.arrived(page("one"), 4.0)
    machine.arrived(ticket("other", P3, remaining_s=50.0), 4.0)
    assert granted(ended(machine, 0, 4.0)) == ["other"]
    assert machine.next_wake() == 14.0


def test_an_overdue_errand_is_revoked_while_a_slot_is_held() -> None:
    machine = arbiter(2, 0)
    for each in (page("one", limit=5.0), page("hung", run="", limit=4.1), ticket("other", P1, remaining_s=50.0)):
        machine.arrived(each, 0.0)
    ended(machine, 0, 4.0)
    assert machine.tick(4.1) == [Revoke("hung", 1)]


def test_an_errand_that_came_before_the_news_of_the_last_one_is_not_kept_out_by_its_own_hold() -> None:
    machine = arbiter(1, 0)
    machine.arrived(page("one"), 0.0)
    machine.arrived(ticket("other", remaining_s=50.0), 0.0)
    machine.arrived(page("two", rest=8.0), 4.0)
    assert granted(ended(machine, 0, 4.0)) == ["two"]
    assert machine.next_wake() == 14.0
