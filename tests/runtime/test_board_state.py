"""The board: everything it says was told to it."""

from __future__ import annotations

import math
import time
from typing import Any

import pytest

from actors.domain.memory import Level, Usage
from actors.domain.outcome import Blocked, Done, Failed, Nothing, Outcome, Snooze
from actors.domain.pauses import Pause
from actors.messages import (
    ActorChanged,
    DeadLetter,
    Describe,
    Drain,
    FamilyState,
    FrontState,
    Judged,
    LeaseState,
    Planned,
    Pressure,
    Settled,
    Standing,
)
from actors.runtime.board import Board, BoardMemory
from actors.runtime.build import build_id
from tests.runtime.jobs import NOON, schedule_clock
from tests.runtime.stage import Stage


class Hall:
    """A board served by the test."""

    def __init__(self, heartbeat: float = 60.0) -> None:
        clock, self.memory = schedule_clock(), BoardMemory()
        self.make = lambda context: Board(context, clock, "boot-1", heartbeat, self.memory)
        self.stage = Stage(self.make)

    def begin_anew(self) -> None:
        """Put the next life of the board in the place of this one."""
        self.stage = Stage(self.make)

    def tell(self, *news: Any) -> dict[str, Any]:
        for message in news:
            self.stage.tell(message)
        snapshot: dict[str, Any] = self.stage.behaviour.receive(Describe())
        return snapshot


def settled(outcome: Outcome, run: str = "run-1") -> Settled:
    return Settled("plan", "content", run, NOON, 1, outcome, NOON, NOON, "slot")


def test_d8_a_streak_of_runs_with_nothing_done_is_counted_and_ends_with_the_first_that_did_something() -> None:
    hall = Hall()
    state = hall.tell(*[settled(Nothing("empty"))] * 3)["jobs"]["plan"]
    assert (state["nothing_streak"], state["runs"]) == (3, 3)
    assert hall.tell(settled(Done({"posts": 2})))["jobs"]["plan"]["nothing_streak"] == 0


def test_c9_only_what_succeeded_moves_the_last_success() -> None:
    hall = Hall()
    for outcome in (Blocked("kill switch"), Failed("boom")):
        state = hall.tell(settled(outcome))["jobs"]["plan"]
        assert state["last_success_at"] is None
    assert (state["last_outcome"], state["last_reason"]) == ("failed", "boom")
    assert hall.tell(settled(Nothing("empty")))["jobs"]["plan"]["last_success_at"] == NOON


def test_a_missed_slot_is_counted_and_is_no_run() -> None:
    state = Hall().tell(settled(Blocked("coalesced"), run=""))["jobs"]["plan"]
    assert (state["missed"], state["runs"], state["last_outcome"]) == (1, 0, "")


def test_counts_of_all_runs_add_up() -> None:
    snapshot = Hall().tell(settled(Done({"posts": 2})), settled(Done({"posts": 1, "found": 4})))
    assert snapshot["counts"] == {"posts": 3, "found": 4}


def test_a_job_runs_since_it_was_first_seen_and_until_it_is_gone() -> None:
    hall = Hall()
    first = hall.tell(FamilyState("content", ("plan",), ()))["running"]["plan"]
    again = hall.tell(FamilyState("replies", ("harvest",), ()))["running"]
    assert again["plan"] == first
    assert set(again) == {"plan", "harvest"}
    assert set(hall.tell(FamilyState("content", (), ()))["running"]) == {"harvest"}


def test_a_first_start_is_no_restart_and_every_later_one_is() -> None:
    hall = Hall()
    states = ["running", "exited", "running", "exited", "start_failed", "running"]
    snapshot = hall.tell(*[ActorChanged("database", state, number) for number, state in enumerate(states)])
    assert snapshot["restarts"] == {"database": 2}
    assert snapshot["actors"]["database"] == {"state": "running", "generation": 5}


def test_an_actor_that_waits_out_its_back_off_is_shown_with_the_rest_of_it() -> None:
    snapshot = Hall().tell(ActorChanged("clock", "exited", 1, "boom", time.monotonic() + 60))
    assert 0 < snapshot["actors"]["clock"]["restart_in_s"] <= 60


def test_fronts_plans_and_dead_letters_are_shown_as_last_told() -> None:
    front = FrontState("browser", 3, 1, 0, "closed", 0)
    planned = Planned({"plan": NOON}, {"posting": "plan has never succeeded"})
    snapshot = Hall().tell(front, planned, DeadLetter("clock", "Tick", "boom"))
    assert snapshot["fronts"]["browser"]["running"] == 1
    assert snapshot["next_due"] == {"plan": NOON}
    assert snapshot["waiting"] == {"posting": "plan has never succeeded"}
    assert snapshot["dead_letters"] == 1


def test_a8_the_last_reading_of_memory_is_shown_in_megabytes_and_no_limit_as_nothing() -> None:
    hall = Hall()
    assert hall.tell()["memory"] is None
    reading = Pressure(Level.TIGHT, Usage(440 * 1024**2, 512 * 1024**2))
    assert hall.tell(reading)["memory"] == {"level": "tight", "used_mb": 440, "limit_mb": 512}


