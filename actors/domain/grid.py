"""The grid: a job's place in the timetable, the slots it falls due at, and what becomes of a slot."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MOST_MISSES = 100
"""Slots missed together that are recorded one by one; what lies further back shares one record."""


@dataclass(frozen=True, slots=True)
class After:
    """A dependency: `job` must have succeeded within `fresh`.

    While it has not, and is itself about to run, the dependant waits at most `patience`; after that it runs degraded,
    with the reason, or is missed if `required`.
    """

    job: str
    fresh: timedelta
    patience: timedelta = timedelta(minutes=5)
    required: bool = False


@dataclass(frozen=True, slots=True)
class Entry:
    """A job's place in the timetable."""

    job: str
    every: timedelta
    offset: timedelta = timedelta()
    after: tuple[After, ...] = ()
    attempts: int = 1
    enabled: bool = True
    longest: timedelta = timedelta(minutes=10)
    """How long a run may take; a run that nobody reported back by then no longer stands in the way."""
    stretch_s: float = 0.0
    """Of the jobs that one tick fires the first is the one with the least slot and stretch together: what finds a free
    slot takes it, so they come in the order in which they would be served (see `waiting.stretch`)."""


@dataclass(frozen=True, slots=True)
class Fire:
    """Send the job to its family now."""

    job: str
    slot: datetime
    attempt: int
    trigger: str
    degraded: str = ""


@dataclass(frozen=True, slots=True)
class Miss:
    """Record that this slot passes without a run, and so did the `slots - 1` before it.

    `superseded`: a later slot of the job, due already, does the work.
    """

    job: str
    slot: datetime
    reason: str
    slots: int = 1
    superseded: bool = False


Action = Fire | Miss


def slot_before(entry: Entry, now: datetime) -> datetime:
    """Return the job's latest grid slot at or before `now`."""
    return _EPOCH + entry.offset + (now - _EPOCH - entry.offset) // entry.every * entry.every


def superseded_by(entry: Entry, slot: datetime, held: datetime | None, last: datetime | None) -> list[Action]:
    """Return the misses of the slots before `slot` that it answers: one `held` back, and those since the `last`."""
    job, every = entry.job, entry.every
    misses: list[Action] = []
    if held is not None:
        misses.append(Miss(job, held, "it still waited when the next slot came", superseded=True))
    if last is None or last > slot:
        return misses
    # The last slot may be a trigger's moment, or lie on the grid of an older interval.
    first = slot_before(entry, last) + every
    skipped = (slot - first) // every
    rest = max(0, skipped - _MOST_MISSES)
    if rest:
        reason = f"{rest} slots coalesced into a later one"
        misses.append(Miss(job, first + (rest - 1) * every, reason, rest, superseded=True))
    slots = [first + number * every for number in range(rest, skipped)]
    return misses + [Miss(job, missed, "coalesced into a later slot", superseded=True) for missed in slots]
