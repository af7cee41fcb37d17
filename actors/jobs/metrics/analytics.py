"""Sum up our own posts: which values of which factor did how well, day by day, and how fast posts mature."""

from __future__ import annotations

from collections import defaultdict
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from actors.domain.duration import format_duration
from actors.domain.learning.maturity import Reading, fit_curve
from actors.domain.priority import Priority
from actors.domain.taxonomy import FACTORS
from actors.job import After, Done, JobContext, Nothing, Outcome, job
from actors.sql.queries import Statement

if TYPE_CHECKING:
    from datetime import date, datetime

_AGE = timedelta(hours=6)
"""At six hours a post shows two thirds of what it will ever show, and a day is told a day sooner than at twenty-four;
what counts is that all are read at the same age."""
_LATE = timedelta(hours=3)
_CUBE = timedelta(days=14)
_READINGS = timedelta(days=30)

Row = dict[str, Any]


@job(
    priority=Priority.P2,
    uses=("database",),
    after=(After("metrics_scraper", fresh=timedelta(hours=2), patience=timedelta(minutes=20)),),
    covers=("analytics",),
)
def analytics(ctx: JobContext) -> Outcome:
    """Write the cube of the last fourteen days anew, and the maturity curve once enough posts are finished.

    Every post owns its checkpoints, so none is missed by the window of this job (domain.md 1.3, job 7). `plan` reads
    the cube, `learn` the curve.
    """
    now = ctx.now()
    age = format_duration(_AGE)
    oldest_s = (_AGE + _LATE).total_seconds()
    # Whole days only: a day of which half has left the window would lose that half.
    since = (now - _CUBE).replace(hour=0, minute=0, second=0, microsecond=0)
    rows = ctx.database.all("cube_rows", checkpoint=age, oldest_s=oldest_s, since=since)
    cells = _cells(rows)
    readings = [
        Reading(row["post"], timedelta(seconds=row["age_s"]), row["views"])
        for row in ctx.database.all("maturity_readings", since=now - _READINGS)
    ]
    curves = _curves(now, readings)
    if not cells and not curves:
        return Nothing(f"no post has been read at {age} yet")
    ctx.database.transact([*cells, *curves])
    return Done({"posts": len(rows), "cells": len(cells), "curves": len(curves)})


def _curves(now: datetime, readings: list[Reading]) -> list[Statement]:
    fitted = fit_curve(readings)
    if fitted is None:
        return []
    curve, posts = fitted
    return [Statement("store_maturity", {"now": now, "posts": posts, "hours": curve.hours, "shape": curve.shape})]


def _cells(rows: list[Row]) -> list[Statement]:
    """Return one statement for each day, factor and value."""
    cells: dict[tuple[date, str, str], list[Row]] = defaultdict(list)
    for row in rows:
        for factor in FACTORS:
            cells[row["day"], factor, row[factor]].append(row)
    return [
        Statement(
            "store_factor_day",
            {
                "day": day,
                "factor": factor,
                "value": value,
                "posts": len(posts),
                "views": sum(post["views"] for post in posts),
                "engagements": sum(post["engagements"] for post in posts),
                "views_squared": sum(post["views"] ** 2 for post in posts),
                "engagements_squared": sum(post["engagements"] ** 2 for post in posts),
                "product": sum(post["views"] * post["engagements"] for post in posts),
            },
            1,
        )
        for (day, factor, value), posts in cells.items()
    ]
