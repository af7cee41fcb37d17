"""Stages of a merged job: each is done when it is due, has a result of its own, and takes no other with it."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from actors.domain.outcome import LONGEST_REASON, Blocked, Done, Failed, Nothing, Outcome, Snooze, describe
from actors.errors import AppError, BudgetExceededError, MemoryPressureError, PermanentError, PlatformClosedError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime

    from actors.job import JobContext

    Stage = Callable[[JobContext], Outcome]

logger = logging.getLogger(__name__)


def run_stages(ctx: JobContext, stages: Mapping[str, Stage]) -> Outcome:
    """Do the stages that are due (see `domain.stages`), in the order of the configuration; keep a result of each.

    A stage that fails or is blocked takes no other with it: it is told as the run's outcome after all were done, and is
    due again with the next run.

    Args:
        ctx: of the run.
        stages: body of each stage, by its name; each returns an outcome like a job.
    """
    settings = ctx.config.jobs[ctx.job]
    rows = ctx.database.all("stage_history", job=ctx.job)
    last = {row["stage"]: row["last_slot"] for row in rows}
    outcomes: dict[str, Outcome] = {}
    for name in settings.stages.due(last, ctx.slot, settings.offset, ctx.trigger):
        started = ctx.now()
        outcomes[name] = _attempt(ctx, name, stages[name])
        _keep(ctx, name, started, outcomes[name])
    return _together(outcomes)


def _attempt(ctx: JobContext, name: str, body: Stage) -> Outcome:
    try:
        outcome = body(ctx)
    except (BudgetExceededError, MemoryPressureError, PlatformClosedError) as error:
        outcome = Blocked(str(error))
    except AppError as error:
        outcome = Failed(f"{type(error).__name__}: {error}", transient=not isinstance(error, PermanentError))
    except Exception as error:
        # A bug in one stage must not take the others with it.
        logger.exception(
            "stage %s raised",
            name,
            extra={"action": "stage_crashed", "job": ctx.job, "stage": name, "run": ctx.run_id},
        )
        outcome = Failed(f"{type(error).__name__}: {error}", transient=False)
    if isinstance(outcome, Done) and not any(outcome.counts.values()):
        outcome = Nothing("all counts are zero")
    word, counts, reason = describe(outcome)
    logger.log(
        logging.WARNING if isinstance(outcome, Failed | Blocked) else logging.INFO,
        "stage %s ended: %s",
        name,
        word,
        extra={
            "action": f"stage_{word}",
            "job": ctx.job,
            "stage": name,
            "run": ctx.run_id,
            "attempt": ctx.attempt,
            "counts": counts,
            "data": reason,
        },
    )
    return outcome


def _keep(ctx: JobContext, name: str, started: datetime, outcome: Outcome) -> None:
    word, counts, reason = describe(outcome)
    ctx.database.run(
        "record_stage",
        run_id=ctx.run_id,
        stage=name,
        job=ctx.job,
        slot=ctx.slot,
        started_at=started,
        ended_at=ctx.now(),
        outcome=word,
        counts=counts,
        reason=reason[:LONGEST_REASON],
    )


def _together(outcomes: Mapping[str, Outcome]) -> Outcome:
    """Return what a run came to: a failure before a block, that before work done, and that before none."""
    if not outcomes:
        return Nothing("no stage is due")
    failed = {name: each for name, each in outcomes.items() if isinstance(each, Failed)}
    if failed:
        text = "; ".join(f"{name}: {each.error}" for name, each in failed.items())
        return Failed(text, transient=any(each.transient for each in failed.values()))
    for kind in (Blocked, Snooze):
        for each in outcomes.values():
            if isinstance(each, kind):
                return each
    counts = {
        f"{name}.{word}": count
        for name, each in outcomes.items()
        if isinstance(each, Done)
        for word, count in each.counts.items()
    }
    if counts:
        return Done(counts)
    return Nothing("; ".join(f"{name}: {describe(each)[2]}" for name, each in outcomes.items()))
