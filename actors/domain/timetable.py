"""The timetable: when each job is due. Grid slots, catch-up, dependencies, retries, snoozes and triggers.

Slots lie at `epoch + k·every + offset` (as Temporal's interval schedules), so nothing drifts and a restart changes
nothing. All times are schedule time. An event costs O(log n) of n jobs: each job notes when it must be looked at next,
and whatever may open the gate of one that waits looks at it sooner.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from heapq import heapify, heappop, heappush
from typing import TYPE_CHECKING

from actors.domain.grid import Action, After, Entry, Fire, Miss, slot_before, superseded_by
from actors.domain.outcome import Done, Failed, Nothing, Outcome, Snooze
from actors.domain.stages import stages_of, trigger_of, who_of

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["Action", "After", "Entry", "Fire", "Miss", "Timetable", "slot_before"]

_AT_ONCE = datetime.min.replace(tzinfo=UTC)


@dataclass(slots=True)
class _Row:
    entry: Entry
    place: int
    """Its place among the rows: in this order a tick looks at them."""
    dependants: list[_Row] = field(default_factory=list)
    last_slot: datetime | None = None
    last_success: datetime | None = None
    held: tuple[datetime, datetime] | None = None
    """Slot that waits for a dependency, and since when."""
    extra: tuple[datetime, datetime, int, str] | None = None
    """A retry or a snooze's end: when, for which slot, attempt, trigger."""
    asked: tuple[datetime, str] | None = None
    """Stages that somebody wants besides: since when, and the trigger that names them."""
    running_until: datetime | None = None
    """While a run is under way: the time at which it must be over."""
    is_catching_up: bool = True
    """Whether its next slot is one that passed before this process looked."""
    next_slot: datetime = _AT_ONCE
    gate_at: datetime = _AT_ONCE
    """While a slot is held: when its gate may open if nothing happens before."""
    look_at: datetime | None = None
    """When a tick must look at the row; None: not noted yet."""

    def is_running(self, now: datetime) -> bool:
        return self.running_until is not None and now < self.running_until


