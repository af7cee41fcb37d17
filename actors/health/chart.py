"""The chart: what the stages of health found, each in a place of its own."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from actors.domain.health.symptom import Level, Symptom
from actors.sql.queries import Statement

if TYPE_CHECKING:
    from collections.abc import Sequence

    from actors.job import DatabaseDoor, JobContext

logger = logging.getLogger(__name__)


def keep(ctx: JobContext, stage: str, found: Sequence[Symptom]) -> int:
    """Replace what the stage found before, and tell what is new; return how much says something against the whole.

    One that lasts keeps the time at which it was found first.
    """
    now = ctx.now()
    rows = [{"name": each.name, "level": each.level.value, "text": each.text} for each in found]
    kept, _ = ctx.database.transact(
        [
            Statement("put_symptoms", {"stage": stage, "rows": rows, "now": now}),
            Statement("drop_symptoms", {"stage": stage, "names": [each.name for each in found]}),
        ]
    )
    new = {row["name"] for row in kept if row["is_new"]}
    for each in found:
        if each.name not in new:
            continue
        extra = {"action": "symptom", "stage": stage, "symptom": each.name, "state": each.level, "data": each.text}
        if each.level is Level.HEALTHY:
            logger.info("something is worth a line", extra=extra)
        else:
            logger.warning("something is not as it should be", extra=extra)
    return sum(each.level is not Level.HEALTHY for each in found)


def read(database: DatabaseDoor) -> list[Symptom]:
    """Return what all stages found, what began first at the front."""
    return [Symptom(row["name"], Level(row["level"]), row["text"]) for row in database.all("all_symptoms")]
