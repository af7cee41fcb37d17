"""The family: admission, settling, and a history that survives the database's absence. The test plays the fronts."""

from __future__ import annotations

import logging
import time
from datetime import datetime, timedelta
from typing import Any

import pytest

from actors.domain.outcome import Blocked, Done, Failed, Nothing, Outcome, Snooze, describe
from actors.domain.priority import Band, Priority
from actors.domain.workload import Span
from actors.errors import CircuitOpenError, DeadlineError, MemoryPressureError, QueryError, ResourceDiedError
from actors.messages import Describe, Drain, Due, FamilyState, Measured, Missed, Pause, Request, Resume, Settled
from actors.runtime.address import Address
from actors.runtime.family import Family, FamilyPlan
from actors.runtime.runs import RunResult
from tests.runtime.jobs import NOON, make_job, schedule_clock
from tests.runtime.stage import Stage, take

MINUTE = timedelta(minutes=1)
LENGTH = Span(20.0, 60.0)


class Household:
    """A family with its surroundings; every address but its own is read by the test."""

    def __init__(self, deadline: float = 60.0, runs_capacity: int = 100, at: datetime = NOON) -> None:
        self.runs, self.database = Address("runs", runs_capacity), Address("database")
        self.clock, self.board = Address("clock"), Address("board")
        self.schedule = schedule_clock(at=at)
        jobs = {name: make_job(name) for name in ("plan", "viral_thread")}
        plan = FamilyPlan("content", jobs, dict.fromkeys(jobs, deadline), dict.fromkeys(jobs, LENGTH), "bootid-1")
        listeners = (self.clock, self.board)
        self.stage = Stage(
            lambda context: Family(context, plan, self.schedule, self.runs, self.database, listeners, self.board)
        )

    @property
    def family(self) -> Family:
        family: Family = self.stage.behaviour
        return family

    def due(self, job: str = "plan", trigger: str = "slot", attempt: int = 1) -> Request | None:
        """Tell the family that a job is due; return the run it asks for, if it does."""
        self.stage.tell(Due(job, NOON, attempt, trigger))
        requests = take(self.runs, Request)
        return requests[0] if requests else None

    def end(self, run: Request | None, outcome: Outcome, took: tuple[float, float] = (30.0, 5.0)) -> None:
        assert run is not None
        started = self.schedule.now()
        run.reply.settle(RunResult(outcome, started, started, *took))
        self.stage.serve()

    def settled(self) -> list[Settled]:
        """Return what the clock was told, having made sure that the board was told the same."""
        told = take(self.clock, Settled)
        assert [news for news in take(self.board, Settled) if news in told] == told
        return told

    def records(self) -> list[Request]:
        return take(self.database, Request)

    def record(self) -> Request:
        """Return the one record under way."""
        (record,) = self.records()
        return record

    def running(self) -> tuple[str, ...]:
        state: FamilyState = self.family.receive(Describe())
        return state.running


def params(record: Request) -> dict[str, Any]:
    statement = record.work.statements[0]
    assert statement.query == "record_run"
    found: dict[str, Any] = statement.params
    return found


def test_a_due_job_is_sent_to_the_run_slots_with_its_deadline_and_priority() -> None:
    run = Household(deadline=7.0).due()
    assert run is not None
    assert (run.limit_s, run.priority, run.work.job.name, run.work.slot) == (7.0, Priority.P1, "plan", NOON)


@pytest.mark.parametrize(("trigger", "late_s"), [("slot", 60.0), ("catch_up", 0.0), ("retry", 0.0), ("operator", 0.0)])
def test_a_run_waits_since_its_slot_or_since_it_was_fired_if_the_grid_did_not_call_it(
    trigger: str, late_s: float
) -> None:
    earliest = time.monotonic() - late_s
    run = Household(at=NOON + MINUTE).due(trigger=trigger)
    assert run is not None
    # Of two clocks, one is read after the other.
    assert earliest - 5.0 < run.work.since < time.monotonic() - late_s + 5.0
    assert run.demand.since == run.work.since


