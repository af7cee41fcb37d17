"""Measure how much engagement the accounts have that we may answer."""

from __future__ import annotations

import logging
from dataclasses import asdict
from datetime import timedelta
from typing import TYPE_CHECKING

from actors.domain.harvest.engagement import engagement_of, prior_of, sums_of
from actors.domain.harvest.queries import LIMIT
from actors.domain.pace import ending, is_wall
from actors.domain.priority import Priority
from actors.domain.tuning.knob import ACCOUNTS
from actors.errors import PermanentError, TransientError
from actors.job import After, Done, JobContext, Nothing, Outcome, job
from actors.pages.search import SearchPosts
from actors.tuning.knobs import value

if TYPE_CHECKING:
    from actors.domain.harvest.engagement import Sums

logger = logging.getLogger(__name__)

_FRESH_S = 7 * 86_400.0
_PATIENCE = timedelta(hours=2)


@job(
    priority=Priority.P3,
    uses=("browser", "database"),
    after=(After("account_discovery", fresh=timedelta(days=1), patience=_PATIENCE),),
    covers=("engagement_calculator",),
)
def engagement_calculator(ctx: JobContext) -> Outcome:
    """Read the posts of accounts without a recent measure, and estimate the engagement of all accounts anew.

    The sums of each account are stored as they come; what all have in common is fitted at the end, and each account is
    shrunk to that. An account without a mature post stays unknown, and is asked again when its measure is old.
    """
    most = value(ctx, ACCOUNTS)
    due = ctx.database.all("unmeasured_accounts", now=ctx.now(), fresh_s=_FRESH_S, limit=most)
    if not due:
        return Nothing("every account was measured lately")
    counts = {"measured": 0, "silent": 0, "unread": 0}
    error: Exception | None = None
    for number, row in enumerate(due):
        if number and not ctx.has_time():
            break
        try:
            counts["measured" if _measure(ctx, row["handle"]).posts else "silent"] += 1
        except (TransientError, PermanentError) as raised:
            logger.warning(
                "an account could not be measured",
                extra={"action": "measure_failed", "handle": row["handle"], "data": str(raised)},
            )
            counts["unread"] += 1
            error = raised
            if is_wall(raised):
                break
    if error is not None and not (counts["measured"] or counts["silent"]):
        return ending(error)
    return Done({**counts, "estimated": _estimate(ctx)})


def _measure(ctx: JobContext, handle: str) -> Sums:
    """Read an account's posts and store their sums."""
    query = f"from:{handle} -filter:replies"
    reading = ctx.browser.visit(
        SearchPosts(query=query, latest=True, limit=LIMIT, account=ctx.config.platform.account)
    )
    sums = sums_of(reading.posts, handle, ctx.now(), LIMIT)
    has_posts = sums.posts > 0
    ctx.database.run(
        "record_measures",
        handle=handle,
        now=ctx.now(),
        posts_per_day=sums.posts_per_day,
        posts=sums.posts if has_posts else None,
        events=sums.events if has_posts else None,
        views=sums.views if has_posts else None,
    )
    return sums


def _estimate(ctx: JobContext) -> int:
    """Shrink every account's ratio to what all have in common; return how many there are."""
    rows = ctx.database.all("measured_accounts")
    if not rows:
        return 0
    prior = prior_of([(row["events"], row["views"]) for row in rows])
    estimates = [
        {"handle": row["handle"], **asdict(engagement_of(row["events"], row["views"], prior))} for row in rows
    ]
    ctx.database.run("record_engagements", rows=estimates, expect=len(rows))
    return len(rows)
