"""Look after the whole: does the pipeline flow, does anything stand in the way, what goes wrong, and one verdict."""

from __future__ import annotations

from functools import partial

from actors.domain.priority import Priority
from actors.health.advice import autonomous_optimizer
from actors.health.circumstances import autonomous_health_monitor
from actors.health.faults import error_analysis
from actors.health.flow import health_check
from actors.health.healing import self_healing
from actors.health.whole import system_health_monitor
from actors.job import JobContext, Outcome, job
from actors.ledger.permission import caps_of
from actors.stages import run_stages


@job(
    priority=Priority.P1,
    # What must not hang on anything else hangs on nothing else: no browser, no model, and no other job's success.
    uses=("database",),
    stages=(
        *("health_check", "autonomous_health_monitor", "error_analysis"),
        *("autonomous_optimizer", "self_healing", "system_health_monitor"),
    ),
)
def health_monitor(ctx: JobContext) -> Outcome:
    """Let each stage look at its own part; the last one judges the whole from what all of them found.

    None of them writes to the ledger. What is to be done about a finding is done by the job whose business it is.
    """
    caps = {lane: caps_of(ctx.config, lane) for lane in ("content", "reply")}
    return run_stages(
        ctx,
        {
            "health_check": partial(health_check, caps=caps),
            "autonomous_health_monitor": autonomous_health_monitor,
            "error_analysis": error_analysis,
            "autonomous_optimizer": autonomous_optimizer,
            "self_healing": self_healing,
            "system_health_monitor": system_health_monitor,
        },
    )
