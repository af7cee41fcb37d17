"""The timetable as one reads it: every tick looks at every job, and nothing is remembered about when to look again."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from actors.domain.outcome import Done, Failed, Nothing, Outcome, Snooze
from actors.domain.timetable import Action, After, Entry, Fire, Miss, slot_before

MOST_MISSES = 100


@dataclass(slots=True)
class Row:
    entry: Entry
    last_slot: datetime | None = None
    last_success: datetime | None = None
    held: tuple[datetime, datetime] | None = None
    """Slot that waits for a dependency, and since when."""
    extra: tuple[datetime, datetime, int, str] | None = None
    """A retry or a snooze's end: when, for which slot, attempt, trigger."""
    running_until: datetime | None = None
    """While a run is under way: the time at which it must be over."""
    is_catching_up: bool = True
    """Whether its next slot is one that passed before this process looked."""


@dataclass(slots=True)
class TimetableModel:
    """State of the clock. Every slot ends in exactly one `Fire` or `Miss`; one that comes while the job runs waits."""

    rows: dict[str, Row] = field(default_factory=dict)

    @classmethod
    def of(cls, entries: list[Entry]) -> TimetableModel:
        """Return the timetable of these jobs, none of which has ever run."""
        return cls({entry.job: Row(entry) for entry in entries if entry.enabled})

    def load(self, last_slot: dict[str, datetime], last_success: dict[str, datetime]) -> None:
        """Take over what earlier processes did, so that a restart neither repeats nor forgets a slot."""
        for job, row in self.rows.items():
            row.last_slot, row.last_success = last_slot.get(job), last_success.get(job)

    def tick(self, now: datetime) -> list[Action]:
        """Fire what is due. Of several slots missed together only the latest runs; the others are recorded."""
        actions: list[Action] = []
        # All slots first, so that a gate sees that what it waits for is about to run, whichever row comes first.
        for row in self.rows.values():
            actions += self._take_slot(row, now)
        for row in self.rows.values():
            if row.held is not None:
                actions += self._open_gate(row, now)
            if row.extra is not None and row.extra[0] <= now and not _is_running(row, now):
                _, slot, attempt, trigger = row.extra
                actions.append(self._fire(row, slot, attempt, trigger, now))
        # As they are to be served: by the slot and how far behind it others may overtake.
        return sorted(actions, key=lambda each: each.slot.timestamp() + self.rows[each.job].entry.stretch_s)

    def settled(
        self, job: str, slot: datetime, attempt: int, outcome: Outcome, at: datetime, retry_at: datetime | None
    ) -> None:
        """A run ended. `retry_at` is when a failure is tried again, as `Retry` decided; None: it is not."""
        row = self.rows.get(job)
        if row is None:
            return
        row.running_until = None
        match outcome:
            case Done() | Nothing():
                row.last_success = at
            case Snooze(until, _):
                row.extra = (until, slot, attempt, "snooze")
            case Failed() if retry_at is not None:
                row.extra = (retry_at, slot, attempt + 1, "retry")

    def triggered(self, job: str, now: datetime, by: str) -> list[Action]:
        """Somebody wants a run now; it answers a slot that waits, and a run under way is run enough."""
        row = self.rows.get(job)
        if row is None or _is_running(row, now):
            return []
        slot = now
        if row.held is not None:
            slot, row.held, row.is_catching_up = row.held[0], None, False
        return [self._fire(row, slot, 1, by, now)]

    def next_due(self, now: datetime) -> datetime | None:
        """Return the earliest time at which `tick` has something to do."""
        times = [time for row in self.rows.values() for time in self._times(row, now)]
        return max(min(times), now) if times else None

    def due_of(self, job: str, now: datetime) -> datetime:
        """Return when the job is due next; a slot that waits for a dependency is due now."""
        row = self.rows[job]
        if row.last_slot is None or row.held is not None:
            return now
        due = slot_before(row.entry, now) + row.entry.every
        return min(due, max(row.extra[0], now)) if row.extra is not None else due

    def waiting(self, now: datetime) -> dict[str, str]:
        """Return the reason for each job whose slot waits for a dependency."""
        reasons = {}
        for job, row in self.rows.items():
            stale = self._stale(row, now) if row.held is not None else []
            if stale:
                reasons[job] = ", ".join(self._reason(after) for after in stale)
        return reasons

    def _take_slot(self, row: Row, now: datetime) -> list[Action]:
        slot = slot_before(row.entry, now)
        # A last slot in the future is another clock's; believing it would silence the job until then.
        if row.last_slot is not None and slot <= row.last_slot <= now:
            if row.held is None:
                row.is_catching_up = False
            return []
        misses = self._coalesce(row, slot)
        row.held, row.last_slot = (slot, now), slot
        return misses

    def _coalesce(self, row: Row, slot: datetime) -> list[Action]:
        job, every = row.entry.job, row.entry.every
        misses: list[Action] = []
        if row.held is not None:
            misses.append(Miss(job, row.held[0], "it still waited when the next slot came", superseded=True))
        if row.last_slot is None or row.last_slot > slot:
            return misses
        # The last slot may be a trigger's moment, or lie on the grid of an older interval.
        first = slot_before(row.entry, row.last_slot) + every
        skipped = (slot - first) // every
        rest = max(0, skipped - MOST_MISSES)
        if rest:
            reason = f"{rest} slots coalesced into a later one"
            misses.append(Miss(job, first + (rest - 1) * every, reason, rest, superseded=True))
        slots = [first + number * every for number in range(rest, skipped)]
        return misses + [Miss(job, missed, "coalesced into a later slot", superseded=True) for missed in slots]

    def _open_gate(self, row: Row, now: datetime) -> list[Action]:
        assert row.held is not None
        slot, since = row.held
        if _is_running(row, now):
            return []
        stale = self._stale(row, now)
        waits = [after for after in stale if self._is_coming(after, now) and now - since < after.patience]
        if waits:
            return []
        trigger = "catch_up" if row.is_catching_up else "slot"
        row.held, row.is_catching_up = None, False
        reason = ", ".join(self._reason(after) for after in stale)
        if any(after.required for after in stale):
            return [Miss(row.entry.job, slot, reason)]
        return [self._fire(row, slot, 1, trigger, now, reason)]

    def _fire(self, row: Row, slot: datetime, attempt: int, trigger: str, now: datetime, degraded: str = "") -> Fire:
        # A run that starts now does what a pending retry or snooze wanted to come back for.
        row.extra = None
        row.running_until = now + row.entry.longest
        return Fire(row.entry.job, slot, attempt, trigger, degraded)

    def _times(self, row: Row, now: datetime) -> list[datetime]:
        """Return when `tick` may have something to do for this row; a settled run calls for a tick by itself."""
        if row.last_slot is None:
            return [now]
        times = [slot_before(row.entry, now) + row.entry.every]
        if row.held is not None and row.running_until is not None and now < row.running_until:
            times.append(row.running_until)
        elif row.held is not None:
            ends = [row.held[1] + after.patience for after in row.entry.after]
            times += [end for end in ends if end > now] or [now]
        if row.extra is not None:
            times.append(row.extra[0])
        return times

    def _stale(self, row: Row, now: datetime) -> list[After]:
        return [
            after
            for after in row.entry.after
            if (last := self._success_of(after.job)) is None or now - last > after.fresh
        ]

    def _is_coming(self, after: After, now: datetime) -> bool:
        row = self.rows.get(after.job)
        return row is not None and (_is_running(row, now) or row.held is not None or row.extra is not None)

    def _success_of(self, job: str) -> datetime | None:
        row = self.rows.get(job)
        return row.last_success if row is not None else None

    def _reason(self, after: After) -> str:
        last = self._success_of(after.job)
        return f"{after.job} has {'never succeeded' if last is None else 'not succeeded since ' + last.isoformat()}"


def _is_running(row: Row, now: datetime) -> bool:
    return row.running_until is not None and now < row.running_until
