"""Watch how runs go and what the model costs, and turn the few knobs there are, within bounds and on trial."""

from __future__ import annotations

import logging
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from actors.domain.budget import MoneyLane
from actors.domain.priority import Priority
from actors.domain.tuning.aimd import IDLE_RUNS, by_idleness, by_pressure
from actors.domain.tuning.judgement import Verdict
from actors.domain.tuning.knob import GUARDED
from actors.domain.tuning.load import JobFigures, Load, at_work, pressure_of
from actors.domain.tuning.spending import forecast
from actors.job import Done, JobContext, Nothing, Outcome, job
from actors.stages import run_stages
from actors.tuning.knobs import settings
from actors.tuning.trials import begin, is_open, refused, settle

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from actors.domain.tuning.spending import Forecast

logger = logging.getLogger(__name__)

_REPORTED = timedelta(days=1)
"""Schedule time over which each job's figures are told: a run of every job but the rarest."""
_PRESSING = timedelta(hours=6)
"""Schedule time over which the browser's load is judged: three harvests, so that none of them passes for a trend."""
_SPENDING_OF = timedelta(days=7)

Row = dict[str, Any]


@job(
    priority=Priority.P3,
    uses=("database",),
    stages=("performance_optimizer", "autonomous_optimization", "ai_orchestration"),
)
def optimizer(ctx: JobContext) -> Outcome:
    """Tell how runs go and what the model costs, judge the change on trial, and begin the next one.

    Only knobs of `domain.tuning.knob` are turned, one at a time, each change kept with its reason and taken back after
    a day if runs wait or fail more. Caps, approval, disclosure, hosts and the shares of the budget are no knobs; the
    weights of generators belong to `learn`.
    """
    return run_stages(
        ctx,
        {
            "performance_optimizer": _performance,
            "autonomous_optimization": _cadence,
            "ai_orchestration": _spending,
        },
    )


def _performance(ctx: JobContext) -> Outcome:
    """Tell the percentiles of each job's runs, settle the trial, and turn a knob by the browser's load."""
    report = _figures(ctx, _REPORTED)
    if not report:
        return Nothing("no run has ended in the last day")
    _tell(report)
    recent = {each.job: each for each in _figures(ctx, _PRESSING)}
    load = _load(ctx, recent)
    pressure = pressure_of(load)
    logger.info(
        "%.2f of %d contexts are at work; in twenty runs of P1 one waits for %.1f s",
        load.at_work,
        load.contexts,
        load.waited_p95 or 0.0,
        extra={"action": "load", "contexts": load.at_work, "waited_s": load.waited_p95, "pressure": pressure.name},
    )
    verdict = settle(ctx, pressure)
    begun = False
    if verdict in (None, Verdict.KEEP):
        change = by_pressure(pressure, settings(ctx), recent, refused(ctx))
        begun = change is not None and begin(ctx, change)
    return Done(
        {
            "jobs": len(report),
            "runs": sum(each.runs for each in report),
            "failed": sum(each.failed for each in report),
            "waited_p95_ms": round(1000 * (load.waited_p95 or 0.0)),
            "kept": int(verdict is Verdict.KEEP),
            "reverted": int(verdict is Verdict.REVERT),
            "begun": int(begun),
        }
    )


def _cadence(ctx: JobContext) -> Outcome:
    """Tell which jobs find nothing new run after run, and let one that only looks do less."""
    streaks = {row["job"]: row["streak"] for row in ctx.database.all("idle_streaks")}
    idle = {name: streak for name, streak in streaks.items() if streak >= IDLE_RUNS and name in ctx.config.jobs}
    if not idle:
        return Nothing(f"no job has found nothing for {IDLE_RUNS} runs in a row")
    logger.info(
        "%d jobs have found nothing new for %d runs or more",
        len(idle),
        IDLE_RUNS,
        extra={"action": "jobs_idle", "data": ", ".join(f"{name} {streak}" for name, streak in idle.items())},
    )
    slowed = False
    if not is_open(ctx):
        change = by_idleness(settings(ctx), idle, refused(ctx))
        slowed = change is not None and begin(ctx, change)
    return Done({"idle": len(idle), "slowed": int(slowed)})


