"""An arbiter on the table: how tests make one, tell it events and read its actions."""

from __future__ import annotations

from typing import Any

from actors.domain.arbiter import Action, Arbiter, Grant, Recall, Refusal, Refuse, Revoke, Ticket
from actors.domain.breaker import Breaker
from actors.domain.priority import Priority

P0, P1, P2, P3 = Priority


def arbiter(size: int = 3, reserved: int = 1, queue: int = 100, threshold: int = 5, **state: Any) -> Arbiter:
    return Arbiter(size, reserved, queue, Breaker(threshold, 2.0, 8.0), **state)


def ticket(name: str, priority: Priority = P2, start_by: float = 100.0, limit: float = 10.0, **known: Any) -> Ticket:
    return Ticket(name, priority, start_by, limit, **known)


def scrape(name: str, priority: Priority = P3, **known: Any) -> Ticket:
    """Return a request that may be called back."""
    return ticket(name, priority, recallable=True, **known)


def granted(actions: list[Action]) -> list[str]:
    return [action.request_id for action in actions if isinstance(action, Grant)]


def refused(actions: list[Action]) -> dict[str, Refusal]:
    return {action.request_id: action.refusal for action in actions if isinstance(action, Refuse)}


def called_back(actions: list[Action]) -> list[str]:
    return [action.request_id for action in actions if isinstance(action, Recall)]


def revoked(actions: list[Action]) -> list[str]:
    return [action.request_id for action in actions if isinstance(action, Revoke)]


def ended(machine: Arbiter, slot: int, now: float = 0.0, *, broken: bool = False) -> list[Action]:
    return machine.settled(slot, now, infrastructure_failed=broken, answered=not broken)


def gave_back(machine: Arbiter, slot: int, now: float = 0.0) -> list[Action]:
    """Tell that the slot's errand was cut short as it was asked."""
    return machine.settled(slot, now, infrastructure_failed=False, answered=False, recalled=True)


def at_work(machine: Arbiter) -> dict[str, int]:
    """Return the slots of those that run and were not called back."""
    return {running.ticket.id: slot for slot, running in machine.running.items()}
