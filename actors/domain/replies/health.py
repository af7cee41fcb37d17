"""Whether the flow of replies is well: enough to answer, fresh enough, and answers going out as they should."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from actors.domain.caps import DAY, HOUR, Caps, allowed_at

if TYPE_CHECKING:
    from collections.abc import Sequence

WINDOW = timedelta(hours=6)
"""Over which throughput is looked at (domain.md 1.3, job 25)."""

_LEAST_WINDOW = timedelta(hours=3)
"""Less than this after the start is no measure of the flow: to find whom to answer, to read his profile, and the time
between two answers take an hour or two.
"""


@dataclass(frozen=True, slots=True)
class Flow:
    """What is known of it; times are schedule time.

    Args:
        pool: targets that wait for an answer.
        newest: when the newest of all targets was seen; None: none ever was.
        published: when replies were published, within `caps.span`.
        since: when this process began to look: what was before is no fault of the flow.
    """

    pool: int
    newest: datetime | None
    published: Sequence[datetime]
    caps: Caps
    since: datetime


@dataclass(frozen=True, slots=True)
class Limits:
    """When something is wrong. `step`: how often what is due is published, so how late a reply may go out."""

    pool_warning: int
    pool_critical: int
    pool_stale: timedelta
    least_per_hour: float
    longest_gap: timedelta
    step: timedelta


@dataclass(frozen=True, slots=True)
class Issue:
    """One thing that is wrong: its name for programs, how bad it is, a sentence, and whether a harvest would help."""

    name: str
    is_grave: bool
    text: str
    needs_harvest: bool = False


def issues(flow: Flow, limits: Limits, now: datetime) -> list[Issue]:
    """Return what is wrong now, the pool first."""
    return [*_of_pool(flow, limits, now), *_of_throughput(flow, limits, now)]


def _of_pool(flow: Flow, limits: Limits, now: datetime) -> list[Issue]:
    found = []
    if flow.pool < limits.pool_critical:
        text = f"{flow.pool} targets are left, fewer than {limits.pool_critical}"
        is_grave = now - flow.since >= _LEAST_WINDOW
        found.append(Issue("reply_opportunity_pool_low", is_grave=is_grave, text=text, needs_harvest=True))
    elif flow.pool < limits.pool_warning:
        text = f"{flow.pool} targets are left, fewer than {limits.pool_warning}"
        found.append(Issue("reply_opportunity_pool_low", is_grave=False, text=text))
    last = max(flow.newest or flow.since, flow.since)
    if now - last > limits.pool_stale:
        text = f"no target was found for {_hours(now - last)}"
        found.append(Issue("reply_opportunity_stale", is_grave=False, text=text))
    return found


def _of_throughput(flow: Flow, limits: Limits, now: datetime) -> list[Issue]:
    """Compare what went out with what the caps had room for; a lane that has used its day up is not slow."""
    if _is_used_up(flow, now):
        return []
    found = []
    start = max(now - WINDOW, flow.since)
    if now - start >= _LEAST_WINDOW:
        sent = sum(start < at <= now for at in flow.published)
        rate, target = sent / ((now - start) / HOUR), HOUR / (flow.caps.pace + limits.step)
        text = f"{rate:.1f} replies an hour since {start:%H:%M}, {target:.1f} are meant"
        if rate < limits.least_per_hour:
            found.append(Issue("reply_slo_violation", is_grave=True, text=text))
        elif rate < target:
            found.append(Issue("reply_slo_warning", is_grave=False, text=text))
    last = max([flow.since, *(at for at in flow.published if at <= now)])
    if now - last > limits.longest_gap:
        text = f"no reply for {_hours(now - last)}"
        found.append(Issue("reply_gap_detected", is_grave=False, text=text))
    return found


def _is_used_up(flow: Flow, now: datetime) -> bool:
    """Tell whether the caps leave no room, or leave less than an hour's worth of the day."""
    today = sum(at > now - DAY for at in flow.published)
    at = allowed_at(flow.published, flow.caps, now)
    return at is None or at > now + HOUR or flow.caps.per_day - today < flow.caps.per_hour


def _hours(length: timedelta) -> str:
    return f"{length / HOUR:.1f} h"
