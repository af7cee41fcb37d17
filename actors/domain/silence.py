"""Silence: which jobs have not succeeded, and since when nothing was published, for longer than may be."""

from __future__ import annotations

from dataclasses import dataclass
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


@dataclass(slots=True)
class LaneSilence:
    """How long nothing was published, whatever the jobs say of themselves (C7). Times are schedule time."""

    allowance: timedelta
    """Twice the lane's own pace."""
    last: datetime
    """When something was published last, or when anybody began to look."""
    called: datetime | None = None
    """When the present silence was called last."""

    def published(self, now: datetime) -> None:
        """Something was."""
        self.last, self.called = now, None

    def look(self, now: datetime) -> timedelta | None:
        """Return how long it has been silent, if that is to be called now: once in each allowance."""
        since = self.called or self.last
        if now - since <= self.allowance:
            return None
        self.called = now
        return now - self.last
