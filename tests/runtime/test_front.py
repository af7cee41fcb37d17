"""The front with real slots: limits, deadlines, breaker, and what becomes of requests when things break."""

from __future__ import annotations

import random
import threading
import time
from typing import Any

import pytest

from actors.domain.breaker import BreakerState
from actors.domain.memory import Level, Usage
from actors.domain.priority import Priority
from actors.errors import (
    ActorUnavailableError,
    AppError,
    CircuitOpenError,
    DeadlineError,
    ExpiredError,
    MemoryPressureError,
    NotFoundError,
    QueueFullError,
    ResourceDiedError,
)
from actors.messages import CloseBreaker, Describe, Drain, FrontState, Pressure, Reset
from actors.runtime.address import Address
from actors.runtime.front import Front, FrontPolicy
from actors.runtime.reply import WaitingReply
from actors.runtime.slot import ThreadSlot
from tests.runtime.stage import WAIT, Fake, FakeOnLoop, Handle, Stage, hang, request, take

P0, P1, P2, P3 = Priority


class Board(Address):
    def states(self) -> list[FrontState]:
        return take(self, FrontState)


class House:
    """A front over a fake resource, served by the test's thread."""

    def __init__(self, size: int = 3, reserved: int = 1, queue: int = 100, resource: Any = None, **policy: Any) -> None:
        self.resource = resource if resource is not None else Fake()
        self.board = Board("board")
        rules = FrontPolicy(size, reserved, queue, **policy)
        self.stage = Stage(lambda context: Front(context, lambda: self.resource, rules, self.board))

    @property
    def front(self) -> Front:
        front: Front = self.stage.behaviour
        return front

    def send(self, work: Any, priority: Priority = P2, **options: Any) -> WaitingReply:
        asked = request(work, priority, **options)
        self.stage.tell(asked)
        reply: WaitingReply = asked.reply
        return reply

    def result(self, reply: WaitingReply) -> Any:
        """Serve the front until this reply has come, and return its value or its error."""
        self.stage.serve_until(lambda: reply._is_settled)
        try:
            return reply.wait(WAIT)
        except AppError as error:
            return error

    def state(self) -> FrontState:
        state: FrontState = self.front.receive(Describe())
        return state

    def free(self) -> int:
        return len(self.front.arbiter.free)


def raising(error: BaseException) -> Any:
    def work(_: Any) -> None:
        raise error

    return work


class Hold:
    """Errands that stay until they are let go; they ignore their handle's destruction."""

    def __init__(self) -> None:
        self.gate = threading.Event()
        self.handles: list[Any] = []
        self.begun = threading.Semaphore(0)

    def __call__(self, handle: Any) -> str:
        self.handles.append(handle)
        self.begun.release()
        assert self.gate.wait(WAIT)
        return "let go"


def test_a_result_comes_back_and_the_slot_is_free_again() -> None:
    house = House()
    reply = house.send(lambda _: 42)
    assert house.result(reply) == 42
    assert reply.took_s > 0
    house.stage.serve_until(lambda: house.free() == 3)
    assert house.state().counters["done"] == 1


def test_a3_p0_runs_at_once_while_two_long_errands_hold_the_other_slots() -> None:
    house, hold = House(), Hold()
    background = [house.send(hold, P3) for _ in range(2)]
    assert house.result(house.send(lambda _: "published", P0)) == "published"
    hold.gate.set()
    assert [house.result(reply) for reply in background] == ["let go", "let go"]


def test_a4_p0_does_not_wait_behind_fifty_queued_background_errands() -> None:
    house, hold = House(), Hold()
    background = [house.send(hold, P3) for _ in range(50)]
    assert house.result(house.send(lambda _: "published", P0)) == "published"
    assert house.state().waiting == 48
    hold.gate.set()
    assert {house.result(reply) for reply in background} == {"let go"}


def test_a8_under_pressure_background_hears_how_much_of_what_is_used_and_p0_is_served() -> None:
    house = House()
    house.stage.tell(Pressure(Level.CRITICAL, Usage(486 * 1024**2, 512 * 1024**2)))
    error = house.result(house.send(lambda _: "scraped", P2))
    assert isinstance(error, MemoryPressureError)
    assert "P2" in str(error)
    assert "486 of 512 MB are used (95%)" in str(error)
    assert house.result(house.send(lambda _: "published", P0)) == "published"
    assert house.resource.sheds == 1
    house.stage.tell(Pressure(Level.OK, None))
    assert house.result(house.send(lambda _: "scraped", P2)) == "scraped"


