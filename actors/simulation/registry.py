"""The registry as a workload: what the program's own jobs ask of the resources, by configuration and history."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

from actors.domain.lengths import ENOUGH, RECENT, Lengths
from actors.domain.priority import Priority
from actors.domain.workload import ERRAND_S, JobLoad
from actors.simulation.scenario import PUBLISHERS

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from actors.config import Config
    from actors.job import Job

History = dict[str, tuple[float, ...]]
"""Measured lengths of each job's runs in real seconds, the oldest first; of a browser job, its work there."""


def read_registry(
    config: Config,
    jobs: Iterable[Job],
    history: Mapping[str, Sequence[float]],
    load: float = 1.0,
    *,
    sliced: bool = True,
) -> tuple[JobLoad, ...]:
    """Return the registered jobs. Lengths come from history where it has enough runs, else from the configuration.

    Args:
        config: intervals, deadlines, attempts and lengths.
        jobs: the definitions.
        history: measured lengths by job.
        load: lengths of browser jobs of P1 to P3 are multiplied by it, except those of jobs that publish.
        sliced: whether browser runs are cut into errands.
    """
    loads = []
    for job in sorted(jobs, key=lambda job: (job.priority, job.family, job.name)):
        settings, is_p0 = config.jobs[job.name], job.priority is Priority.P0
        span = Lengths(settings.length, deque(history.get(job.name, ()), maxlen=RECENT)).span
        scaled = "browser" in job.uses and not is_p0 and job.name not in PUBLISHERS
        loads.append(
            JobLoad(
                name=job.name,
                family=job.family,
                priority=job.priority,
                every=settings.every,
                offset=settings.offset,
                uses=job.uses,
                length=span.longer(load if scaled else 1.0),
                errand_s=ERRAND_S if sliced and not is_p0 else None,
                deadline_s=settings.deadline.total_seconds(),
                attempts=settings.attempts,
                backoff_s=settings.backoff.total_seconds(),
                after=job.after,
                enabled=settings.enabled,
            )
        )
    return tuple(loads)


def measured_jobs(history: Mapping[str, Sequence[float]]) -> list[str]:
    """Return the jobs of which history has enough runs to be believed."""
    return sorted(job for job, lengths in history.items() if len(lengths) >= ENOUGH)
