"""The weights in force: what every job of content chooses its arms from."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from actors.domain.learning.snapshot import WeightSnapshot, prior_snapshot
from actors.errors import PermanentError

if TYPE_CHECKING:
    from actors.job import JobContext

logger = logging.getLogger(__name__)


def weights_in_force(ctx: JobContext) -> WeightSnapshot:
    """Return the newest snapshot; the prior, stored as version 0, when there is none or it no longer means anything."""
    row = ctx.database.one("latest_weights")
    if row is not None:
        try:
            return WeightSnapshot.from_dict(row["body"])
        except PermanentError as error:
            logger.warning("the weights start anew", extra={"action": "weights_outdated", "data": str(error)})
    prior = prior_snapshot(0 if row is None else row["version"] + 1)
    ctx.database.run(
        "insert_weights",
        version=prior.version,
        created_at=ctx.now(),
        source=prior.source,
        outcomes=prior.outcomes,
        body=prior.to_dict(),
    )
    return prior
