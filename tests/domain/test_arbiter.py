"""The arbiter: tables for its rules, and a random life for its promises."""

from __future__ import annotations

from collections import Counter

from hypothesis import given, settings
from hypothesis import strategies as st

from actors.domain.arbiter import PROBE, Action, Arbiter, Grant, Refusal, Refuse, Revoke, Ticket
from actors.domain.breaker import BreakerState
from actors.domain.memory import Level
from actors.domain.priority import Priority
from tests.domain.arbiters import P0, P1, P2, P3, arbiter, ended, granted, refused, ticket


def test_a4_background_never_takes_the_reserved_slot_and_p0_gets_it_at_once() -> None:
    machine = arbiter()
    actions = [action for number in range(50) for action in machine.arrived(ticket(f"b{number}", P3), 0.0)]
    assert granted(actions) == ["b0", "b1"]
    assert granted(machine.arrived(ticket("p0", P0), 0.0)) == ["p0"]
    assert len(machine.waiting) == 48


def test_a8_under_pressure_who_comes_and_who_waits_is_refused_by_class_and_p0_still_runs() -> None:
    machine = arbiter(size=2, reserved=1)
    for name, priority in [("runs", P3), ("w1", P1), ("w2", P2), ("w3", P3)]:
        machine.arrived(ticket(name, priority), 0.0)
    assert refused(machine.pressed(Level.TIGHT)) == {"w2": Refusal.MEMORY, "w3": Refusal.MEMORY}
    assert refused(machine.arrived(ticket("late", P2), 0.0)) == {"late": Refusal.MEMORY}
    assert refused(machine.pressed(Level.CRITICAL)) == {"w1": Refusal.MEMORY}
    assert granted(machine.arrived(ticket("p0", P0), 0.0)) == ["p0"]


def test_a8_once_memory_is_there_again_everybody_is_admitted() -> None:
    machine = arbiter()
    machine.pressed(Level.CRITICAL)
    assert machine.pressed(Level.OK) == []
    assert granted(machine.arrived(ticket("b", P3), 0.0)) == ["b"]


def test_a6_pressure_takes_nothing_from_what_runs_already() -> None:
    machine = arbiter()
    machine.arrived(ticket("publish", P0), 0.0)
    machine.arrived(ticket("scrape", P3), 0.0)
    assert machine.pressed(Level.CRITICAL) == []
    assert machine.tick(9.9) == []
    assert {running.ticket.id for running in machine.running.values()} == {"publish", "scrape"}


def test_a_p0_that_runs_already_stands_on_the_reservation() -> None:
    machine = arbiter()
    actions = [*machine.arrived(ticket("p0", P0), 0.0)]
    for name in ("b0", "b1", "b2"):
        actions += machine.arrived(ticket(name), 0.0)
    assert granted(actions) == ["p0", "b0", "b1"]
    assert granted(ended(machine, 0)) == []
    assert granted(ended(machine, 1)) == ["b2"]


def test_who_waits_is_served_by_priority_and_then_by_arrival() -> None:
    machine = arbiter(size=1, reserved=0)
    for name, priority in [("run", P3), ("c", P3), ("a1", P1), ("b", P2), ("a2", P1), ("z", P0)]:
        machine.arrived(ticket(name, priority), 0.0)
    assert [granted(ended(machine, 0))[0] for _ in range(5)] == ["z", "a1", "a2", "b", "c"]


def test_a3_a_slot_that_comes_free_is_given_on_while_the_others_still_work() -> None:
    machine = arbiter(size=3, reserved=0)
    for number in range(5):
        machine.arrived(ticket(str(number)), 0.0)
    assert granted(ended(machine, 1)) == ["3"]


def test_d9_a_full_queue_sheds_background_and_never_p0() -> None:
    machine = arbiter(size=1, reserved=0, queue=2)
    answers = [refused(machine.arrived(ticket(str(number), P1), 0.0)) for number in range(4)]
    assert answers == [{}, {}, {}, {"3": Refusal.QUEUE_FULL}]
    assert refused(machine.arrived(ticket("p0", P0), 0.0)) == {}


