"""Read what became of our replies, and hear those who want none."""

from __future__ import annotations

from typing import TYPE_CHECKING

from actors.domain.priority import Priority
from actors.job import Done, JobContext, Outcome, job
from actors.measurement.checkpoints import measure
from actors.measurement.wishes import heed

if TYPE_CHECKING:
    from actors.pages.status import PostReading

_BY = "reply_metrics"
"""Who adds an opt-out that was asked for under a reply; what replying is worth is lowered by these."""


@job(priority=Priority.P2, uses=("browser", "database"), covers=("reply_metrics_scraper",))
def reply_metrics_scraper(ctx: JobContext) -> Outcome:
    """Append one snapshot per due checkpoint of our replies, each read by its own id and not by its parent's.

    Whoever answers one with a wish to be left alone, the author we replied to or anybody else, gets no reply any more.
    """
    opted_out: list[str] = []

    def listen(reading: PostReading) -> None:
        heard = (each for each in reading.answers if heed(ctx, each.author, each.text, each.id, _BY))
        opted_out.extend(answer.author for answer in heard)

    outcome = measure(ctx, "reply", listen)
    return Done({**outcome.counts, "opt_outs": len(opted_out)}) if isinstance(outcome, Done) else outcome
