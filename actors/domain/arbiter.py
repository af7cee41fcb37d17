"""The arbiter: which request gets which slot, which waits, which is refused, and which has to make room.

One machine for every resource. The number of slots is the limit; `reserved` of them are P0's. A reserved slot is lent
while P0 is known not to need it, and only to what can be called back. Times are monotonic real seconds.
"""

from __future__ import annotations

import heapq
import math
from dataclasses import dataclass, field
from enum import StrEnum

from actors.domain.breaker import Breaker, BreakerState
from actors.domain.budget import Budget
from actors.domain.memory import Level, admits
from actors.domain.priority import Priority
from actors.domain.waiting import Ticket, Waiting

__all__ = ["PROBE", "Action", "Arbiter", "Grant", "Recall", "Refusal", "Refuse", "Revoke", "Running", "Ticket"]

PROBE = "probe"
RECALL_LIMIT_S = 2.0
"""How long a lent errand may take to end once it is called back; a context of a Chromium that answers closes in
hundredths (reference: 180 of 180 within 40 ms)."""
_PROBE_LIMIT_S = 10.0
_HOLD_SHARE, _HOLD_MOST_S = 0.05, 0.25
"""A slot is held for a run's next errand for this share of its last one, at most so long: what is lost if it never
comes stays small against what was done."""


class Refusal(StrEnum):
    """Why a request was not started."""

    QUEUE_FULL = "queue_full"
    EXPIRED = "expired"
    CIRCUIT_OPEN = "circuit_open"
    DRAINING = "draining"
    MEMORY = "memory"
    BUDGET = "budget"


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
class Recall:
    """P0 needs the slot: cut the errand short and keep its request, which waits again once the slot is settled."""

    request_id: str
    slot: int


@dataclass(frozen=True, slots=True)
class Revoke:
    """It ran past its limit: fail its asker, destroy what the slot waits on, replace the slot."""

    request_id: str
    slot: int


Action = Grant | Refuse | Recall | Revoke


@dataclass(frozen=True, slots=True)
class Running:
    """An errand in a slot: when it began, when it is expected to have ended, and when it is overdue."""

    ticket: Ticket
    started: float
    ends: float
    until: float


@dataclass(frozen=True, slots=True)
class _Hold:
    """A slot stays free for a moment for the next errand of a run: for all who wait with a greater rank."""

    rank: float
    until: float
    recallable: bool
    """Of the last errand, as the next is taken to be."""