def test_f6_fifty_slow_queries_leave_p0_its_connection() -> None:
    house, hold = House(size=10, reserved=2), Hold()
    slow = [house.send(hold, P2) for _ in range(50)]
    assert [house.result(house.send(lambda _: "p0", P0)) for _ in range(5)] == ["p0"] * 5
    house.stage.serve_until(lambda: house.state().running == 8)
    hold.gate.set()
    assert {house.result(reply) for reply in slow} == {"let go"}


class MoodyHandle(Handle):
    """Of its uses 5 % fail before the errand, and of its closes, after an errand that failed, 10 % fail too."""

    rng = random.Random(8)

    def perform(self, request: Any) -> Any:
        if self.rng.random() < 0.05:
            raise ResourceDiedError("no launch")
        try:
            return super().perform(request)
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        super().close()
        if self.rng.random() < 0.1:
            raise OSError("close failed")

    def destroy(self) -> None:
        super().destroy()
        if self.rng.random() < 0.1:
            raise OSError("close failed")


class MoodyResource(Fake):
    def make_slot(self, place: Any) -> ThreadSlot:
        return ThreadSlot(place, MoodyHandle())


def test_a2_after_a_thousand_errands_of_which_many_break_every_slot_is_free_and_nobody_waits() -> None:
    rng, mood = random.Random(7), random.Random(9)
    house = House(resource=MoodyResource(), queue=1000, breaker_threshold=10_000)

    def moody(handle: Handle) -> str:
        draw = mood.random()
        if draw < 0.1:
            raise ResourceDiedError("broke")
        if draw < 0.2:
            raise NotFoundError("gone")
        if draw < 0.29:
            raise SystemExit(1)
        if draw < 0.3:
            hang(handle)
        return "fine"

    replies = [house.send(moody, rng.choice([P0, P1, P2, P3]), name=str(n), limit=0.05) for n in range(1000)]
    results = [house.result(reply) for reply in replies]
    house.stage.serve_until(lambda: house.free() == 3)
    assert len(results) == 1000
    assert house.front.requests == {}
    assert house.state().waiting == 0
    assert {type(result) for result in results} == {str, ResourceDiedError, NotFoundError, DeadlineError}
    house.stage.serve_until(lambda: house.state().abandoned == 0)


def test_a9_a_hung_errand_ends_at_its_deadline_and_its_slot_works_again() -> None:
    house = House(size=1, reserved=0)
    error = house.result(house.send(hang, limit=0.01))
    assert isinstance(error, DeadlineError)
    assert house.result(house.send(lambda _: "next")) == "next"
    assert house.resource.handles[0].destroyed.wait(WAIT)
    assert house.state().counters["revoked"] == 1


def test_a9_the_late_result_of_a_revoked_slot_changes_nothing() -> None:
    house, late, present = House(size=1, reserved=0), Hold(), Hold()
    revoked = house.send(late, limit=0.01)
    assert late.begun.acquire(timeout=WAIT)
    assert isinstance(house.result(revoked), DeadlineError)
    reply = house.send(present)
    assert present.begun.acquire(timeout=WAIT)
    late.gate.set()
    # The zombie's news is in the mailbox once its thread has ended.
    house.front.abandoned[0]._thread.join(WAIT)
    house.stage.serve()
    assert (house.free(), house.state().running, house.state().counters["done"]) == (0, 1, 0)
    present.gate.set()
    assert house.result(reply) == "let go"


def test_a11_the_next_errand_never_works_on_the_handle_that_a_revoked_one_still_holds() -> None:
    house, stubborn, after = House(size=1, reserved=0), Hold(), Hold()
    after.gate.set()
    revoked = house.send(stubborn, limit=0.01)
    assert stubborn.begun.acquire(timeout=WAIT)
    assert isinstance(house.result(revoked), DeadlineError)
    house.result(house.send(after))
    assert stubborn.handles[0] is not after.handles[0]
    assert stubborn.handles[0].destroyed.wait(WAIT)
    stubborn.gate.set()


