"""The publishing ledger's decisions about an attempt in doubt.

From the moment an intent is durable there are two ways on: a receipt, or doubt that only evidence resolves.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from actors.domain.evidence import Scan, doubts, is_absent

if TYPE_CHECKING:
    from datetime import datetime, timedelta

MOST_ATTEMPTS = 3
"""Attempts of one part, proven absent each time, before it fails for good (domain.md 3.1)."""


_HALFWAY = 4
"""How many times longer an attempt is looked for that came halfway to a proof of its absence."""


@dataclass(frozen=True, slots=True)
class Doubt:
    """An attempt past its commit point without a receipt; times are on the platform's clock, but for `first_look`."""

    attempts: int
    """Intents of its part so far, this one included."""

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
    without finding it fails, halfway to a proof after four times as long. A timeline that cannot be read decides
    nothing, so nobody may ask then.
    """
    why = doubts(scan, doubt.click_until, index_lag)
    scans = [Scan(at, logged_in=True, reached_back=True) for at in doubt.conclusive_scans]
    if not why and is_absent([*scans, scan], doubt.click_until, index_lag, gap):
        if doubt.attempts >= MOST_ATTEMPTS:
            return GiveUp(f"proven absent after {doubt.attempts} attempts")
        return Requeue()
    is_halfway = not why or bool(scans)
    patience = give_up * (_HALFWAY if is_halfway else 1)
    if why and doubt.first_look is not None and now - doubt.first_look >= patience:
        return GiveUp(f"neither found nor proven absent within {give_up}: {', '.join(why)}")
    return Wait(why)
