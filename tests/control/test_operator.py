"""The operator's actor behind the real channel: what each word moves, and who may say it."""

from __future__ import annotations

import json
import os
import signal
from typing import TYPE_CHECKING, Any

import pytest
import redis

from actors.commands import send as send_module
from actors.config import Config, ControlSettings, RedisSettings, Secret
from actors.control.channel import REPLIES, STREAM
from actors.domain.priority import Band
from actors.domain.triggering import Became
from actors.domain.why.situation import Part
from actors.domain.why.standing import Paused
from actors.embedded.valkey import EmbeddedValkey
from actors.errors import AppError, ConfigError
from actors.messages import Pause, Resume, Trigger, Wake
from tests.control.room import KEY, SNAPSHOT, ControlRoom
from tests.fakes import NOW, LedgerDoor
from tests.stage import PATIENCE_S, Outcome, Stage, eventually

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path


def test_status_says_what_is_busy_broken_paused_and_waiting(room: ControlRoom) -> None:
    answer = room.say("status")

    assert answer["ok"]
    assert answer["lines"][:6] == [
        "up 12 s",
        "browser 1/3, openai 0/4",
        "broken: openai",
        "paused: plan",
        "memory tight: 440/512 MB",
        "waiting: learn (metrics_scraper is 3h old)",
    ]
    assert answer["status"]["fronts"]["browser"]["size"] == 3


def test_jobs_says_when_each_is_due_and_how_it_ended_last(room: ControlRoom) -> None:
    assert room.say("jobs")["text"] == "plan: due 12:00:00, last done; posting: due 12:00:00, last never ran"


@pytest.mark.parametrize(
    ("word", "told"),
    [
        ("pause posting", {"publishing": [Pause("posting", "operator")]}),
        ("resume posting", {"publishing": [Resume("posting")]}),
        ("pause planner", {"content": [Pause("plan", "operator")]}),
        ("pause content", {"content": [Pause("plan", "operator")]}),
        ("pause all", {"content": [Pause("plan", "operator")], "publishing": [Pause("posting", "operator")]}),
        ("resume all", {"content": [Resume("plan")], "publishing": [Resume("posting")]}),
        ("run posting", {"clock": [Trigger("posting", "operator")]}),
        ("run planner", {"clock": [Trigger("plan", "operator")]}),
        ("run outline", {"clock": [Trigger("plan", "operator:outline")]}),
    ],
)
def test_a_word_moves_exactly_whom_it_names(room: ControlRoom, word: str, told: dict[str, list[Any]]) -> None:
    assert room.say(word)["ok"]

    assert {name: room.told(name) for name in told} == told
    assert not any(listener.told for name, listener in room.listeners.items() if name not in told)


@pytest.mark.parametrize(
    ("word", "known"),
    [
        ("pause nobody", "no job or family 'nobody'; known: content, plan, posting, publishing"),
        ("resume nobody", "no job or family 'nobody'; known: content, plan, posting, publishing"),
        ("run nobody", "no job 'nobody'; jobs: plan, posting"),
        ("run content", "no job 'content'; jobs: plan, posting"),
        ("run all", "no job 'all'; jobs: plan, posting"),
        ("why content", "no job 'content'; jobs: plan, posting"),
    ],
)
def test_a_name_that_nobody_bears_is_refused_with_those_there_are(room: ControlRoom, word: str, known: str) -> None:
    answer = room.say(word)

    assert (answer["ok"], answer["text"]) == (False, known)
    assert room.nobody_was_told()


@pytest.mark.parametrize(("word", "hint"), [("paus posting", "nearest known: pause"), ("pause", "say it like this")])
def test_what_is_no_word_is_refused_with_what_would_be(room: ControlRoom, word: str, hint: str) -> None:
    answer = room.say(word)

    assert (answer["ok"], hint in answer["text"]) == (False, True)


def test_k4_the_kill_switch_is_answered_when_it_is_in_the_database(room: ControlRoom, database_url: str) -> None:
    ledger = LedgerDoor(database_url)
    for state in ("on", "off"):
        answer = room.say(f"kill-switch {state}")
        assert (answer["ok"], answer["text"].partition(";")[0]) == (True, f"kill-switch {state} is in force")
        assert (flag := ledger.one("get_flag", name="kill_switch"))
        assert flag["is_on"] is (state == "on")
    ledger.close()


