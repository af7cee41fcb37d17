"""Turn measured replies into the next version of the weights that `reply_posting` chooses from."""

from __future__ import annotations

import logging
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from actors.domain.priority import Priority
from actors.domain.replies.cycle import learn
from actors.domain.replies.reward import ReplyOutcome
from actors.domain.replies.snapshot import ReplyWeights
from actors.errors import PermanentError
from actors.job import After, Done, JobContext, Nothing, Outcome, job

if TYPE_CHECKING:
    from collections.abc import Mapping

logger = logging.getLogger(__name__)

_MEMORY = timedelta(days=90)
"""How long ago a reply may have gone out that is learned from: readers change, and what is read stays bounded."""


@job(
    priority=Priority.P2,
    uses=("database",),
    after=(After("reply_metrics_scraper", fresh=timedelta(hours=2), patience=timedelta(minutes=30)),),
    covers=("reply_learning",),
)
def reply_learning(ctx: JobContext) -> Outcome:
    """Learn anew from the latest reading of every reply, and publish weights if that changed anything.

    Needs half of `learning.minimum_outcomes` usable readings: replies have fewer parameters than posts. Until then the
    prior stays in force. Older versions are kept, because decisions refer to them.
    """
    ctx.database.run("follow_decisions", now=ctx.now())
    row = ctx.database.one("latest_reply_weights")
    if row is None:
        return Nothing("reply_posting has not used any weights yet")
    try:
        previous = ReplyWeights.from_dict(row["body"])
    except PermanentError as error:
        return Nothing(f"reply_posting starts the weights anew: {error}")
    measured = [_outcome(found) for found in ctx.database.all("measured_replies", since=ctx.now() - _MEMORY)]
    settings = ctx.config.learning
    least = max(1, settings.minimum_outcomes // 2)
    weights = learn(previous, measured, ctx.now(), minimum=least, exploration=settings.exploration)
    if weights is None:
        return Nothing(f"{len(measured)} replies are measured, and nothing new follows from them")
    ctx.database.run(
        "insert_reply_weights",
        version=weights.version,
        created_at=weights.created_at,
        source=weights.source,
        outcomes=weights.outcomes,
        body=weights.to_dict(),
        expect=1,
    )
    best = max(weights.strategy_weights, key=lambda name: weights.strategy_weights[name])
    logger.info(
        "reply weights version %d are in force",
        weights.version,
        extra={
            "action": "reply_weights_published",
            "weights": weights.version,
            "outcomes": weights.outcomes,
            "best": best,
        },
    )
    return Done({"versions": 1, "outcomes": weights.outcomes})


def _outcome(row: Mapping[str, Any]) -> ReplyOutcome:
    return ReplyOutcome(
        decision_id=row["decision_id"],
        strategy=row["strategy"],
        schema=row["schema"],
        features=tuple(row["features"]),
        posted_at=row["posted_at"],
        age=timedelta(seconds=row["age_s"]),
        likes=row["likes"],
        reposts=row["reposts"],
        replies=row["replies"],
        bookmarks=row["bookmarks"],
        follows=row["follows"],
        was_told_to_stop=row["was_told_to_stop"],
        source=row["source"],
    )
