"""The arbiter: which request gets which slot, which waits, which is refused, and which has run too long.

One machine for every resource. The number of slots is the limit; `reserved` of them are kept for P0. Times are
monotonic real seconds.
"""

from __future__ import annotations

import heapq
from dataclasses import dataclass, field
from enum import StrEnum

from actors.domain.breaker import Breaker, BreakerState
from actors.domain.memory import Level, admits
from actors.domain.priority import Priority

PROBE = "probe"


@dataclass(frozen=True, slots=True)
class Ticket:
    """What the arbiter knows of a request."""

    id: str
    priority: Priority
    start_by: float
    limit_s: float


class Refusal(StrEnum):
    """Why a request was not started."""

    QUEUE_FULL = "queue_full"
    EXPIRED = "expired"
    CIRCUIT_OPEN = "circuit_open"
    DRAINING = "draining"
    MEMORY = "memory"


@dataclass(frozen=True, slots=True)
class Grant:
    """Start it on this slot. The id `PROBE` means the breaker's own probe."""

    request_id: str
    slot: int


@dataclass(frozen=True, slots=True)
class Refuse:
    """Answer its asker with this refusal."""

    request_id: str
    refusal: Refusal
    retry_after: float = 0.0


@dataclass(frozen=True, slots=True)
class Revoke:
    """It ran past its limit: fail its asker, destroy what the slot waits on, replace the slot."""

    request_id: str
    slot: int


Action = Grant | Refuse | Revoke


