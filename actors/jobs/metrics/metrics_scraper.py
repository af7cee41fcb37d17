"""Read what became of our posts, at the checkpoints each of them owns."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from actors.domain.priority import Priority
from actors.job import JobContext, Outcome, job
from actors.measurement.checkpoints import measure
from actors.measurement.coverage import coverage
from actors.measurement.wishes import heed

if TYPE_CHECKING:
    from actors.pages.status import PostReading

logger = logging.getLogger(__name__)


@job(priority=Priority.P1, uses=("browser", "database"), covers=("metrics_scraper",))
def metrics_scraper(ctx: JobContext) -> Outcome:
    """Append one snapshot per due checkpoint of our posts; a thread's numbers are its first part's.

    Whoever answers one with a wish to be left alone gets no reply any more.

    If too few of the last two days' publications, replies among them, have been measured after that, it says so.
    """

    def listen(reading: PostReading) -> None:
        for answer in reading.answers:
            heed(ctx, answer.author, answer.text, answer.id, ctx.job)

    outcome = measure(ctx, "content", listen)
    found = coverage(ctx.database, ctx.now())
    if found.is_low:
        logger.warning(
            "only %d of %d publications of the last 48 hours have been measured",
            found.measured,
            found.posted,
            extra={"action": "coverage_low", "posted": found.posted, "measured": found.measured},
        )
    return outcome
