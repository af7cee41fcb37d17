"""Clear away what is over: rows that have served every reader, and words of others that nobody needs any more."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from actors.domain.priority import Priority
from actors.domain.retention import BATCH, BATCHES, expiries
from actors.errors import AppError
from actors.job import Done, Failed, JobContext, Nothing, Outcome, job

if TYPE_CHECKING:
    from actors.domain.retention import Expiry

logger = logging.getLogger(__name__)


@job(priority=Priority.P3, uses=("database",), covers=("backup_cleanup",))
def backup_cleanup(ctx: JobContext) -> Outcome:
    """Follow every rule of `domain.retention`, a bounded batch to a transaction, and count what is gone by table.

    A rule that fails takes no other with it, and is followed again with the next run. The journal of what was published
    compacts itself and is not touched.
    """
    kept = ctx.config.insight
    counts: dict[str, int] = {}
    errors: list[str] = []
    for expiry in expiries(kept.text_kept, kept.post_kept):
        try:
            counts[expiry.table] = counts.get(expiry.table, 0) + _follow(ctx, expiry)
        except AppError as error:
            errors.append(f"{expiry.query}: {type(error).__name__}: {error}")
    counts = {table: count for table, count in counts.items() if count}
    logger.info("%d rows are over", sum(counts.values()), extra={"action": "cleaned_up", "counts": counts})
    if errors:
        return Failed("; ".join(errors))
    return Done(counts) if counts else Nothing("nothing is over")


def _follow(ctx: JobContext, expiry: Expiry) -> int:
    """Clear what a rule is about; return how many rows that were."""
    gone = 0
    before = ctx.now() - expiry.age
    for _ in range(BATCHES):
        if not ctx.has_time():
            break
        batch = len(ctx.database.all(expiry.query, before=before, limit=BATCH))
        gone += batch
        if batch < BATCH:
            return gone
    logger.warning(
        "%s has more that is over than one run clears away",
        expiry.table,
        extra={"action": "cleanup_unfinished", "table": expiry.table, "data": expiry.query},
    )
    return gone
