"""`system_health_monitor`: the one verdict, from what all stages found and from the score."""

from __future__ import annotations

import logging
from dataclasses import asdict
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from actors.domain.health.score import Figures, Window, burning, level_of
from actors.domain.health.symptom import Level, Symptom, worst
from actors.domain.health.verdict import Verdict, judge
from actors.health.chart import keep, read
from actors.health.faults import errors_per_hour, take_in
from actors.job import Done, JobContext, Outcome

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

logger = logging.getLogger(__name__)

NAME = "system_health_monitor"
_LOOKS = 3
"""Intervals without a look after which a stage's own silence is a symptom: what it found is old."""
_REPAIRS = timedelta(days=7)

Row = dict[str, Any]


def system_health_monitor(ctx: JobContext) -> Outcome:
    """Judge the whole, keep the verdict with its score and reasons, and tell the board.

    A stage that has not looked for three of its intervals is a reason, too, so that a stage that fails cannot leave
    the whole looking well. Returns the symptoms, and how many runs of a day there were and failed.
    """
    now = ctx.now()
    take_in(ctx)
    before = _last_verdict(ctx)
    figures, windows = _figures(ctx)
    keep(ctx, NAME, [*figures.symptoms(), *_burning(windows), *_silent_stages(ctx)])
    found = sorted(read(ctx.database), key=lambda each: -each.level.rank)
    present = before.level if before is not None else Level.HEALTHY
    seen = max(worst(found), level_of(figures.score, present), key=lambda level: level.rank)
    verdict = judge(before, seen, now)
    _store(ctx, verdict, before, figures, found)
    against = [each for each in found if each.level is not Level.HEALTHY]
    reason = _reason(verdict, against, figures)
    _tell(verdict, before, figures, reason)
    ctx.jobs.judged(verdict.level.value, figures.score, reason)
    return Done(
        {
            "symptoms": len(against),
            "notes": len(found) - len(against),
            "runs": sum(each["day"].runs for each in windows.values()),
            "failed": sum(each["day"].failed for each in windows.values()),
        }
    )


def _last_verdict(ctx: JobContext) -> Verdict | None:
    row = ctx.database.one("last_verdict")
    if row is None:
        return None
    levels = {"level": Level(row["level"]), "seen": Level(row["seen"])}
    return Verdict(**{**row, **levels})


def _figures(ctx: JobContext) -> tuple[Figures, dict[str, dict[str, Window]]]:
    now = ctx.now()
    windows = {name: _windows({}) for name in ("posting", "jobs")}
    for row in ctx.database.all("run_windows", now=now):
        windows["posting" if row["is_posting"] else "jobs"] = _windows(row)
    (recoveries,) = ctx.database.all("run_recoveries", now=now)
    (ended,) = ctx.database.all("ended_decisions", now=now)
    figures = Figures(
        errors_per_hour=errors_per_hour(ctx),
        recovery=_share(recoveries["recovered"], recoveries["fell"]),
        posting=_share(ended["posted"], ended["posted"] + ended["failed"]),
        jobs=windows["jobs"]["day"].share,
    )
    return figures, windows


def _windows(row: Mapping[str, Any]) -> dict[str, Window]:
    spans = {"short": "5m", "long": "1h", "day": "1d"}
    return {name: Window(row.get(f"runs_{span}", 0), row.get(f"failed_{span}", 0)) for name, span in spans.items()}


def _share(part: int, whole: int) -> float:
    return part / whole if whole else 1.0


def _burning(windows: Mapping[str, Mapping[str, Window]]) -> list[Symptom]:
    levels = {"posting": Level.UNHEALTHY, "jobs": Level.DEGRADED}
    return [
        symptom
        for name, level in levels.items()
        for symptom in burning(name, windows[name]["short"], windows[name]["long"], level)
    ]


def _silent_stages(ctx: JobContext) -> list[Symptom]:
    rows = ctx.database.all("stage_history", job=ctx.job)
    last: dict[str, datetime] = {row["stage"]: row["last_slot"] for row in rows}
    (first,) = ctx.database.all("first_verdict")
    beginning = first["judged_at"] or ctx.slot
    return [
        Symptom(f"{stage}_silent", Level.DEGRADED, f"{stage} has not succeeded for three of its intervals")
        for stage, every in ctx.config.jobs[ctx.job].stages.intervals
        if stage != NAME and ctx.slot - last.get(stage, beginning) > _LOOKS * every
    ]


def _store(
    ctx: JobContext, verdict: Verdict, before: Verdict | None, figures: Figures, found: Sequence[Symptom]
) -> None:
    ill_since = before.ill_since if before is not None and verdict.level is Level.HEALTHY else None
    repaired_s = None if ill_since is None else (ctx.now() - ill_since).total_seconds()
    (repairs,) = ctx.database.all("mean_repair", since=ctx.now() - _REPAIRS)
    ctx.database.run(
        "insert_verdict",
        **asdict(verdict),
        repaired_s=repaired_s,
        score=figures.score,
        figures={**asdict(figures), "mean_repair_s": repairs["seconds"]},
        symptoms=[asdict(each) for each in found],
    )


def _reason(verdict: Verdict, against: Sequence[Symptom], figures: Figures) -> str:
    if against:
        return against[0].text
    if verdict.level is Level.HEALTHY:
        return ""
    return f"the score is {figures.score:.0f}" if verdict.seen is verdict.level else "it looks better, and may last"


def _tell(verdict: Verdict, before: Verdict | None, figures: Figures, reason: str) -> None:
    past = before.level if before is not None else Level.HEALTHY
    if verdict.level is past:
        return
    level = {Level.HEALTHY: logging.INFO, Level.DEGRADED: logging.WARNING, Level.UNHEALTHY: logging.ERROR}
    logger.log(
        level[verdict.level],
        "the whole is %s, after it was %s",
        verdict.level,
        past,
        extra={"action": "health_changed", "state": verdict.level, "score": figures.score, "data": reason},
    )
