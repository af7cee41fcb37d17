"""Who waits: the order, the bounds, and that nothing that is gone costs anything for long."""

from __future__ import annotations

import math

import pytest

from actors.domain.priority import Priority
from actors.domain.waiting import Ticket, Waiting
from tests.domain.arbiters import P0, P1, P2, P3, scrape, ticket


def names(tickets: list[Ticket]) -> list[str]:
    return [ticket.id for ticket in tickets]


def waiting(*tickets: Ticket, limit: int = 100) -> Waiting:
    who = Waiting(limit)
    for each in tickets:
        who.add(each)
    return who


def served(who: Waiting) -> list[str]:
    """Take out the first until nobody is left."""
    order = []
    while who:
        order.append(who.remove(who.heads()[0].id).id)
    return order


@pytest.mark.parametrize(
    ("priority", "since", "remaining", "rank"),
    [
        (P1, 0.0, 10.0, 30.0),
        (P2, 0.0, 10.0, 90.0),
        (P3, 0.0, 10.0, 120.0),
        (P3, 7.0, 10.0, 127.0),
        (P1, 5.0, 1.5, 9.5),
        (P1, 5.0, 1.0, 8.0),
        (P1, 5.0, 0.25, 8.0),
        (P2, 0.0, 0.0, 9.0),
        (P3, 0.0, 0.0, 12.0),
        (P0, 50.0, 10.0, -math.inf),
    ],
)
def test_a_rank_is_the_begin_of_the_waiting_and_the_rest_stretched_by_class(
    priority: Priority, since: float, remaining: float, rank: float
) -> None:
    assert ticket("a", priority, since=since, remaining_s=remaining).rank == rank
    assert ticket("a", priority, since=since, remaining_s=99.0).rank_with(remaining) == rank


def test_of_one_class_the_run_with_the_shortest_rest_goes_first() -> None:
    who = waiting(*(ticket(f"{rest}", P2, remaining_s=rest) for rest in (30.0, 2.0, 10.0)))
    assert served(who) == ["2.0", "10.0", "30.0"]


@pytest.mark.parametrize(("rest", "first"), [(3.0, "p2"), (3.5, "p1")])
def test_a_second_of_p1_counts_as_much_as_three_of_p2(rest: float, first: str) -> None:
    who = waiting(ticket("p1", P1, remaining_s=10.0), ticket("p2", P2, remaining_s=rest))
    assert served(who)[0] == first


@pytest.mark.parametrize(("since", "first"), [(89.0, "old"), (91.0, "fresh")])
def test_who_waits_goes_ahead_of_what_comes_due_after_the_stretch_of_its_rest(since: float, first: str) -> None:
    who = waiting(ticket("fresh", P1, since=180.0, remaining_s=10.0), ticket("old", P3, since=since, remaining_s=10.0))
    assert served(who)[0] == first


def test_equal_ranks_are_served_as_they_came_and_p0_before_all() -> None:
    who = waiting(
        ticket("a", P2), ticket("b", P2), scrape("c", P2), ticket("d", P2), ticket("x", P0, since=9.0), scrape("y", P0)
    )
    assert served(who) == ["x", "y", "a", "b", "c", "d"]


def test_one_that_may_not_start_hides_none_of_another_class_or_kind() -> None:
    who = waiting(ticket("a", P1), scrape("b", P1), ticket("c", P3), scrape("d", P3), ticket("behind", P1))
    assert names(who.heads()) == ["a", "b", "c", "d"]


def test_all_who_wait_can_be_read_in_the_order_of_their_ranks() -> None:
    who = waiting(ticket("late", P3), ticket("first", P1), ticket("second", P1), ticket("p0", P0))
    assert names(who.tickets()) == ["p0", "first", "second", "late"]
    assert len(who) == 4


def test_each_class_has_a_bound_of_its_own_and_p0_has_none() -> None:
    who = waiting(ticket("a", P1), ticket("b", P1), ticket("c", P2), limit=2)
    assert [who.is_full(priority) for priority in Priority] == [False, True, False, False]
    assert [who.count(priority) for priority in Priority] == [0, 2, 1, 0]
    who.remove("a")
    assert not who.is_full(P1)
    for number in range(3):
        who.add(ticket(f"p0-{number}", P0))
    assert not who.is_full(P0)


def test_taking_one_out_of_the_middle_keeps_the_order_of_the_others() -> None:
    who = waiting(*(ticket(name) for name in "abcd"))
    assert who.remove("b").id == "b"
    assert served(who) == ["a", "c", "d"]


def test_those_that_are_wanted_are_taken_out_in_the_order_of_their_arrival() -> None:
    who = waiting(ticket("a", P3), ticket("b", P1), ticket("c", P2), ticket("d", P1))
    assert names(who.remove_all(lambda each: each.priority is not P1)) == ["a", "c"]
    assert names(who.remove_all()) == ["b", "d"]
    assert (len(who), who.heads()) == (0, [])


def test_those_whose_time_is_over_are_taken_out_at_that_very_moment() -> None:
    who = waiting(ticket("c", start_by=7.0), ticket("a", start_by=5.0), ticket("b", start_by=5.0), ticket("d"))
    assert (names(who.expired(4.9)), who.next_deadline()) == ([], 5.0)
    assert names(who.expired(5.0)) == ["a", "b"]
    assert (names(who.expired(6.0)), who.next_deadline()) == ([], 7.0)
    assert names(who.expired(200.0)) == ["c", "d"]
    assert (len(who), who.next_deadline()) == (0, math.inf)


def test_who_may_wait_for_ever_has_no_deadline() -> None:
    who = waiting(ticket("patient", start_by=math.inf))
    assert who.next_deadline() == math.inf
    assert who.expired(1e12) == []
    assert who._deadlines == []


def test_one_that_comes_again_stands_behind_its_equals_and_is_served_once() -> None:
    who = waiting(ticket("a", start_by=3.0), ticket("b"))
    who.add(who.remove("a"))
    assert names(who.expired(3.0)) == ["a"]
    who.add(ticket("a", start_by=9.0))
    assert (who.next_deadline(), served(who)) == (9.0, ["b", "a"])


def test_what_is_gone_is_cleared_away_before_it_outgrows_what_is_there() -> None:
    who = waiting(ticket("first", P2, remaining_s=5.0), *(ticket(f"stays{each}", start_by=1.0) for each in range(10)))
    who.remove("first")
    sizes = []
    for number in range(1000):
        # Behind those that stay, so that nobody finds it on the top of a heap.
        who.add(ticket(f"goes{number}", start_by=2.0))
        who.remove(f"goes{number}")
        sizes.append((len(who._deadlines), len(who._lines[P2, False])))
    assert max(sizes) == (84, 84), "twice as many as wait, and 64"
    assert sizes.count((84, 84)) == 13, "it is done seldom: once for as many that are gone"
    assert min(sizes[100:]) == (10, 10), "and leaves those that wait"
    assert served(who) == [f"stays{number}" for number in range(10)]
