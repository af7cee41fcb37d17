"""Turn measured outcomes into the next version of the weights that `plan` samples from."""

from __future__ import annotations

import logging
from datetime import timedelta

from actors.domain.learning.cycle import learn as next_snapshot
from actors.domain.learning.maturity import USUAL, Curve
from actors.domain.learning.snapshot import WeightSnapshot
from actors.domain.priority import Priority
from actors.errors import PermanentError
from actors.job import After, Done, JobContext, Nothing, Outcome, job
from actors.measurement.outcomes import outcome_of

logger = logging.getLogger(__name__)


@job(
    priority=Priority.P2,
    uses=("database",),
    after=(After("metrics_scraper", fresh=timedelta(hours=2), patience=timedelta(minutes=30)),),
    covers=("learn",),
)
def learn(ctx: JobContext) -> Outcome:
    """Learn anew from the latest reading of every post, and publish a snapshot if that changed anything.

    Below `learning.minimum_outcomes` usable readings the prior stays in force. The snapshot is stored under the next
    version; older ones are kept, because decisions refer to them.
    """
    row = ctx.database.one("latest_weights")
    if row is None:
        return Nothing("plan has not used any weights yet")
    try:
        previous = WeightSnapshot.from_dict(row["body"])
    except PermanentError as error:
        return Nothing(f"plan starts the weights anew: {error}")
    measured = [outcome_of(found) for found in ctx.database.all("measured_outcomes")]
    settings, fitted = ctx.config.learning, ctx.database.one("latest_maturity")
    snapshot = next_snapshot(
        previous,
        measured,
        ctx.now(),
        minimum=settings.minimum_outcomes,
        exploration=settings.exploration,
        curve=USUAL if fitted is None else Curve(fitted["hours"], fitted["shape"]),
    )
    if snapshot is None:
        return Nothing(f"{len(measured)} posts are measured, and nothing new follows from them")
    ctx.database.run(
        "insert_weights",
        version=snapshot.version,
        created_at=snapshot.created_at,
        source=snapshot.source,
        outcomes=snapshot.outcomes,
        body=snapshot.to_dict(),
        expect=1,
    )
    best = max(snapshot.generator_weights, key=lambda name: snapshot.generator_weights[name])
    logger.info(
        "weights version %d are in force",
        snapshot.version,
        extra={"action": "weights_published", "weights": snapshot.version, "outcomes": snapshot.outcomes, "best": best},
    )
    return Done({"versions": 1})