def test_a_run_s_expected_length_is_the_configured_one_until_five_runs_were_measured() -> None:
    house = Household()
    expected = []
    for _ in range(6):
        run = house.due()
        assert run is not None
        expected.append((run.demand.remaining_s, run.work.length))
        house.end(run, Done({"posts": 1}), (30.0, 5.0))
    assert expected == [(LENGTH.mean_s, LENGTH)] * 5 + [(30.0, Span(5.0, 5.0))]


def test_a_restart_keeps_what_was_measured_before_it() -> None:
    house = Household()
    house.stage.tell(Measured("plan", (30.0,) * 5, (5.0,) * 5))
    run, other = house.due(), house.due("viral_thread")
    assert run is not None
    assert other is not None
    assert (run.demand.remaining_s, run.work.length) == (30.0, Span(5.0, 5.0))
    assert other.work.length == LENGTH


def test_a_run_that_came_to_no_end_of_its_own_is_recorded_without_a_length() -> None:
    house = Household()
    overrun = house.due()
    assert overrun is not None
    overrun.reply.fail(DeadlineError("overran"))
    house.stage.serve()
    record = params(house.record())
    assert (record["outcome"], record["took_s"], record["browser_s"]) == ("failed", None, None)


def test_d3_ten_triggers_at_once_make_one_run_and_nine_recorded_refusals() -> None:
    house = Household()
    for number in range(10):
        house.stage.address.tell(Due("plan", NOON, 1, ["slot", "operator", "job"][number % 3]))
    house.stage.serve()
    assert len(take(house.runs, Request)) == 1
    refusals = house.settled()
    assert len(refusals) == 9
    assert all("still under way" in news.outcome.reason for news in refusals)
    assert all(news.run_id == "" for news in refusals)


def test_a8_a_run_refused_for_memory_is_blocked_with_the_reason_and_the_fourth_in_a_row_is_an_alarm(
    caplog: pytest.LogCaptureFixture,
) -> None:
    house, outcomes = Household(), []
    for _ in range(4):
        run = house.due()
        assert run is not None
        run.reply.fail(MemoryPressureError("486 of 512 MB are used"))
        house.stage.serve()
        outcomes += [news.outcome for news in house.settled()]
    assert outcomes == [Blocked("486 of 512 MB are used")] * 4
    actions = [line.action for line in caplog.records if line.levelno >= logging.WARNING]  # type: ignore[attr-defined]
    assert actions == ["run_blocked"] * 3 + ["job_starved", "run_blocked"]
    (alarm,) = (line for line in caplog.records if line.levelno == logging.ERROR)
    assert (alarm.levelname, alarm.job, alarm.refusals) == ("ERROR", "plan", 4)  # type: ignore[attr-defined]


def test_a8_a_run_between_two_refusals_ends_the_row(caplog: pytest.LogCaptureFixture) -> None:
    house = Household()
    for number in range(7):
        run = house.due()
        assert run is not None
        if number == 3:
            house.end(run, Done({"posts": 1}))
        else:
            run.reply.fail(MemoryPressureError("full"))
            house.stage.serve()
    assert [line for line in caplog.records if line.action == "job_starved"] == []  # type: ignore[attr-defined]


def test_jobs_of_one_family_run_beside_each_other() -> None:
    house = Household()
    assert house.due("plan") is not None
    assert house.due("viral_thread") is not None
    assert house.running() == ("plan", "viral_thread")


@pytest.mark.parametrize(
    ("outcome", "word", "counts", "reason"),
    [
        (Done({"posts": 2}), "done", {"posts": 2}, ""),
        (Nothing("empty"), "nothing", {}, "empty"),
        (Snooze(NOON, "cap"), "snooze", {}, "until 2026-03-01T12:00:00+00:00: cap"),
        (Blocked("kill switch"), "blocked", {}, "kill switch"),
        (Failed("boom"), "failed", {}, "boom"),
    ],
)
def test_c9_a_run_is_settled_and_recorded_as_what_it_was(
    outcome: Outcome, word: str, counts: dict[str, int], reason: str
) -> None:
    house = Household()
    house.end(house.due(), outcome)
    (news,) = house.settled()
    assert (news.job, news.outcome, news.slot) == ("plan", outcome, NOON)
    record = params(house.record())
    assert (record["outcome"], record["counts"], record["reason"]) == (word, counts, reason)
    assert (record["took_s"], record["browser_s"]) == (30.0, 5.0)
    assert describe(outcome) == (word, counts, reason)
    assert house.running() == ()


