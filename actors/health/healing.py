"""`self_healing`: the jobs called whose own rules free what got stuck."""

from __future__ import annotations

import logging
from datetime import timedelta

from actors.domain.health.remedies import heal
from actors.errors import ActorUnavailableError
from actors.health.chart import keep
from actors.health.circumstances import hands, stuck_work
from actors.job import Done, JobContext, Nothing, Outcome

logger = logging.getLogger(__name__)

_OVERDUE = timedelta(hours=2)


def self_healing(ctx: JobContext) -> Outcome:
    """Look for work that got stuck and call the job that frees it, each once and none that is busy.

    It writes to no decision, attempt or receipt: what is overdue is cancelled by `posting`, which looks at it anyway,
    a doubt is settled by evidence alone, and failed decisions stay what they are, for they say what happened.
    """
    work = stuck_work(ctx)
    rows = ctx.database.all("overdue_readings", before=ctx.now() - _OVERDUE)
    readings = {row["lane"]: row["overdue"] for row in rows}
    stuck = {**work, "content_readings": readings.get("content", 0), "reply_readings": readings.get("reply", 0)}
    try:
        free = hands(ctx, ctx.jobs.board())
    except ActorUnavailableError as error:
        return Nothing(f"nobody can say which jobs run: {error}")
    found, called = heal(stuck, free)
    keep(ctx, "self_healing", found)
    for job in called:
        logger.warning("%s is called to free what got stuck", job, extra={"action": "healing_called", "job": job})
        ctx.jobs.trigger(job)
    checked = work["live"] + sum(readings.values())
    if not checked:
        return Nothing("there is no work that could be stuck")
    return Done({"checked": checked, "stuck": len(found), "called": len(called)})
