"""Compare what every job should have done with what it did, and call those that fell silent."""

from __future__ import annotations

import logging

from actors.domain.priority import Priority
from actors.domain.silence import allowance, silent_jobs, to_be_called
from actors.job import Done, JobContext, Nothing, Outcome, job

logger = logging.getLogger(__name__)


@job(priority=Priority.P1, covers=("job_watchdog",))
def job_watchdog(ctx: JobContext) -> Outcome:
    """Trigger each enabled job without a success within its allowance, and say so at warning level.

    Uses no resource: with everything else broken it still runs. The allowance comes from the job's own interval and
    deadline, and a trigger passes the same single flight as a slot, so a long run is never doubled. Each is called once
    in its allowance, and not while it is paused or waits for another job: that has a reason which `why` tells.
    """
    allowances = {
        name: allowance(settings.every, settings.deadline, ctx.speed)
        for name, settings in ctx.config.jobs.items()
        if settings.enabled and name != ctx.job
    }
    view = ctx.jobs.view()
    silent = silent_jobs(allowances, view.last_success, view.since, ctx.now())
    waits = {*view.running, *view.paused, *view.waiting}
    called = to_be_called(silent, allowances, view.last_ended, waits, ctx.now())
    for name in called:
        logger.warning(
            "%s has had no success for %s",
            name,
            silent[name],
            extra={"action": "job_silent", "job": name, "silent_s": int(silent[name].total_seconds())},
        )
        ctx.jobs.trigger(name)
    if silent:
        return Done({"silent": len(silent), "called": len(called)})
    return Nothing(f"all {len(allowances)} jobs are on time")
