"""What is said of single situations: which way on is named, who goes first, and what the earliest start is."""

from __future__ import annotations

import math
from dataclasses import replace
from datetime import timedelta

from actors.domain.arbiter import Arbiter, Ticket
from actors.domain.breaker import Breaker
from actors.domain.outcome import Snooze
from actors.domain.priority import Priority
from actors.domain.timetable import After, Entry, Fire, Timetable
from actors.domain.why.explanation import Explanation, LastRun
from actors.domain.why.publication import CapReached, KillSwitchOn, NoDecisionDue, QueueEmpty
from actors.domain.why.queueing import part_of_runs
from actors.domain.why.situation import Moment, Question, Stop
from actors.domain.why.standing import UnderWay
from actors.domain.why.timing import NotDue, reasons_of_clock
from tests.domain.why.situations import MINUTE, NOON

STOP = Stop("operator", NOON)
QUESTION = Question("learn", "learning", Priority.P2, (), 10.0, 2.0, None, Moment(NOON, 10.0))


def snoozing(minutes: int) -> tuple[Entry, Timetable]:
    """Return a job of every full hour that snoozes from a minute past noon on, so many minutes."""
    entry = Entry("learn", 60 * MINUTE, after=(After("gone", MINUTE, required=False),))
    timetable = Timetable.of([entry])
    (fire,) = timetable.tick(NOON)
    assert isinstance(fire, Fire)
    timetable.settled("learn", fire.slot, 1, Snooze(NOON + minutes * MINUTE, "-"), NOON, None)
    timetable.tick(NOON)
    return entry, timetable


def test_of_a_slot_and_the_end_of_a_snooze_the_one_that_comes_sooner_is_named() -> None:
    for minutes, reason in ((20, NotDue("snooze", NOON + 20 * MINUTE)), (90, NotDue("slot", NOON + 60 * MINUTE))):
        entry, timetable = snoozing(minutes)
        assert reasons_of_clock(QUESTION, entry, timetable, is_loaded=True, is_stopping=False) == [reason]


def test_who_stands_ahead_but_could_not_take_the_slot_is_no_reason() -> None:
    arbiter = Arbiter(2, 1, 10, Breaker(5, 1.0, 1.0), p0_at=math.inf)
    for name, is_recallable in (("fixed-1-1", False), ("lent-1-1", True)):
        arbiter.arrived(Ticket(name, Priority.P2, 500.0, 200.0, recallable=is_recallable), 0.0)
    arbiter.p0_at = 100.0
    arbiter.arrived(Ticket("other-1-1", Priority.P1, 500.0, 300.0), 1.0)
    arbiter.arrived(Ticket("learn-1-1", Priority.P2, 500.0, 10.0, since=5.0, recallable=True), 5.0)
    part = part_of_runs(QUESTION, arbiter)
    assert part.waits
    assert [reason.kind for reason in part.reasons] == ["slots_taken"]


def test_a_new_run_stands_behind_one_that_has_less_left_to_do() -> None:
    arbiter = Arbiter(2, 0, 10, Breaker(5, 1.0, 1.0))
    for name in ("fixed-1-1", "fixed-1-2"):
        arbiter.arrived(Ticket(name, Priority.P2, 500.0, 200.0), 0.0)
    arbiter.arrived(Ticket("short-1-1", Priority.P2, 500.0, 10.0, since=10.0, remaining_s=5.0), 10.0)
    for length_s, kinds in ((2.0, ["slots_taken"]), (60.0, ["slots_taken", "queue_position"])):
        part = part_of_runs(replace(QUESTION, length_s=length_s), arbiter)
        assert [reason.kind for reason in part.reasons] == kinds


def test_the_earliest_start_is_when_the_last_reason_has_ended_and_unknown_while_somebody_has_to_act() -> None:
    def earliest(*reasons: object) -> object:
        return Explanation("posting", reasons, NOON).earliest  # type: ignore[arg-type]

    soon, later = NoDecisionDue(NOON + MINUTE), NoDecisionDue(NOON + timedelta(hours=1))
    assert earliest() == NOON
    assert earliest(later, soon) == NOON + timedelta(hours=1)
    assert earliest(soon, KillSwitchOn(STOP)) is None
    assert earliest(QueueEmpty((soon, later), NOON)) == NOON + timedelta(hours=1)
    assert earliest(QueueEmpty((KillSwitchOn(STOP),), NOON)) is None


def test_reasons_of_the_lane_of_replies_are_said_of_replies() -> None:
    empty = QueueEmpty((KillSwitchOn(STOP),), NOON, "reply_posting")
    assert "reply_posting does not fill it" in empty.text
    assert CapReached("per_hour", "4", NOON, "reply").text.startswith("the cap of 4 replies in an hour allows")
    zero = CapReached("per_day", "0", None, "reply")
    assert zero.text == "publishing.replies_per_day is 0, so nothing is published"


def test_a_last_run_with_nothing_done_is_told_when_it_left_the_queue_empty() -> None:
    last = LastRun("nothing", "nobody is left to answer", NOON)
    empty = QueueEmpty((), NOON, "reply_posting")
    told = "its last run ended nothing at 2026-03-01 12:00:00: nobody is left to answer"
    assert told in Explanation("reply_posting", (empty,), NOON, last).lines()
    assert told not in Explanation("reply_posting", (), NOON, last).lines()
    of_plan = Explanation("posting", (QueueEmpty((), NOON),), NOON, None, last).lines()
    assert told.replace("its last run", "the last run of plan") in of_plan


def test_a_run_under_way_may_end_now_however_late_it_must_be_over() -> None:
    running = UnderWay("plan-1-1", None, NOON, over_by=NOON + 60 * MINUTE)
    assert Explanation("plan", (running,), NOON).earliest == NOON
    empty = QueueEmpty((running,), NOON)
    assert Explanation("posting", (empty,), NOON).earliest == NOON
    assert "plan is filling it: run plan-1-1 is under way" in empty.text


def test_a_dependency_that_is_about_to_run_may_be_over_now_and_one_that_is_not_when_it_is_due() -> None:
    first = Entry("plan", 60 * MINUTE, longest=50 * MINUTE)
    entry = Entry("learn", 60 * MINUTE, after=(After("plan", 5 * MINUTE, 30 * MINUTE, required=True),))
    timetable = Timetable.of([first, entry])
    timetable.tick(NOON)
    (waits,) = reasons_of_clock(QUESTION, entry, timetable, is_loaded=True, is_stopping=False)
    assert (waits.kind, waits.until) == ("waits_for", NOON)
    assert Explanation("learn", (waits,), NOON).earliest == NOON


def test_a_reason_that_is_over_already_does_not_move_the_earliest_start_into_the_past() -> None:
    assert Explanation("posting", (UnderWay("posting-1-1", None, NOON - MINUTE),), NOON).earliest == NOON
