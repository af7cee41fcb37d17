"""The clock's reasons: it does not fire the job, because it is off, not due, or waits for another job."""

from __future__ import annotations

import copy
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from actors.domain.outcome import Blocked
from actors.domain.timetable import Fire, Miss
from actors.domain.why.situation import written
from actors.domain.why.standing import ShuttingDown, UnderWay

if TYPE_CHECKING:
    from datetime import datetime

    from actors.domain.timetable import Action, After, Entry, Timetable
    from actors.domain.why.situation import Question, Reason, Situation


@dataclass(frozen=True, slots=True)
class SwitchedOff:
    """The configuration says that the job is off."""

    kind: ClassVar[str] = "disabled"
    until: ClassVar[None] = None
    job: str

    @property
    def text(self) -> str:
        """Return it as a sentence for people."""
        return f"{self.job} is off: jobs.{self.job}.enabled is false in the configuration"

    def cure(self, situation: Situation) -> None:
        """It is enabled, and never ran."""
        situation.timetable.enable(situation.entry)


@dataclass(frozen=True, slots=True)
class HistoryUnknown:
    """The clock has not heard from the database what earlier processes did."""

    kind: ClassVar[str] = "history_unknown"
    until: ClassVar[None] = None
    text: ClassVar[str] = "the clock does not know yet when each job last ran: it waits for the database"

    def cure(self, situation: Situation) -> None:
        """It knows, and they did nothing."""
        situation.is_loaded = True


@dataclass(frozen=True, slots=True)
class NotDue:
    """The job's time has not come. `what`: "slot", or the "retry" or "snooze" that it waits out."""

    kind: ClassVar[str] = "not_due"
    what: str
    until: datetime

    @property
    def text(self) -> str:
        """Return it as a sentence for people."""
        what = {"slot": "its next slot", "retry": "its next attempt", "snooze": "the end of its snooze"}[self.what]
        return f"it is not due before {written(self.until)}, {what}"

    def cure(self, situation: Situation) -> None:
        """The time has come."""
        job, now = situation.question.job, situation.question.moment.now
        if self.what == "slot":
            situation.timetable.bring_forward(job, now)
        else:
            situation.timetable.try_again_now(job, now)


@dataclass(frozen=True, slots=True)
class WaitsFor:
    """The job comes after another that has not succeeded lately. One that is not `required` is waited for in vain once
    patience ends.
    """

    kind: ClassVar[str] = "waits_for"
    job: str
    after: After
    last_success: datetime | None
    until: datetime | None
    """When it may have succeeded: now if it runs or is due, else when it is due."""
    patience: datetime | None = None
    """When a job that is not required is waited for no longer."""

    @property
    def text(self) -> str:
        """Return it as a sentence for people."""
        last = "has never succeeded" if self.last_success is None else f"last succeeded {written(self.last_success)}"
        minutes = self.after.fresh.total_seconds() / 60
        end = f"waits until {written(self.patience)} at most" if self.patience is not None else "cannot run without it"
        return f"{self.after.job} {last}, {self.job} needs a success of the last {minutes:g} minutes and {end}"

    def cure(self, situation: Situation) -> None:
        """The dependency is as good as fresh."""
        situation.timetable.waive(self.job, self.after)


def reasons_of_clock(
    question: Question, entry: Entry, timetable: Timetable, *, is_loaded: bool, is_stopping: bool
) -> list[Reason]:
    """Return why a tick at this moment would not fire the job. Changes nothing.

    What stands in the way behind an obstacle is found by trying its cure on a copy. Where a pending attempt and a slot
    are two ways on, the reasons are those of the one that is open sooner.
    """
    job, now = question.job, question.moment.now
    reasons: list[Reason] = []
    tried = copy.deepcopy(timetable)
    if is_stopping:
        reasons.append(ShuttingDown())
    if not is_loaded:
        reasons.append(HistoryUnknown())
    if job not in tried.rows:
        reasons.append(SwitchedOff(job))
        tried.enable(entry)
    running_until = tried.rows[job].running_until
    if running_until is not None and now < running_until:
        reasons.append(UnderWay("", running_until - tried.rows[job].entry.longest, now, running_until))
        tried.settled(job, now, 1, Blocked("ended"), now, None)
    return reasons + _ways_on(tried, job, now)


def tick_until_quiet(timetable: Timetable, now: datetime) -> list[Action]:
    """Tick until nothing is left to do at this moment, and return all that was done."""
    actions = timetable.tick(now)
    while (due := timetable.next_due(now)) is not None and due <= now:
        actions += timetable.tick(now)
    return actions


def _ways_on(timetable: Timetable, job: str, now: datetime) -> list[Reason]:
    """Return why a tick fires no job that is on and not under way."""
    ticked = copy.deepcopy(timetable)
    answer = _tick(ticked, job, now)
    if answer is not None:
        return answer
    row = ticked.rows[job]
    slot_way: list[Reason]
    if row.held is not None:
        slot_way = [*_gate(ticked, job, row.held[1], now)]
    else:
        timetable.bring_forward(job, now)
        answer = _tick(timetable, job, now)
        slot_way = [NotDue("slot", row.next_slot), *(_gate(timetable, job, now, now) if answer is None else answer)]
    if row.extra is None:
        return slot_way
    ends = [reason.until for reason in slot_way]
    opens = max((end for end in ends if end is not None), default=now)
    if None in ends or row.extra[0] <= opens:
        return [NotDue(row.extra[3], row.extra[0])]
    return slot_way


def _tick(timetable: Timetable, job: str, now: datetime) -> list[Reason] | None:
    """Tick, and return what reasons are left if that answers the job's slot: none if it fires, else why it misses."""
    actions = [action for action in tick_until_quiet(timetable, now) if action.job == job]
    if any(isinstance(action, Fire) for action in actions):
        return []
    if any(isinstance(action, Miss) and not action.superseded for action in actions):
        # It waited for nobody at that moment: what it misses is what it cannot run without.
        return [reason for reason in _gate(timetable, job, now, now) if reason.after.required]
    return None


def _gate(timetable: Timetable, job: str, since: datetime, now: datetime) -> list[WaitsFor]:
    """Return the dependencies that keep the gate closed, and those that would make a miss of the slot."""
    return [
        WaitsFor(job, after, last, timetable.next_of([after.job], now), None if after.required else until)
        for after, last, until in dict.fromkeys(timetable.awaited(job, since, now))
        if after.required or until > now
    ]
