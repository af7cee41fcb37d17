"""The reasons of fronts: no slot may be had, others go first, or a request would not even be let in."""

from __future__ import annotations

import copy
import heapq
import sys
from dataclasses import dataclass, replace
from datetime import datetime, time, timedelta
from typing import TYPE_CHECKING, ClassVar

from actors.domain.arbiter import PROBE, RECALL_LIMIT_S, Grant
from actors.domain.breaker import BreakerState
from actors.domain.budget import Charge
from actors.domain.memory import Level, admits
from actors.domain.priority import Priority
from actors.domain.why.situation import RUNS, Part, counted, job_of, written
from actors.domain.why.standing import ShuttingDown

if TYPE_CHECKING:
    from actors.domain.arbiter import Arbiter, Ticket
    from actors.domain.budget import MoneyLane
    from actors.domain.why.situation import Moment, Question, Reason, Situation

LEAST_CALL_USD = 0.0001
"""A call of the model that costs less than this is not worth asking for: a short answer of the cheapest model."""


@dataclass(frozen=True, slots=True)
class SlotsTaken:
    """No slot is free that the request may have."""

    kind: ClassVar[str] = "slots_taken"
    front: str
    ticket: Ticket
    monotonic: float
    detail: str
    until: datetime | None

    @property
    def text(self) -> str:
        """Return it as a sentence for people."""
        return f"{self.front}: {self.detail}"

    def cure(self, situation: Situation) -> None:
        """Slots come free, as many as it takes until it may have one."""
        arbiter = situation.fronts[self.front]
        while not arbiter.may_start(self.ticket, self.monotonic):
            heapq.heappush(arbiter.free, arbiter.size)
            arbiter.size += 1


@dataclass(frozen=True, slots=True)
class QueuePosition:
    """Others wait and go first."""

    kind: ClassVar[str] = "queue_position"
    front: str
    ticket: Ticket
    ahead: tuple[str, ...]
    until: datetime | None

    @property
    def text(self) -> str:
        """Return it as a sentence for people."""
        return f"{self.front}: {len(self.ahead)} go first, it is number {len(self.ahead) + 1} in the queue"

    def cure(self, situation: Situation) -> None:
        """It goes first: P0's requests are served, the others stand behind it."""
        waiting = situation.fronts[self.front].waiting
        for ticket in [ticket for ticket in waiting.tickets() if ticket.id in self.ahead]:
            waiting.remove(ticket.id)
            if ticket.priority is not Priority.P0:
                behind = self.ticket.rank - ticket.rank + 1.0
                waiting.add(replace(ticket, since=ticket.since + behind))


@dataclass(frozen=True, slots=True)
class QueueFull:
    """As many of the request's class wait as may."""

    kind: ClassVar[str] = "queue_full"
    front: str
    priority: Priority
    limit: int
    until: datetime | None

    @property
    def text(self) -> str:
        """Return it as a sentence for people."""
        return f"{self.front}: {self.limit} requests of {self.priority.name} wait already and no more may"

    def cure(self, situation: Situation) -> None:
        """One more may wait."""
        waiting = situation.fronts[self.front].waiting
        waiting.limit = waiting.count(self.priority) + 1


@dataclass(frozen=True, slots=True)
class MemoryPressed:
    """Memory is short, and work of the job's class does not start."""

    kind: ClassVar[str] = "memory"
    until: ClassVar[None] = None
    level: Level
    priority: Priority

    @property
    def text(self) -> str:
        """Return it as a sentence for people."""
        return f"memory is {self.level}: no {self.priority.name} work starts until it is freed"

    def cure(self, situation: Situation) -> None:
        """Memory is free again."""
        for arbiter in situation.fronts.values():
            arbiter.pressure = Level.OK


@dataclass(frozen=True, slots=True)
class BreakerOpen:
    """The resource failed too often, and its breaker lets nothing through."""

    kind: ClassVar[str] = "breaker"
    front: str
    failures: int
    is_probing: bool
    until: datetime | None

    @property
    def text(self) -> str:
        """Return it as a sentence for people."""
        what = f"{self.front} failed {self.failures} times in a row and its breaker is"
        if self.is_probing:
            return f"{what} half open: a probe is out"
        return f"{what} open, its next probe goes at {written(self.until)}" if self.until else f"{what} open"

    def cure(self, situation: Situation) -> None:
        """A probe succeeded."""
        situation.fronts[self.front].breaker.success()


@dataclass(frozen=True, slots=True)
class BudgetSpent:
    """The model's money of the job's lane is spent for today."""

    kind: ClassVar[str] = "budget"
    front: str
    lane: MoneyLane
    spent: float
    per_day: float
    until: datetime | None

    @property
    def text(self) -> str:
        """Return it as a sentence for people."""
        again = f" until {written(self.until)}" if self.until is not None else ""
        return f"{self.spent:.2f} of {self.per_day:.2f} USD are spent today, nothing is left for {self.lane}{again}"

    def cure(self, situation: Situation) -> None:
        """Money is no object."""
        situation.fronts[self.front].budget = None


def part_of(question: Question, front: str, arbiter: Arbiter) -> Part:
    """Return what a front has against a run: the run slots against its start, a resource against its errands."""
    return part_of_runs(question, arbiter) if front == RUNS else Part(tuple(refusals(question, front, arbiter)))


