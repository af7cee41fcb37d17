"""Reconciliation: the ledger against the account, both ways, and how sound its ids are."""

from __future__ import annotations

import logging
from datetime import timedelta
from typing import TYPE_CHECKING

from actors.domain.caps import DAY
from actors.domain.evidence import TOLERANCE
from actors.ledger.adoption import REMEMBERED, adopt_seen, unexplained
from actors.ledger.sight import reaches_back

if TYPE_CHECKING:
    from actors.job import JobContext
    from actors.ledger.sight import Sight

logger = logging.getLogger(__name__)

_LATE = timedelta(minutes=15)
"""Age at which a doubt is late (growth.md 4)."""


def reconcile(ctx: JobContext, sight: Sight) -> dict[str, int]:
    """Compare a day of our timeline with a day of receipts.

    A post that the ledger does not know is adopted: it counts in the caps and is not said again. A receipt whose post
    the timeline does not show is reported and opened with the next verification; only a look that reached back a whole
    day can say so, and no empty one.

    Raises:
        AppError: our timeline cannot be read.
    """
    since = ctx.now() - DAY - TOLERANCE
    reading = sight.look(since)
    counts = {"shown": len(reading.posts), "adopted": 0, "unseen": 0}
    counts["adopted"] = adopt_seen(ctx, unexplained(ctx, reading.posts))
    ctx.database.run("disown_receipted")
    known = ctx.database.all("receipted_ids", since=ctx.now() - REMEMBERED)
    if not reaches_back(reading, has_receipts=bool(known)):
        return counts
    until = reading.site_time - ctx.config.publishing.index_lag
    shown = {post.id for post in reading.posts}
    rows = ctx.database.all("receipts_since", since=since, until=until)
    unseen = [row["tweet_id"] for row in rows if row["tweet_id"] not in shown]
    counts["unseen"] = len(unseen)
    if unseen:
        ctx.database.run("doubt_receipts", tweet_ids=unseen, now=ctx.now())
        logger.error(
            "%d posts of the last day are in the ledger and not on our timeline",
            len(unseen),
            extra={"action": "posts_unseen", "count": len(unseen), "tweets": unseen[:20]},
        )
    return counts


def ids_in_health(ctx: JobContext) -> dict[str, int]:
    """Count the last day's posts and what is wrong with their ids, and say so if anything is.

    A wrong id counts for a day: what nobody can put right is not called for ever.
    """
    now = ctx.now()
    counts: dict[str, int] = ctx.database.all("id_health", since=now - DAY, late=now - _LATE)[0]
    broken = counts["without_id"] + counts["unplaced"] + counts["wrong"]
    if broken or counts["uncertain_late"]:
        logger.log(
            logging.ERROR if broken else logging.WARNING,
            "of %d posts %d lack an id, %d bear a wrong one, and %d attempts are in doubt for long",
            *(counts["posted"], counts["without_id"] + counts["unplaced"], counts["wrong"], counts["uncertain_late"]),
            extra={
                "action": "ids_unsound",
                "posted": counts["posted"],
                "without_id": counts["without_id"],
                "unplaced": counts["unplaced"],
                "wrong": counts["wrong"],
                "uncertain_late": counts["uncertain_late"],
                "corrected": counts["corrected"],
            },
        )
    return counts
