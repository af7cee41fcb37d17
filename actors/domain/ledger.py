"""The publishing ledger's decisions: may a post go out now, and what follows from what came of it.

From the moment an intent is durable there are two ways on: a receipt, or doubt that only evidence resolves.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from actors.domain.evidence import Scan, doubts, is_absent

if TYPE_CHECKING:
    from collections.abc import Sequence

MOST_ATTEMPTS = 3
"""Attempts of one decision, proven absent each time, before it fails for good (domain.md 3.1)."""

_HOUR, _DAY = timedelta(hours=1), timedelta(hours=24)


@dataclass(frozen=True, slots=True)
class Caps:
    """Rolling limits of one lane, counted over intents. `spacing` is the least time between two of them."""

    per_hour: int
    per_day: int
    spacing: timedelta


def allowed_at(intents: Sequence[datetime], caps: Caps, now: datetime) -> datetime | None:
    """Return when the next intent is allowed: `now` or later. None: never, because a cap is zero.

    `intents` are the times of the lane's intents of the last 24 hours, in any order; proven absent ones do not count.
    """
    if caps.per_hour < 1 or caps.per_day < 1:
        return None
    times = sorted(intents)
    bounds = [now]
    if times:
        bounds.append(times[-1] + caps.spacing)
    # A window is open at its old end, so an intent leaves it exactly one window after it was made.
    for window, most in ((_HOUR, caps.per_hour), (_DAY, caps.per_day)):
        if len(times) >= most:
            bounds.append(times[-most] + window)
    return max(bounds)


@dataclass(frozen=True, slots=True)
class Doubt:
    """An attempt past its commit point without a receipt; times are on the platform's clock, but for `first_look`."""

    attempts: int
    """Intents of the decision so far, this one included."""

    click_until: datetime
    conclusive_scans: tuple[datetime, ...] = ()
    first_look: datetime | None = None
    """Schedule time at which the timeline was first read for it, whether that proved anything or not."""


@dataclass(frozen=True, slots=True)
class Wait:
    """It stays uncertain; `doubts` says why this scan proves nothing, empty if it was conclusive."""

    doubts: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Requeue:
    """Proven absent: it may be tried again with a new intent."""


@dataclass(frozen=True, slots=True)
class GiveUp:
    """It fails for this reason and a person is called; never automatic again."""

    reason: str


def resolve(
    doubt: Doubt, scan: Scan, *, gap: timedelta, give_up: timedelta, index_lag: timedelta, now: datetime
) -> Wait | Requeue | GiveUp:
    """Decide about an attempt that this scan of a readable timeline did not find.

    Absence takes two conclusive scans at least `gap` apart (design.md 8). An attempt that was looked for over `give_up`
    without finding it or coming any nearer to a proof fails. A timeline that cannot be read decides nothing, so
    nobody may ask then.
    """
    why = doubts(scan, doubt.click_until, index_lag)
    scans = [Scan(at, logged_in=True, reached_back=True) for at in doubt.conclusive_scans]
    if not why and is_absent([*scans, scan], doubt.click_until, index_lag, gap):
        if doubt.attempts >= MOST_ATTEMPTS:
            return GiveUp(f"proven absent after {doubt.attempts} attempts")
        return Requeue()
    is_halfway = not why or bool(scans)
    if not is_halfway and doubt.first_look is not None and now - doubt.first_look >= give_up:
        return GiveUp(f"neither found nor proven absent within {give_up}: {', '.join(why)}")
    return Wait(why)
