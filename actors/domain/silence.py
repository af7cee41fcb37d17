"""Silence: which jobs have not succeeded, and since when nothing was published, for longer than may be."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Container, Mapping
    from datetime import datetime, timedelta


def allowance(every: timedelta, deadline: timedelta, speed: float) -> timedelta:
    """Return how long a job may be without a success, schedule time: two intervals, and a run as long as it may be.

    `deadline` is real time, `speed` how many schedule seconds are in a real one.
    """
    return 2 * every + deadline * speed


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


def to_be_called(
    silent: Mapping[str, timedelta],
    allowances: Mapping[str, timedelta],
    last_ended: Mapping[str, datetime],
    waits: Container[str],
    now: datetime,
) -> list[str]:
    """Return which silent jobs to call, at most once in each one's allowance.

    One that ran within it, however it ended, was heard: to call it more often would make its trouble worse (D9).

    Args:
        silent: of `silent_jobs`.
        allowances: how long each job may be silent.
        last_ended: when its last run ended, whatever came of it.
        waits: jobs that run, are paused, or wait for another job: a call would be refused, or overrule somebody.
        now: schedule time.
    """
    return [
        job
        for job in silent
        if job not in waits and (job not in last_ended or now - last_ended[job] > allowances[job])
    ]


@dataclass(slots=True)
class LaneSilence:
    """How long nothing was published, whatever the jobs say of themselves (C7). Times are schedule time."""

    allowance: timedelta
    """Twice the lane's own pace."""
    last: datetime
    """When something was published last; until that is known, when anybody began to look."""
    called: datetime | None = None
    """When the present silence was called last."""
    is_known: bool = False

    def published(self, at: datetime) -> None:
        """Take when something was published last, as the ledger has it.

        The first word of it may lie before anybody began to look: a process that is younger than the allowance would
        otherwise never call anybody.
        """
        if at > self.last:
            self.called = None
        if at > self.last or not self.is_known:
            self.last, self.is_known = at, True

    def look(self, now: datetime) -> timedelta | None:
        """Return how long it has been silent, if that is to be called now: once in each allowance."""
        since = self.called or self.last
        if now - since <= self.allowance:
            return None
        self.called = now
        return now - self.last
