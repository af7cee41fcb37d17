"""The arbiter's rules, written down once more: everything in plain lists, looked through from end to end each time.

Breaker and budget are real ones, which have models and tables of their own.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field

from actors.domain.breaker import Breaker, BreakerState
from actors.domain.budget import Budget
from actors.domain.memory import Level
from actors.domain.priority import Priority
from actors.domain.waiting import Ticket

WEIGHT = {Priority.P1: 3, Priority.P2: 9, Priority.P3: 12}
MOST_URGENT_REFUSED = {Level.OK: 4, Level.TIGHT: 2, Level.CRITICAL: 1}

Action = tuple[str, str, object]
"""What to do, to which request, and the slot or the refusal."""


def place(ticket: Ticket, rest: float | None = None) -> float:
    """Return where a request stands: when its waiting began, and its rest, which counts by class and for a second."""
    if ticket.priority == Priority.P0:
        return -math.inf
    rest = ticket.remaining_s if rest is None else rest
    return ticket.since + WEIGHT[ticket.priority] * max(1.0, rest)


def takes(ticket: Ticket) -> float:
    """Return how long it is expected to take."""
    return ticket.expected_s or ticket.limit_s


@dataclass
class Work:
    """An errand in a slot."""

    ticket: Ticket
    slot: int
    began: float
    overdue: float
    is_called_back: bool = False
    is_revoked: bool = False

    @property
    def counts(self) -> bool:
        """Return whether it is one of the others that work on undisturbed."""
        return self.ticket.priority != Priority.P0 and not self.is_called_back and not self.is_revoked

    def is_there_at(self, time: float) -> bool:
        """Return whether it is expected to run on past this time."""
        return self.began + takes(self.ticket) > time


@dataclass
class Model:
    """Answers each event with the list of actions; whoever asks it does not hurry."""

    size: int
    reserved: int
    bound: int
    breaker: Breaker
    budget: Budget
    p0_at: float = -math.inf
    is_draining: bool = False
    level: Level = Level.OK
    waiting: list[Ticket] = field(default_factory=list)
    """In the order of their arrival."""
    works: list[Work] = field(default_factory=list)
    """In the order in which they began."""
    holds: list[tuple[Ticket, float, float]] = field(default_factory=list)
    """The last errand of the run that is expected again, the place that it will have, and until when."""

    def free(self) -> list[int]:
        """Return the free slots."""
        return [slot for slot in range(self.size) if slot not in {work.slot for work in self.works}]

    def arrived(self, ticket: Ticket, now: float) -> list[Action]:
        """At the door: the reasons to refuse at once, one after the other."""
        if door := self._door(ticket):
            return [("refuse", ticket.id, door)]
        alike = [other for other in self.waiting if other.priority == ticket.priority]
        if ticket.priority != Priority.P0 and len(alike) >= self.bound:
            return [("refuse", ticket.id, "queue_full")]
        if ticket.charge and not self.budget.charge(ticket.charge):
            return [("refuse", ticket.id, "budget")]
        self.holds = [hold for hold in self.holds if hold[0].owner != ticket.owner]
        self.waiting.append(ticket)
        return self._after(now)

    def settled(
        self, slot: int, now: float, *, failed: bool, answered: bool, recalled: bool, spent: float | None
    ) -> list[Action]:
        """A slot is free again."""
        (work,) = [work for work in self.works if work.slot == slot]
        self.works.remove(work)
        ticket = work.ticket
        if recalled:
            if door := self._door(ticket):
                self._refund(ticket)
                return [("refuse", ticket.id, door), *self._after(now)]
            self.waiting.append(ticket)
            return self._after(now)
        if ticket.charge:
            cost = ticket.charge.amount if spent is None else spent
            self.budget.settle(ticket.charge.lane, ticket.charge.amount, cost, ticket.charge.day)
        actions: list[Action] = []
        if self.breaker.state == BreakerState.CLOSED or ticket.id == "probe":
            if failed or (ticket.id == "probe" and not answered):
                self.breaker.failure(now)
            elif answered:
                self.breaker.success()
            if self.breaker.state != BreakerState.CLOSED:
                actions = self._refuse_who_waits("circuit_open")
        if answered and not work.is_called_back and not work.is_revoked:
            self._expect_more(work, now)
        return actions + self._after(now)

    def tick(self, now: float) -> list[Action]:
        """Time has passed."""
        late = [work for work in self.works if not work.is_revoked and work.overdue <= now]
        actions = self._revoke(late)
        if self.breaker.state == BreakerState.OPEN and now >= self.breaker.open_until and self.free():
            self.breaker.wants_probe(now)
            slot = min(self.free())
            self.works.append(Work(Ticket("probe", Priority.P0, now, 10.0), slot, now, now + 10.0))
            actions.append(("grant", "probe", slot))
        return actions + self._after(now)

    def expect(self, p0_at: float, now: float) -> list[Action]:
        """P0 was foretold."""
        self.p0_at = p0_at
        return self._after(now)

    def pressed(self, level: Level) -> list[Action]:
        """Who is not admitted does not wait for better times."""
        self.level = level
        shed = [ticket for ticket in self.waiting if ticket.priority >= MOST_URGENT_REFUSED[level]]
        return self._refuse(shed, "memory")

    def drain(self) -> list[Action]:
        """Nobody starts any more."""
        self.is_draining = True
        return self._refuse_who_waits("draining")

    def revoke_all(self) -> list[Action]:
        """Everything that ran is lost."""
        return self._revoke([work for work in self.works if not work.is_revoked])

    def next_wake(self, now: float) -> float | None:
        """Return when time alone changes something, and `now` if it should have already."""
        times = [work.overdue for work in self.works if not work.is_revoked]
        times += [until for _, _, until in self.holds]
        times += [ticket.start_by for ticket in self.waiting if ticket.start_by < math.inf]
        if self.breaker.state == BreakerState.OPEN and self.free():
            times.append(self.breaker.open_until)
        return max(now, min(times)) if times else None

    def _door(self, ticket: Ticket) -> str:
        if self.is_draining:
            return "draining"
        if ticket.priority >= MOST_URGENT_REFUSED[self.level]:
            return "memory"
        return "" if self.breaker.state == BreakerState.CLOSED else "circuit_open"

    def _after(self, now: float) -> list[Action]:
        """After each event: who has waited too long goes, then whoever may start starts, then P0 calls back."""
        actions = self._refuse([ticket for ticket in self.waiting if ticket.start_by <= now], "expired")
        self.holds = [hold for hold in self.holds if hold[2] > now]
        while starter := self._first_to_start(now):
            slot = min(self.free())
            self.waiting.remove(starter)
            self.works.append(Work(starter, slot, now, now + starter.limit_s))
            actions.append(("grant", starter.id, slot))
        return actions + self._call_back(now)

    def _first_to_start(self, now: float) -> Ticket | None:
        if not self.free() or self.breaker.state != BreakerState.CLOSED:
            return None
        return next((ticket for ticket in self._firsts() if self._may_start(ticket, now)), None)

    def _firsts(self) -> list[Ticket]:
        """Return the first of each class and kind, in their order: nobody else is looked at."""
        firsts: dict[object, Ticket] = {}
        for ticket in sorted(self.waiting, key=place):
            firsts.setdefault((ticket.priority, ticket.recallable), ticket)
        return list(firsts.values())

    def _may_start(self, ticket: Ticket, now: float) -> bool:
        """Imagine that it started, and everybody whom a slot is held for: what would then not be P0's?"""
        if ticket.priority == Priority.P0:
            return True
        before = [last for last, their_place, _ in self.holds if their_place < place(ticket)]
        if len(self.free()) < len(before) + 1:
            return False
        others = [work for work in self.works if work.counts]
        together = [*(work.ticket for work in others), *before, ticket]
        for_others = self.size - self.reserved
        if len(together) <= for_others:
            return True
        can_go = now < self.p0_at
        stubborn = [each for each in together if not each.recallable]
        there = [work for work in others if work.is_there_at(self.p0_at)]
        at_p0 = len(there) + len(before) + (now + takes(ticket) > self.p0_at)
        return can_go and (ticket.recallable or len(stubborn) <= for_others) and at_p0 <= for_others

    def _call_back(self, now: float) -> list[Action]:
        """Each P0 that waits wants one slot; those that come anyway are on their way, and only what is lent is owed."""
        actions: list[Action] = []
        while True:
            wanted = sum(ticket.priority == Priority.P0 for ticket in self.waiting)
            coming = sum(work.is_called_back or work.is_revoked for work in self.works)
            others = [work for work in self.works if work.counts]
            if wanted <= coming or len(others) <= self.size - self.reserved:
                return actions[::-1]
            borrowers = [work for work in others if work.ticket.recallable]
            *_, work = sorted(borrowers, key=lambda work: (work.ticket.priority, work.began))
            work.is_called_back, work.overdue = True, min(work.overdue, now + 2.0)
            actions.append(("recall", work.ticket.id, work.slot))

    def _expect_more(self, work: Work, now: float) -> None:
        last, took = work.ticket, now - work.began
        rest = last.remaining_s - took
        if not last.owner or last.priority == Priority.P0 or rest <= 0:
            return
        if any(other.owner == last.owner for other in self.waiting):
            return
        comes_at = place(last, rest)
        if any(place(other) > comes_at for other in self._firsts()):
            self.holds = [hold for hold in self.holds if hold[0].owner != last.owner]
            self.holds.append((last, comes_at, now + min(0.25, 0.05 * took)))

    def _revoke(self, works: list[Work]) -> list[Action]:
        # Those that were called back stand behind the others.
        works.sort(key=lambda work: work.is_called_back)
        for work in works:
            work.is_revoked, work.is_called_back = True, False
        return [("revoke", work.ticket.id, work.slot) for work in works]

    def _refuse_who_waits(self, refusal: str) -> list[Action]:
        return self._refuse(list(self.waiting), refusal)

    def _refuse(self, tickets: list[Ticket], refusal: str) -> list[Action]:
        for ticket in tickets:
            self.waiting.remove(ticket)
            self._refund(ticket)
        return [("refuse", ticket.id, refusal) for ticket in tickets]

    def _refund(self, ticket: Ticket) -> None:
        if ticket.charge:
            self.budget.settle(ticket.charge.lane, ticket.charge.amount, 0.0, ticket.charge.day)
