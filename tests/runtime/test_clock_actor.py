"""The clock on real threads and in fast schedule time. The test plays families and database."""

from __future__ import annotations

import math
import queue
import threading
import time
from datetime import datetime, timedelta
from typing import Any

import pytest

from actors.domain.outcome import Done, Failed, Outcome
from actors.domain.priority import Priority
from actors.domain.timetable import After, Entry
from actors.domain.triggering import Became
from actors.errors import ResourceDiedError
from actors.messages import (
    Drain,
    Due,
    Forecast,
    Measured,
    Missed,
    PartDied,
    Planned,
    Request,
    Settled,
    Tick,
    Trigger,
)
from actors.runtime import clock
from actors.runtime.address import Address
from actors.runtime.clock import Clock, Ticker
from tests.runtime.jobs import NOON, make_job, schedule_clock
from tests.runtime.stage import WAIT, Stage, take

P0 = ("publish", "thread")
"""Jobs that are P0's and use the browser."""
HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)


class Tower:
    """A clock with its surroundings; every address but its own is read by the test."""

    def __init__(self, *entries: Entry, speed: float = 1.0, opened: bool = True, backoff: float = 1.0) -> None:
        self.family, self.database, self.board = Address("content"), Address("database"), Address("board")
        self.browser = Address("browser")
        self.schedule, self.opened, self.draining = schedule_clock(speed), threading.Event(), threading.Event()
        if opened:
            self.opened.set()
        names = [entry.job for entry in entries]
        jobs = {name: make_job(name) for name in names}
        p0 = {"priority": Priority.P0, "uses": frozenset({"browser"})}
        jobs |= {name: make_job(name, **p0) for name in names if name in P0}
        self.make = lambda context: Clock(
            context,
            self.schedule,
            jobs,
            list(entries),
            dict.fromkeys(names, backoff),
            {"content": self.family},
            self.database,
            self.browser,
            self.board,
            self.opened,
            self.draining,
        )
        self.stage = Stage(self.make, "clock")

    def begin_anew(self) -> None:
        """Put the next life of the clock in the place of this one."""
        self.clock.stop()
        self.stage = Stage(self.make, "clock")

    @property
    def clock(self) -> Clock:
        clock: Clock = self.stage.behaviour
        return clock

    def question(self) -> Request:
        """Return the question about history, waiting for it."""
        self.stage.serve_until(lambda: len(self.database.mailbox))
        (request,) = take(self.database, Request)
        assert isinstance(request, Request)
        return request

    def load(self, **last_slot: datetime) -> None:
        rows = [{"job": job, "last_slot": slot, "last_success": slot} for job, slot in last_slot.items()]
        self.question().reply.settle([rows, []])
        self.stage.serve()

    def forecasts(self) -> list[float]:
        """Return what the browser's front was told since the last look."""
        return [forecast.p0_at for forecast in take(self.browser, Forecast)]

    def dues(self) -> list[Due]:
        return take(self.family, Due)

    def next_due(self) -> Due:
        """Return the next job that comes due, waiting for it."""
        self.stage.serve_until(lambda: len(self.family.mailbox))
        (due,) = take(self.family, Due)
        assert isinstance(due, Due)
        return due

    def settle(self, due: Due, outcome: Outcome) -> None:
        now = self.schedule.now()
        self.stage.tell(
            Settled(due.job, "content", "run", due.slot, due.attempt, outcome, now, now, due.trigger)
        )


@pytest.fixture
def towers() -> Any:
    made: list[Tower] = []

    def make(*entries: Entry, **options: Any) -> Tower:
        made.append(Tower(*entries, **options))
        return made[-1]

    yield make
    for tower in made:
        tower.clock.stop()


def test_d1_every_job_of_an_empty_history_is_due_at_once(towers: Any) -> None:
    tower = towers(Entry("plan", HOUR), Entry("posting", 5 * MINUTE))
    tower.load()
    assert [due.job for due in tower.dues()] == ["plan", "posting"]


