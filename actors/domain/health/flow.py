"""Whether the pipeline flows: new content, a queue, posts and replies going out, posts being measured."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from actors.domain.health.symptom import Level, Symptom

if TYPE_CHECKING:
    from collections.abc import Iterator

    from actors.domain.caps import Caps

# Thresholds of domain.md 1.3, job 28, and 7.7, unless another reason is given.
STALE_CONTENT = timedelta(hours=6)
OLD_CONTENT = timedelta(hours=3)
LOW_QUEUE = 2
"""Decisions; with fewer for an hour the planner falls behind."""
_LOW_FOR = timedelta(hours=1)
_OVERDUE, _MANY_OVERDUE = 5, 20
_LEAST_POSTS, _LEAST_REPLIES = 5, 10
_LEAST_COVERAGE, _HARDLY_COVERED = 0.80, 0.50
_PACES = 2
"""How many times the lane's own pace may pass without a post while one is queued."""
_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Lane:
    """A lane's queue and what came of it; times are schedule time.

    Args:
        queued: decisions that wait.
        of_hour: publications of the last hour.
        of_day: of the last 24 hours.
        caps: its limits.
        last: when something was published last; None: never.
    """

    queued: int
    of_hour: int
    of_day: int
    caps: Caps
    last: datetime | None


@dataclass(frozen=True, slots=True)
class Flow:
    """What is known of the pipeline.

    Args:
        since: when anybody began to look, in any process: what was before is no fault of the flow.
        newest: when the newest decision of the content lane was made; None: none ever was.
        depth: decisions that `plan` keeps ready.
        overdue: decisions that are due for more than a day, and could go out.
        opportunities: targets that wait for an answer, `few` being too few.
        posted: decisions of the last two days whose readings are due, and how many have one.
        is_stopped: whether a person stopped publishing; then nothing is expected to go out.
    """

    since: datetime
    content: Lane
    reply: Lane
    newest: datetime | None
    depth: int
    overdue: int
    opportunities: int
    few: int
    posted: int
    measured: int
    is_stopped: bool


def wants_plan(flow: Flow, now: datetime) -> bool:
    """Tell whether `plan` is to be called: the queue runs low, or nothing new was written although there is room."""
    if flow.is_stopped or flow.content.queued >= flow.depth:
        return False
    return flow.content.queued < LOW_QUEUE or now - _known(flow.newest, flow) > OLD_CONTENT


def symptoms(flow: Flow, now: datetime) -> list[Symptom]:
    """Return what does not flow."""
    return [*_of_content(flow, now), *_of_lanes(flow, now), *_of_replies(flow), *_of_measuring(flow)]


def _of_content(flow: Flow, now: datetime) -> Iterator[Symptom]:
    age = now - _known(flow.newest, flow)
    has_room = flow.content.queued < flow.depth and not flow.is_stopped
    if has_room and age > STALE_CONTENT:
        yield Symptom("content_stale", Level.DEGRADED, f"nothing was planned for {_hours(age)}")
    if has_room and flow.content.queued < LOW_QUEUE and age > _LOW_FOR:
        yield Symptom("queue_low", Level.DEGRADED, f"{flow.content.queued} posts are queued, and none was added lately")
    if flow.overdue >= _OVERDUE and not flow.is_stopped:
        level = Level.UNHEALTHY if flow.overdue >= _MANY_OVERDUE else Level.DEGRADED
        yield Symptom("queue_stuck", level, f"{flow.overdue} decisions are due for more than a day")


def _of_lanes(flow: Flow, now: datetime) -> Iterator[Symptom]:
    for name, lane, least in (("content", flow.content, _LEAST_POSTS), ("reply", flow.reply, _LEAST_REPLIES)):
        caps = lane.caps
        if lane.of_hour > caps.per_hour or lane.of_day > caps.per_day:
            text = f"{name}: {lane.of_hour}/{caps.per_hour} this hour, {lane.of_day}/{caps.per_day} this day"
            yield Symptom(f"{name}_cap_broken", Level.DEGRADED, text)
        if flow.is_stopped:
            continue
        age, room = now - _known(lane.last, flow), lane.of_day < caps.per_day
        if lane.queued and room and age > _PACES * caps.pace:
            yield Symptom(f"{name}_silent", Level.DEGRADED, f"{name}: nothing was published for {_hours(age)}")
        # An operator who allows fewer than that wants fewer.
        wanted = min(least, caps.per_day // 2)
        if now - flow.since >= _DAY and lane.of_day < wanted:
            yield Symptom(f"{name}_slow", Level.DEGRADED, f"{name}: {lane.of_day} in a day, {wanted} are usual")


def _of_replies(flow: Flow) -> Iterator[Symptom]:
    # Its alarm is reply_health_monitor's; here it only belongs to the whole picture.
    if flow.opportunities < flow.few:
        yield Symptom("opportunities_few", Level.HEALTHY, f"{flow.opportunities} posts are left to answer")


def _of_measuring(flow: Flow) -> Iterator[Symptom]:
    share = flow.measured / flow.posted if flow.posted else 1.0
    if share < _LEAST_COVERAGE:
        level = Level.UNHEALTHY if share < _HARDLY_COVERED else Level.DEGRADED
        yield Symptom("coverage_low", level, f"{flow.measured} of {flow.posted} posts of two days are measured")


def _known(at: datetime | None, flow: Flow) -> datetime:
    return max(at, flow.since) if at is not None else flow.since


def _hours(length: timedelta) -> str:
    return f"{length / timedelta(hours=1):.1f} h"
