"""Words that stop and let go on, behind the real channel: what is answered before they are carried out."""

from __future__ import annotations

from datetime import timedelta

import pytest
import redis

from actors.control.channel import CHANNEL
from actors.messages import Drain, Pause, RenewChild, Resume
from tests.control.room import SNAPSHOT, ControlRoom
from tests.fakes import NOW, LedgerDoor, decision
from tests.stage import Stage, eventually


def test_a_pause_says_what_is_due_and_how_long_the_queue_lasts(room: ControlRoom, ledger: LedgerDoor) -> None:
    for hours in (-2, -1, 4):
        ledger.run("insert_decision", **decision(f"in {hours} hours", due=NOW + timedelta(hours=hours)))

    answer = room.say("pause posting for 2h because the site moves")

    assert answer["text"] == (
        "posting is paused for 2h because the site moves; posting has 2 due decisions; the content queue lasts 4h"
    )
    assert answer["consequences"] == ["posting has 2 due decisions", "the content queue lasts 4h"]
    (told,) = room.told("publishing")
    assert (told.job, told.because) == ("posting", "the site moves")
    assert told.until is not None


def test_a_pause_is_in_force_though_neither_board_nor_ledger_answers(stage: Stage, room: ControlRoom) -> None:
    for silent in ("board", "database"):
        stage.addresses[silent].mailbox.close()

    answer = room.say("pause posting")

    assert answer["consequences"] == ["what is under way is unknown just now", "what is queued is unknown just now"]
    assert [type(told) for told in room.told("publishing")] == [Pause]


def test_words_are_carried_out_in_the_order_in_which_they_were_said(room: ControlRoom) -> None:
    with redis.Redis.from_url(room.url) as client:
        assert client.publish(CHANNEL, "pause plan") == 1
    room.say("resume plan")

    eventually(lambda: [type(told) for told in room.listeners["content"].told] == [Pause, Resume], "resumed last")


def test_a_pause_that_stands_is_not_shortened_by_a_word_that_anybody_may_say(room: ControlRoom) -> None:
    room.say("pause posting")

    answer = room.say("pause posting for 1s")

    assert not answer["ok"]
    assert "say `resume posting` first" in answer["text"]
    assert [told.until for told in room.told("publishing")] == [None]


def test_a_drain_tells_clock_and_families_to_begin_nothing_and_says_what_is_left(
    room: ControlRoom, ledger: LedgerDoor
) -> None:
    ledger.run("insert_decision", **decision("due", due=NOW))

    answer = room.say("drain")

    assert answer["text"].startswith("nothing new begins until there is a new process; ")
    assert "posting has 1 due decision" in answer["consequences"]
    for name in ("clock", "content", "publishing"):
        assert room.told(name) == [Drain()]


def test_a_restart_is_said_to_the_supervisor_of_the_actor_and_to_nobody_else(room: ControlRoom) -> None:
    answer = room.say("restart clock")

    assert answer["text"].startswith("clock is restarted; nothing falls due for a moment")
    assert room.told("board") == [RenewChild("clock")]
    assert not room.listeners["clock"].told


def test_an_actor_that_nobody_restarts_is_refused_with_those_there_are(room: ControlRoom) -> None:
    assert room.say("restart root")["text"] == "no actor 'root'; actors: clock"


def test_a5_a_breaker_is_closed_by_its_front_and_the_answer_says_what_it_was(stage: Stage, room: ControlRoom) -> None:
    assert room.say("breaker database reset")["text"] == "the breaker of database is closed, it was closed"
    assert room.say("breaker openai reset")["text"] == "no resource 'openai'; resources: database, redis, runs"
    assert stage.state("database").breaker == "closed"


@pytest.mark.usefixtures("silence_is_an_answer")
def test_a_front_that_does_not_answer_is_said_and_keeps_no_other_word_waiting(room: ControlRoom) -> None:
    answer = room.say("breaker runs reset")

    assert (answer["ok"], answer["text"]) == (False, "runs does not answer; its breaker is closed once it does")
    assert room.say("jobs")["ok"]


def test_stacks_says_where_the_operator_itself_stands(room: ControlRoom) -> None:
    lines = room.say("stacks")["lines"]

    (own,) = [line for line in lines if line.startswith("operator#")]
    assert "actors.control.operator:" in own
    assert any(line.startswith("control-channel: ") for line in lines)


def test_runs_under_way_are_named_before_the_process_ends(room: ControlRoom, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(SNAPSHOT, "running", {"plan": NOW})

    assert room.say("shutdown")["text"] == "shutting down; plan is under way and may end"
