"""Silence: which jobs have not succeeded for longer than they may."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime, timedelta


def silent_jobs(
    allowances: Mapping[str, timedelta],
    last_success: Mapping[str, datetime],
    since: datetime,
    now: datetime,
) -> dict[str, timedelta]:
    """Return how long each job has been silent that has been so for longer than its allowance.

    `since` is when anybody began to look: a job without any success is silent since then.
    """
    silences = {job: now - max(since, last_success.get(job, since)) for job in allowances}
    return {job: silence for job, silence in silences.items() if silence > allowances[job]}
