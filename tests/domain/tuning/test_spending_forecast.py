"""What a day of calls will come to, told before it is over."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from actors.domain.tuning.spending import forecast

NOON, MIDNIGHT = datetime(2026, 3, 2, 12, tzinfo=UTC), datetime(2026, 3, 2, tzinfo=UTC)
SHARES = {"content": 3.0, "replies": 1.25, "analysis": 0.75}


def test_the_rest_of_the_day_costs_what_it_cost_on_the_days_before() -> None:
    later = [{"content": 1.0, "analysis": 0.4}, {"content": 2.0}]

    content, replies, analysis = forecast(SHARES, {"content": 1.0, "analysis": 0.6}, later, NOON)

    assert (content.spent, content.expected, content.is_over) == (1.0, 2.5, False)
    assert (replies.spent, replies.expected) == (0.0, 0.0)
    assert analysis.expected == pytest.approx(0.8)
    assert analysis.is_over


def test_without_a_day_before_the_pace_so_far_goes_on() -> None:
    (content, *_) = forecast(SHARES, {"content": 1.0}, [], NOON)

    assert content.expected == pytest.approx(2.0)


def test_one_call_at_midnight_is_not_taken_for_the_pace_of_a_whole_day() -> None:
    (content, *_) = forecast(SHARES, {"content": 0.1}, [], MIDNIGHT)

    assert content.expected == pytest.approx(0.1 + 0.1 * 24)