def part_of_runs(question: Question, arbiter: Arbiter) -> Part:
    """Return why no run slot would be had now, by a run that waits already or by a new one. Changes nothing."""
    waiting = next((each for each in arbiter.waiting.tickets() if job_of(each.id) == question.job), None)
    if waiting is not None:
        return Part(tuple(_waits(RUNS, arbiter, waiting, question.moment)), waits=True)
    reasons = refusals(question, RUNS, arbiter)
    return Part(tuple(reasons + _waits(RUNS, arbiter, question.ticket(), question.moment)))


def refusals(question: Question, front: str, arbiter: Arbiter) -> list[Reason]:
    """Return why the front would refuse a request of this job now, instead of letting it wait. Changes nothing."""
    reasons: list[Reason] = []
    moment, breaker = question.moment, arbiter.breaker
    if arbiter.draining:
        reasons.append(ShuttingDown())
    if not admits(arbiter.pressure, question.priority):
        reasons.append(MemoryPressed(arbiter.pressure, question.priority))
    if breaker.state is not BreakerState.CLOSED:
        is_probing = breaker.state is BreakerState.HALF_OPEN
        probe = next((running.until for running in arbiter.running.values() if running.ticket.id == PROBE), None)
        ends = probe if is_probing else breaker.open_until
        until = _not_before(moment, ends) if ends is not None else None
        reasons.append(BreakerOpen(front, breaker.failures, is_probing, until))
    if arbiter.waiting.is_full(question.priority):
        limit = arbiter.waiting.limit
        reasons.append(QueueFull(front, question.priority, limit, _first_end(arbiter, moment)))
    if question.lane is not None and arbiter.budget is not None:
        reasons += _spent(question, question.lane, front, arbiter)
    return reasons


def _spent(question: Question, lane: MoneyLane, front: str, arbiter: Arbiter) -> list[Reason]:
    budget = arbiter.budget
    now = question.moment.now
    assert budget is not None
    # Before the day's first charge nothing is known of the day, and so nothing is spent.
    spent: dict[str, float] = {str(each): usd for each, usd in budget.spent.items()} if budget.day == now.date() else {}
    today, fresh = replace(budget, spent={}), replace(budget, spent={})
    today.seed(now.date(), spent)
    if today.charge(least_charge(lane, now)):
        return []
    fresh.seed(now.date(), {})
    tomorrow = datetime.combine(now.date() + timedelta(days=1), time(), now.tzinfo)
    until = tomorrow if fresh.charge(least_charge(lane, now)) else None
    return [BudgetSpent(front, lane, sum(spent.values()), budget.per_day, until)]


def least_charge(lane: MoneyLane, now: datetime) -> Charge:
    """Return the smallest charge that a call of this lane would bring."""
    return Charge(lane, LEAST_CALL_USD, now.date(), {})


def _waits(front: str, arbiter: Arbiter, ticket: Ticket, moment: Moment) -> list[Reason]:
    reasons: list[Reason] = []
    now = moment.monotonic
    until = _first_end(arbiter, moment)
    if not arbiter.may_start(ticket, now):
        if ticket.priority is Priority.P0 and arbiter.lent():
            until = moment.at(now + RECALL_LIMIT_S)
        reasons.append(SlotsTaken(front, ticket, now, _detail(arbiter, ticket, moment), until))
    ahead = [each for each in arbiter.waiting.tickets() if each.rank <= ticket.rank]
    ids = [each.id for each in ahead]
    if ticket.id in ids:
        ahead = ahead[: ids.index(ticket.id)]
    if ahead and not _starts_behind(arbiter, ticket, now):
        reasons.append(QueuePosition(front, ticket, tuple(each.id for each in ahead), until))
    return reasons


def _starts_behind(arbiter: Arbiter, ticket: Ticket, now: float) -> bool:
    """Return whether it would start in spite of those ahead, once it may have a slot and would be let in."""
    tried = copy.deepcopy(arbiter)
    tried.draining, tried.pressure, tried.budget, tried.waiting.limit = False, Level.OK, None, sys.maxsize
    tried.breaker.success()
    while not tried.may_start(ticket, now):
        heapq.heappush(tried.free, tried.size)
        tried.size += 1
    is_new = all(each.id != ticket.id for each in tried.waiting.tickets())
    actions = tried.arrived(ticket, now) if is_new else tried.expect(tried.p0_at, now)
    return any(isinstance(action, Grant) and action.request_id == ticket.id for action in actions)


def _detail(arbiter: Arbiter, ticket: Ticket, moment: Moment) -> str:
    owners = counted([running.ticket.priority.name for running in arbiter.running.values()])
    if not arbiter.free:
        return f"all {arbiter.size} slots are taken, by {owners or 'what is being cleared away'}"
    kept = f"{len(arbiter.free)} of {arbiter.size} slots are free, but not for {ticket.priority.name}"
    if moment.monotonic >= arbiter.p0_at:
        return f"{kept}: {arbiter.reserved} are kept for P0, or held for the next errand of a run that goes first"
    kind = "may" if ticket.recallable else "cannot be called back and may"
    return f"{kept}: P0's slot is lent until {written(moment.at(arbiter.p0_at))}, and this {kind} run longer"


def _first_end(arbiter: Arbiter, moment: Moment) -> datetime | None:
    ends = [running.ends for running in arbiter.running.values()]
    return _not_before(moment, min(ends)) if ends else None


def _not_before(moment: Moment, monotonic: float) -> datetime:
    return moment.at(max(monotonic, moment.monotonic))
