"""The arbiter against a model of plain lists, over random scripts of events."""

from __future__ import annotations

import math
import random
from collections import Counter
from datetime import date

from actors.domain import arbiter
from actors.domain.arbiter import Arbiter, Grant, Recall, Refuse, Revoke, Ticket
from actors.domain.breaker import Breaker
from actors.domain.budget import Budget, Charge, MoneyLane
from actors.domain.memory import Level
from actors.domain.priority import Priority
from tests.models.arbiter_model import Action, Model, Work
from tests.models.traces import TRACES, each_part

SHARES = {MoneyLane.CONTENT: 0.5, MoneyLane.REPLIES: 0.25, MoneyLane.ANALYSIS: 0.25}
DAYS = [date(2026, 3, 1), date(2026, 3, 2)]
EVENTS = 120
AFTER_S = [0.0, 0.0, 0.0, 0.125, 0.25, 1.0, 2.0]


def as_told(action: arbiter.Action) -> Action:
    match action:
        case Grant(name, slot):
            return ("grant", name, slot)
        case Refuse(name, refusal):
            return ("refuse", name, str(refusal))
        case Recall(name, slot):
            return ("recall", name, slot)
        case Revoke(name, slot):
            return ("revoke", name, slot)


class Trace:
    """Tells arbiter and model the same, and settles each slot as its front would.

    Each trace has a climate: how often P0 comes, how much can be called back, how many runs send several errands.
    """

    def __init__(self, name: str) -> None:
        self.chance = chance = random.Random(name)
        size = chance.randint(1, 5)
        kept, bound = chance.randint(0, size), chance.choice([1, 2, 4, 9])
        threshold, p0_at = chance.choice([1, 3, 99, 99, 99, 99]), chance.choice([-math.inf, 50.0])
        mine, its = (Budget(20.0, SHARES) for _ in range(2))
        self.arbiter = Arbiter(size, kept, bound, Breaker(threshold, 2.0, 8.0), mine, p0_at=p0_at)
        self.model = Model(size, kept, bound, Breaker(threshold, 2.0, 8.0), its, p0_at)
        self.p0s, self.readers, self.ages = chance.random() / 3, chance.random(), chance.choice([0.0, 10.0, 100.0])
        self.runs, self.trouble = chance.choice([1, 3, 9]), chance.choice([0, 0, 1])
        self.now, self.number = 0.0, 0
        self.seen: Counter[str] = Counter()

    def play(self) -> None:
        events = [self.arrive, self.settle, self.tick, self.sleep, self.foretell, self.press, self.lose_everything]
        for event in self.chance.choices(events, [40, 20, 2, 3, 6, self.trouble, self.trouble], k=EVENTS):
            self.now += self.chance.choice(AFTER_S)
            event()
            self.compare_states()
        if self.chance.random() < 0.3:
            self.both(list(self.arbiter.drain()), self.model.drain())
        while self.model.works:
            self.settle()
            self.compare_states()

    def both(self, done: list[arbiter.Action], expected: list[Action]) -> None:
        said = [as_told(action) for action in done]
        starts = [action for action in expected if action[0] == "grant"]
        assert [action for action in said if action[0] == "grant"] == starts, "in this order"
        assert Counter(said) == Counter(expected)
        self.seen.update(kind for kind, _, _ in said)

    def arrive(self) -> None:
        self.number += 1
        pick, now = self.chance.choice, self.now
        priority = Priority.P0 if self.chance.random() < self.p0s else pick([Priority.P1, Priority.P2, Priority.P3])
        cost = pick([None, None, None, 0.5, 2.0, 4.0])
        lane = pick(list(MoneyLane))
        ticket = Ticket(
            f"r{self.number}",
            priority,
            pick([math.inf, now, *(now + patience for patience in (1.0, 4.0, 40.0, 40.0, 40.0))]),
            pick([0.5, 2.0, 30.0, 30.0]),
            pick(["", *(f"run{number}" for number in range(self.runs))]),
            now - pick([0.0, 0.0, self.ages]),
            pick([0.0, 0.5, 2.0, 6.0]),
            pick([0.0, 0.5, 2.0, 4.0, 10.0]),
            self.chance.random() < self.readers,
            None if cost is None else Charge(lane, cost, pick(DAYS), {lane: 1.0}),
        )
        self.both(self.arbiter.arrived(ticket, now), self.model.arrived(ticket, now))

    def settle(self) -> None:
        if not self.model.works:
            return
        work = self.chance.choice(self.model.works)
        if work.is_revoked:
            self.replace(work)
            return
        end = self.chance.choice(["answered", "answered", "answered", "failed", "neither"])
        failed, answered, recalled = end == "failed", end == "answered", work.is_called_back and end == "neither"
        spent = self.chance.choice([None, 0.0, 1.0])
        done = self.arbiter.settled(
            work.slot, self.now, infrastructure_failed=failed, answered=answered, recalled=recalled, spent=spent
        )
        expected = self.model.settled(
            work.slot, self.now, failed=failed, answered=answered, recalled=recalled, spent=spent
        )
        self.both(done, expected)

    def replace(self, work: Work) -> None:
        expected = self.model.settled(work.slot, self.now, failed=True, answered=False, recalled=False, spent=None)
        self.both(self.arbiter.replaced(work.slot, self.now), expected)

    def tick(self) -> None:
        self.both(self.arbiter.tick(self.now), self.model.tick(self.now))

    def sleep(self) -> None:
        """Let time pass until there is something to do, and do it as the front does."""
        wake = self.model.next_wake(self.now)
        if wake is not None:
            self.now = wake
            self.tick()
        for work in [work for work in self.model.works if work.is_revoked]:
            self.replace(work)

    def foretell(self) -> None:
        p0_at = self.now + self.chance.choice([-1.0, 0.0, 2.0, 5.0, 20.0, 100.0, 100.0])
        self.both(self.arbiter.expect(p0_at, self.now), self.model.expect(p0_at, self.now))

    def press(self) -> None:
        level = self.chance.choice([Level.OK, *Level])
        self.both(list(self.arbiter.pressed(level)), self.model.pressed(level))

    def lose_everything(self) -> None:
        self.both(list(self.arbiter.revoke_all()), self.model.revoke_all())

    def compare_states(self) -> None:
        assert sorted(self.arbiter.free) == self.model.free()
        assert {ticket.id for ticket in self.arbiter.waiting.tickets()} == {each.id for each in self.model.waiting}
        wake = self.arbiter.next_wake()
        assert (None if wake is None else max(self.now, wake)) == self.model.next_wake(self.now)
        assert self.arbiter.budget.spent == self.model.budget.spent
        assert self.arbiter.breaker == self.model.breaker


@each_part
def test_the_arbiter_does_what_its_rules_say_after_every_event(seed: int) -> None:
    seen: Counter[str] = Counter()
    for number in range(TRACES):
        trace = Trace(f"{seed}/{number}")
        trace.play()
        seen += trace.seen
    assert min(seen[kind] for kind in ("grant", "refuse", "recall", "revoke")) > TRACES / 4, "all of it happened"