@dataclass(slots=True)
class Arbiter:
    """State of one front. Every request ends in exactly one of: settled after a grant, refused, revoked.

    At every moment at least `reserved` slots are free, work for P0, or are lent; what is lent can be had back within
    `RECALL_LIMIT_S`.
    """

    size: int
    reserved: int
    queue_limit: int
    """How many requests of each class may wait."""
    breaker: Breaker
    budget: Budget | None = None
    draining: bool = False
    pressure: Level = Level.OK
    p0_at: float = -math.inf
    """The earliest time at which P0 may need a slot; in the past: at any moment."""
    free: list[int] = field(default_factory=list)
    running: dict[int, Running] = field(default_factory=dict)
    waiting: Waiting = field(init=False)
    _recalled: dict[int, Running] = field(default_factory=dict)
    """Slots that were called back and have not ended yet."""
    _revoked: dict[int, Running] = field(default_factory=dict)
    """Slots that were revoked and have no successor yet."""
    _holds: dict[str, _Hold] = field(default_factory=dict)
    """By owner."""

    def __post_init__(self) -> None:
        self.free = list(range(self.size))
        self.waiting = Waiting(self.queue_limit)

    def overdue(self, before: float) -> int:
        """Return how many errands run whose time was up before this."""
        return sum(running.until < before for running in self.running.values())

    def lent(self) -> int:
        """Return how many slots of the reservation work for others just now."""
        return max(0, len(self._others()) - (self.size - self.reserved))

    def may_start(self, ticket: Ticket, now: float) -> bool:
        """Return whether a slot is free that may be given to it, were it alone in the queue."""
        return bool(self.free) and self._may_start(ticket, self._others(), now)

    def arrived(self, ticket: Ticket, now: float) -> list[Action]:
        """A request came in: grant, queue or refuse it."""
        refusal = self._refusal(ticket, now)
        if refusal is not None:
            return [refusal]
        # P0 is never refused for lack of room: the bound is there to shed background work.
        if self.waiting.is_full(ticket.priority):
            return [Refuse(ticket.id, Refusal.QUEUE_FULL)]
        if ticket.charge is not None and self.budget is not None and not self.budget.charge(ticket.charge):
            return [Refuse(ticket.id, Refusal.BUDGET)]
        self._holds.pop(ticket.owner, None)
        self.waiting.add(ticket)
        return self._grants(now)

    def settled(
        self,
        slot: int,
        now: float,
        *,
        infrastructure_failed: bool,
        answered: bool,
        recalled: bool = False,
        spent: float | None = None,
    ) -> list[Action]:
        """A slot ended its errand, or was made anew after a revocation.

        Args:
            slot: its number.
            now: monotonic real seconds.
            infrastructure_failed: it failed because of the resource itself.
            answered: the resource itself did answer, whatever the errand's result.
            recalled: the errand was cut short as a `Recall` asked; its request waits again.
            spent: what it cost in US dollars; None if nobody knows, which counts as all that was set aside.
        """
        place = self.running if slot in self.running else self._recalled if slot in self._recalled else self._revoked
        running = place.pop(slot)
        heapq.heappush(self.free, slot)
        if recalled:
            return self._wait_again(running.ticket, now) + self._grants(now)
        self._pay(running.ticket, spent)
        actions: list[Action] = []
        # What began before the breaker opened says nothing about how the resource is now; its probe does.
        if self.breaker.state is BreakerState.CLOSED or running.ticket.id == PROBE:
            # A probe that was lost with its slot told nothing, and nobody would ever send another.
            if infrastructure_failed or (running.ticket.id == PROBE and not answered):
                self.breaker.failure(now)
                actions = self._refuse_all(now)
            elif answered:
                self.breaker.success()
        if answered and place is self.running:
            self._hold(running, now)
        return actions + self._grants(now)

    def expect(self, p0_at: float, now: float) -> list[Action]:
        """P0 will not need a slot before `p0_at`, unless it comes unannounced; lend what that allows."""
        self.p0_at = p0_at
        return self._grants(now)

    def tick(self, now: float) -> list[Action]:
        """Revoke what is overdue, refuse what waited too long, send the breaker's probe, end holds."""
        actions: list[Action] = []
        for group in (self.running, self._recalled):
            for slot in [slot for slot, running in group.items() if running.until <= now]:
                self._revoked[slot] = group.pop(slot)
                actions.append(Revoke(self._revoked[slot].ticket.id, slot))
        if self.free and self.breaker.wants_probe(now):
            slot = heapq.heappop(self.free)
            ticket = Ticket(PROBE, Priority.P0, now, _PROBE_LIMIT_S)
            self.running[slot] = Running(ticket, now, now + _PROBE_LIMIT_S, now + _PROBE_LIMIT_S)
            actions.append(Grant(PROBE, slot))
        return actions + self._grants(now)

    def revoke_all(self) -> list[Revoke]:
        """What all slots wait on is gone: revoke whatever runs, to be settled once each slot has its successor."""
        revoked = []
        for group in (self.running, self._recalled):
            for slot in list(group):
                self._revoked[slot] = group.pop(slot)
                revoked.append(Revoke(self._revoked[slot].ticket.id, slot))
        return revoked

    def replaced(self, slot: int, now: float) -> list[Action]:
        """A revoked slot has a fresh successor. The overrun counts as the resource's failure."""
        return self.settled(slot, now, infrastructure_failed=True, answered=False)

    def pressed(self, level: Level) -> list[Action]:
        """Memory is this short from now on: refuse who waits and is not admitted. What runs goes on to its end."""
        self.pressure = level
        return self._refuse_those(self.waiting.remove_all(lambda t: not admits(level, t.priority)), Refusal.MEMORY)

    def close_breaker(self, now: float) -> list[Action]:
        """Somebody says that the resource is back: let requests through again. What fails counts from the first on."""
        self.breaker.success()
        return self._grants(now)

    def drain(self) -> list[Action]:
        """Refuse everything that waits and everything to come; what runs may end."""
        self.draining = True
        return self._refuse_those(self.waiting.remove_all(), Refusal.DRAINING)

    def next_wake(self) -> float | None:
        """Return the earliest time at which `tick` has something to do."""
        wake = self.waiting.next_deadline()
        for group in (self.running, self._recalled, self._holds):
            for each in group.values():
                wake = min(wake, each.until)
        # Without a free slot the probe cannot go: the slot that comes free is the event to wait for.
        if self.breaker.state is BreakerState.OPEN and self.free:
            wake = min(wake, self.breaker.open_until)
        return wake if wake < math.inf else None

    def _refusal(self, ticket: Ticket, now: float) -> Refuse | None:
        """Return why the request may not even wait."""
        if self.draining:
            return Refuse(ticket.id, Refusal.DRAINING)
        if not admits(self.pressure, ticket.priority):
            return Refuse(ticket.id, Refusal.MEMORY)
        if self.breaker.state is not BreakerState.CLOSED:
            return Refuse(ticket.id, Refusal.CIRCUIT_OPEN, self.breaker.retry_after(now))
        return None

    def _wait_again(self, ticket: Ticket, now: float) -> list[Action]:
        refusal = self._refusal(ticket, now)
        if refusal is None:
            self.waiting.add(ticket)
            return []
        self._pay(ticket, 0.0)
        return [refusal]

    def _grants(self, now: float) -> list[Action]:
        actions: list[Action] = []
        if self.waiting.next_deadline() <= now:
            actions = self._refuse_those(self.waiting.expired(now), Refusal.EXPIRED)
        if self._holds:
            self._holds = {owner: hold for owner, hold in self._holds.items() if hold.until > now}
        while self.free and len(self.waiting) and self.breaker.state is BreakerState.CLOSED:
            others = self._others()
            # Most of the time all but P0 wait for a slot that is kept for P0: then nobody has to be looked at.
            is_kept = len(others) >= self.size - self.reserved and now >= self.p0_at
            if is_kept and not self.waiting.count(Priority.P0):
                break
            ticket = next((head for head in self.waiting.heads() if self._may_start(head, others, now)), None)
            if ticket is None:
                break
            self.waiting.remove(ticket.id)
            slot = heapq.heappop(self.free)
            ends = now + (ticket.expected_s or ticket.limit_s)
            self.running[slot] = Running(ticket, now, ends, now + ticket.limit_s)
            actions.append(Grant(ticket.id, slot))
        return actions + self._recalls(now)

    def _others(self) -> list[Running]:
        """Return what runs and is not P0's. Of P0's, those within the reservation stand on it."""
        return [running for running in self.running.values() if running.ticket.priority is not Priority.P0]

    def _may_start(self, ticket: Ticket, others: list[Running], now: float) -> bool:
        """Return whether a free slot may be given to it."""
        if ticket.priority is Priority.P0:
            return True
        holds = [hold for hold in self._holds.values() if hold.rank < ticket.rank]
        held, share = len(holds), self.size - self.reserved
        if held >= len(self.free):
            return False
        if len(others) + held < share:
            return True
        # From here on a slot of the reservation is lent: what cannot be called back has to stay within the share, and
        # so has what is expected to run when P0 comes.
        fixed = sum(not running.ticket.recallable for running in others) + sum(not hold.recallable for hold in holds)
        if now >= self.p0_at or (fixed >= share and not ticket.recallable):
            return False
        late = held + sum(running.ends > self.p0_at for running in others)
        ends = now + (ticket.expected_s or ticket.limit_s)
        return late + (ends > self.p0_at) <= share

    def _recalls(self, now: float) -> list[Action]:
        """Call back as many lent slots as P0 waits for."""
        # A revoked slot is on its way as well: its successor comes at once.
        missing = self.waiting.count(Priority.P0) - len(self._recalled) - len(self._revoked)
        if missing < 1 or (wanted := min(missing, self.lent())) == 0:
            return []
        # The least important, and of those the one that loses the least work.
        lent = sorted(
            (slot for slot, running in self.running.items() if running.ticket.recallable),
            key=lambda slot: (self.running[slot].ticket.priority, self.running[slot].started),
        )
        actions: list[Action] = []
        for slot in lent[-wanted:]:
            running = self.running.pop(slot)
            limit = min(running.until, now + RECALL_LIMIT_S)
            self._recalled[slot] = Running(running.ticket, running.started, limit, limit)
            actions.append(Recall(running.ticket.id, slot))
        return actions

    def _hold(self, running: Running, now: float) -> None:
        """Keep the slot free for the run's next errand, if somebody waits whom it would go before."""
        ticket, took = running.ticket, now - running.started
        rest = ticket.remaining_s - took
        if not ticket.owner or ticket.priority is Priority.P0 or rest <= 0:
            return
        # A run hears of the end before the front does, so that its next errand may be here already.
        if self.waiting.has_of(ticket.owner):
            return
        rank = ticket.rank_with(rest)
        if any(head.priority is not Priority.P0 and head.rank > rank for head in self.waiting.heads()):
            self._holds[ticket.owner] = _Hold(rank, now + min(_HOLD_MOST_S, _HOLD_SHARE * took), ticket.recallable)

    def _refuse_all(self, now: float) -> list[Action]:
        if self.breaker.state is BreakerState.CLOSED:
            return []
        return self._refuse_those(self.waiting.remove_all(), Refusal.CIRCUIT_OPEN, self.breaker.retry_after(now))

    def _refuse_those(self, tickets: list[Ticket], refusal: Refusal, retry_after: float = 0.0) -> list[Action]:
        for ticket in tickets:
            self._pay(ticket, 0.0)
        return [Refuse(ticket.id, refusal, retry_after) for ticket in tickets]

    def _pay(self, ticket: Ticket, spent: float | None) -> None:
        charge = ticket.charge
        if charge is not None and self.budget is not None:
            self.budget.settle(charge.lane, charge.amount, charge.amount if spent is None else spent, charge.day)
