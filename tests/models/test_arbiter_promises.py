"""The arbiter's promises over random lives: a front in virtual time, whose errands end, fail, hang and are recalled."""

from __future__ import annotations

import heapq
import math
import random
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial

from actors.domain.arbiter import PROBE, RECALL_LIMIT_S, Action, Arbiter, Grant, Recall, Refuse, Revoke, Ticket
from actors.domain.breaker import Breaker, BreakerState
from actors.domain.memory import Level
from actors.domain.priority import Priority
from tests.models.traces import TRACES, each_part

P0 = Priority.P0
HANGS = math.inf


@dataclass
class Errand:
    """A request with what nobody knows before: how long it takes, how it ends, how soon it heeds a recall."""

    ticket: Ticket
    length: float
    heeds_after: float = 0.0
    fails: bool = False


@dataclass
class Life:
    """A front without threads: carries out what the arbiter says, and checks each promise at each action."""

    machine: Arbiter
    now: float = 0.0
    events: list[tuple[float, int, Callable[[], None]]] = field(default_factory=list)
    errands: dict[str, Errand] = field(default_factory=dict)
    waiting: dict[str, Ticket] = field(default_factory=dict)
    slots: dict[int, tuple[int, Ticket]] = field(default_factory=dict)
    """What works in each slot, with the number of its giving: news of an older one are ignored."""
    called_back: set[int] = field(default_factory=set)
    answers: dict[str, float] = field(default_factory=dict)
    starts: dict[str, float] = field(default_factory=dict)
    owed: dict[str, float] = field(default_factory=dict)
    """The time by which each P0 within the reservation must have started."""
    numbers: int = 0

    def at(self, time: float, event: Callable[[], None]) -> None:
        self.numbers += 1
        heapq.heappush(self.events, (time, self.numbers, event))

    def live(self) -> None:
        """Let everything happen in its order, and wake the machine exactly when it asks for it."""
        while True:
            wake = self.machine.next_wake()
            due = self.events[0][0] if self.events else math.inf
            if wake is not None and wake <= due:
                self.now = max(self.now, wake)
                self.carry_out(self.machine.tick(self.now))
                again = self.machine.next_wake()
                assert again is None or again > self.now, "nobody is woken twice for the same"
            elif self.events:
                self.now, _, event = heapq.heappop(self.events)
                assert self.machine.tick(self.now) == [] or wake == self.now, "nothing is due before the time to wake"
                event()
            else:
                return

    def arrive(self, errand: Errand) -> None:
        ticket = errand.ticket
        self.errands[ticket.id], self.waiting[ticket.id] = errand, ticket
        self.carry_out(self.machine.arrived(ticket, self.now))
        if ticket.priority is P0 and ticket.id in self.waiting:
            self.p0_waits(ticket)

    def p0_waits(self, ticket: Ticket) -> None:
        assert not self.machine.free, "a free slot is never kept from P0"
        at_work = [work for slot, (_, work) in self.slots.items() if slot not in self.called_back]
        wait = sum(other.priority is P0 for other in self.waiting.values())
        if wait + sum(work.priority is P0 for work in at_work) <= self.machine.reserved:
            assert len(self.called_back) >= wait, "a recall is under way for each"
            self.owed[ticket.id] = self.now + RECALL_LIMIT_S

    def carry_out(self, actions: list[Action]) -> None:
        lost = []
        for action in actions:
            match action:
                case Grant(name, slot):
                    self.grant(name, slot)
                case Refuse(name, _, _):
                    del self.waiting[name]
                    self.answer(name)
                case Recall(name, slot):
                    number, ticket = self.slots[slot]
                    assert ticket.id == name
                    assert ticket.recallable
                    self.called_back.add(slot)
                    if (after := self.errands[name].heeds_after) < HANGS:
                        self.at(self.now + after, partial(self.give_back, slot, number))
                case Revoke(name, slot):
                    assert self.slots.pop(slot)[1].id == name
                    self.called_back.discard(slot)
                    self.answer(name)
                    lost.append(slot)
        for slot in lost:
            self.carry_out(self.machine.replaced(slot, self.now))
        self.check()

    def grant(self, name: str, slot: int) -> None:
        assert slot not in self.slots, "a slot does one errand at a time"
        self.numbers += 1
        number = self.numbers
        if name == PROBE:
            self.slots[slot] = (number, Ticket(PROBE, P0, self.now, 10.0))
            self.at(self.now + 1.0, lambda: self.settle(slot, number, fails=False))
            return
        ticket = self.waiting.pop(name)
        assert ticket.start_by > self.now, "what waited too long is not started"
        self.in_order(ticket)
        self.slots[slot] = (number, ticket)
        self.starts[name] = self.now
        errand = self.errands[name]
        if errand.length < HANGS:
            self.at(self.now + errand.length, lambda: self.settle(slot, number, fails=errand.fails))

    def in_order(self, ticket: Ticket) -> None:
        before = [other for other in self.waiting.values() if other.rank < ticket.rank]
        assert not any(
            (other.priority, other.recallable) == (ticket.priority, ticket.recallable) for other in before
        ), "nobody is overtaken by a greater rank of its own class and kind"
        share = self.machine.size - self.machine.reserved
        if ticket.priority is P0:
            return
        if len(self.others()) < share:
            assert not before or self.machine._holds, "nor within the share by anybody"
        else:
            assert self.now < self.machine.p0_at, "nothing is lent once P0 may come"

    def others(self) -> list[Ticket]:
        return [
            work for slot, (_, work) in self.slots.items() if work.priority is not P0 and slot not in self.called_back
        ]

    def settle(self, slot: int, number: int, *, fails: bool) -> None:
        if self.slots.get(slot, (0,))[0] != number:
            return
        name = self.slots.pop(slot)[1].id
        self.called_back.discard(slot)
        if name != PROBE:
            self.answer(name)
        self.carry_out(self.machine.settled(slot, self.now, infrastructure_failed=fails, answered=not fails))

    def give_back(self, slot: int, number: int) -> None:
        if self.slots.get(slot, (0,))[0] != number:
            return
        ticket = self.slots.pop(slot)[1]
        self.called_back.remove(slot)
        self.waiting[ticket.id] = ticket
        self.carry_out(self.machine.settled(slot, self.now, infrastructure_failed=False, answered=False, recalled=True))

    def answer(self, name: str) -> None:
        if name == PROBE:
            return
        assert name not in self.answers, "a request is answered once"
        self.answers[name] = self.now

    def check(self) -> None:
        machine, others = self.machine, self.others()
        assert len(self.slots) + len(machine.free) <= machine.size, "never over capacity"
        stubborn = sum(not work.recallable for work in others)
        assert stubborn <= machine.size - machine.reserved, "the rest is free, P0's, or can be had back"
        assert machine.lent() == max(0, len(others) - (machine.size - machine.reserved))

    def judge(self) -> None:
        """All is over: was everybody served as promised?"""
        assert self.answers.keys() == self.errands.keys(), "every request is answered"
        for name, errand in self.errands.items():
            assert self.answers[name] <= errand.ticket.start_by + errand.ticket.limit_s
        for name, by in self.owed.items():
            assert self.starts.get(name, self.answers[name]) <= by, "P0 has its slot as soon as a recall can end"
        assert sorted(self.machine.free) == list(range(self.machine.size))


