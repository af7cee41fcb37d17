"""What is said to come of a word before it is carried out."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from actors.domain.author import ANYBODY, HOLDER
from actors.domain.consequences import Outlook, of_restarting, of_resuming, of_running, of_stopping, of_triggering
from actors.domain.pauses import Pause

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)
SOON = NOW + timedelta(minutes=40)
LANES = {"content": Outlook(9, 3, NOW - timedelta(hours=1), NOW + timedelta(hours=4, seconds=5))}


def test_a_publisher_that_stops_leaves_its_due_decisions_and_a_queue_that_lasts_for_a_while() -> None:
    said = of_stopping(["posting"], {}, LANES, {}, NOW)

    assert said == ["posting has 3 due decisions", "the content queue lasts 4h"]


def test_a_queue_without_due_decisions_says_when_the_next_is_due_and_an_empty_one_that_it_is_empty() -> None:
    later = {"content": Outlook(1, 0, SOON, SOON)}

    assert of_stopping(["posting"], {}, later, {}, NOW) == [
        "posting has no due decision, the next is due in 40m",
        "the content queue lasts 40m",
    ]
    assert of_stopping(["posting"], {}, {}, {}, NOW) == ["posting has no decision", "the content queue is empty"]


def test_a_filler_that_stops_says_how_long_the_queue_lasts_without_it() -> None:
    assert of_stopping(["plan"], {}, LANES, {}, NOW) == ["the content queue lasts 4h"]
    overdue = {"content": Outlook(1, 1, NOW, NOW)}
    assert of_stopping(["plan"], {}, overdue, {}, NOW) == ["the content queue is due to its end"]


def test_a_job_beside_the_queues_misses_its_next_slot() -> None:
    assert of_stopping(["learn"], {}, None, {"learn": SOON}, NOW) == ["its next slot at 2026-03-02 12:40:00 is missed"]
    assert of_stopping(["learn", "optimizer"], {}, None, {"learn": SOON}, NOW) == []


def test_runs_under_way_are_named_and_what_nobody_could_say_is_unknown() -> None:
    assert of_running({"plan", "posting"}, ["plan", "learn"]) == ["plan is under way and may end"]
    many = [f"job{n}" for n in range(7)]
    assert of_running(many, many) == ["job0, job1, job2, job3, job4 and 2 more are under way and may end"]
    assert of_stopping(["posting"], None, None, {}, NOW) == [
        "what is under way is unknown just now",
        "what is queued is unknown just now",
    ]


def test_who_is_resumed_is_due_at_his_next_slot() -> None:
    due = {"plan": SOON, "posting": NOW}
    assert of_resuming(["plan", "posting"], due) == ["posting is due first, at 2026-03-02 12:00:00"]
    assert of_resuming(["learn"], due) == []


def test_a_front_that_begins_anew_says_how_many_errands_it_may_lose() -> None:
    snapshot = {"fronts": {"browser": {"running": 2, "waiting": 5}}, "families": {"content": {}}}

    assert of_restarting("browser", snapshot) == [
        "2 errands are under way in it and may fail, 5 wait and are refused"
    ]
    assert of_restarting("content", snapshot) == ["its runs go on, and its pauses stay"]
    assert of_restarting("board", snapshot) == ["what it was told stays, and questions wait for a moment"]
    assert of_restarting("browser", None) == ["what it does is unknown just now"]
    for name in ("clock", "board", "operator", "lease", "memory"):
        assert len(of_restarting(name, snapshot)) == 1


def test_k4_who_has_a_job_run_is_told_whose_pause_it_passes_and_that_the_kill_switch_holds_all_the_same() -> None:
    hold = Pause("all", None, HOLDER, "legal hold")
    passed = f"it runs though all is paused until somebody resumes it, by {HOLDER}, because legal hold"
    stopped = "the kill switch is on: nothing is published"

    assert of_triggering("posting", hold, kill_switch=True) == [passed, stopped]
    assert of_triggering("reply_posting", None, kill_switch=True) == [stopped]
    assert of_triggering("plan", hold, kill_switch=True) == [passed]
    brief = Pause("posting", NOW, ANYBODY)
    (told,) = of_triggering("posting", brief, kill_switch=False)
    assert told == "it runs though posting is paused until 2026-03-02 12:00:00 UTC of the wall clock, by anybody"
    assert of_triggering("posting", None, kill_switch=False) == []
