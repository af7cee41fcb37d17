"""The front of a resource: decides by the arbiter who gets a slot, never blocks and never does I/O."""

from __future__ import annotations

import contextlib
import logging
import sys
import threading
import time
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from actors.domain.arbiter import PROBE, RECALL_LIMIT_S, Arbiter, Grant, Recall, Refusal, Refuse, Revoke, Ticket
from actors.domain.breaker import Breaker, BreakerState
from actors.domain.memory import Level
from actors.domain.priority import Priority
from actors.domain.why.queueing import part_of
from actors.errors import (
    ActorUnavailableError,
    AppError,
    BudgetExceededError,
    CircuitOpenError,
    DeadlineError,
    ExpiredError,
    MemoryPressureError,
    PlatformClosedError,
    QueueFullError,
    ResourceDiedError,
)
from actors.messages import (
    CloseBreaker,
    Describe,
    Drain,
    Explain,
    Forecast,
    FrontState,
    LoopReplaced,
    Pressure,
    Request,
    Reset,
    SlotSettled,
    Wake,
)
from actors.runtime.slot import Place

if TYPE_CHECKING:
    from collections.abc import Callable

    from actors.domain.arbiter import Action
    from actors.domain.budget import Budget
    from actors.runtime.address import Address
    from actors.runtime.cell import ActorContext
    from actors.runtime.resource import Resource
    from actors.runtime.slot import Slot

logger = logging.getLogger(__name__)

PROBE_LIMIT_S = 10.0
"""Longest that a breaker's probe may take."""

_REPORT_EVERY_S = 1.0
_COUNTERS = ("done", "failed", "refused", "revoked", "recalled")


@dataclass(frozen=True, slots=True)
class FrontPolicy:
    """Sizes, breaker and money of one front; times in real seconds.

    Each life of the front begins with the budget closed: the first call of a day brings what the ledger says.
    """

    size: int
    reserved: int
    queue: int
    breaker_threshold: int = 5
    breaker_open_min: float = 2.0
    breaker_open_max: float = 20.0
    budget: Budget | None = None


class _NoReply:
    def begin(self) -> None:
        """Ignore it: the probe's result is the slot's report."""

    def settle(self, value: Any) -> None:
        """Ignore it: the probe's result is the slot's report."""

    def fail(self, error: BaseException) -> None:
        """Ignore it: the probe's result is the slot's report."""