@pytest.mark.parametrize(
    ("became", "is_done", "text"),
    [
        (Became.OFF, False, "plan is off: jobs.plan.enabled is false in the configuration"),
        (Became.UNDER_WAY, True, "a run of plan is under way already, and is run enough"),
        (Became.FOLLOWS, True, "outline of plan follows the run under way"),
        (Became.ENDING, False, "plan does not begin: the supervisor drains"),
        (Became.KEPT, True, "plan is due as soon as the database has told what ran before"),
    ],
)
def test_run_is_answered_with_what_became_of_it_and_not_with_what_was_hoped(
    room: ControlRoom, became: Became, text: str, *, is_done: bool
) -> None:
    room.listeners["clock"].became = became

    answer = room.say("run outline" if became is Became.FOLLOWS else "run plan")

    assert (answer["ok"], answer["text"].startswith(text)) == (is_done, True)


@pytest.mark.usefixtures("silence_is_an_answer")
def test_run_says_of_a_clock_that_does_not_answer_that_it_does_not(room: ControlRoom) -> None:
    room.listeners["clock"].became = None

    answer = room.say("run plan")

    assert (answer["ok"], answer["text"]) == (False, "the clock does not answer; plan is due once it does")


def test_k4_run_says_that_it_passes_a_pause_and_that_the_kill_switch_lets_nothing_be_published(
    room: ControlRoom,
) -> None:
    assert room.say("pause all because legal hold")["ok"]
    assert room.say("kill-switch on")["ok"]

    passed = "it runs though all is paused until somebody resumes it, by operator, because legal hold"
    stopped = "the kill switch is on: nothing is published"
    answer = room.say("run posting")
    assert (answer["ok"], answer["consequences"]) == (True, [passed, stopped])
    assert answer["text"] == f"posting is due now; {passed}; {stopped}"
    assert room.say("run outline")["text"] == f"outline of plan is due now; {passed}"
    room.listeners["clock"].became = Became.OFF
    assert room.say("run posting")["consequences"] == []


def test_a_resume_of_what_stands_not_says_so_and_of_what_drains_names_no_next_run(
    room: ControlRoom, monkeypatch: pytest.MonkeyPatch
) -> None:
    eventually(lambda: room.records.kept.pauses.is_known, "the stored pauses read")
    assert room.say("pause posting")["ok"]
    monkeypatch.setitem(SNAPSHOT, "draining", True)

    resumed = room.say("resume posting")["text"]
    assert resumed == "posting is resumed; nothing begins all the same: the supervisor drains"

    # They are read again after each write.
    eventually(lambda: room.say("resume posting")["text"] == "posting is not paused", "it is known not to be paused")


def test_shutdown_is_answered_before_it_begins(room: ControlRoom) -> None:
    assert room.say("shutdown")["text"].startswith("shutting down")
    assert room.is_ended.wait(PATIENCE_S)
    assert room.ended == ["operator"]


def test_a_word_whose_receiver_is_gone_is_answered_and_the_operator_lives(room: ControlRoom) -> None:
    room.operator.reach.clock.mailbox.close()

    answer = room.say("run posting")

    assert (answer["ok"], answer["text"].startswith("not done: ")) == (False, True)
    assert room.say("status")["ok"]


def test_a_board_that_does_not_answer_is_said(stage: Stage, room: ControlRoom) -> None:
    stage.addresses["board"].mailbox.close()

    assert not room.say("status")["ok"]


@pytest.fixture
def foreign_room(stage: Stage, valkey_url: str, database_url: str) -> ControlRoom:
    return ControlRoom(stage, valkey_url, database_url, embedded=False, key=KEY)


@pytest.mark.parametrize("word", ["run posting", "resume posting", "kill-switch off", "shutdown"])
def test_on_a_foreign_redis_an_unsigned_word_that_starts_something_moves_nobody(
    foreign_room: ControlRoom, word: str
) -> None:
    answer = foreign_room.say(word)

    assert (answer["ok"], "needs a signature" in answer["text"]) == (False, True)
    assert foreign_room.nobody_was_told()
    assert foreign_room.ended == []


@pytest.mark.parametrize("word", ["status", "jobs", "pause posting", "kill-switch on"])
def test_on_a_foreign_redis_anybody_may_read_or_stop(foreign_room: ControlRoom, word: str) -> None:
    assert foreign_room.say(word)["ok"]


@pytest.fixture
def given(monkeypatch: pytest.MonkeyPatch, valkey_url: str) -> Callable[..., None]:
    """Give `send` a configuration with this Redis, and the key if there is one."""

    def given(*, url: str = valkey_url, key: Secret | None = None) -> None:
        config = Config(redis=RedisSettings(url=Secret(url)), control=ControlSettings(key=key))
        monkeypatch.setattr(send_module, "load_all", lambda _: (config, {}))

    return given