def random_life(name: str) -> Life:
    chance = random.Random(name)
    size = chance.randint(1, 5)
    breaker = Breaker(chance.choice([1, 4, 99, 99]), 2.0, 8.0)
    life = Life(Arbiter(size, chance.randint(0, size), chance.choice([1, 4, 50]), breaker))
    busy, p0s, readers = chance.uniform(0.3, 2.0) * size, chance.random() / 4, chance.random()
    time = 0.0
    for number in range(80):
        time += chance.expovariate(busy / 4.0)
        priority = P0 if chance.random() < p0s else chance.choice([Priority.P1, Priority.P2, Priority.P3])
        length, expected = chance.choice([0.5, 3.0, 8.0, HANGS]), chance.choice([0.0, 1.0, 8.0])
        owner = chance.choice(["", "a", "b"])
        since, patience = time - chance.choice([0.0, 50.0]), chance.choice([0.0, 1.0, 20.0, 200.0])
        rest, recallable = chance.choice([0.0, 2.0, 12.0]), chance.random() < readers
        ticket = Ticket(f"r{number}", priority, time + patience, 9.0, owner, since, expected, rest, recallable)
        heeds = chance.choice([0.0, 0.1, 1.9, HANGS])
        errand = Errand(ticket, length, heeds, fails=chance.random() < 0.1)
        life.at(time, partial(life.arrive, errand))
        if chance.random() < 0.3:
            p0_at = time + chance.choice([-1.0, 5.0, 100.0])
            life.at(time, lambda p0_at=p0_at: life.carry_out(life.machine.expect(p0_at, life.now)))
        if chance.random() < 0.02:
            level = chance.choice([Level.TIGHT, Level.CRITICAL])
            for after, each in ((0.0, level), (3.0, Level.OK)):
                life.at(time + after, lambda each=each: life.carry_out([*life.machine.pressed(each)]))
    if chance.random() < 0.3:
        life.at(time, lambda: life.carry_out([*life.machine.drain()]))
    return life


@each_part
def test_whatever_happens_every_promise_is_kept(seed: int) -> None:
    owed = overruns = 0
    for number in range(TRACES):
        life = random_life(f"{seed}/{number}")
        life.live()
        life.judge()
        assert life.machine.breaker.state is BreakerState.CLOSED
        owed, overruns = owed + len(life.owed), overruns + sum(e.length == HANGS for e in life.errands.values())
    assert min(owed, overruns) > TRACES / 4, "all of it happened"


@each_part
def test_nobody_starves_while_no_more_comes_than_the_share_can_do(seed: int) -> None:
    """Who has waited until its own rank came is overtaken by nobody who comes later.

    What is ahead of it then is at most what the slots had not done by then: the longest errand that ran, and the
    greatest burst, over the share.
    """
    for number in range(TRACES):
        chance = random.Random(f"{seed}/{number}")
        size = chance.randint(1, 4)
        reserved, burst = chance.randint(0, size - 1), chance.choice([10.0, 60.0])
        share = size - reserved
        life = Life(Arbiter(size, reserved, 1000, Breaker(99, 2.0, 8.0)))
        time, credit = 0.0, burst
        for each in range(150):
            length = chance.choice([1.0, 2.0, 10.0])
            # Work comes at the pace at which the share can do it, or a whole burst of it at once.
            pause = max(0.0, length - credit) / share
            time, credit = time + pause, min(burst, credit + pause * share) - length
            priority = chance.choice([Priority.P1, Priority.P2, Priority.P3])
            ticket = Ticket(f"r{each}", priority, math.inf, 11.0, since=time, remaining_s=length)
            life.at(time, partial(life.arrive, Errand(ticket, length)))
        life.live()
        for name, errand in life.errands.items():
            assert life.starts[name] <= errand.ticket.rank + 10.0 + burst / share
