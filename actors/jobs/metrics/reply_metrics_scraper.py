"""Read what became of our replies, and hear those who want none."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from actors.domain.optout import handle_of, wish_of
from actors.domain.priority import Priority
from actors.job import Done, JobContext, Outcome, job
from actors.measurement.checkpoints import measure

if TYPE_CHECKING:
    from actors.pages.status import Answer, PostReading

logger = logging.getLogger(__name__)

_BY = "reply_metrics"
"""Who adds an opt-out that was asked for under a reply; what replying is worth is lowered by these."""


@job(priority=Priority.P2, uses=("browser", "database"), covers=("reply_metrics_scraper",))
def reply_metrics_scraper(ctx: JobContext) -> Outcome:
    """Append one snapshot per due checkpoint of our replies, each read by its own id and not by its parent's.

    Whoever answers one with a wish to be left alone, the author we replied to or anybody else, gets no reply any more.
    """
    opted_out: list[str] = []

    def heed(reading: PostReading) -> None:
        opted_out.extend(answer.author for answer in reading.answers if _opts_out(ctx, answer))

    outcome = measure(ctx, "reply", heed)
    return Done({**outcome.counts, "opt_outs": len(opted_out)}) if isinstance(outcome, Done) else outcome


def _opts_out(ctx: JobContext, answer: Answer) -> bool:
    """Note the wish of an answer; return whether it was one, and new."""
    wish, handle = wish_of(answer.text), handle_of(answer.author)
    if wish is None or not handle or answer.author.lower() == ctx.config.platform.account.lower():
        return False
    if not ctx.database.all("heed_wish", handle=handle, reason=wish.value, now=ctx.now(), by=_BY):
        return False
    logger.info(
        "@%s has opted out and gets no replies",
        handle,
        extra={"action": "opted_out", "handle": handle, "wish": wish.value, "tweet": answer.id},
    )
    return True