def test_a2_who_waited_past_its_start_by_is_refused_and_never_started() -> None:
    machine = arbiter(size=1, reserved=0)
    machine.arrived(ticket("run", start_by=1.0), 0.0)
    machine.arrived(ticket("late", start_by=5.0), 0.0)
    assert machine.tick(4.9) == []
    assert machine.tick(5.0) == [Refuse("late", Refusal.EXPIRED, retry_after=0.0)]


def test_the_first_of_all_who_wait_and_run_decides_when_to_look_again() -> None:
    machine = arbiter(size=1, reserved=0)
    assert machine.next_wake() is None
    machine.arrived(ticket("run", limit=10.0), 0.0)
    assert machine.next_wake() == 10.0
    machine.arrived(ticket("waits", start_by=5.0), 0.0)
    assert machine.next_wake() == 5.0


def test_expiry_in_the_middle_of_the_queue_keeps_the_order_of_the_others() -> None:
    machine = arbiter(size=1, reserved=0)
    machine.arrived(ticket("run"), 0.0)
    for name, priority, start_by in [("z", P0, 5.0), ("c", P3, 9.0), ("a", P1, 9.0), ("b", P2, 9.0), ("y", P1, 5.0)]:
        machine.arrived(ticket(name, priority, start_by), 0.0)
    assert set(refused(machine.tick(5.0))) == {"y", "z"}
    assert [granted(ended(machine, 0, 6.0))[0] for _ in range(3)] == ["a", "b", "c"]


def test_an_expired_request_is_not_started_by_a_slot_that_comes_free_before_the_tick() -> None:
    machine = arbiter(size=1, reserved=0)
    machine.arrived(ticket("run"), 0.0)
    machine.arrived(ticket("late", start_by=5.0), 0.0)
    machine.arrived(ticket("next"), 0.0)
    actions = ended(machine, 0, 6.0)
    assert (refused(actions), granted(actions)) == ({"late": Refusal.EXPIRED}, ["next"])


def test_a_request_that_arrives_expired_is_refused_although_a_slot_is_free() -> None:
    assert refused(arbiter().arrived(ticket("late", start_by=5.0), 5.0)) == {"late": Refusal.EXPIRED}


def test_a9_an_overdue_request_is_revoked_and_its_slot_given_on_once_it_is_replaced() -> None:
    machine = arbiter(size=1, reserved=0)
    machine.arrived(ticket("hung", limit=10.0), 0.0)
    machine.arrived(ticket("next"), 0.0)
    assert machine.tick(9.9) == []
    assert machine.tick(10.0) == [Revoke("hung", 0)]
    assert machine.tick(11.0) == []
    assert granted(machine.replaced(0, 11.0)) == ["next"]


def test_draining_refuses_who_waits_and_who_comes_and_lets_the_running_end() -> None:
    machine = arbiter(size=1, reserved=0)
    machine.arrived(ticket("run"), 0.0)
    machine.arrived(ticket("waits"), 0.0)
    assert refused(machine.drain()) == {"waits": Refusal.DRAINING}
    assert refused(machine.arrived(ticket("p0", P0), 0.0)) == {"p0": Refusal.DRAINING}
    assert ended(machine, 0) == []
    assert machine.running == {}


def broken(machine: Arbiter, now: float = 0.0) -> list[Action]:
    """Run requests that fail because of the resource until the breaker opens."""
    actions: list[Action] = []
    while machine.breaker.state is BreakerState.CLOSED:
        (grant,) = machine.arrived(ticket("x", P0), now)
        assert isinstance(grant, Grant)
        actions = ended(machine, grant.slot, now, broken=True)
    return actions


def test_a5_an_open_breaker_refuses_who_waits_and_who_comes_with_the_time_to_come_back() -> None:
    machine = arbiter(size=2, reserved=1, threshold=1)
    machine.arrived(ticket("run"), 0.0)
    machine.arrived(ticket("waits"), 0.0)
    assert Refuse("waits", Refusal.CIRCUIT_OPEN, 2.0) in broken(machine)
    assert len(machine.waiting) == 0
    assert machine.arrived(ticket("p0", P0), 1.5) == [Refuse("p0", Refusal.CIRCUIT_OPEN, 0.5)]