def test_a_run_that_the_slots_refuse_or_revoke_has_failed_and_may_be_tried_again() -> None:
    house = Household()
    for error in (CircuitOpenError("open", 2.0), DeadlineError("overran")):
        run = house.due()
        assert run is not None
        run.reply.fail(error)
        house.stage.serve()
        (news,) = house.settled()
        assert isinstance(news.outcome, Failed)
        assert news.outcome.transient
        assert type(error).__name__ in news.outcome.error


def test_a_run_that_does_not_even_reach_the_slots_has_failed() -> None:
    house = Household(runs_capacity=0)
    assert house.due() is None
    (news,) = house.settled()
    assert isinstance(news.outcome, Failed)
    assert house.running() == ()


def test_d2_a_run_that_nobody_answers_fails_in_time_and_the_job_is_free_again(monkeypatch: Any) -> None:
    monkeypatch.setattr("actors.runtime.family._ANSWER_GRACE_S", 0.0)
    house = Household(deadline=0.01)
    lost = house.due()
    house.stage.serve_until(lambda: house.running() == ())
    (news,) = house.settled()
    assert isinstance(news.outcome, Failed)
    assert "no answer" in news.outcome.error
    assert house.due() is not None
    house.end(lost, Done({"posts": 1}))
    assert house.settled() == []
    assert house.running() == ("plan",)


def test_a9_the_late_result_of_a_revoked_run_changes_nothing() -> None:
    house = Household()
    late = house.due()
    assert late is not None
    late.reply.fail(DeadlineError("overran"))
    house.stage.serve()
    house.due()
    house.end(late, Done({"posts": 1}))
    assert [type(news.outcome) for news in house.settled()] == [Failed]
    assert house.running() == ("plan",)


def test_lateness_is_measured_from_the_slot_and_for_slots_alone() -> None:
    house = Household()
    for trigger in ("slot", "retry"):
        run = house.due(trigger=trigger)
        assert run is not None
        run.reply.settle(RunResult(Done({"x": 1}), NOON + MINUTE, NOON + 2 * MINUTE))
        house.stage.serve()
    assert [news.late_s for news in house.settled()] == [60.0, 0.0]


def test_a_paused_job_is_refused_with_its_reason_unless_the_operator_wants_it() -> None:
    house = Household()
    house.stage.tell(Pause("plan"))
    assert take(house.board, FamilyState)[-1].paused == ("plan",)
    assert house.due() is None
    (news,) = house.settled()
    assert news.outcome == Blocked("paused")
    assert house.due(trigger="operator") is not None
    house.stage.tell(Resume("plan"))
    assert take(house.board, FamilyState)[-1].paused == ()


def test_a_refused_retry_keeps_its_attempt() -> None:
    house = Household()
    house.stage.tell(Pause(None))
    house.due(attempt=2, trigger="retry")
    (news,) = house.settled()
    assert (news.attempt, news.trigger) == (2, "retry")


def test_while_draining_nothing_is_admitted() -> None:
    house = Household()
    house.stage.tell(Drain())
    assert house.due(trigger="operator") is None
    assert house.settled()[0].outcome == Blocked("shutting down")


def test_a_missed_slot_is_recorded_and_is_news_to_the_board() -> None:
    house = Household()
    house.stage.tell(Missed("plan", NOON, "coalesced into a later slot"))
    assert take(house.clock, Settled) == []
    (news,) = take(house.board, Settled)
    assert (news.run_id, news.outcome) == ("", Blocked("coalesced into a later slot"))
    record = params(house.record())
    assert (record["outcome"], record["reason"]) == ("missed", "coalesced into a later slot")


# The history


def three_runs(house: Household) -> list[str]:
    ids = []
    for _ in range(3):
        run = house.due()
        assert run is not None
        ids.append(run.id)
        house.end(run, Done({"posts": 1}))
    return ids


