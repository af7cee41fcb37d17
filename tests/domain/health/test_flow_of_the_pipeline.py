"""What does not flow is named, and what a person decided is not blamed on the flow."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from actors.domain.caps import Caps
from actors.domain.health.flow import Flow, Lane, symptoms, wants_plan
from actors.domain.health.symptom import Level

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
CONTENT = Lane(4, 1, 30, Caps(4, 48, HOUR / 3), NOW - HOUR / 2)
REPLY = Lane(2, 2, 40, Caps(4, 60, HOUR / 6), NOW - HOUR / 2)
WELL = Flow(NOW - 48 * HOUR, CONTENT, REPLY, NOW - HOUR / 4, 6, 0, 60, 20, 50, 50, is_stopped=False)


def named(flow: Flow) -> set[str]:
    return {each.name for each in symptoms(flow, NOW)}


def content(flow: Flow = WELL, **changes: Any) -> Flow:
    return replace(flow, content=replace(flow.content, **changes))


def test_a_pipeline_that_flows_has_no_symptom_and_needs_no_plan() -> None:
    assert named(WELL) == set()
    assert not wants_plan(WELL, NOW)


@pytest.mark.parametrize(
    ("flow", "name"),
    [
        (replace(WELL, newest=NOW - 7 * HOUR), "content_stale"),
        (content(replace(WELL, newest=NOW - 2 * HOUR), queued=1), "queue_low"),
        (replace(WELL, overdue=5), "queue_stuck"),
        (content(last=NOW - 2 * HOUR), "content_silent"),
        (content(of_day=4), "content_slow"),
        (content(of_hour=5), "content_cap_broken"),
        (replace(WELL, reply=replace(REPLY, of_day=9)), "reply_slow"),
        (replace(WELL, reply=replace(REPLY, last=NOW - 2 * HOUR)), "reply_silent"),
        (replace(WELL, opportunities=9), "opportunities_few"),
        (replace(WELL, measured=39), "coverage_low"),
    ],
)
def test_each_thing_that_does_not_flow_has_a_name(flow: Flow, name: str) -> None:
    assert named(flow) == {name}


def test_many_overdue_rows_and_hardly_any_reading_are_worse() -> None:
    flow = replace(WELL, overdue=20, measured=24)
    assert {each.level for each in symptoms(flow, NOW)} == {Level.UNHEALTHY}


def test_a_silent_lane_with_an_empty_queue_has_nothing_to_say() -> None:
    assert named(content(queued=0, last=NOW - 5 * HOUR)) == set()


def test_a_lane_that_used_its_day_up_is_not_silent() -> None:
    assert named(content(of_day=48, last=NOW - 5 * HOUR)) == set()


def test_what_was_before_anybody_looked_is_no_fault_of_the_flow() -> None:
    fresh = replace(WELL, since=NOW - HOUR / 4, newest=None)
    for last in (None, NOW - 90 * HOUR):
        lanes = {"content": replace(CONTENT, last=last, of_day=0), "reply": replace(REPLY, last=last, of_day=0)}
        assert named(replace(fresh, newest=last, **lanes)) == set()


def test_while_a_person_stopped_publishing_nothing_is_expected_of_it() -> None:
    dead = replace(content(WELL, queued=1, of_day=0, last=NOW - 30 * HOUR), newest=NOW - 30 * HOUR, overdue=30)
    assert {"content_silent", "content_stale"} <= named(dead)
    assert named(replace(dead, is_stopped=True)) == set()


@pytest.mark.parametrize(
    ("flow", "wanted"),
    [
        (content(queued=0), True),
        (content(queued=1), True),
        (content(queued=2), False),
        (replace(WELL, newest=NOW - 4 * HOUR), True),
        (content(replace(WELL, newest=NOW - 4 * HOUR), queued=6), False),
        (replace(content(queued=0), is_stopped=True), False),
    ],
)
def test_plan_is_wanted_when_the_queue_runs_low_or_nothing_came_and_there_is_room(flow: Flow, *, wanted: bool) -> None:
    assert wants_plan(flow, NOW) is wanted


def test_an_operator_who_allows_few_posts_is_not_told_that_they_are_few() -> None:
    few = replace(CONTENT, caps=Caps(1, 4, HOUR), of_day=2, last=NOW - HOUR)
    assert named(replace(WELL, content=few)) == set()