def test_b5_an_attempt_that_wakes_after_its_deadline_gets_no_permission_to_click() -> None:
    house, clicks = House(size=1, reserved=0), []
    begun, wake, woken = threading.Event(), threading.Event(), threading.Event()

    class Permit:
        def grant(self, not_after: float) -> None:
            clicks.append("zombie")

        def refuse(self, error: BaseException) -> None:
            woken.set()

    replies: list[WaitingReply] = []

    def zombie(_: Handle) -> None:
        begun.set()
        assert wake.wait(WAIT)
        replies[0].ask_permit("prepared", Permit())

    replies.append(house.send(zombie, limit=0.01))
    assert begun.wait(WAIT)
    house.stage.serve_until(lambda: replies[0]._is_settled)
    with pytest.raises(DeadlineError):
        replies[0].wait(WAIT, lambda _: 1e15)
    assert house.result(house.send(lambda _: clicks.append("second attempt"))) is None
    wake.set()
    assert woken.wait(WAIT)
    assert clicks == ["second attempt"]


def test_an_abandoned_thread_is_counted_until_it_returns() -> None:
    house, stubborn = House(size=1, reserved=0), Hold()
    reply = house.send(stubborn, limit=0.01)
    assert stubborn.begun.acquire(timeout=WAIT)
    house.result(reply)
    assert house.state().abandoned == 1
    stubborn.gate.set()
    house.front.abandoned[0]._thread.join(WAIT)
    house.stage.serve_until(lambda: house.state().abandoned == 0)
    assert house.board.states()[-1].abandoned == 0


def test_a5_errors_of_the_errand_leave_the_breaker_closed() -> None:
    house = House()
    for error in [NotFoundError("gone"), KeyError("bug")] * 10:
        house.result(house.send(raising(error)))
    assert house.result(house.send(lambda _: "open for business")) == "open for business"


def test_a5_a_breaker_that_an_operator_closes_lets_requests_through_and_says_what_it_was() -> None:
    house = House(resource=Fake(probe=lambda _: None), breaker_open_min=60.0)
    for _ in range(5):
        house.result(house.send(raising(ResourceDiedError("gone"))))
    house.stage.serve_until(lambda: house.state().breaker == BreakerState.OPEN)
    asked = WaitingReply()

    house.stage.tell(CloseBreaker(asked))

    assert house.result(house.send(lambda _: "served")) == "served"
    assert asked.wait(WAIT) == "open"


def test_a5_errors_of_the_resource_open_the_breaker_and_one_probe_closes_it() -> None:
    probes, gate = [], threading.Event()

    def probe(handle: Handle) -> None:
        probes.append(handle)
        assert gate.wait(WAIT)

    house = House(resource=Fake(probe=probe), breaker_open_min=0.05)
    for _ in range(5):
        house.result(house.send(raising(ResourceDiedError("no launch"))))
    house.stage.serve_until(lambda: house.state().breaker != BreakerState.CLOSED)
    refused = house.result(house.send(lambda _: "never runs", P0))
    assert isinstance(refused, CircuitOpenError)
    assert refused.retry_after <= 0.1
    gate.set()
    house.stage.serve_until(lambda: house.state().breaker == BreakerState.CLOSED)
    assert len(probes) == 1
    assert house.result(house.send(lambda _: "again")) == "again"


def test_a5_a_probe_that_fails_is_followed_by_another_after_a_longer_pause() -> None:
    probes: list[Handle] = []

    def probe(handle: Handle) -> None:
        probes.append(handle)
        if len(probes) < 3:
            raise ResourceDiedError("still down")

    house = House(resource=Fake(probe=probe), breaker_threshold=1, breaker_open_min=0.005)
    house.result(house.send(raising(ResourceDiedError("down"))))
    house.stage.serve_until(lambda: probes and house.state().breaker == BreakerState.CLOSED)
    assert len(probes) == 3


def test_a_resource_without_a_probe_has_no_breaker() -> None:
    house = House(size=1, reserved=0, resource=Fake(probe=None), breaker_threshold=1)
    for _ in range(3):
        house.result(house.send(hang, limit=0.005))
    assert house.result(house.send(lambda _: "runs")) == "runs"


def test_an_open_breaker_with_every_slot_hung_does_not_keep_the_front_from_its_mail() -> None:
    house, stubborn = House(size=1, reserved=0, breaker_threshold=1, breaker_open_min=0.0), Hold()
    house.send(stubborn)
    house.front.arbiter.breaker.failure(time.monotonic())
    reply = house.send(lambda _: "refused by the open breaker", P3)
    assert isinstance(house.result(reply), CircuitOpenError)
    stubborn.gate.set()


