"""Money: set aside when a request comes, given back when it is refused, settled at its cost when it ends."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

import pytest

from actors.domain.arbiter import Action, Arbiter, Refusal
from actors.domain.budget import Budget, Charge, MoneyLane
from actors.domain.memory import Level
from actors.domain.waiting import Ticket
from tests.domain.arbiters import P0, P3, arbiter, ended, gave_back, granted, refused, scrape, ticket

TODAY = date(2026, 3, 1)
LANE = MoneyLane.ANALYSIS


def machine_with(money: float = 10.0, **shape: Any) -> Arbiter:
    shares = {MoneyLane.CONTENT: 0.0, MoneyLane.REPLIES: 0.0, LANE: 1.0}
    return arbiter(**{"size": 1, "reserved": 0, "budget": Budget(money, shares), **shape})


def call(name: str, amount: float = 3.0, **known: Any) -> Ticket:
    return ticket(name, charge=Charge(LANE, amount, TODAY, {LANE: 1.0}), **known)


def spent(machine: Arbiter) -> float:
    assert machine.budget is not None
    return machine.budget.spent[LANE]


def settle(machine: Arbiter, cost: float | None) -> list[Action]:
    return machine.settled(0, 1.0, infrastructure_failed=False, answered=True, spent=cost)


def test_a_call_is_charged_when_it_comes_on_top_of_what_the_ledger_says() -> None:
    machine = machine_with()
    assert granted(machine.arrived(call("a"), 0.0)) == ["a"]
    assert spent(machine) == 4.0
    machine.arrived(call("waits"), 0.0)
    assert spent(machine) == 7.0


def test_a_call_that_the_day_has_no_money_for_is_refused_although_a_slot_is_free() -> None:
    machine = machine_with(5.0)
    assert refused(machine.arrived(call("a", 4.5), 0.0)) == {"a": Refusal.BUDGET}
    assert (spent(machine), len(machine.waiting)) == (1.0, 0)
    assert granted(machine.arrived(call("b", 4.0), 0.0)) == ["b"]


@pytest.mark.parametrize(("cost", "left"), [(0.5, 1.5), (0.0, 1.0), (3.0, 4.0), (None, 4.0)])
def test_a_call_costs_what_it_did_and_all_that_was_set_aside_if_nobody_knows(cost: float | None, left: float) -> None:
    machine = machine_with()
    machine.arrived(call("a"), 0.0)
    settle(machine, cost)
    assert spent(machine) == left


def test_what_a_cheap_call_gives_back_is_there_for_the_next() -> None:
    machine = machine_with(5.0)
    machine.arrived(call("a", 4.0), 0.0)
    assert refused(machine.arrived(call("b"), 0.0)) == {"b": Refusal.BUDGET}
    settle(machine, 0.5)
    assert granted(machine.arrived(call("b"), 1.0)) == ["b"]


def opened(machine: Arbiter) -> list[Action]:
    machine.breaker.threshold = 1
    return machine.settled(0, 1.0, infrastructure_failed=True, answered=False, spent=0.0)


@pytest.mark.parametrize(
    ("event", "refusal"),
    [
        (lambda machine: machine.tick(50.0), Refusal.EXPIRED),
        (lambda machine: machine.drain(), Refusal.DRAINING),
        (lambda machine: machine.pressed(Level.CRITICAL), Refusal.MEMORY),
        (opened, Refusal.CIRCUIT_OPEN),
    ],
)
def test_whoever_waits_and_is_refused_has_its_money_back(
    event: Callable[[Arbiter], list[Action]], refusal: Refusal
) -> None:
    machine = machine_with()
    machine.arrived(ticket("runs"), 0.0)
    machine.arrived(call("waits", start_by=50.0), 0.0)
    assert spent(machine) == 4.0
    assert refused(event(machine)) == {"waits": refusal}
    assert spent(machine) == 1.0


def test_who_is_refused_at_the_door_is_not_charged() -> None:
    machine = machine_with(queue=1)
    for name in ("runs", "waits"):
        machine.arrived(ticket(name), 0.0)
    assert refused(machine.arrived(call("a"), 0.0)) == {"a": Refusal.QUEUE_FULL}
    machine.drain()
    assert refused(machine.arrived(call("b"), 0.0)) == {"b": Refusal.DRAINING}
    assert machine.budget is not None
    assert machine.budget.day is None, "nobody has even looked at the ledger"


def test_a_call_that_was_revoked_keeps_what_was_set_aside() -> None:
    machine = machine_with()
    machine.arrived(call("a", limit=10.0), 0.0)
    machine.tick(10.0)
    machine.replaced(0, 10.0)
    assert spent(machine) == 4.0


def test_what_was_called_back_is_charged_once_and_refunded_if_it_may_not_wait_again() -> None:
    machine = machine_with(reserved=1, p0_at=1e6)
    machine.arrived(call("a", recallable=True), 0.0)
    machine.arrived(ticket("p0", P0), 1.0)
    gave_back(machine, 0, 1.0)
    assert spent(machine) == 4.0
    assert granted(ended(machine, 0, 2.0)) == ["a"]
    machine.arrived(ticket("p0 again", P0), 3.0)
    machine.drain()
    assert refused(gave_back(machine, 0, 3.0)) == {"a": Refusal.DRAINING}
    assert spent(machine) == 1.0


def test_a_call_of_yesterday_changes_nothing_of_today() -> None:
    machine = machine_with()
    machine.arrived(call("a"), 0.0)
    assert machine.budget is not None
    machine.budget.seed(date(2026, 3, 2), {LANE: 2.0})
    settle(machine, 0.5)
    assert spent(machine) == 2.0


def test_where_there_is_no_budget_nobody_asks_for_money() -> None:
    machine = arbiter(1, 0)
    assert granted(machine.arrived(call("a", 1e9), 0.0)) == ["a"]
    assert settle(machine, 1e9) == []


def test_what_costs_nothing_asks_no_budget() -> None:
    machine = machine_with(0.0)
    assert granted(machine.arrived(scrape("a", P3), 0.0)) == ["a"]
    assert settle(machine, None) == []
