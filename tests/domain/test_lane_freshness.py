"""Freshness of outcomes: what a lane brought out last, whatever the parts say of their own health."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from actors.domain.freshness import lane_ages

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
ALLOWED = {"content": HOUR, "reply": 2 * HOUR}


@pytest.mark.parametrize(
    ("content", "reply", "stale"),
    [
        (NOON, NOON, []),
        (NOON - HOUR, NOON - 2 * HOUR, []),
        (NOON - HOUR - timedelta(seconds=1), NOON, ["content"]),
        (NOON, NOON - 3 * HOUR, ["reply"]),
        (NOON - 9 * HOUR, None, ["content"]),
    ],
)
def test_k3_a_lane_is_stale_by_what_it_published_and_no_other_lane_with_it(
    content: datetime, reply: datetime | None, stale: list[str]
) -> None:
    ages = lane_ages(ALLOWED, {"content": content, "reply": reply}, NOON - HOUR, NOON)
    assert [lane for lane, age in ages.items() if age.is_stale] == stale


def test_a_lane_that_never_published_is_silent_since_anybody_looks() -> None:
    ages = lane_ages({"content": HOUR}, {}, NOON - 2 * HOUR, NOON)
    assert (ages["content"].is_stale, ages["content"].age) == (True, 2 * HOUR)


def test_a_lane_tells_its_age_and_what_it_may_be_in_schedule_seconds() -> None:
    age = lane_ages({"content": HOUR}, {"content": NOON - 2 * HOUR}, NOON, NOON)["content"]
    assert age.as_dict() == {"stale": True, "age_s": 7200.0, "allowed_s": 3600.0}


def test_a_lane_that_is_off_is_left_out() -> None:
    assert lane_ages({}, {"content": NOON}, NOON, NOON) == {}
