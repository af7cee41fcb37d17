"""Turn readings of our followers into what came and went between them, and into a trend."""

from __future__ import annotations

from dataclasses import asdict
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from actors.domain.followers import TREND_OVER, CountReading, FollowerGain, gains_of, trend_of, usual_churn
from actors.domain.priority import Priority
from actors.job import After, Done, JobContext, Nothing, Outcome, job
from actors.sql.queries import Statement

if TYPE_CHECKING:
    from collections.abc import Mapping

# Readings of three weeks: after a longer outage a run works off that much, and the next one the rest.
_LIMIT = 1000
_CHURN_OF = timedelta(days=28)


@job(
    priority=Priority.P2,
    uses=("database",),
    after=(After("follower_snapshot", fresh=timedelta(hours=1), patience=timedelta(minutes=10)),),
    covers=("sync_follower",),
)
def sync_follower(ctx: JobContext) -> Outcome:
    """Append a gain for each two readings that have none yet, and one trend of the last seven days.

    The only writer of both tables. A gain is never changed afterwards: the same readings always make the same gains.
    """
    readings = [_reading(row) for row in ctx.database.all("readings_since_gain", limit=_LIMIT)]
    now = ctx.now()
    counted = [FollowerGain(**row) for row in ctx.database.all("counted_gains", since=now - _CHURN_OF)]
    gains = gains_of(readings, usual_churn(counted))
    if not gains:
        return Nothing("no two readings of our followers are without a gain")
    recent = [_reading(row) for row in ctx.database.all("follower_readings_since", since=now - TREND_OVER)]
    trend = trend_of(recent)
    statements = [Statement("insert_gain", asdict(gain), 1) for gain in gains]
    if trend is not None:
        row = {**asdict(trend), "computed_at": now, "followers": recent[-1].followers}
        statements.append(Statement("insert_follower_trend", row, 1))
    ctx.database.transact(statements)
    return Done({"gains": len(gains), "counted": sum(gain.is_counted for gain in gains), "trends": int(bool(trend))})


def _reading(row: Mapping[str, Any]) -> CountReading:
    return CountReading(row["taken_at"], row["followers"], row["is_rounded"], row["follows"])
