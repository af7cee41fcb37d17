"""The model's daily money."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.domain.budget import DEAREST, Budget, Charge, MoneyLane, cost, lane_of, worst_case

DAY = date(2026, 3, 1)
SHARES = {MoneyLane.CONTENT: 0.6, MoneyLane.REPLIES: 0.3, MoneyLane.ANALYSIS: 0.1}
CONTENT, REPLIES, ANALYSIS = MoneyLane


def budget(per_day: float = 10.0, **spent: float) -> Budget:
    fresh = Budget(per_day, SHARES)
    fresh.seed(DAY, spent)
    return fresh


def test_while_the_spending_is_unknown_nothing_may_be_spent() -> None:
    assert not any(Budget(10.0, SHARES).reserve(lane, 0.01) for lane in MoneyLane)


def test_analysis_stops_first_and_content_last() -> None:
    stops = {}
    for lane in MoneyLane:
        mine, spent = budget(), 0.0
        while mine.reserve(lane, 0.25):
            spent += 0.25
        stops[lane] = spent
    assert stops == {CONTENT: 10.0, REPLIES: 4.0, ANALYSIS: 1.0}


def test_what_the_more_important_lanes_have_spent_of_their_share_is_no_longer_kept_for_them() -> None:
    mine = budget(content=6.0)
    assert mine.reserve(REPLIES, 4.0)
    assert not mine.reserve(CONTENT, 0.01)


def test_settling_gives_back_what_the_call_did_not_cost() -> None:
    mine = budget(1.0)
    assert mine.reserve(CONTENT, 1.0)
    assert not mine.reserve(CONTENT, 0.5)
    mine.settle(CONTENT, 1.0, 0.4)
    assert mine.reserve(CONTENT, 0.5)


def test_a_reservation_of_yesterday_gives_nothing_back_today() -> None:
    mine = budget(1.0)
    mine.settle(CONTENT, 1.0, 0.0, date(2026, 2, 28))
    mine.settle(CONTENT, 0.25, 0.5, DAY)
    assert mine.spent[CONTENT] == 0.25


CALLS = st.tuples(st.sampled_from(list(MoneyLane)), st.floats(0.0, 3.0), st.floats(0.0, 1.0))


@given(st.lists(CALLS, max_size=80))
def test_no_order_of_calls_spends_more_than_the_day_has(calls: list[tuple[MoneyLane, float, float]]) -> None:
    mine = budget()
    for lane, amount, share in calls:
        if mine.reserve(lane, amount):
            assert sum(mine.spent.values()) <= 10.0
            mine.settle(lane, amount, amount * share)


@given(st.lists(CALLS, max_size=80))
def test_content_always_gets_its_unspent_share(calls: list[tuple[MoneyLane, float, float]]) -> None:
    mine = budget()
    for lane, amount, _ in calls:
        if lane is not CONTENT:
            mine.reserve(lane, amount)
    assert mine.reserve(CONTENT, 5.99)


@pytest.mark.parametrize(
    ("model", "usd"),
    [("gpt-4o-mini", 0.15 + 0.60), ("gpt-4o", 12.5), ("unheard-of", DEAREST.prompt + DEAREST.completion)],
)
def test_a_call_costs_what_its_tokens_do_and_an_unknown_model_the_most(model: str, usd: float) -> None:
    assert cost(model, 1_000_000, 1_000_000) == pytest.approx(usd)


@given(tokens=st.integers(0, 5000), characters=st.integers(0, 20000), answer=st.integers(0, 800))
def test_the_worst_case_is_never_below_the_cost(tokens: int, characters: int, answer: int) -> None:
    assert worst_case("gpt-4o-mini", max(tokens, characters), 800) >= cost("gpt-4o-mini", tokens, answer)


def test_a_price_is_for_a_million_tokens_and_the_worst_case_takes_a_token_for_a_character() -> None:
    assert cost("gpt-4o", 1_000_000, 0) == 2.5
    assert cost("gpt-4o", 0, 1_000_000) == 10.0
    assert worst_case("gpt-4o", 1_000_000, 1_000_000) == 12.5


def test_a_call_from_before_midnight_that_comes_late_leaves_the_books_of_the_new_day_open() -> None:
    mine = Budget(1.0, SHARES)
    assert mine.charge(Charge(CONTENT, 0.2, DAY, {"content": 0.3}))
    assert mine.charge(Charge(CONTENT, 0.1, date(2026, 2, 28), {"content": 0.9}))
    mine.settle(CONTENT, 0.2, 0.05, DAY)
    assert mine.spent[CONTENT] == pytest.approx(0.45)


@pytest.mark.parametrize(
    ("family", "lane"),
    [("content", CONTENT), ("publishing", CONTENT), ("replies", REPLIES), ("insight", ANALYSIS)],
)
def test_each_family_spends_from_its_own_lane(family: str, lane: MoneyLane) -> None:
    assert lane_of(family) is lane