@dataclass(slots=True)
class Timetable:
    """State of the clock. Every slot ends in exactly one `Fire` or `Miss`; one that comes while the job runs waits."""

    rows: dict[str, _Row] = field(default_factory=dict)
    _order: list[_Row] = field(default_factory=list)
    _looks: list[tuple[datetime, int]] = field(default_factory=list)
    """Heap of (when, place); one that is no longer what its row notes is void."""
    _latest: datetime = _AT_ONCE

    @classmethod
    def of(cls, entries: list[Entry]) -> Timetable:
        """Return the timetable of these jobs, none of which has ever run."""
        order = [_Row(entry, place) for place, entry in enumerate(entry for entry in entries if entry.enabled)]
        timetable = cls({row.entry.job: row for row in order}, order)
        timetable._link()
        timetable._look_at_all()
        return timetable

    def load(self, last_slot: dict[str, datetime], last_success: dict[str, datetime]) -> None:
        """Take over what earlier processes did, so that a restart neither repeats nor forgets a slot."""
        for job, row in self.rows.items():
            row.last_slot, row.last_success = last_slot.get(job), last_success.get(job)
        self._look_at_all()

    def tick(self, now: datetime) -> list[Action]:
        """Fire what is due, in the order in which it is to be served.

        Of several slots missed together only the latest runs; the others are recorded.
        """
        if now < self._latest:
            self._look_at_all()
        self._latest = now
        places = self._due_places(now)
        actions: list[Action] = []
        # All slots first, so that a gate sees that what it waits for is about to run, whichever row comes first.
        for place in places:
            row = self._order[place]
            if row.next_slot <= now:
                actions += self._take_slot(row, now)
        heapify(places)
        while places:
            row = self._order[heappop(places)]
            if answers := self._answer(row, now):
                actions += answers
                self._look_at_dependants(row, places)
        return sorted(actions, key=self._rank) if len(actions) > 1 else actions

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
        row.gate_at = _AT_ONCE
        self._note(row)
        self._look_at_dependants(row)

    def triggered(self, job: str, now: datetime, by: str) -> list[Action]:
        """Somebody wants a run now; it answers a slot that waits, and a run under way is run enough.

        Unless he wants certain stages: these come besides, after whatever is under way, and take no slot's place.
        """
        row = self.rows.get(job)
        if row is None:
            return []
        if wanted := stages_of(by):
            waiting = stages_of(row.asked[1]) if row.asked is not None else ()
            row.asked = (now, trigger_of(who_of(by), *dict.fromkeys((*waiting, *wanted))))
            answers: list[Action] = [] if row.is_running(now) else [self._fire_asked(row, now)]
            self._note(row)
            return answers
        if row.is_running(now):
            return []
        slot = now
        if row.held is not None:
            slot, row.held, row.is_catching_up = row.held[0], None, False
        fire = self._fire(row, slot, 1, by, now)
        self._note(row)
        self._look_at_dependants(row)
        return [fire]

    def enable(self, entry: Entry) -> None:
        """Take up a job that was off, as one that never ran."""
        row = _Row(entry, len(self._order))
        self.rows[entry.job] = row
        self._order.append(row)
        self._link()
        self._note(row)

    def bring_forward(self, job: str, now: datetime) -> None:
        """Let the job's next slot come now. Of a job that is off nothing changes, here and in the next two."""
        row = self.rows.get(job)
        if row is not None:
            row.held, row.gate_at = (now, now), _AT_ONCE
            self._note(row)

    def try_again_now(self, job: str, now: datetime) -> None:
        """End the wait before the job's next attempt, if it waits for one."""
        row = self.rows.get(job)
        if row is not None and row.extra is not None:
            row.extra = (now, *row.extra[1:])
            self._note(row)

    def waive(self, job: str, after: After) -> None:
        """Ask no more of the job that it comes after this one."""
        row = self.rows.get(job)
        if row is not None:
            row.entry = replace(row.entry, after=tuple(each for each in row.entry.after if each != after))
            row.gate_at = _AT_ONCE
            self._note(row)

    def awaited(self, job: str, since: datetime, now: datetime) -> list[tuple[After, datetime | None, datetime]]:
        """Return what is stale for a slot that waits since then: the dependency, its last success, how long it waits.

        Not longer than `now`: the dependency is not about to run, or patience with it is over.
        """
        stale = self._stale(self.rows[job], now)
        return [(after, self._success_of(after.job), self._patience_end(after, since, now)) for after in stale]

    def next_due(self, now: datetime) -> datetime | None:
        """Return the earliest time at which `tick` has something to do."""
        while self._looks and self._order[self._looks[0][1]].look_at != self._looks[0][0]:
            heappop(self._looks)
        return max(self._looks[0][0], now) if self._looks else None

    def due_of(self, job: str, now: datetime) -> datetime:
        """Return when the job is due next; a slot that waits for a dependency is due now."""
        row = self.rows[job]
        if row.last_slot is None or row.held is not None:
            return now
        due = slot_before(row.entry, now) + row.entry.every
        return min(due, max(row.extra[0], now)) if row.extra is not None else due

    def next_of(self, jobs: Iterable[str], now: datetime) -> datetime | None:
        """Return the earliest time at which one of these may be under way: now if one is; None if none ever is."""
        rows = [self.rows[job] for job in jobs if job in self.rows]
        return min((now if r.is_running(now) else self.due_of(r.entry.job, now) for r in rows), default=None)

    def waiting(self, now: datetime) -> dict[str, str]:
        """Return the reason for each job whose slot waits for a dependency."""
        reasons = {}
        for job, row in self.rows.items():
            stale = self._stale(row, now) if row.held is not None else []
            if stale:
                reasons[job] = ", ".join(self._reason(after) for after in stale)
        return reasons

    def _take_slot(self, row: _Row, now: datetime) -> list[Action]:
        slot = slot_before(row.entry, now)
        row.next_slot = slot + row.entry.every
        # A last slot in the future is another clock's; believing it would silence the job until then.
        if row.last_slot is not None and slot <= row.last_slot <= now:
            if row.held is None:
                row.is_catching_up = False
            return []
        misses = superseded_by(row.entry, slot, row.held[0] if row.held is not None else None, row.last_slot)
        row.held, row.last_slot = (slot, now), slot
        row.gate_at = _AT_ONCE
        return misses

    def _answer(self, row: _Row, now: datetime) -> list[Action]:
        """Open the row's gate if it may, try again what is due again, and note when to look next."""
        actions: list[Action] = []
        if row.held is not None and row.gate_at <= now and (answer := self._open_gate(row, now)) is not None:
            actions.append(answer)
        if row.extra is not None and row.extra[0] <= now and not row.is_running(now):
            _, slot, attempt, trigger = row.extra
            actions.append(self._fire(row, slot, attempt, trigger, now))
        if row.asked is not None and not row.is_running(now):
            actions.append(self._fire_asked(row, now))
        self._note(row)
        return actions

    def _open_gate(self, row: _Row, now: datetime) -> Action | None:
        assert row.held is not None
        slot, since = row.held
        if row.running_until is not None and now < row.running_until:
            row.gate_at = row.running_until
            return None
        stale = self._stale(row, now) if row.entry.after else []
        opens = max((self._patience_end(after, since, now) for after in stale), default=now)
        if opens > now:
            row.gate_at = opens
            return None
        trigger = "catch_up" if row.is_catching_up else "slot"
        row.held, row.is_catching_up = None, False
        reason = ", ".join(self._reason(after) for after in stale)
        if any(after.required for after in stale):
            return Miss(row.entry.job, slot, reason)
        return self._fire(row, slot, 1, trigger, now, reason)

    def _patience_end(self, after: After, since: datetime, now: datetime) -> datetime:
        """Return until when a stale dependency is waited for if nothing happens before; `now`: no longer."""
        row = self.rows.get(after.job)
        if row is None:
            return now
        if row.held is not None or row.extra is not None:
            return since + after.patience
        return now if row.running_until is None else min(row.running_until, since + after.patience)

    def _fire(self, row: _Row, slot: datetime, attempt: int, trigger: str, now: datetime, degraded: str = "") -> Fire:
        # A run that starts now does what a pending retry or snooze wanted to come back for.
        row.extra = None
        row.running_until = now + row.entry.longest
        return Fire(row.entry.job, slot, attempt, trigger, degraded)

    def _fire_asked(self, row: _Row, now: datetime) -> Fire:
        assert row.asked is not None
        (since, trigger), row.asked = row.asked, None
        row.running_until = now + row.entry.longest
        return Fire(row.entry.job, since, 1, trigger)

    def _rank(self, action: Action) -> float:
        return action.slot.timestamp() + self.rows[action.job].entry.stretch_s

    def _due_places(self, now: datetime) -> list[int]:
        places = []
        while self._looks and self._looks[0][0] <= now:
            when, place = heappop(self._looks)
            row = self._order[place]
            if row.look_at == when:
                row.look_at = None
                places.append(place)
        places.sort()
        return places

    def _note(self, row: _Row) -> None:
        """Note when a tick must look at the row next."""
        look_at = row.next_slot
        if row.held is not None and row.gate_at < look_at:
            look_at = row.gate_at
        if row.extra is not None and row.extra[0] < look_at:
            look_at = row.extra[0]
        if row.asked is not None:
            look_at = min(look_at, row.running_until or row.asked[0])
        if look_at != row.look_at:
            row.look_at = look_at
            heappush(self._looks, (look_at, row.place))

    def _look_at_dependants(self, changed: _Row, places: list[int] | None = None) -> None:
        """Look again at the gates that may have waited for this row: in this tick those whose turn is still to come."""
        for row in changed.dependants:
            if row.held is None:
                continue
            row.gate_at = _AT_ONCE
            if places is not None and row.place > changed.place:
                if row.look_at is not None:
                    row.look_at = None
                    heappush(places, row.place)
            else:
                self._note(row)

    def _link(self) -> None:
        for row in self._order:
            row.dependants = [each for each in self._order if any(a.job == row.entry.job for a in each.entry.after)]

    def _look_at_all(self) -> None:
        for row in self._order:
            row.next_slot = row.gate_at = _AT_ONCE
            self._note(row)

    def _stale(self, row: _Row, now: datetime) -> list[After]:
        return [
            after
            for after in row.entry.after
            if (last := self._success_of(after.job)) is None or now - last > after.fresh
        ]

    def _success_of(self, job: str) -> datetime | None:
        row = self.rows.get(job)
        return row.last_success if row is not None else None

    def _reason(self, after: After) -> str:
        last = self._success_of(after.job)
        return f"{after.job} has {'never succeeded' if last is None else 'not succeeded since ' + last.isoformat()}"