@dataclass(slots=True)
class Front:
    """Behaviour of a resource's actor: a shell around the arbiter."""

    context: ActorContext
    make: Callable[[], Resource]
    policy: FrontPolicy
    board: Address
    resource: Resource = field(init=False)
    arbiter: Arbiter = field(init=False)
    slots: list[Slot] = field(init=False)
    requests: dict[str, Request] = field(default_factory=dict)
    abandoned: list[Slot] = field(default_factory=list)
    counters: dict[str, int] = field(default_factory=lambda: dict.fromkeys(_COUNTERS, 0))
    recalled: set[str] = field(default_factory=set)
    """Requests whose errands are being cut short."""
    idle_since: float = field(default_factory=time.monotonic)
    reported: FrontState | None = None
    pressure: Pressure | None = None

    def __post_init__(self) -> None:
        policy, self.resource = self.policy, self.make()
        threshold = policy.breaker_threshold if self.resource.probe is not None else sys.maxsize
        breaker = Breaker(threshold, policy.breaker_open_min, policy.breaker_open_max)
        budget = None if policy.budget is None else replace(policy.budget, day=None, spent={})
        self.arbiter = Arbiter(policy.size, policy.reserved, policy.queue, breaker, budget)
        first = self.context.generation * 1_000_000
        self.slots = [self.resource.make_slot(Place(self.context.address, i, first)) for i in range(policy.size)]
        self.context.wake_at(time.monotonic() + _REPORT_EVERY_S)

    def receive(self, message: Any) -> Any:
        """Turn the message into an event, and the arbiter's actions into messages."""
        now = time.monotonic()
        match message:
            case Request():
                self.requests[message.id] = message
                self._carry_out(self.arbiter.arrived(_ticket(message, now), now))
            case SlotSettled():
                self._slot_settled(message, now)
            case Wake():
                before = self.arbiter.breaker.state
                actions = self.arbiter.tick(now)
                self._log_breaker(before, None)
                self._carry_out(actions)
                self._report(now)
            case Forecast(p0_at):
                self._carry_out(self.arbiter.expect(p0_at, now))
            case Reset():
                self.resource.reset()
            case LoopReplaced():
                self._make_anew()
            case Drain():
                self._carry_out(self.arbiter.drain())
            case Pressure():
                self.pressure = message
                self._carry_out(self.arbiter.pressed(message.level))
                if message.level is Level.CRITICAL:
                    self.resource.shed()
            case CloseBreaker(reply):
                before = self.arbiter.breaker.state
                self._carry_out(self.arbiter.close_breaker(now))
                self._log_breaker(before, None)
                reply.settle(str(before))
            case Describe():
                return self._state()
            case Explain(question, reply):
                reply.settle(part_of(question, self.resource.name, self.arbiter))
            case _:
                logger.warning(
                    "a front got a message it does not understand",
                    extra={"action": "message_unknown", "front": self.resource.name},
                )
        self._plan_wake(now)
        return None

    def stop(self) -> None:
        """Refuse what waits, end the slots, close the resource.

        What runs still answers its asker itself, and is still revoked at its deadline.
        """
        self._carry_out(self.arbiter.drain())
        granted = {running.ticket.id for running in self.arbiter.running.values()}
        for request_id in self.requests.keys() - granted:
            # Left over by a crash, such as the request that the front died of; who knows whether it was begun.
            _fail(self.requests.pop(request_id), ActorUnavailableError(f"{self.resource.name}: shutting down"))
        now = time.monotonic()
        for number, running in self.arbiter.running.items():
            deadline = threading.Timer(max(0.0, running.until - now), self.slots[number].revoke)
            deadline.daemon = True
            deadline.start()
        for slot in self.slots:
            slot.close()
        self.resource.close()

    def _slot_settled(self, news: SlotSettled, now: float) -> None:
        if self.slots[news.slot].generation != news.generation:
            return
        failed = isinstance(news.error, AppError) and news.error.is_infrastructure
        self.recalled.discard(news.request_id)
        if news.recalled:
            self._log_recall(news)
        else:
            self.requests.pop(news.request_id, None)
            self.counters["failed" if news.error is not None else "done"] += 1
        before = self.arbiter.breaker.state
        self._carry_out(
            self.arbiter.settled(
                news.slot,
                now,
                infrastructure_failed=failed,
                # An errand that was not let to the site never asked the browser anything.
                answered=not (failed or isinstance(news.error, PlatformClosedError)),
                recalled=news.recalled,
                spent=news.spent,
            )
        )
        self._log_breaker(before, news.error)

    def _log_recall(self, news: SlotSettled) -> None:
        self.counters["recalled"] += 1
        name, owner = self.resource.name, self.requests[news.request_id].owner
        extra = {"action": "errand_recalled", "front": name, "slot": news.slot, "owner": owner}
        logger.info("%s slot %d: P0 has it, and the errand waits again", name, news.slot, extra=extra)

    def _carry_out(self, actions: list[Action]) -> None:
        for action in actions:
            match action:
                case Grant(request_id, slot):
                    self._grant(request_id, slot)
                case Refuse(request_id, refusal, retry_after):
                    self._refuse(self.requests.pop(request_id), refusal, retry_after)
                case Recall(request_id, slot):
                    self.recalled.add(request_id)
                    self.slots[slot].recall()
                case Revoke(request_id, slot):
                    self._revoke(request_id, slot)

    def _grant(self, request_id: str, slot: int) -> None:
        if request_id == PROBE:
            now = time.monotonic()
            self.requests[PROBE] = Request(PROBE, self.resource.probe, Priority.P0, now, PROBE_LIMIT_S, _NoReply())
        request = self.requests[request_id]
        request.reply.begin()
        self.slots[slot].give(request)

    def _refuse(self, request: Request, refusal: Refusal, retry_after: float) -> None:
        self.counters["refused"] += 1
        name = self.resource.name
        error: AppError
        match refusal:
            case Refusal.QUEUE_FULL:
                error = QueueFullError(f"{name}: {self.policy.queue} requests of {request.priority.name} wait already")
            case Refusal.EXPIRED:
                error = ExpiredError(f"{name}: no free slot before the request's start-by time")
            case Refusal.CIRCUIT_OPEN:
                error = CircuitOpenError(f"{name}: the breaker is open, retry in {retry_after:.1f} s", retry_after)
            case Refusal.DRAINING:
                error = ActorUnavailableError(f"{name}: shutting down")
            case Refusal.BUDGET:
                error = _unpaid(request)
            case Refusal.MEMORY:
                usage = self.pressure.usage if self.pressure is not None else None
                error = MemoryPressureError(f"{name}: no {request.priority.name} starts now, of the memory {usage}")
        # Nothing was begun, so nothing is owed.
        error.spent = 0.0
        _fail(request, error)

    def _revoke(self, request_id: str, slot: int) -> None:
        self.counters["revoked"] += 1
        request = self.requests.pop(request_id)
        before = self.arbiter.breaker.state
        old = self.slots[slot]
        limit = f"{request.limit_s:g} s"
        if request_id in self.recalled:
            self.recalled.discard(request_id)
            limit = f"{RECALL_LIMIT_S:g} s of being called back for P0"
        _fail(request, DeadlineError(f"{self.resource.name}: errand destroyed after {limit}"))
        old.revoke()
        self.abandoned.append(old)
        self.slots[slot] = self.resource.make_slot(Place(self.context.address, slot, old.generation + 1))
        logger.warning(
            "%s slot %d was revoked after %s",
            self.resource.name,
            slot,
            limit,
            extra={"action": "slot_revoked", "front": self.resource.name, "slot": slot, "owner": request.owner},
        )
        self._carry_out(self.arbiter.replaced(slot, time.monotonic()))
        self._log_breaker(before, None)

    def _make_anew(self) -> None:
        """Make resource and slots anew; what ran fails at once, what waits goes to the new slots."""
        lost, old = self.arbiter.revoke_all(), self.slots
        self.recalled.clear()
        self.resource.abandon()
        self.resource = self.make()
        self.slots = [
            self.resource.make_slot(Place(self.context.address, i, slot.generation + 1)) for i, slot in enumerate(old)
        ]
        for action in lost:
            self.counters["revoked"] += 1
            error = ResourceDiedError(f"{self.resource.name}: the event loop was blocked and its errands are lost")
            _fail(self.requests.pop(action.request_id), error)
            old[action.slot].revoke()
            self.abandoned.append(old[action.slot])
        before = self.arbiter.breaker.state
        for action in lost:
            self._carry_out(
                self.arbiter.settled(action.slot, time.monotonic(), infrastructure_failed=False, answered=False)
            )
        self._log_breaker(before, None)

    def _log_breaker(self, before: BreakerState, error: BaseException | None) -> None:
        after = self.arbiter.breaker.state
        if after is before:
            return
        level = logging.INFO if after is BreakerState.CLOSED else logging.WARNING
        logger.log(
            level,
            "breaker of %s is %s",
            self.resource.name,
            after,
            extra={
                "action": f"breaker_{after}",
                "front": self.resource.name,
                "data": "" if error is None else str(error),
            },
        )

    def _plan_wake(self, now: float) -> None:
        self.context.wake_at(now + _REPORT_EVERY_S)
        wake = self.arbiter.next_wake()
        if wake is not None:
            self.context.wake_at(max(wake, now))

    def _report(self, now: float) -> None:
        if self._busy() or len(self.arbiter.waiting):
            self.idle_since = now
        else:
            self.resource.idle(self.idle_since)
        self.abandoned = [slot for slot in self.abandoned if slot.is_abandoned()]
        state = self._state()
        if state != self.reported:
            with contextlib.suppress(AppError):
                self.board.tell(state)
                self.reported = state

    def _busy(self) -> int:
        # A slot that is being recalled still works, though the arbiter counts on it already.
        return self.policy.size - len(self.arbiter.free)

    def _state(self) -> FrontState:
        arbiter = self.arbiter
        return FrontState(
            self.resource.name,
            self.policy.size,
            self._busy(),
            len(arbiter.waiting),
            arbiter.breaker.state,
            len(self.abandoned),
            dict(self.counters),
            len(arbiter.free),
            arbiter.overdue(time.monotonic() - _REPORT_EVERY_S),
            arbiter.lent(),
            {} if arbiter.budget is None else {lane.value: usd for lane, usd in arbiter.budget.spent.items()},
            self.resource.condition(),
        )


def _ticket(request: Request, now: float) -> Ticket:
    demand = request.demand
    return Ticket(
        request.id,
        request.priority,
        request.start_by,
        request.limit_s,
        demand.owner,
        now if demand.since is None else demand.since,
        demand.expected_s,
        demand.remaining_s,
        demand.recallable,
        demand.charge,
    )


def _unpaid(request: Request) -> BudgetExceededError:
    charge = request.demand.charge
    assert charge is not None
    return BudgetExceededError(
        f"{charge.lane} has no {charge.amount:.4f} USD left today", "raise openai.budget_usd_per_day or wait"
    )


def _fail(request: Request, error: AppError) -> None:
    # An asker that is gone (a stopped family) needs no answer.
    with contextlib.suppress(ActorUnavailableError):
        request.reply.fail(error)
