"""Hold what was predicted against what came; in the shadow mode invent what would have come, marked as invented."""

from __future__ import annotations

import logging
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from actors.domain.learning.calibration import Prediction, calibrate, draw
from actors.domain.learning.maturity import USUAL, Curve
from actors.domain.learning.reward import reward
from actors.domain.priority import Priority
from actors.domain.randomness import keyed
from actors.job import After, Done, JobContext, Nothing, Outcome, job
from actors.measurement.outcomes import outcome_of
from actors.sql.queries import Statement
from actors.stages import run_stages

if TYPE_CHECKING:
    from actors.domain.learning.calibration import Calibration

logger = logging.getLogger(__name__)

_WINDOW = timedelta(days=14)
_LEAST_SHARE = 0.5
"""A reading that shows less of the final engagement says little about a prediction of it."""
_SHADOW_LIMIT = 20

Row = dict[str, Any]


@job(
    priority=Priority.P2,
    uses=("database",),
    after=(After("metrics_scraper", fresh=timedelta(hours=2), patience=timedelta(minutes=20)),),
    stages=("outcomes_real", "outcomes"),
)
def outcomes(ctx: JobContext) -> Outcome:
    """Calibrate the predictions of the last two weeks, and draw the outcomes of shadow decisions that are due.

    The prediction is the one logged with the choice, before anything was published. Invented outcomes have a table of
    their own that no learner reads; a decision that got one is skipped, so that `plan` goes on.
    """
    return run_stages(ctx, {"outcomes_real": _calibrated, "outcomes": _shadow})


def _calibrated(ctx: JobContext) -> Outcome:
    calibration = calibrate(_pairs(ctx))
    if calibration is None:
        return Nothing("too few predicted posts are measured")
    _store(ctx, calibration)
    return Done({"calibrated": calibration.outcomes})


def _shadow(ctx: JobContext) -> Outcome:
    if not ctx.config.publishing.shadow:
        return Nothing("no shadow mode: nothing is invented")
    simulated = _simulate(ctx)
    return Done({"simulated": simulated}) if simulated else Nothing("no decision of the shadow is due")


def _pairs(ctx: JobContext) -> list[tuple[Prediction, float, float]]:
    row = ctx.database.one("latest_maturity")
    curve = USUAL if row is None else Curve(row["hours"], row["shape"])
    pairs = []
    for found in ctx.database.all("predicted_outcomes", since=ctx.now() - _WINDOW):
        value = reward(outcome_of(found), curve)
        if value is not None and value.weight >= _LEAST_SHARE:
            pairs.append((Prediction.from_record(found["choice"]["predicted"]), value.z, value.weight))
    return pairs


def _store(ctx: JobContext, calibration: Calibration) -> None:
    ctx.database.run(
        "store_calibration",
        now=ctx.now(),
        outcomes=calibration.outcomes,
        coverage=calibration.coverage,
        crps=calibration.crps,
        slope=calibration.slope,
        pit=list(calibration.pit),
        is_alarming=calibration.is_alarming,
    )
    if calibration.is_alarming:
        logger.warning(
            "%.0f %% of the 80 %% intervals held: predictions are not to be trusted",
            100 * calibration.coverage,
            extra={"action": "miscalibrated", "coverage": calibration.coverage, "outcomes": calibration.outcomes},
        )


def _simulate(ctx: JobContext) -> int:
    now, drawn = ctx.now(), 0
    for row in ctx.database.all("shadow_decisions", now=now, limit=_SHADOW_LIMIT):
        decision_id = row["decision_id"]
        engagement = draw(Prediction.from_record(row["predicted"]), keyed("shadow", decision_id.bytes))
        simulated = {"decision_id": decision_id, "weight_version": row["weight_version"], "engagement": engagement}
        skipped = {"decision_id": decision_id, "status": "skipped", "reason": "shadow: its outcome is simulated"}
        ctx.database.transact(
            [Statement("insert_simulated", {**simulated, "now": now}, 1), Statement("skip_decision", skipped, 1)]
        )
        drawn += 1
    return drawn