def _spending(ctx: JobContext) -> Outcome:
    """Tell what the model has cost today by lane and purpose, and what the day will come to. It turns nothing."""
    now, model = ctx.now(), ctx.config.openai
    purposes = ctx.database.all("usage_of_purposes", day=now.date())
    if not purposes:
        return Nothing("the model was not asked today")
    since = (now - _SPENDING_OF).date()
    later = ctx.database.all("usage_later_in_days", day=now.date(), since=since, now=now)
    shares = {
        lane.value: model.budget_usd_per_day * share
        for lane, share in (
            (MoneyLane.CONTENT, model.content_share),
            (MoneyLane.REPLIES, model.replies_share),
            (MoneyLane.ANALYSIS, model.analysis_share),
        )
    }
    spent = _sums(purposes)
    lanes = forecast(shares, spent, _by_day(later), now)
    _tell_money(lanes, purposes, model.budget_usd_per_day)
    return Done(
        {
            "calls": sum(row["calls"] for row in purposes),
            "unsettled": sum(row["unsettled"] for row in purposes),
            "spent_micro_usd": round(1e6 * sum(spent.values())),
            "expected_micro_usd": round(1e6 * sum(lane.expected for lane in lanes)),
            "over_share": sum(lane.is_over for lane in lanes),
        }
    )


def _figures(ctx: JobContext, window: timedelta) -> list[JobFigures]:
    return [JobFigures(**row) for row in ctx.database.all("run_figures", since=ctx.now() - window)]


def _load(ctx: JobContext, figures: Mapping[str, JobFigures]) -> Load:
    (waiting,) = ctx.database.all("waiting_of_runs", since=ctx.now() - _PRESSING, jobs=list(GUARDED))
    in_use = at_work(figures.values(), _PRESSING.total_seconds() / ctx.speed)
    return Load(in_use, ctx.config.browser.contexts, waiting["waited_s"], waiting["runs"])


def _tell(report: Sequence[JobFigures]) -> None:
    """Write a line per job whose runs took any time."""
    for each in report:
        if each.took_p50 is not None and each.took_p95 is not None:
            logger.info(
                "%s: half of its runs take %.1f s, one in twenty more than %.1f s",
                each.job,
                each.took_p50,
                each.took_p95,
                extra={
                    "action": "percentiles",
                    "job": each.job,
                    "runs": each.runs,
                    "failed": each.failed,
                    "browser_p50_s": each.browser_p50,
                    "browser_p95_s": each.browser_p95,
                    "late_p50_s": each.late_p50,
                    "late_p95_s": each.late_p95,
                },
            )


def _tell_money(lanes: Sequence[Forecast], purposes: Sequence[Row], budget: float) -> None:
    told = ", ".join(f"{row['purpose']} {row['spent']:.4f}" for row in purposes)
    logger.info("the model has cost, in USD: %s", told, extra={"action": "spending"})
    for lane in lanes:
        logger.log(
            logging.WARNING if lane.is_over else logging.INFO,
            "%s has cost %.4f USD and will come to %.4f today, of a share of %.4f",
            lane.lane,
            lane.spent,
            lane.expected,
            lane.share,
            extra={"action": "spending_over" if lane.is_over else "spending_forecast", "lane": lane.lane},
        )
    expected = sum(lane.expected for lane in lanes)
    if expected > budget:
        logger.warning(
            "today's calls will come to %.2f USD, and the budget is %.2f: analysis stops first",
            expected,
            budget,
            extra={"action": "budget_over"},
        )


def _sums(rows: Sequence[Row]) -> dict[str, float]:
    sums: dict[str, float] = {}
    for row in rows:
        sums[row["lane"]] = sums.get(row["lane"], 0.0) + row["spent"]
    return sums


def _by_day(rows: Sequence[Row]) -> list[dict[str, float]]:
    days: dict[Any, dict[str, float]] = {}
    for row in rows:
        days.setdefault(row["day"], {})[row["lane"]] = row["spent"]
    return list(days.values())