def test_d9_a_full_queue_refuses_background_and_takes_p0() -> None:
    house, hold = House(size=2, reserved=1, queue=2), Hold()
    replies = [house.send(hold, P1) for _ in range(4)]
    refusal = house.result(replies[-1])
    assert isinstance(refusal, QueueFullError)
    assert str(refusal) == "fake: 2 requests of P1 wait already"
    assert refusal.spent == 0.0
    assert house.result(house.send(lambda _: "p0", P0)) == "p0"
    hold.gate.set()


def test_d9_all_jobs_at_once_keep_within_slots_and_queue_and_p0_starts_nevertheless() -> None:
    house, hold = House(size=16, reserved=2, queue=20), Hold()
    background = [house.send(hold, (P1, P2, P3)[number % 3]) for number in range(100)]
    urgent = [house.send(lambda _: "p0", P0) for _ in range(2)]
    assert [house.result(reply) for reply in urgent] == ["p0", "p0"]
    house.stage.serve_until(lambda: house.state().running == 14)
    state = house.state()
    assert (state.running, state.waiting, state.free, state.counters["refused"]) == (14, 60, 2, 100 - 14 - 60)
    hold.gate.set()
    ends = [house.result(reply) for reply in background]
    assert (ends.count("let go"), sum(isinstance(end, QueueFullError) for end in ends)) == (74, 26)


def test_a2_who_waits_too_long_hears_so_while_the_slot_is_still_taken() -> None:
    house, hold = House(size=1, reserved=0), Hold()
    house.send(hold)
    assert isinstance(house.result(house.send(lambda _: "too late", start_by=0.01)), ExpiredError)
    hold.gate.set()


def test_draining_refuses_who_waits_and_lets_the_running_end() -> None:
    house, hold = House(size=1, reserved=0), Hold()
    running, waiting = house.send(hold), house.send(lambda _: "never")
    house.stage.tell(Drain())
    assert isinstance(house.result(waiting), ActorUnavailableError)
    hold.gate.set()
    assert house.result(running) == "let go"


def test_a_front_that_ends_answers_everybody_and_closes_slots_and_resource() -> None:
    house, hold = House(size=1, reserved=0), Hold()
    running, waiting = house.send(hold), house.send(lambda _: "never")
    killer = request(lambda _: None)
    house.front.requests[killer.id] = killer
    house.front.stop()
    for reply in (waiting, killer.reply):
        with pytest.raises(ActorUnavailableError):
            reply.wait(WAIT)
    hold.gate.set()
    assert running.wait(WAIT) == "let go"
    assert house.resource.handles[0].closed.wait(WAIT)
    assert house.resource.is_closed


def test_a_new_front_on_the_same_address_ignores_what_slots_of_the_old_one_report() -> None:
    house, hold = House(size=1, reserved=0), Hold()
    house.send(hold)
    old = house.front
    house.stage.inbox.generation = house.stage.address.mailbox.next_generation()
    context = old.context.__class__(house.stage.address, house.stage.inbox.generation, house.stage.inbox)
    house.stage.behaviour = Front(context, Fake, old.policy, house.board)
    present = Hold()
    reply = house.send(present)
    hold.gate.set()
    old.slots[0].close()
    old.slots[0]._thread.join(WAIT)
    house.stage.serve()
    assert (house.free(), house.state().running) == (0, 1)
    present.gate.set()
    assert house.result(reply) == "let go"


def test_a_restarted_server_resets_the_resource() -> None:
    house = House()
    house.stage.tell(Reset())
    assert house.resource.resets == 1


def test_the_board_hears_of_a_change_and_not_of_each_look(loop_thread: Any) -> None:
    house = House(resource=FakeOnLoop(loop_thread))

    async def work(_: Any) -> str:
        return "done"

    assert house.result(house.send(work)) == "done"
    house.stage.serve_until(lambda: house.free() == 3)
    house.front._report(time.monotonic())
    assert house.board.states()[-1].counters["done"] == 1
    house.front._report(time.monotonic())
    assert house.board.states() == []


def test_a_message_nobody_understands_is_no_crash() -> None:
    house = House()
    house.stage.tell("gibberish")
    assert house.result(house.send(lambda _: "fine")) == "fine"


def test_a9_what_runs_when_the_front_dies_is_still_destroyed_at_its_deadline() -> None:
    house = House(size=1, reserved=0)
    reply = house.send(hang, limit=0.2)
    (handle,) = house.resource.handles
    assert handle.begun.wait(WAIT)
    house.front.stop()
    assert handle.destroyed.wait(WAIT)
    with pytest.raises(ResourceDiedError, match="the handle broke"):
        reply.wait(WAIT)
