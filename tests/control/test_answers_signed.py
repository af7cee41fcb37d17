"""Answers under the control key: who holds it believes nobody else's, whoever publishes on the same Redis."""

from __future__ import annotations

import json
import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest
import redis

from actors.commands import send as send_module
from actors.commands.status import status
from actors.commands.why import why
from actors.config import Config, ControlSettings, RedisSettings, Secret
from actors.control.answers import is_signed_answer, sign_answer
from actors.control.channel import CHANNEL, FIELD, REPLIES
from actors.control.signature import FRESH_S, sign
from actors.control.words import Command
from actors.errors import AppError
from tests.control.room import KEY, ControlRoom, no_wait_behind_an_answer
from tests.stage import PATIENCE_S, Stage

if TYPE_CHECKING:
    from collections.abc import Callable

NONCE = "n" * 16
OTHER = Secret("x" * 40)
ANSWER = {"id": "a-1", "ok": True, "text": "\ud800 é", "boot": "boot", "status": {"share": 0.1, "of": [1e-7, None]}}


def test_an_answer_survives_the_journey_whatever_it_holds() -> None:
    at = datetime(2026, 1, 1, tzinfo=UTC)
    sent = sign_answer({**ANSWER, "at": at, "by": {2: "two", 10: "ten"}}, key=KEY, nonce=NONCE)
    received = json.loads(json.dumps(sent))

    assert received == sent
    assert is_signed_answer(received, key=KEY, nonce=NONCE)
    assert {**sent, **ANSWER} == sent, "there is one field more, and nothing is changed"


@pytest.mark.parametrize(
    "change",
    [
        *({name: "changed"} for name in ANSWER),
        {"status": {"share": 0.1, "of": [1e-7, 0]}},
        {"more": 1},
        *({"signature": wrong} for wrong in ("0" * 64, "é", "\ud800", None, 7)),
    ],
    ids=str,
)
def test_no_part_of_a_signed_answer_can_be_changed(change: dict[str, Any]) -> None:
    assert not is_signed_answer({**sign_answer(ANSWER, key=KEY, nonce=NONCE), **change}, key=KEY, nonce=NONCE)


def test_an_answer_is_good_for_one_word_under_one_key() -> None:
    sent = sign_answer(ANSWER, key=KEY, nonce=NONCE)

    assert not is_signed_answer(sent, key=KEY, nonce="m" * 16)
    assert not is_signed_answer(sent, key=OTHER, nonce=NONCE)
    assert not is_signed_answer(ANSWER, key=KEY, nonce=NONCE)


def room_of(stage: Stage, valkey_url: str, database_url: str, *, key: Secret | None, embedded: bool) -> ControlRoom:
    with redis.Redis.from_url(valkey_url) as client:
        client.delete(*client.scan_iter("supervisor:*"), "none")
    return ControlRoom(stage, valkey_url, database_url, embedded=embedded, key=key)


def is_signed(answer: dict[str, Any], nonce: str = NONCE) -> bool:
    return is_signed_answer({**answer, "boot": "boot"}, key=KEY, nonce=nonce)


def test_the_answer_to_a_signed_word_is_signed_and_no_other_is(
    stage: Stage, valkey_url: str, database_url: str
) -> None:
    room = room_of(stage, valkey_url, database_url, key=KEY, embedded=False)

    def say(command: Command, *, key: Secret = KEY, ago_s: float = -1.0, nonce: str = NONCE) -> dict[str, Any]:
        return room.say(sign(command, key=key, now=time.time() - ago_s, nonce=nonce).to_json())

    run = Command("a-1", "run", ("posting",))
    answers = {
        "done": say(run),
        "used": say(run),
        "again": say(run, nonce="a" * 16),
        "forged": say(run, key=OTHER, nonce=NONCE),
        "stale": say(run, ago_s=FRESH_S + 9, nonce="s" * 16),
        "unsigned": room.say(Command("a-1", "status").to_json()),
        "with lines": say(Command("a-2", "why", ("nosuch",)), nonce="l" * 16),
    }
    nonces = {"again": "a" * 16, "stale": "s" * 16, "with lines": "l" * 16}

    signed = {name for name, answer in answers.items() if is_signed(answer, nonces.get(name, NONCE))}
    assert signed == {"done", "again", "stale", "with lines"}
    assert {name for name, answer in answers.items() if "signature" in answer} == signed
    assert "used before" in answers["used"]["text"], "a replay is not taken for the answer to who said it first"