@dataclass(slots=True)
class Arbiter:
    """State of one front. Every request ends in exactly one of: settled after a grant, refused, revoked."""

    size: int
    reserved: int
    queue_limit: int
    breaker: Breaker
    draining: bool = False
    pressure: Level = Level.OK
    free: list[int] = field(default_factory=list)
    running: dict[int, tuple[Ticket, float]] = field(default_factory=dict)
    """Slot to its ticket and the time at which it is overdue."""
    _revoked: dict[int, Ticket] = field(default_factory=dict)
    """Slots that were revoked and have no successor yet."""
    _heap: list[tuple[int, int, Ticket]] = field(default_factory=list)
    _arrivals: int = 0

    def __post_init__(self) -> None:
        self.free = list(range(self.size))

    @property
    def waiting(self) -> int:
        """Return how many requests wait for a slot."""
        return len(self._heap)

    def overdue(self, before: float) -> int:
        """Return how many errands run whose time was up before this."""
        return sum(until < before for _, until in self.running.values())

    def arrived(self, ticket: Ticket, now: float) -> list[Action]:
        """A request came in: grant, queue or refuse it."""
        if self.draining:
            return [Refuse(ticket.id, Refusal.DRAINING)]
        if not admits(self.pressure, ticket.priority):
            return [Refuse(ticket.id, Refusal.MEMORY)]
        if self.breaker.state is not BreakerState.CLOSED:
            return [Refuse(ticket.id, Refusal.CIRCUIT_OPEN, self.breaker.retry_after(now))]
        # P0 is never refused for lack of room: the bound is there to shed background work.
        if len(self._heap) >= self.queue_limit and ticket.priority is not Priority.P0:
            return [Refuse(ticket.id, Refusal.QUEUE_FULL)]
        self._arrivals += 1
        heapq.heappush(self._heap, (ticket.priority, self._arrivals, ticket))
        return self._grants(now)

    def settled(self, slot: int, now: float, *, infrastructure_failed: bool, answered: bool) -> list[Action]:
        """A slot ended its errand. `answered`: the resource itself did answer, whatever the errand's result."""
        ticket = self._revoked.pop(slot, None) or self.running.pop(slot)[0]
        self.free.append(slot)
        actions: list[Action] = []
        # What began before the breaker opened says nothing about how the resource is now; its probe does.
        if self.breaker.state is BreakerState.CLOSED or ticket.id == PROBE:
            if infrastructure_failed:
                self.breaker.failure(now)
                actions += self._refuse_all(now)
            elif answered:
                self.breaker.success()
        return actions + self._grants(now)

    def tick(self, now: float) -> list[Action]:
        """Revoke what is overdue, refuse what waited too long, send the breaker's probe."""
        actions: list[Action] = []
        for slot in [slot for slot, (_, until) in self.running.items() if until <= now]:
            self._revoked[slot] = self.running.pop(slot)[0]
            actions.append(Revoke(self._revoked[slot].id, slot))
        expired = [ticket for _, _, ticket in self._heap if ticket.start_by <= now]
        if expired:
            gone = {ticket.id for ticket in expired}
            self._heap = [entry for entry in self._heap if entry[2].id not in gone]
            heapq.heapify(self._heap)
            actions += [Refuse(ticket.id, Refusal.EXPIRED) for ticket in expired]
        if self.free and self.breaker.wants_probe(now):
            slot = self.free.pop(0)
            self.running[slot] = (Ticket(PROBE, Priority.P0, now, 10.0), now + 10.0)
            actions.append(Grant(PROBE, slot))
        return actions

    def revoke_all(self) -> list[Revoke]:
        """What all slots wait on is gone: revoke whatever runs, to be settled once each slot has its successor."""
        revoked = []
        for slot in list(self.running):
            self._revoked[slot] = self.running.pop(slot)[0]
            revoked.append(Revoke(self._revoked[slot].id, slot))
        return revoked

    def replaced(self, slot: int, now: float) -> list[Action]:
        """A revoked slot has a fresh successor. The overrun counts as the resource's failure."""
        return self.settled(slot, now, infrastructure_failed=True, answered=False)

    def pressed(self, level: Level) -> list[Action]:
        """Memory is this short from now on: refuse who waits and is not admitted. What runs goes on to its end."""
        self.pressure = level
        refused: list[Action] = [
            Refuse(ticket.id, Refusal.MEMORY) for _, _, ticket in self._heap if not admits(level, ticket.priority)
        ]
        self._heap = [entry for entry in self._heap if admits(level, entry[2].priority)]
        heapq.heapify(self._heap)
        return refused

    def drain(self) -> list[Action]:
        """Refuse everything that waits and everything to come; what runs may end."""
        self.draining = True
        refused: list[Action] = [Refuse(ticket.id, Refusal.DRAINING) for _, _, ticket in self._heap]
        self._heap = []
        return refused

    def next_wake(self) -> float | None:
        """Return the earliest time at which `tick` has something to do."""
        times = [until for _, until in self.running.values()]
        times += [ticket.start_by for _, _, ticket in self._heap]
        # Without a free slot the probe cannot go: the slot that comes free is the event to wait for.
        if self.breaker.state is BreakerState.OPEN and self.free:
            times.append(self.breaker.open_until)
        return min(times, default=None)

    def _grants(self, now: float) -> list[Action]:
        actions: list[Action] = []
        while self._heap and self.free and self.breaker.state is BreakerState.CLOSED:
            ticket = self._heap[0][2]
            if ticket.priority is not Priority.P0 and len(self.free) <= self._kept_free():
                break
            heapq.heappop(self._heap)
            if ticket.start_by <= now:
                actions.append(Refuse(ticket.id, Refusal.EXPIRED))
                continue
            slot = self.free.pop(0)
            self.running[slot] = (ticket, now + ticket.limit_s)
            actions.append(Grant(ticket.id, slot))
        return actions

    def _kept_free(self) -> int:
        # P0 work that runs already stands on the reservation, so that the others' limit stays size - reserved.
        urgent = sum(ticket.priority is Priority.P0 for ticket, _ in self.running.values())
        return max(0, self.reserved - urgent)

    def _refuse_all(self, now: float) -> list[Action]:
        if self.breaker.state is BreakerState.CLOSED:
            return []
        refused: list[Action] = [
            Refuse(ticket.id, Refusal.CIRCUIT_OPEN, self.breaker.retry_after(now)) for _, _, ticket in self._heap
        ]
        self._heap = []
        return refused
