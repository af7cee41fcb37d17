"""`health_check`: whether the pipeline flows, and the planner called when it runs dry."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from actors.domain.health.flow import Flow, Lane, symptoms, wants_plan
from actors.health.chart import keep
from actors.job import Done, JobContext, Outcome

if TYPE_CHECKING:
    from collections.abc import Mapping

    from actors.domain.caps import Caps

Row = dict[str, Any]


def health_check(ctx: JobContext, caps: Mapping[str, Caps]) -> Outcome:
    """Look at content, queue, posts, replies, opportunities and readings; call `plan` when the queue runs low.

    Not while it runs or is paused, nor while a person stopped publishing or the queue is full (of posts that wait for
    his approval, for example).

    Args:
        ctx: of the run.
        caps: the limits of each lane.
    """
    now, flow = ctx.now(), _flow(ctx, caps)
    issues = keep(ctx, "health_check", symptoms(flow, now))
    called = _call_plan(ctx) if wants_plan(flow, now) else 0
    return Done(
        {
            "queued": flow.content.queued + flow.reply.queued,
            "posts": flow.content.of_day,
            "replies": flow.reply.of_day,
            "opportunities": flow.opportunities,
            "measured": flow.measured,
            "issues": issues,
            "planned": called,
        }
    )


def _flow(ctx: JobContext, caps: Mapping[str, Caps]) -> Flow:
    now, config, database = ctx.now(), ctx.config, ctx.database
    settings = config.publishing
    lanes: dict[str, Row] = {row["lane"]: row for row in database.all("lane_state", now=now)}
    (found,) = database.all("health_flow", now=now, approval=settings.approval)
    (covered,) = database.all("measuring_coverage", now=now)
    flag = database.one("get_flag", name="kill_switch")
    return Flow(
        since=found["since"] or now,
        content=_lane(lanes["content"], caps["content"]),
        reply=_lane(lanes["reply"], caps["reply"]),
        newest=found["newest"],
        depth=settings.queue_depth,
        overdue=found["overdue"],
        opportunities=found["opportunities"],
        few=config.replies.pool_critical,
        posted=covered["posted"],
        measured=covered["measured"],
        is_stopped=bool(flag and flag["is_on"]) or settings.shadow,
    )


def _lane(row: Row, caps: Caps) -> Lane:
    return Lane(row["queued"], row["of_hour"], row["of_day"], caps, row["last_posted"])


def _call_plan(ctx: JobContext) -> int:
    view = ctx.jobs.view()
    if "plan" in view.running or "plan" in view.paused:
        return 0
    ctx.jobs.trigger("plan")
    return 1
