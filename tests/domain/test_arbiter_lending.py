"""Lending: when a slot of P0's reservation works for others, and for whom."""

from __future__ import annotations

import pytest

from actors.domain.arbiter import Arbiter
from actors.domain.waiting import Ticket
from tests.domain.arbiters import P0, P1, P3, arbiter, at_work, ended, granted, scrape, ticket

SOON, LATER = 100.0, 1000.0


def full(*names: str, p0_at: float = LATER, size: int = 3) -> Arbiter:
    """Return an arbiter whose share works already on what cannot be called back, and ends before P0 comes."""
    machine = arbiter(size, 1, p0_at=p0_at)
    for name in names or ("a", "b"):
        assert granted(machine.arrived(ticket(name), 0.0)) == [name]
    return machine


def test_the_reserved_slot_is_lent_to_what_can_be_called_back_while_p0_is_not_due() -> None:
    machine = full()
    assert granted(machine.arrived(ticket("fixed"), 0.0)) == []
    assert granted(machine.arrived(scrape("lent"), 0.0)) == ["lent"]
    assert machine.lent() == 1
    assert granted(machine.arrived(scrape("one more"), 0.0)) == []


@pytest.mark.parametrize(("p0_at", "starts"), [(10.0, False), (5.0, False), (10.5, True)])
def test_nothing_is_lent_from_the_moment_at_which_p0_may_come(p0_at: float, *, starts: bool) -> None:
    machine = full(p0_at=p0_at)
    assert granted(machine.arrived(scrape("lent", expected_s=0.5), 10.0)) == (["lent"] if starts else [])


@pytest.mark.parametrize(
    ("known", "starts"),
    [
        ({"expected_s": 30.0}, True),
        ({"expected_s": 30.5}, False),
        # Of what nobody knows how long it takes the limit counts.
        ({"limit": 30.0}, True),
        ({"limit": 30.5}, False),
        ({"limit": 90.0, "expected_s": 30.0}, True),
    ],
)
def test_what_is_lent_is_expected_to_end_before_p0_comes(known: dict[str, float], *, starts: bool) -> None:
    machine = arbiter(2, 1, p0_at=50.0)
    machine.arrived(ticket("share", limit=90.0), 20.0)
    assert granted(machine.arrived(scrape("lent", **known), 20.0)) == (["lent"] if starts else [])


@pytest.mark.parametrize(("limit", "starts"), [(50.0, True), (51.0, False)])
def test_the_long_one_stays_if_a_short_one_makes_room_for_p0(limit: float, *, starts: bool) -> None:
    machine = arbiter(2, 1, p0_at=50.0)
    machine.arrived(ticket("share", limit=limit), 0.0)
    assert granted(machine.arrived(scrape("long", limit=90.0), 0.0)) == (["long"] if starts else [])


def test_what_cannot_be_called_back_stays_within_the_share_even_if_all_ends_in_time() -> None:
    machine = full("a")
    machine.arrived(scrape("lent1"), 0.0)
    machine.arrived(scrape("lent2"), 0.0)
    assert machine.lent() == 1
    machine.arrived(ticket("b"), 0.0)
    machine.arrived(ticket("c"), 0.0)
    assert granted(ended(machine, at_work(machine)["lent1"])) == ["b"]
    assert granted(ended(machine, at_work(machine)["lent2"])) == []


def test_p0_is_no_borrower_and_stands_on_its_reservation() -> None:
    machine = full()
    machine.arrived(ticket("p0", P0), 0.0)
    assert machine.lent() == 0
    assert granted(machine.arrived(scrape("lent"), 0.0)) == []


def test_of_those_who_wait_the_one_that_may_be_lent_to_is_found_behind_one_that_may_not() -> None:
    machine = arbiter(2, 1)
    for each in (ticket("share", limit=50.0), ticket("fixed", P1), scrape("lent"), scrape("too long", P1, limit=90.0)):
        machine.arrived(each, 0.0)
    # Nothing is known of P0 yet: nothing is lent.
    assert list(at_work(machine)) == ["share"]
    assert granted(machine.expect(20.0, 0.0)) == ["lent"]


def test_a_forecast_that_p0_is_due_already_starts_nothing() -> None:
    machine = full(p0_at=SOON)
    assert granted(machine.expect(5.0, 10.0)) == []
    assert granted(machine.arrived(scrape("lent"), 10.0)) == []
    assert granted(machine.expect(LATER, 10.0)) == ["lent"]


@pytest.mark.parametrize("kind", [ticket, scrape])
def test_within_the_share_everybody_starts_whatever_is_known_of_p0(kind: type[Ticket]) -> None:
    machine = arbiter(3, 1)
    assert granted(machine.arrived(kind("a", P3, limit=1e6), 0.0)) == ["a"]
    assert granted(machine.arrived(kind("b", P3, limit=1e6), 0.0)) == ["b"]
    assert granted(machine.arrived(kind("c", P3, limit=1e6), 0.0)) == []
    assert machine.lent() == 0


def test_a_borrower_that_runs_on_after_one_of_the_share_ended_takes_its_place() -> None:
    machine = full(p0_at=SOON)
    machine.arrived(scrape("lent"), 0.0)
    machine.arrived(ticket("fixed"), 0.0)
    # P0 may come at any moment now, and one slot is free for it.
    assert granted(ended(machine, at_work(machine)["a"], SOON)) == []
    assert machine.lent() == 0
    assert granted(ended(machine, at_work(machine)["lent"], SOON + 1)) == []
    assert granted(machine.tick(SOON)) == []


def test_whether_one_may_start_is_told_without_starting_it() -> None:
    machine = full()
    asked = {"p0": ticket("p", P0), "lent": scrape("l", expected_s=10.0), "fixed": ticket("f")}
    assert {name: machine.may_start(each, 0.0) for name, each in asked.items()} == {
        "p0": True, "lent": True, "fixed": False,
    }  # fmt: skip
    assert not machine.may_start(asked["lent"], LATER)
    machine.arrived(asked["lent"], 0.0)
    assert not machine.may_start(asked["p0"], 0.0)