def test_d7_before_the_schema_is_ready_nothing_is_asked_and_before_history_is_known_nothing_fires(towers: Any) -> None:
    tower = towers(Entry("plan", HOUR), opened=False)
    tower.clock._tick()
    tower.stage.serve()
    assert (len(tower.database.mailbox), tower.dues()) == (0, [])
    tower.opened.set()
    tower.load(plan=NOON - HOUR)
    assert [due.slot for due in tower.dues()] == [NOON]


def test_d7_a_database_that_is_away_is_asked_again_and_costs_no_slot(towers: Any, monkeypatch: Any) -> None:
    monkeypatch.setattr("actors.runtime.clock._LOAD_AGAIN_S", 0.005)
    tower = towers(Entry("plan", HOUR))
    for _ in range(3):
        tower.question().reply.fail(ResourceDiedError("not up yet"))
    tower.load(plan=NOON - HOUR)
    assert [due.slot for due in tower.dues()] == [NOON]
    assert take(tower.family, Missed) == []


def test_d7_a_question_whose_answer_is_lost_is_asked_again_and_a_late_answer_repeats_no_slot(
    towers: Any, monkeypatch: Any
) -> None:
    monkeypatch.setattr("actors.runtime.clock._LOAD_LOST_S", 0.005)
    tower = towers(Entry("plan", HOUR))
    lost = tower.question()
    tower.load(plan=NOON - HOUR)
    assert len(tower.dues()) == 1
    lost.reply.settle([[], []])
    tower.stage.serve()
    tower.clock._tick()
    assert tower.dues() == []


def test_slots_that_passed_while_nothing_ran_are_told_to_the_family(towers: Any) -> None:
    tower = towers(Entry("plan", HOUR))
    tower.load(plan=NOON - 3 * HOUR)
    news = take(tower.family)
    assert [(type(message), message.slot) for message in news] == [
        (Missed, NOON - 2 * HOUR),
        (Missed, NOON - HOUR),
        (Due, NOON),
    ]


def test_slots_come_by_themselves_in_scaled_time(towers: Any) -> None:
    tower, slots = towers(Entry("plan", MINUTE), speed=6000.0), []
    tower.load()
    for _ in range(3):
        due = tower.next_due()
        slots.append(due.slot)
        tower.settle(due, Done({"posts": 1}))
    assert slots == sorted(set(slots))
    assert all(slot.second == slot.microsecond == 0 for slot in slots)


def test_a_transient_failure_comes_back_as_the_next_attempt_after_its_back_off_in_real_seconds(
    towers: Any, monkeypatch: Any
) -> None:
    tower = towers(Entry("plan", 24 * HOUR, attempts=2), speed=60.0, backoff=0.02)
    tower.load()
    first = tower.next_due()
    before = tower.schedule.now()
    with monkeypatch.context() as standing:
        # Or its time would have come before anybody looked.
        standing.setattr(tower.schedule, "now", lambda: before)
        tower.settle(first, Failed("away"))
    planned = take(tower.board, Planned)[-1].next_due["plan"]
    assert timedelta(seconds=0.02 * 60) <= planned - before < HOUR
    again = tower.next_due()
    assert (again.slot, again.attempt, again.trigger) == (first.slot, 2, "retry")


def test_a_trigger_makes_a_job_due_now_and_one_that_runs_only_once(towers: Any) -> None:
    tower = towers(Entry("plan", HOUR))
    tower.load(plan=NOON)
    for _ in range(3):
        tower.stage.tell(Trigger("plan", "operator"))
    (due,) = tower.dues()
    assert due.trigger == "operator"


def test_a_trigger_before_history_is_known_waits_for_it(towers: Any) -> None:
    tower = towers(Entry("plan", HOUR))
    tower.stage.tell(Trigger("plan", "operator"))
    assert tower.dues() == []
    tower.load(plan=NOON)
    assert [due.trigger for due in tower.dues()] == ["operator"]


