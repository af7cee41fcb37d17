"""Every word is acknowledged within a second, whatever the jobs do."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING, Any

import psycopg
import pytest
import redis

from actors.control.channel import CHANNEL, REPLIES
from actors.control.words import WORDS
from actors.embedded.valkey import EmbeddedValkey
from tests.acceptance.engine import FIRST_LOOP
from tests.stage import PATIENCE_S, eventually

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.acceptance.engine import Engine

pytestmark = [pytest.mark.acceptance, pytest.mark.timeout(180)]

_WITHIN_S = 1.0
_TRIES = 5
"""How often a word is said: a busy machine makes one answer late now and then, a job or a lock makes all of them so."""
_EVERY_S = 0.2
"""How often the test asks whether the slots are busy: whoever says twenty words a second is told to wait."""
_SAID = (
    *("status", "jobs", "why", "why posting", "stacks", "run learn", "pause posting for 2h because of this test"),
    *("pause all", "resume all because it is over", "kill-switch on", "kill-switch off", "approve", "opted-out"),
    *("approve 12345678", "reject 12345678", "opt-out nobody_of_that_name", "breaker openai reset", "loglevel info"),
    *("reload", "restart memory"),
)
_LAST = ("drain", "shutdown")


def answer_of(client: redis.Redis, pubsub: Any, word: str) -> dict[str, Any]:
    """Say a word until its answer comes in time, and return it."""
    for _ in range(_TRIES):
        said_at = time.monotonic()
        assert client.publish(CHANNEL, word) == 1
        answer = pubsub.get_message(timeout=PATIENCE_S)
        assert answer is not None, f"{word} was not answered"
        if time.monotonic() - said_at < _WITHIN_S:
            document: dict[str, Any] = json.loads(answer["data"])
            return document
    raise AssertionError(f"{word} was never answered within {_WITHIN_S:g} s")


def is_full(status: dict[str, Any], front: str = "runs") -> bool:
    """Return whether every slot of a front is at work; the board hears of it within a second."""
    slots = status["status"]["fronts"].get(front, {})
    return bool(slots) and slots["running"] == slots["size"]


def test_every_word_is_answered_within_a_second_while_all_slots_are_busy_and_a_job_loops(
    engine_on: Callable[..., Engine],
) -> None:
    assert {said.partition(" ")[0] for said in (*_SAID, *_LAST)} == set(WORDS)
    slots = {"SUPERVISOR_RUNS_SLOTS": str(len(FIRST_LOOP)), "SUPERVISOR_RUNS_RESERVED": "2"}
    slots["SUPERVISOR_DATABASE_CONNECTIONS"] = str(len(FIRST_LOOP) - 1)
    engine = engine_on(speed=1, environment=slots, program=("tests/acceptance/busy.py",))
    engine.ready()
    engine.wait_for("control_ready", 30)
    url = EmbeddedValkey(engine.data).running_url()
    assert url is not None
    with redis.Redis.from_url(url, decode_responses=True) as client, client.pubsub() as pubsub:
        pubsub.subscribe(REPLIES)
        assert pubsub.get_message(timeout=PATIENCE_S) is not None
        for job in sorted(FIRST_LOOP):
            assert answer_of(client, pubsub, f"run {job}")["ok"]
            engine.wait_for("run_admitted", 30, job=job)
        eventually(lambda: is_full(answer_of(client, pubsub, "status")), "every slot busy", _EVERY_S)

        answers = {word: answer_of(client, pubsub, word) for word in _SAID}
        with psycopg.connect(engine.database_url) as connection:
            connection.execute("LOCK TABLE decisions, flags IN ACCESS EXCLUSIVE MODE")
            held = lambda: is_full(answer_of(client, pubsub, "status"), "database")  # noqa: E731
            eventually(held, "every connection held", _EVERY_S)
            locked = {word: answer_of(client, pubsub, word) for word in _SAID}
        answers |= {word: answer_of(client, pubsub, word) for word in _LAST}

    assert locked["status"]["status"]["ledger"] is None
    assert locked["why"]["why"]["reasons"][-1]["kind"] == "ledger_unknown"
    assert locked["kill-switch on"]["text"].startswith("kill-switch on is in force in this process, and not stored yet")
    refused = {word: answer["text"] for word, answer in answers.items() if not answer["ok"]}
    assert refused.keys() == {"approve 12345678", "reject 12345678"}
    assert "are under way and may end" in answers["shutdown"]["text"]