def test_a5_after_the_cool_down_exactly_one_probe_goes_and_its_success_lets_everybody_in() -> None:
    machine = arbiter()
    broken(machine)
    assert machine.tick(1.9) == []
    (probe,) = machine.tick(2.0)
    assert isinstance(probe, Grant)
    assert probe.request_id == PROBE
    assert machine.tick(3.0) == []
    ended(machine, probe.slot, 3.0)
    assert granted(machine.arrived(ticket("a"), 3.0)) == ["a"]


def test_a5_a_breaker_that_somebody_closes_lets_everybody_in_and_opens_again_after_as_many_failures() -> None:
    machine = arbiter()
    broken(machine)
    assert isinstance(machine.arrived(ticket("early"), 0.0)[0], Refuse)

    assert machine.close_breaker(0.0) == []
    assert granted(machine.arrived(ticket("late"), 0.0)) == ["late"]
    assert (machine.breaker.state, machine.breaker.failures) == (BreakerState.CLOSED, 0)


def test_a5_a_probe_that_hangs_is_revoked_and_counts_as_failed() -> None:
    machine = arbiter()
    broken(machine)
    (probe,) = machine.tick(2.0)
    assert isinstance(probe, Grant)
    assert machine.tick(12.0) == [Revoke(PROBE, probe.slot)]
    machine.replaced(probe.slot, 12.0)
    assert (machine.breaker.state, machine.breaker.open_until) == (BreakerState.OPEN, 16.0)


def test_errands_that_began_before_the_breaker_opened_neither_prolong_nor_end_it() -> None:
    machine = arbiter(size=6, reserved=0, threshold=1)
    for name in "abcdef":
        machine.arrived(ticket(name), 0.0)
    for slot in range(5):
        ended(machine, slot, 0.0, broken=True)
    assert machine.breaker.open_until == 2.0
    ended(machine, 5, 0.0)
    assert machine.breaker.state is BreakerState.OPEN


def test_a_breaker_that_is_due_while_all_slots_work_waits_for_one_of_them_instead_of_waking_for_nothing() -> None:
    machine = arbiter(size=1, reserved=0, threshold=1)
    broken(machine)
    (probe,) = machine.tick(2.0)
    assert isinstance(probe, Grant)
    machine.breaker.failure(2.0)
    assert machine.next_wake() == 12.0
    machine.tick(12.0)
    assert machine.next_wake() is None
    machine.replaced(0, 12.0)
    assert machine.next_wake() == machine.breaker.open_until


PRIORITIES = st.sampled_from([P0, P1, P2, P3])
STEPS = st.one_of(
    st.tuples(st.just("arrive"), PRIORITIES, st.integers(-1, 6)),
    st.tuples(st.sampled_from(["end", "break", "replace"]), st.integers(0, 5), st.just(0)),
    st.tuples(st.sampled_from(["tick", "drain"]), st.integers(0, 4), st.just(0)),
)


