"""The inventory's 46 names: where each of them is done, and what a day of it came to."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from tests.soak.invariants import Finding

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import timedelta

    from actors.config import Config
    from actors.job import Job
    from tests.acceptance.engine import Engine

NAMES = 46
IDLE_WHEN_WELL = {
    "job_watchdog": "no job is silent",
    "phantom_recovery": "no decision failed that is on the account after all",
    "tweet_id_recovery": "no post is without its id",
    "id_recovery_queue": "the ledger knows all that the journal does",
    "id_recovery": "no post is in doubt, and posting settles those that are",
    "db_retry_queue": "no write was refused",
    "error_analysis": "no error came",
    "autonomous_optimizer": "no effect is clear on the first day",
    "outcomes": "it draws for the shadow alone",
}
"""Names whose work is to find that there is none, or that the shipped configuration has switched off, and why."""

Row = dict[str, Any]


@dataclass(slots=True)
class NameDay:
    """One name's day: the job that does it, how its results ended, and all its counts added up."""

    name: str
    job: str
    outcomes: Counter[str] = field(default_factory=Counter)
    counts: Counter[str] = field(default_factory=Counter)

    @property
    def has_worked(self) -> bool:
        """Tell whether anything was counted."""
        return any(self.counts.values())


def days_of(engine: Engine, registry: Mapping[str, Job]) -> list[NameDay]:
    """Return the day of every name, in the order of their jobs."""
    runs = engine.query("SELECT job AS name, outcome, counts FROM job_runs WHERE outcome <> 'missed'")
    stages = engine.query("SELECT stage AS name, outcome, counts FROM stage_runs")
    found = []
    for job in sorted(registry.values(), key=lambda job: (job.family, job.name)):
        for name in job.covers:
            day = NameDay(name, job.name)
            rows = [row for row in stages if row["name"] == name] if name in job.stages else None
            for row in [row for row in runs if row["name"] == job.name] if rows is None else rows:
                day.outcomes[row["outcome"]] += 1
                day.counts.update(row["counts"])
            found.append(day)
    return found


def findings_of(days: Sequence[NameDay]) -> Iterable[Finding]:
    """Yield what is to be said of the names: all are there, each has a result, each has done real work."""
    names = {day.name for day in days}
    yield Finding("inventory", "46 names are covered", len(names) == len(days) == NAMES, f"{len(names)} names")
    silent = [day.name for day in days if not day.outcomes]
    yield Finding("inventory", "each name has results", not silent, f"without: {', '.join(silent) or 'none'}")
    idle = [day.name for day in days if not day.has_worked]
    lazy = [name for name in idle if name not in IDLE_WHEN_WELL]
    why = [f"{name} ({IDLE_WHEN_WELL.get(name, 'should not be')})" for name in idle]
    figures = f"idle: {', '.join(why) or 'none'}"
    yield Finding("inventory", "each name did real work where there was any", not lazy, figures)


def intervals(engine: Engine, config: Config, lived: timedelta) -> Finding:
    """Find whether each job had the slots, done or accounted for, that its interval gives it in the time lived."""
    rows = engine.query("SELECT job, count(DISTINCT slot) AS slots FROM job_runs WHERE trigger <> 'job' GROUP BY job")
    slots = {row["job"]: row["slots"] for row in rows}
    short = {
        name: f"{slots.get(name, 0)} of {lived // settings.every}"
        for name, settings in config.jobs.items()
        if settings.enabled and slots.get(name, 0) < lived // settings.every
    }
    return Finding("inventory", "each job came at its interval", not short, str(short or "all"))