def test_send_signs_a_word_and_prints_the_answer(
    foreign_room: ControlRoom, given: Callable[..., None], capsys: pytest.CaptureFixture[str]
) -> None:
    given(key=KEY)

    # A signature has whole seconds, and one of the second in which the operator started is not good.
    eventually(lambda: send_module.send(["run", "posting"], data=None, as_json=False) == 0, "the signature good")

    assert capsys.readouterr().out.splitlines()[-1] == "posting is due now"
    assert foreign_room.told("clock") == [Trigger("posting", "operator")]


def test_send_gives_the_refusal_and_exit_code_1(
    foreign_room: ControlRoom, given: Callable[..., None], capsys: pytest.CaptureFixture[str]
) -> None:
    given()

    assert send_module.send(["run", "posting"], data=None, as_json=True) == 1

    assert "needs a signature" in json.loads(capsys.readouterr().out)["text"]


def test_send_overhears_what_others_publish_meanwhile(
    room: ControlRoom, given: Callable[..., None], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    given()
    publish = redis.Redis.publish

    def with_noise(self: redis.Redis, channel: str, message: Any, **options: Any) -> Any:
        for noise in ("no JSON", "[1]", '{"id": "another", "ok": true, "text": "not yours"}'):
            publish(self, REPLIES, noise)
        return publish(self, channel, message, **options)

    monkeypatch.setattr(redis.Redis, "publish", with_noise)

    assert send_module.send(["jobs"], data=None, as_json=False) == 0

    assert capsys.readouterr().out.splitlines()[0] == "plan: due 12:00:00, last done"


def test_send_refuses_what_is_no_word_before_it_looks_for_anybody(given: Callable[..., None]) -> None:
    given(url="redis://127.0.0.1:1/0")

    with pytest.raises(ConfigError, match="nearest known: status"):
        send_module.send(["statsu"], data=None, as_json=False)


def test_send_says_when_nobody_listens_or_redis_is_away(given: Callable[..., None]) -> None:
    given()
    with pytest.raises(AppError, match="no supervisor listens"):
        send_module.send(["status"], data=None, as_json=False)

    given(url="redis://127.0.0.1:1/0")
    with pytest.raises(AppError, match="REDIS_URL"):
        send_module.send(["status"], data=None, as_json=False)


def test_send_leaves_a_word_for_who_listens_within_a_minute_and_takes_a_question_back(
    given: Callable[..., None], valkey_url: str, stage: Stage, database_url: str
) -> None:
    given()
    with redis.Redis.from_url(valkey_url) as client:
        client.delete(STREAM)
        for word in (["status"], ["run", "posting"]):
            with pytest.raises(AppError, match="no supervisor listens"):
                send_module.send(word, data=None, as_json=False)
        assert client.xlen(STREAM) == 1

    room = ControlRoom(stage, valkey_url, database_url, embedded=True)
    assert room.told("clock") == [Trigger("posting", "operator")]


def test_g2_send_reaches_the_operator_over_a_redis_that_takes_no_stream(
    room: ControlRoom, given: Callable[..., None], valkey_url: str
) -> None:
    given()
    with redis.Redis.from_url(valkey_url) as client:
        client.delete(STREAM)
        client.set(STREAM, "something else")
        assert send_module.send(["run", "posting"], data=None, as_json=False) == 0
        client.delete(STREAM)

    assert room.told("clock") == [Trigger("posting", "operator")]


@pytest.fixture
def own_valkey(short_folder: Path) -> Iterator[EmbeddedValkey]:
    server = EmbeddedValkey(short_folder)
    yield server
    server.stop(10)


def test_g2_after_a_restart_of_redis_the_first_word_is_heard_and_answered(
    stage: Stage, own_valkey: EmbeddedValkey, database_url: str
) -> None:
    endpoint = own_valkey.ensure(60)
    room = ControlRoom(stage, endpoint.url, database_url, embedded=True)
    assert room.say("status")["ok"]
    os.kill(endpoint.pid, signal.SIGKILL)
    eventually(lambda: not own_valkey.is_alive() and not room.operator.channel.subscribed.is_set())
    own_valkey.ensure(60)
    assert room.operator.channel.subscribed.wait(PATIENCE_S)

    assert room.say("status")["ok"]


# Why


def explained(room: ControlRoom, word: str, **parts: Part) -> dict[str, Any]:
    """Return the explanation while these actors answer so, and the others that something is in nobody's way."""
    for name in ("clock", "content", "publishing", "runs"):
        room.listeners[name].part = parts.get(name, Part())
    answer = room.say(word)
    assert answer["ok"], answer
    explanation: dict[str, Any] = answer["why"]
    assert all(reason["text"] in answer["text"] for reason in explanation["reasons"])
    return explanation


def test_why_gathers_the_reasons_of_everybody_on_the_road_of_the_job(room: ControlRoom) -> None:
    explanation = explained(room, "why planner", content=Part((Paused("plan", ""),)))

    text = "plan is paused, until somebody says `resume`"
    assert explanation == {
        "job": "plan",
        "running": False,
        "reasons": [{"kind": "paused", "text": text, "until": None}],
        "earliest": None,
        "now": NOW.isoformat(),
        "last": {"outcome": "done", "reason": "", "ended_at": NOW.isoformat()},
    }


def test_why_has_no_reason_and_now_as_the_earliest_start_when_nothing_is_in_the_way(room: ControlRoom) -> None:
    explanation = explained(room, "why plan")

    assert (explanation["reasons"], explanation["earliest"]) == ([], NOW.isoformat())


def test_why_says_of_a_run_in_the_queue_what_the_run_slots_have_against_it_and_nothing_else(room: ControlRoom) -> None:
    explanation = explained(room, "why plan", content=Part((Paused("plan", ""),)), runs=Part(waits=True))

    assert explanation["reasons"] == []


def test_an_actor_that_does_not_answer_is_itself_a_reason_with_the_end_of_its_back_off(room: ControlRoom) -> None:
    asked = Outcome(lambda: room.say("why plan"))
    inquiries = room.operator.obedience.inquiries
    answered = ("plan", "database")
    eventually(lambda: any(answered in each.parts for each in list(inquiries.open.values())), "the one who answers")
    # The others never will: their time is over.
    for each in inquiries.open.values():
        each.until = 0.0
    room.operator.context.address.tell(Wake(), Band.CONTROL)
    answer = asked.get()

    reasons = {reason["text"].partition(",")[0]: reason for reason in answer["why"]["reasons"]}
    names = ["the actor clock is not answering", "the actor content is down", "the actor runs is not answering"]
    assert list(reasons) == names
    assert [bool(reason["until"]) for reason in reasons.values()] == [False, True, False]
    assert {reason["kind"] for reason in reasons.values()} == {"actor_away"}


def test_k4_why_without_a_job_names_the_kill_switch_and_why_the_queue_is_not_filled(room: ControlRoom) -> None:
    assert room.say("kill-switch on")["ok"]
    explanation = explained(room, "why", content=Part((Paused("plan", ""),)))

    assert [reason["kind"] for reason in explanation["reasons"]] == ["kill_switch", "queue_empty"]
    assert [reason["kind"] for reason in explanation["reasons"][1]["because"]] == ["paused"]


def test_why_says_beside_its_reasons_what_the_last_runs_of_posting_and_plan_met(
    room: ControlRoom, monkeypatch: pytest.MonkeyPatch
) -> None:
    def ended(outcome: str, reason: str) -> dict[str, Any]:
        return {"last_outcome": outcome, "last_reason": reason, "last_ended_at": NOW}

    jobs = {"posting": ended("blocked", "not logged in"), "plan": ended("failed", "no model")}
    monkeypatch.setitem(SNAPSHOT, "jobs", jobs)
    for name in ("clock", "content", "publishing", "runs"):
        room.listeners[name].part = Part()

    bare, of_plan = room.say("why"), room.say("why plan")

    at = "2026-03-02 12:00:00"
    assert f"; its last run ended blocked at {at}: not logged in; " in bare["text"]
    assert f"; the last run of plan ended failed at {at}: no model; " in bare["text"]
    assert bare["why"]["last"] == {"outcome": "blocked", "reason": "not logged in", "ended_at": NOW.isoformat()}
    (empty,) = bare["why"]["reasons"]
    assert empty["last"]["reason"] == "no model"
    assert of_plan["why"]["last"]["outcome"] == "failed"
    assert bare["text"].endswith(f"schedule time is now {at}")


def test_why_about_a_job_nobody_knows_is_answered_with_those_there_are(room: ControlRoom) -> None:
    answer = room.say("why plam")

    assert not answer["ok"]
    assert "plan" in answer["text"]