@pytest.mark.parametrize("key", [None, KEY])
def test_on_the_embedded_redis_answers_are_signed_for_who_signs_with_the_key_there_is(
    stage: Stage, valkey_url: str, database_url: str, key: Secret | None
) -> None:
    room = room_of(stage, valkey_url, database_url, key=key, embedded=True)
    signed, forged = (
        room.say(sign(Command(name, "jobs"), key=by, now=time.time(), nonce=NONCE).to_json())
        for name, by in (("right", KEY), ("wrong", OTHER))
    )

    assert (signed["ok"], is_signed(signed)) == (True, key is not None)
    assert (forged["ok"], "signature" in forged) == (True, False)
    assert "signature" not in room.say("status")


@pytest.fixture
def liar(monkeypatch: pytest.MonkeyPatch, valkey_url: str) -> Callable[[Secret | None], None]:
    """Have somebody answer each word of `send` before anybody else can, signed with this key if there is one."""
    config = Config(redis=RedisSettings(url=Secret(valkey_url)), control=ControlSettings(key=KEY))
    monkeypatch.setattr(send_module, "load_all", lambda _: (config, {}))
    add = redis.Redis.xadd

    def lie_with(key: Secret | None) -> None:
        def lie(self: redis.Redis, name: str, fields: Any, **options: Any) -> Any:
            word = json.loads(fields[FIELD])
            explanation = {"job": "posting", "running": True, "reasons": [], "earliest": None, "now": "now"}
            answer = {**ANSWER, "id": word["id"], "text": "\x1b[2Jall is well", "why": explanation}
            if key is not None:
                answer = sign_answer(answer, key=key, nonce=word["nonce"])
            self.publish(REPLIES, json.dumps(answer))
            return add(self, name, fields, **options)

        monkeypatch.setattr(redis.Redis, "xadd", lie)

    return lie_with


def test_who_holds_the_key_believes_no_answer_without_it_and_is_told_that_there_was_one(
    valkey_url: str,
    liar: Callable[[Secret | None], None],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    no_wait_behind_an_answer(monkeypatch)
    with redis.Redis.from_url(valkey_url) as client, client.pubsub() as somebody:
        somebody.subscribe(CHANNEL)
        assert somebody.get_message(timeout=PATIENCE_S)
        for key, command in (
            (None, lambda: send_module.send(["kill-switch", "on"], data=None, as_json=False)),
            (OTHER, lambda: status(data=None, as_json=False)),
        ):
            liar(key)
            with pytest.raises(AppError, match=r"no answer signed with CONTROL_KEY .*: \\x1b\[2Jall is well"):
                command()
        assert why("posting", data=None, as_json=True) == 1

    assert json.loads(capsys.readouterr().out)["reasons"][0]["kind"] == "supervisor_away"


def test_the_answer_of_the_supervisor_is_waited_for_behind_those_of_others(
    stage: Stage,
    valkey_url: str,
    database_url: str,
    liar: Callable[[Secret | None], None],
    capsys: pytest.CaptureFixture[str],
) -> None:
    room_of(stage, valkey_url, database_url, key=KEY, embedded=False)
    liar(None)

    assert send_module.send(["jobs"], data=None, as_json=True) == 0

    answer = json.loads(capsys.readouterr().out)
    assert answer["jobs"]
    assert answer["text"].startswith("plan: due")
