"""Compare what every job should have done with what it did, and call those that fell silent."""

from __future__ import annotations

import logging
from datetime import timedelta
from typing import TYPE_CHECKING

from actors.domain.priority import Priority
from actors.domain.silence import silent_jobs
from actors.job import Done, JobContext, Nothing, Outcome, job

if TYPE_CHECKING:
    from actors.config import JobSettings

logger = logging.getLogger(__name__)


@job(priority=Priority.P1, covers=("job_watchdog",))
def job_watchdog(ctx: JobContext) -> Outcome:
    """Trigger each enabled job without a success within its allowance, and say so at warning level.

    Uses no resource: with everything else broken it still runs. The allowance comes from the job's own interval and
    deadline, and a trigger passes the same single flight as a slot, so a long run is never doubled.
    """
    allowances = {
        name: _allowance(settings, ctx.speed)
        for name, settings in ctx.config.jobs.items()
        if settings.enabled and name != ctx.job
    }
    view = ctx.jobs.view()
    silent = silent_jobs(allowances, view.last_success, view.since, ctx.now())
    for name, silence in silent.items():
        if name in view.running:
            continue
        logger.warning(
            "%s has had no success for %s",
            name,
            silence,
            extra={"action": "job_silent", "job": name, "silent_s": int(silence.total_seconds())},
        )
        ctx.jobs.trigger(name)
    if silent:
        return Done({"silent": len(silent)})
    return Nothing(f"all {len(allowances)} jobs are on time")


def _allowance(settings: JobSettings, speed: float) -> timedelta:
    return 2 * settings.every + settings.deadline * speed
