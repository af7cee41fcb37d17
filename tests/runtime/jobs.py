"""Job definitions for the kernel's tests, without configuration and resources."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from actors.domain.outcome import Done
from actors.domain.priority import Priority
from actors.domain.schedule_time import Anchor
from actors.job import Job
from actors.runtime.time import ScheduleClock

if TYPE_CHECKING:
    from collections.abc import Callable

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


def schedule_clock(speed: float = 1.0, at: datetime = NOON) -> ScheduleClock:
    """Return schedule time that is `at` now."""
    return ScheduleClock(Anchor(time.time(), at.timestamp(), speed))


def make_job(
    name: str = "plan",
    body: Callable[[Any], Any] = lambda _: Done({"posts": 1}),
    priority: Priority = Priority.P1,
    family: str = "content",
    uses: frozenset[str] = frozenset(),
) -> Job:
    """Return a job with this body."""
    return Job(name, family, priority, uses, (), (name,), body)
