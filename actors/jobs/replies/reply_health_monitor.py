"""Look at the flow of replies: enough to answer, fresh enough, and answers going out as they should."""

from __future__ import annotations

import logging
from datetime import timedelta

from actors.domain.priority import Priority
from actors.domain.replies.health import WINDOW, Flow, Limits, issues
from actors.job import After, Done, JobContext, Outcome, job
from actors.ledger.permission import Lane

logger = logging.getLogger(__name__)

_HARVESTER = "mega_viral_harvester"
_REST = timedelta(minutes=45)
"""After a harvest that found nothing, the time until another one may find more."""


@job(
    priority=Priority.P2,
    uses=("database",),
    # Before the first harvest an empty pool is no news.
    after=(After(_HARVESTER, fresh=timedelta(hours=5), patience=timedelta(minutes=15)),),
    covers=("reply_health_monitor",),
)
def reply_health_monitor(ctx: JobContext) -> Outcome:
    """Say what is wrong with pool and throughput, once for each, and call the harvester when the pool is nearly empty.

    Returns the targets that wait, the replies of the last six hours, and how much was wrong.
    """
    now, settings = ctx.now(), ctx.config.replies
    (row,) = ctx.database.all("reply_pool", now=now)
    lane = Lane.read(ctx, "reply")
    published = [one.at for one in lane.publications]
    found = issues(
        Flow(row["pool"], row["newest"], published, lane.caps, ctx.jobs.view().since),
        Limits(
            settings.pool_warning,
            settings.pool_critical,
            settings.pool_stale,
            settings.least_per_hour,
            settings.longest_gap,
            ctx.config.jobs["posting"].every,
        ),
        now,
    )
    for issue in found:
        level = logging.ERROR if issue.is_grave else logging.WARNING
        logger.log(level, issue.text, extra={"action": issue.name, "pool": row["pool"]})
    if any(issue.needs_harvest for issue in found) and not _harvested_lately(ctx):
        ctx.jobs.trigger(_HARVESTER)
    sent = sum(now - WINDOW < at <= now for at in published)
    return Done({"pool": row["pool"], "replies": sent, "issues": len(found)})


def _harvested_lately(ctx: JobContext) -> bool:
    """Say whether a harvest has just looked; another one would find the same."""
    view = ctx.jobs.view()
    last = view.last_success.get(_HARVESTER)
    return _HARVESTER in view.running or (last is not None and ctx.now() - last < _REST)