def test_records_are_written_one_after_the_other() -> None:
    house, written = Household(), []
    ids = three_runs(house)
    for _ in ids:
        record = house.record()
        written.append(params(record)["run_id"])
        record.reply.settle([[]])
        house.stage.serve()
    assert written == ids
    assert house.records() == []


def test_f10_the_history_survives_refusals_of_the_database_and_is_written_in_order(monkeypatch: Any) -> None:
    monkeypatch.setattr("actors.runtime.family._RECORD_AGAIN_S", 0.005)
    house, written = Household(), []
    ids = three_runs(house)
    for answer in (ResourceDiedError("down"), CircuitOpenError("open", 1.0), None, DeadlineError("slow"), None, None):
        house.stage.serve_until(lambda: len(house.database.mailbox))
        record = house.record()
        if answer is None:
            written.append(params(record)["run_id"])
            record.reply.settle([[]])
        else:
            record.reply.fail(answer)
        house.stage.serve()
    assert written == ids


def test_f10_a_history_that_waits_says_so_once_in_each_outage_however_often_it_is_tried(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("actors.runtime.family._RECORD_AGAIN_S", 0.005)
    house = Household()
    three_runs(house)
    down = CircuitOpenError("open", 1.0)
    for answer in (down, down, down, None, down, down, None, None):
        house.stage.serve_until(lambda: len(house.database.mailbox))
        record = house.record()
        if answer is None:
            record.reply.settle([[]])
        else:
            record.reply.fail(answer)
        house.stage.serve()

    assert [getattr(line, "action", "") for line in caplog.records].count("record_delayed") == 2


def test_a_full_database_mailbox_is_a_refusal_like_any_other(monkeypatch: Any) -> None:
    monkeypatch.setattr("actors.runtime.family._RECORD_AGAIN_S", 0.005)
    house = Household()
    house.database.mailbox.bands.capacity = 0
    house.end(house.due(), Done({"posts": 1}))
    assert house.records() == []
    house.database.mailbox.bands.capacity = 10
    house.stage.serve_until(lambda: len(house.database.mailbox))
    assert params(house.record())["outcome"] == "done"


def test_c3_a_record_that_the_database_rejects_for_good_does_not_hold_up_those_behind_it(caplog: Any) -> None:
    house = Household()
    ids = three_runs(house)
    house.record().reply.fail(QueryError("a text with a zero byte"))
    house.stage.serve()
    assert params(house.record())["run_id"] == ids[1]
    (dropped,) = [line for line in caplog.records if getattr(line, "action", "") == "record_dropped"]
    assert dropped.run == ids[0]


def test_a9_the_late_answer_to_an_older_record_does_not_settle_the_present_one(monkeypatch: Any) -> None:
    monkeypatch.setattr("actors.runtime.family._RECORD_LIMIT_S", 0.005)
    monkeypatch.setattr("actors.runtime.family._RECORD_AGAIN_S", 0.005)
    monkeypatch.setattr("actors.runtime.family._ANSWER_GRACE_S", 0.0)
    house = Household()
    house.end(house.due(), Done({"posts": 1}))
    lost = house.record()
    house.stage.serve_until(lambda: len(house.database.mailbox))
    monkeypatch.undo()
    again = house.records()[-1]
    assert params(again) == params(lost)
    present = house.family.memory.recording
    lost.reply.settle([[]])
    house.stage.serve()
    assert house.family.memory.recording is present


def test_an_overflowing_history_drops_its_oldest_record_and_says_which(monkeypatch: Any, caplog: Any) -> None:
    monkeypatch.setattr("actors.runtime.family._BACKLOG", 2)
    house = Household()
    ids = [*three_runs(house), *three_runs(house)]
    assert [statement.params["run_id"] for statement in house.family.memory.backlog] == ids[-2:]
    dropped = [line.run for line in caplog.records if getattr(line, "action", "") == "record_dropped"]
    assert dropped == ids[1:4]


def test_a_message_nobody_understands_is_no_crash() -> None:
    house = Household()
    house.stage.tell("gibberish", Band.P2)
    assert house.due() is not None