def test_a_trigger_of_a_job_that_is_off_runs_nothing_and_is_logged(towers: Any, caplog: Any) -> None:
    caplog.set_level("INFO")
    tower = towers(Entry("plan", HOUR, enabled=False))
    tower.load()
    tower.stage.tell(Trigger("plan", "operator"))
    assert tower.dues() == []
    assert "plan is off and not triggered by operator" in caplog.text


def became(tower: Any, job: str, by: str = "operator") -> list[Any]:
    """Trigger a job and return what the clock said of it."""
    answers: list[Any] = []
    tower.stage.tell(Trigger(job, by, Answers(answers)))
    return answers


class Answers:
    """A reply that keeps what it is settled with."""

    def __init__(self, answers: list[Any]) -> None:
        self.begin, self.settle, self.fail = (lambda: None), answers.append, answers.append


def test_whoever_triggers_a_job_is_told_what_became_of_it(towers: Any) -> None:
    tower = towers(Entry("plan", HOUR), Entry("posting", HOUR, enabled=False))
    assert became(tower, "plan") == [Became.KEPT]
    tower.load(plan=NOON)
    assert became(tower, "plan") == [Became.UNDER_WAY]
    assert became(tower, "plan", "operator:outline") == [Became.FOLLOWS]
    assert became(tower, "posting") == [Became.OFF]
    tower.settle(tower.dues()[0], Done({"posts": 1}))
    tower.settle(tower.dues()[0], Done({"posts": 1}))
    assert became(tower, "plan") == [Became.DUE]


def test_a_clock_that_drains_triggers_nothing_and_says_so(towers: Any) -> None:
    tower = towers(Entry("plan", HOUR))
    tower.load(plan=NOON)
    tower.stage.tell(Drain())
    assert became(tower, "plan") == [Became.ENDING]
    assert tower.dues() == []


def test_a_new_life_of_a_clock_that_drains_goes_on_draining(towers: Any) -> None:
    tower = towers(Entry("plan", HOUR), opened=False)
    tower.stage.tell(Drain())
    tower.opened.set()
    tower.begin_anew()
    tower.load()
    assert became(tower, "plan") == [Became.ENDING]
    assert (tower.clock.loaded, tower.dues()) == (True, [])


def test_d7_the_board_is_told_what_a_slot_waits_for_and_that_it_waits_no_more(towers: Any) -> None:
    after = (After("plan", HOUR, patience=30 * MINUTE),)
    tower = towers(Entry("plan", 24 * HOUR), Entry("posting", 24 * HOUR, after=after))
    tower.load()
    (plan,) = tower.dues()
    assert take(tower.board, Planned)[-1].waiting == {"posting": "plan has never succeeded"}
    tower.settle(plan, Done({"posts": 1}))
    assert [due.job for due in tower.dues()] == ["posting"]
    assert take(tower.board, Planned)[-1].waiting == {}


def test_while_draining_nothing_comes_due(towers: Any) -> None:
    tower = towers(Entry("plan", HOUR))
    tower.stage.tell(Drain())
    tower.load()
    assert tower.dues() == []


def test_a_family_that_takes_nothing_does_not_stop_the_clock(towers: Any) -> None:
    tower = towers(Entry("plan", HOUR), Entry("posting", HOUR))
    tower.family.mailbox.bands.capacity = 1
    tower.load()
    assert [due.job for due in tower.dues()] == ["plan"]


# The ticker