def test_b7_the_lease_is_shown_with_the_rest_of_it_and_what_has_run_out_is_nobodys() -> None:
    hall = Hall()
    assert hall.tell()["lease"] is None
    shown = hall.tell(LeaseState("boot-1", 3, is_ours=True, until=time.monotonic() + 60))["lease"]
    assert 0 < shown.pop("left_s") <= 60
    assert shown == {"holder": "boot-1", "fence": 3, "is_ours": True}
    over = hall.tell(LeaseState("boot-1", 3, is_ours=True, until=time.monotonic() - 1))["lease"]
    assert over == {"holder": "boot-1", "fence": 3, "is_ours": False, "left_s": 0.0}


def test_b7_a_lease_that_nobody_ever_heard_of_has_nothing_left() -> None:
    assert Hall().tell(LeaseState("", 0, is_ours=False, until=-math.inf))["lease"]["left_s"] == 0.0


def test_the_heartbeat_comes_by_itself_and_carries_the_whole_state(caplog: Any) -> None:
    caplog.set_level("INFO")
    hall = Hall(heartbeat=0.005)
    hall.stage.serve_until(lambda: hall.stage.behaviour.beats >= 2)
    beats = [line for line in caplog.records if getattr(line, "action", "") == "heartbeat"]
    assert [line.beat for line in beats[:2]] == [1, 2]
    assert beats[0].state["boot"] == "boot-1"


def test_what_people_stopped_is_shown_as_it_was_told_last(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO")
    hall = Hall()
    free = hall.tell()
    assert (free["pauses"], free["kill_switch"], free["draining"]) == ([], False, False)
    pause = Pause("posting", NOON, "operator", "the site moves")
    shown = hall.tell(Standing((pause,), kill_switch=True), Drain())
    row = {"name": "posting", "until": NOON, "by": "operator", "because": "the site moves"}
    assert (shown["pauses"], shown["kill_switch"], shown["draining"]) == ([row], True, True)
    changes = [vars(record)["change"] for record in caplog.records if vars(record).get("action") == "board_changed"]
    assert changes[-1].items() >= {"pauses": [row], "kill_switch": True, "draining": True}.items()
    again = hall.tell(Standing((), kill_switch=False))
    assert (again["pauses"], again["kill_switch"], again["draining"]) == ([], False, True)


def test_k3_a_new_life_knows_all_that_the_last_one_knew_and_the_log_is_told_it_anew(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level("INFO")
    hall = Hall()
    hall.memory.booted -= 100.0
    news = [
        ActorChanged("clock", "running", 1), ActorChanged("clock", "running", 2), DeadLetter("clock", "Tick", "boom"),
        FrontState("browser", 3, 1, 0, "open", 0), FamilyState("content", ("plan",), ("viral_thread",)),
        settled(Done({"posts": 2})), settled(Blocked("coalesced"), run=""), Planned({"plan": NOON}, {"learn": "plan"}),
        Pressure(Level.TIGHT, Usage(440 * 1024**2, 512 * 1024**2)), Judged("degraded", 92.0, "memory is tight"),
        LeaseState("boot-1", 3, is_ours=True, until=math.inf),
        Standing((Pause("posting", NOON, "operator", "the site moves"),), kill_switch=True), Drain(),
    ]  # fmt: skip
    before = hall.tell(*news)
    hall.begin_anew()
    after = hall.tell()

    moving = ("uptime_s", "schedule_time")
    assert all(before.values())
    assert [name for name in before if before[name] != after[name] and name not in moving] == []
    assert after["uptime_s"] >= before["uptime_s"] >= 100.0
    told = [vars(record) for record in caplog.records if vars(record).get("action") == "board_changed"]
    assert (told[-1]["anew"], told[-1]["change"]) == (True, after)


def test_news_that_kills_the_board_leaves_nothing_half_told_behind() -> None:
    hall = Hall()
    before = hall.tell(settled(Done({"posts": 2})))
    with pytest.raises(AttributeError):
        hall.tell(settled(Snooze(None, "no time")))  # type: ignore[arg-type]
    with pytest.raises(TypeError):
        hall.tell(settled(Done({"posts": "many"})))  # type: ignore[dict-item]
    hall.begin_anew()
    after = hall.tell()
    assert (after["jobs"], after["counts"]) == (before["jobs"], before["counts"])


def test_a_life_that_was_given_up_tells_the_log_nothing_any_more(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO")
    hall = Hall()
    hall.memory.take(Drain(), NOON)
    hall.stage.address.mailbox.next_generation()
    assert hall.stage.behaviour.receive(Describe())["draining"]
    hall.stage.behaviour.stop()
    assert caplog.records == []


def test_unknown_news_is_no_crash() -> None:
    assert Hall().tell("gibberish")["boot"] == "boot-1"


def test_the_verdict_on_the_whole_is_the_last_one_it_was_told() -> None:
    hall = Hall()
    assert hall.tell()["health"] is None
    hall.tell(Judged("degraded", 92.0, "memory is tight"))
    assert hall.tell(Judged("unhealthy", 40.0, ""))["health"] == {"level": "unhealthy", "score": 40.0, "reason": ""}


def test_k1_the_state_names_the_build_that_tells_it() -> None:
    assert Hall().tell()["build"] == build_id()
