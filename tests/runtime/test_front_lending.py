"""The front as the arbiter's hand: what it tells of a request, what it lends, calls back and lets nobody pay twice."""

from __future__ import annotations

import asyncio
import math
import time
from datetime import date
from typing import TYPE_CHECKING, Any

import pytest

from actors.domain.budget import Budget, Charge, MoneyLane
from actors.domain.priority import Priority
from actors.errors import ActorUnavailableError, BudgetExceededError, DeadlineError
from actors.messages import Demand, Drain, Forecast
from tests.runtime.stage import FakeOnLoop, request
from tests.runtime.test_front import Hold, House

if TYPE_CHECKING:
    from actors.runtime.loop import LoopThread

P0, P1, P2, P3 = Priority
FAR_S = 600.0
DAY = date(2026, 3, 1)
SHARES = {MoneyLane.CONTENT: 0.6, MoneyLane.REPLIES: 0.25, MoneyLane.ANALYSIS: 0.15}


class Visit:
    """A reading errand that is stuck the first time."""

    def __init__(self) -> None:
        self.begun = 0

    async def __call__(self, handle: Any) -> str:
        self.begun += 1
        if self.begun == 1:
            await asyncio.Event().wait()
        return f"read {self.begun}"


async def at_once(_: Any) -> str:
    return "published"


@pytest.fixture
def house(loop_thread: LoopThread) -> House:
    """A front with one slot, reserved for P0, which will not need it for long."""
    house = House(size=1, reserved=1, resource=FakeOnLoop(loop_thread))
    house.stage.tell(Forecast(time.monotonic() + FAR_S))
    return house


def lend(house: House, visit: Visit, **options: Any) -> Any:
    reply = house.send(visit, P3, demand=Demand(expected_s=1.0, recallable=True), **options)
    house.stage.serve_until(lambda: visit.begun)
    return reply


def test_without_a_forecast_nothing_is_lent_and_its_coming_lends_to_who_waits(loop_thread: LoopThread) -> None:
    house, visit = House(size=1, reserved=1, resource=FakeOnLoop(loop_thread)), Visit()
    house.send(visit, P3, demand=Demand(recallable=True, expected_s=1.0))
    assert (house.state().waiting, house.state().lent) == (1, 0)

    house.stage.tell(Forecast(math.inf))

    assert (house.state().waiting, house.state().lent) == (0, 1)


def test_a_recalled_errand_starts_afresh_after_p0_and_answers_once(house: House) -> None:
    visit = Visit()
    lent = lend(house, visit)

    assert house.result(house.send(at_once, P0)) == "published"
    assert house.result(lent) == "read 2"

    house.stage.serve_until(lambda: house.free() == 1)
    counters = house.state().counters
    assert (counters["done"], counters["failed"], counters["recalled"]) == (2, 0, 1)


@pytest.mark.parametrize("ending", ["drain", "stop"])
def test_a_recalled_errand_of_a_front_that_ends_hears_so_and_does_not_start_again(house: House, ending: str) -> None:
    visit = Visit()
    lent = lend(house, visit)
    # Straight to the front, so that it hears nothing of the recall's end before its own.
    house.front.receive(request(at_once, P0))
    assert (house.state().running, house.state().free) == (1, 0)

    if ending == "drain":
        house.front.receive(Drain())
    else:
        house.front.stop()

    assert isinstance(house.result(lent), ActorUnavailableError)
    assert visit.begun == 1


def test_a9_an_errand_that_ignores_its_recall_is_revoked_and_p0_served(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("actors.domain.arbiter.RECALL_LIMIT_S", 0.01)
    begun: list[Any] = []

    async def stubborn(_: Any) -> None:
        begun.append(asyncio.current_task())
        while True:
            try:
                await asyncio.Event().wait()
            except asyncio.CancelledError:
                if len(begun) > 2:
                    raise
                begun.append("ignored")

    lent = house.send(stubborn, P3, demand=Demand(expected_s=1.0, recallable=True))
    house.stage.serve_until(lambda: begun)

    assert house.result(house.send(at_once, P0)) == "published"

    error = house.result(lent)
    assert isinstance(error, DeadlineError)
    assert "called back for P0" in str(error)
    assert house.state().counters["revoked"] == 1
    begun[0].get_loop().call_soon_threadsafe(begun[0].cancel)


def test_who_fell_due_first_goes_first_whenever_its_request_came() -> None:
    house, hold, order = House(size=1, reserved=0), Hold(), []
    house.send(hold)
    now = time.monotonic()
    ages = {"came first": None, "due long ago": now - 100.0, "due of late": now - 10.0}
    replies = [
        house.send(lambda _, name=name: order.append(name), P2, demand=Demand(since=since))
        for name, since in ages.items()
    ]
    hold.gate.set()
    for reply in replies:
        house.result(reply)
    assert order == ["due long ago", "due of late", "came first"]


def test_the_run_with_less_to_do_goes_first() -> None:
    house, hold, order = House(size=1, reserved=0), Hold(), []
    house.send(hold)
    replies = [
        house.send(lambda _, rest=rest: order.append(rest), P2, demand=Demand(remaining_s=rest))
        for rest in (300.0, 5.0)
    ]
    hold.gate.set()
    for reply in replies:
        house.result(reply)
    assert order == [5.0, 300.0]


def pay(amount: float, ledger: dict[str, float] | None = None) -> Demand:
    return Demand(charge=Charge(MoneyLane.CONTENT, amount, DAY, ledger or {}))


def test_a_call_that_its_lane_cannot_pay_is_refused_while_another_runs_whose_money_is_set_aside() -> None:
    house, hold = House(size=3, reserved=0, budget=Budget(1.0, SHARES)), Hold()
    house.send(hold, P1, demand=pay(0.7))

    refusal = house.result(house.send(lambda _: "never asked", P1, demand=pay(0.4)))

    assert isinstance(refusal, BudgetExceededError)
    assert str(refusal) == "content has no 0.4000 USD left today (raise openai.budget_usd_per_day or wait)"
    assert house.state().spent["content"] == pytest.approx(0.7)
    hold.gate.set()


def test_each_life_of_a_front_learns_from_the_ledger_what_was_spent() -> None:
    budget = Budget(1.0, SHARES)
    for ledger in ({}, {"content": 0.5}):
        house = House(size=1, reserved=0, budget=budget)
        house.result(house.send(lambda _: "free", P1, demand=pay(0.1, ledger)))
        assert house.state().spent["content"] == pytest.approx(ledger.get("content", 0.0) + 0.1)
    assert budget.day is None
