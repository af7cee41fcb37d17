"""`error_analysis`: errors by kind; a new one is told at once, and more of one than usual is a spike."""

from __future__ import annotations

import logging
from collections import defaultdict
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from actors.domain.health.spikes import DAYS, is_spike, per_hour, usual
from actors.domain.health.symptom import Level, Symptom
from actors.health.chart import keep
from actors.job import Done, JobContext, Nothing, Outcome
from actors.sql.queries import Statement

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from actors.domain.health.fingerprint import Sighting

logger = logging.getLogger(__name__)

_HOUR, _DAY = timedelta(hours=1), timedelta(days=1)
_TOLD = 20
"""New kinds that one look tells; the rest follows with the next."""
_MOST_SHOWN = 3

Row = dict[str, Any]


def error_analysis(ctx: JobContext) -> Outcome:
    """Hold the errors of this hour and the last one against those of the same hour of seven days.

    Returns how many there were in a day, of how many kinds, and how many kinds are new or more than usual.
    """
    now, new = ctx.now(), take_in(ctx)
    hour = floor(now)
    recent = hour - _HOUR
    rows = ctx.database.all("error_hours", recent=recent, since=hour - (DAYS + 1) * _DAY)
    kinds = _by_kind(rows)
    spikes = [each for kind in kinds if (each := _spike(kind, hour)) is not None]
    keep(ctx, "error_analysis", spikes)
    day = [(sum(n for at, n in _hours(kind).items() if at > now - _DAY), kind[0]) for kind in kinds]
    errors = sum(count for count, _ in day)
    if not errors and not new:
        return Nothing("nothing went wrong in the last two hours")
    # A few kinds make up most of the errors: those are worth a person's time first.
    top = sorted(day, key=lambda each: -each[0])[:_MOST_SHOWN]
    logger.info(
        "the errors that were seen most",
        extra={"action": "errors_top", "data": [f"{count} {_name(row)}" for count, row in top]},
    )
    return Done({"errors": errors, "kinds": len(kinds), "new": new, "spikes": len(spikes)})


def take_in(ctx: JobContext) -> int:
    """Store what this process has counted, tell the kinds that nobody was told of, and return how many they were."""
    # What this process saw longer ago is stored by now, and may be forgotten again on purpose.
    sightings = [each for each in ctx.jobs.errors() if ctx.now() - each.last < _DAY]
    if sightings:
        ctx.database.transact(_statements(ctx, sightings))
    new = ctx.database.all("untold_fingerprints", limit=_TOLD)
    for row in new:
        extra = {"action": "error_new", "fingerprint": row["fingerprint"], "at": row["frames"], "data": row["message"]}
        logger.warning("an error of a new kind: %s in %s", row["kind"], row["place"], extra=extra)
    if new:
        fingerprints = [row["fingerprint"] for row in new]
        ctx.database.run("fingerprints_are_told", fingerprints=fingerprints, now=ctx.now())
    return len(new)


def errors_per_hour(ctx: JobContext) -> float:
    """Return the errors of the last hour, of all kinds."""
    now = ctx.now()
    hour = floor(now)
    rows = ctx.database.all("errors_of_hours", since=hour - _HOUR)
    counts = {row["hour"]: row["errors"] for row in rows}
    return per_hour(counts.get(hour - _HOUR, 0), counts.get(hour, 0), now - hour)


def floor(at: datetime) -> datetime:
    """Return the beginning of the hour."""
    return at.replace(minute=0, second=0, microsecond=0)


def _statements(ctx: JobContext, sightings: Sequence[Sighting]) -> list[Statement]:
    kinds, counts = [], []
    for each in sightings:
        fault, fingerprint = each.fault, each.fault.fingerprint
        kinds.append(
            {
                "fingerprint": fingerprint,
                "kind": fault.kind,
                "place": fault.place,
                "frames": list(fault.frames),
                "message": fault.message,
                "first": each.first.isoformat(),
                "last": each.last.isoformat(),
            }
        )
        for hour, errors in each.hours.items():
            counts.append({"fingerprint": fingerprint, "hour": hour.isoformat(), "errors": errors})
    return [
        Statement("put_fingerprints", {"rows": kinds}, len(kinds)),
        Statement("put_error_counts", {"rows": counts, "boot_id": ctx.boot_id}),
    ]


def _by_kind(rows: Sequence[Row]) -> list[list[Row]]:
    kinds: dict[str, list[Row]] = defaultdict(list)
    for row in rows:
        kinds[row["fingerprint"]].append(row)
    return list(kinds.values())


def _hours(kind: Sequence[Row]) -> Mapping[datetime, int]:
    return {row["hour"]: row["errors"] for row in kind}


def _spike(kind: Sequence[Row], hour: datetime) -> Symptom | None:
    """Return the symptom of a kind that is seen too often in this hour, as far as it has come, or was in the last."""
    counts, first = _hours(kind), kind[0]["first_seen"]
    for at in (hour, hour - _HOUR):
        days = (at - day * _DAY for day in range(1, DAYS + 1))
        before = [counts.get(day, 0) for day in days if day >= floor(first)]
        seen = counts.get(at, 0)
        if is_spike(seen, before):
            text = f"{seen} times {_name(kind[0])} since {at:%H:%M}, {usual(before):.1f} an hour are usual"
            return Symptom(f"spike_{kind[0]['fingerprint'][:8]}", Level.DEGRADED, text)
    return None


def _name(row: Row) -> str:
    return f"{row['kind']} in {row['place']}"