def test_the_browser_s_front_is_told_when_p0_needs_it_next_once_for_each_change(
    towers: Any, monkeypatch: Any
) -> None:
    monkeypatch.setattr(clock, "_FORETELL_EVERY_S", math.inf)
    # Half an hour at sixty times the speed; the wall clock runs a little apart from the monotonic one.
    earliest = time.monotonic() + 30.0 - 0.1
    tower = towers(
        Entry("publish", HOUR), Entry("thread", HOUR, 30 * MINUTE), Entry("plan", MINUTE), speed=60.0
    )
    tower.load(publish=NOON, thread=NOON - 30 * MINUTE, plan=NOON)
    (p0_at,) = tower.forecasts()
    assert earliest < p0_at < time.monotonic() + 30.0 + 0.1
    tower.stage.tell(Tick())
    assert tower.forecasts() == []

    tower.stage.tell(Trigger("publish", "operator"))
    assert tower.forecasts() == [-math.inf]
    tower.stage.tell(Tick())
    assert tower.forecasts() == []

    (due,) = [due for due in tower.dues() if due.job == "publish"]
    tower.settle(due, Done({"posts": 1}))
    assert tower.forecasts() == [pytest.approx(p0_at, abs=5.0)]


def test_without_p0_jobs_the_browser_is_never_needed_for_them(towers: Any) -> None:
    tower = towers(Entry("plan", HOUR))
    tower.load(plan=NOON)
    assert tower.forecasts() == [math.inf]


def test_a9_the_forecast_is_told_again_now_and_then_to_a_front_that_may_have_begun_anew(
    towers: Any, monkeypatch: Any
) -> None:
    monkeypatch.setattr(clock, "_FORETELL_EVERY_S", 0.0)
    tower = towers(Entry("publish", HOUR))
    tower.load(publish=NOON)
    tower.forecasts()
    for _ in range(2):
        tower.stage.tell(Tick())
        assert tower.forecasts()


def test_a_restart_tells_the_families_how_long_their_runs_took(towers: Any) -> None:
    tower = towers(Entry("plan", HOUR))
    rows = [{"job": "plan", "last_slot": NOON, "last_success": NOON}]
    lengths = [{"job": name, "took_s": [30.0, 31.0], "browser_s": [5.0, 6.0]} for name in ("plan", "no longer there")]
    tower.question().reply.settle([rows, lengths])
    tower.stage.serve()
    assert take(tower.family, Measured) == [Measured("plan", (30.0, 31.0), (5.0, 6.0))]


def ticks() -> tuple[Ticker, threading.Semaphore]:
    count = threading.Semaphore(0)
    return Ticker(count.release, lambda error: None), count


def test_a_ticker_that_dies_takes_the_clock_with_it_whose_successor_ticks_on(towers: Any) -> None:
    died: queue.SimpleQueue[BaseException] = queue.SimpleQueue()

    def fail() -> None:
        raise MemoryError("no room for a tick")

    ticker = Ticker(fail, died.put)
    error = died.get(timeout=WAIT)
    ticker._thread.join(WAIT)
    assert not ticker._thread.is_alive()
    tower = towers(Entry("plan", HOUR))
    with pytest.raises(MemoryError):
        tower.stage.behaviour.receive(PartDied(error))


def test_the_ticker_ticks_by_itself() -> None:
    ticker, count = ticks()
    assert count.acquire(timeout=WAIT)
    ticker.stop()


def test_an_expected_slot_pulls_the_next_tick_forward_and_a_later_one_does_not_put_it_off(monkeypatch: Any) -> None:
    monkeypatch.setattr("actors.runtime.clock.TICK_EVERY_S", 3600.0)
    ticker, count = ticks()
    with ticker._lock:
        ticker._entry.next_run = datetime.now() + HOUR  # noqa: DTZ005 - as `schedule` reckons
    ticker.expect(0.0)
    ticker.expect(1800.0)
    assert count.acquire(timeout=WAIT)
    ticker.stop()


def test_a_wall_clock_set_back_by_an_hour_does_not_silence_the_ticker() -> None:
    ticker, count = ticks()
    with ticker._lock:
        ticker._entry.next_run = datetime.now() + HOUR  # noqa: DTZ005 - as `schedule` reckons
    assert count.acquire(timeout=WAIT)
    ticker.stop()


def test_a_stopped_ticker_ends_its_thread() -> None:
    ticker, _ = ticks()
    ticker.stop()
    ticker._thread.join(WAIT)
    assert not ticker._thread.is_alive()