class Life:
    """An arbiter driven at random, with every promise checked after every step."""

    def __init__(self, size: int, reserved: int) -> None:
        self.machine = arbiter(size, reserved, queue=4, threshold=3)
        self.size, self.reserved = size, reserved
        self.now, self.number = 0.0, 0
        self.slots: dict[int, str] = {}
        self.revoked: list[int] = []
        self.priorities: dict[str, Priority] = {}
        self.ends: Counter[str] = Counter()

    def take(self, actions: list[Action]) -> None:
        for action in actions:
            match action:
                case Grant(name, slot):
                    assert slot not in self.slots, "a slot does one errand at a time"
                    assert slot not in self.revoked, "a revoked slot is not given before its successor is there"
                    self.slots[slot] = name
                case Refuse(name, _, _):
                    self.ends[name] += 1
                case Revoke(name, slot):
                    assert self.slots.pop(slot) == name
                    self.revoked.append(slot)
                    self.note_end(name)
        self.check()

    def check(self) -> None:
        others = sum(name != PROBE and self.priorities[name] is not P0 for name in self.slots.values())
        assert len(self.slots) + len(self.revoked) <= self.size
        assert others <= self.size - self.reserved, "the reservation is never given to others"
        assert list(self.slots.values()).count(PROBE) <= 1
        assert all(count == 1 for count in self.ends.values()), "a request ends once"

    def step(self, kind: str, what: int, patience: int) -> None:
        match kind:
            case "arrive":
                self.number += 1
                name = f"r{self.number}"
                self.priorities[name] = Priority(what)
                self.take(self.machine.arrived(Ticket(name, Priority(what), self.now + patience, 3.0), self.now))
                if Priority(what) is P0:
                    self.p0_waits_for_nobody_behind_it()
            case "end" | "break" if self.slots:
                slot = sorted(self.slots)[what % len(self.slots)]
                self.settle(slot, broken=kind == "break")
            case "replace" if self.revoked:
                self.take(self.machine.replaced(self.revoked.pop(), self.now))
            case "tick":
                self.now += what
                self.take(self.machine.tick(self.now))
            case "drain" if what == 0:
                self.take(self.machine.drain())

    def settle(self, slot: int, *, broken: bool) -> None:
        name = self.slots.pop(slot)
        self.note_end(name)
        self.take(ended(self.machine, slot, self.now, broken=broken))

    def note_end(self, name: str) -> None:
        if name != PROBE:
            self.ends[name] += 1

    def p0_waits_for_nobody_behind_it(self) -> None:
        waits = self.number and f"r{self.number}" not in [*self.slots.values(), *self.ends]
        assert not (waits and self.machine.free), "a free slot is never kept from P0"

    def run_down(self) -> None:
        for _ in range(200):
            while self.revoked:
                self.take(self.machine.replaced(self.revoked.pop(), self.now))
            for slot in list(self.slots):
                self.settle(slot, broken=False)
            self.now += 1.0
            self.take(self.machine.tick(self.now))
            idle = not (self.slots or self.revoked or self.machine.waiting)
            if idle and self.machine.breaker.state is BreakerState.CLOSED:
                return


@settings(max_examples=300)
@given(size=st.integers(1, 5), data=st.data(), steps=st.lists(STEPS, max_size=80))
def test_a2_whatever_happens_no_limit_is_passed_no_request_is_lost_and_all_slots_come_back(
    size: int, data: st.DataObject, steps: list[tuple]
) -> None:
    life = Life(size, data.draw(st.integers(0, size - 1)))
    for kind, what, patience in steps:
        life.step(kind, what, patience)
    life.run_down()
    assert life.ends == Counter(life.priorities.keys()), "every request ends: settled, refused or revoked"
    assert sorted(life.machine.free) == list(range(size))
    assert life.machine.breaker.state is BreakerState.CLOSED


@given(st.lists(st.tuples(PRIORITIES, st.integers(0, 30)), min_size=1, max_size=40))
def test_p0_is_never_started_after_a_less_urgent_request_that_waited_with_it(arrivals: list[tuple]) -> None:
    machine, started = arbiter(size=1, reserved=0), []
    machine.arrived(ticket("first", P0), 0.0)
    priorities = {str(number): priority for number, (priority, _) in enumerate(arrivals)}
    for name, priority in priorities.items():
        machine.arrived(ticket(name, priority), 0.0)
    while machine.waiting:
        started += granted(ended(machine, 0))
    assert [priorities[name] for name in started] == sorted(priorities.values())


def test_a_probe_that_is_lost_with_its_slot_counts_as_failed_and_another_is_sent() -> None:
    machine = arbiter(size=2, reserved=0, threshold=1)
    machine.arrived(ticket("run"), 0.0)
    ended(machine, 0, broken=True)
    assert granted(machine.tick(2.0)) == [PROBE]
    assert [action.request_id for action in machine.revoke_all()] == [PROBE]
    machine.settled(0, 3.0, infrastructure_failed=False, answered=False)
    assert machine.breaker.state is BreakerState.OPEN
    assert granted(machine.tick(machine.next_wake() or 0.0)) == [PROBE]
