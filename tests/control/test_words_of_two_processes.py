"""Two deployments that overlap on one Redis: each word gets one answer, and what is for another is carried to it."""

from __future__ import annotations

import json
import threading
import time
from collections import Counter
from typing import TYPE_CHECKING, Any

import pytest
import redis

from actors.config import Config, Secret
from actors.control import claims
from actors.control.channel import BELL, CHANNEL, FIELD, REPLIES, STREAM
from actors.control.claims import claim
from actors.control.signature import Claimed, sign
from actors.control.words import Command
from actors.domain.rate import Rate
from tests.control.room import KEY, ControlRoom
from tests.stage import PATIENCE_S, Stage, eventually

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.fakes import LedgerDoor

NONCE = "n" * 16
RAW = b"what was said"


@pytest.fixture
def both(
    client: redis.Redis, stage: Stage, valkey_url: str, database_url: str, caplog: pytest.LogCaptureFixture
) -> Iterator[list[ControlRoom]]:
    caplog.set_level("INFO", "actors.control")
    beside = Stage()
    yield [
        ControlRoom(each, valkey_url, database_url, embedded=False, key=KEY, boot=boot)
        for each, boot in ((stage, "boot"), (beside, "other"))
    ]
    beside.close()


def signed(command: Command, nonce: str = NONCE) -> str:
    # A second ahead, because one of the second in which the operator started counts as before it.
    return sign(command, key=KEY, now=time.time() + 1, nonce=nonce).to_json()


def logged(caplog: pytest.LogCaptureFixture, action: str) -> int:
    return [getattr(each, "action", "") for each in caplog.records].count(action)


def verdicts(ledger: LedgerDoor) -> Counter[str]:
    return Counter(json.loads(row["body"])["verdict"] for row in ledger.all("audit_after", seq=0, limit=1000))


def test_a_published_word_gets_one_answer_from_two_processes_and_one_that_is_said_again_two_refusals(
    client: redis.Redis, both: list[ControlRoom], ledger: LedgerDoor, caplog: pytest.LogCaptureFixture
) -> None:
    words = [signed(Command(f"w-{n}", "resume", ("plan",)), f"{n:016}") for n in range(20)]
    with client.pubsub() as replies:
        replies.subscribe(REPLIES)
        assert replies.get_message(timeout=PATIENCE_S)
        for word in words:
            assert client.publish(CHANNEL, word) == len(both)
        eventually(lambda: logged(caplog, "control_elsewhere") == len(words), "each is left to the other once")
        answers = [json.loads(replies.get_message(timeout=PATIENCE_S)["data"]) for _ in words]

    assert Counter((answer["id"], answer["ok"]) for answer in answers) == {(f"w-{n}", True): 1 for n in range(20)}
    eventually(lambda: verdicts(ledger)["done"] == len(words), "the answers audited")
    assert verdicts(ledger) == {"accepted": len(words), "done": len(words)}
    assert logged(caplog, "control_refused") == 0

    client.publish(CHANNEL, words[0])
    client.publish(CHANNEL, signed(Command("w-1", "resume", ("posting",)), f"{1:016}"))
    eventually(lambda: verdicts(ledger)["refused"] == 2 * len(both), "both refusals of both audited")
    assert verdicts(ledger)["accepted"] == len(words)


def test_only_the_same_publication_at_the_same_moment_is_left_to_another_process(
    client: redis.Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    def claimed(boot: str = "other", raw: bytes = RAW, *, is_published: bool = True) -> Claimed:
        return claim(client, NONCE, boot, raw, key=KEY, is_published=is_published)

    assert claimed("boot") == Claimed()
    assert claimed() == Claimed(by="boot")
    used = Claimed(is_used=True)
    assert claimed("boot") == used, "the same process hears it again"
    assert claimed(raw=RAW + b" ") == used, "other bytes under the same nonce"
    assert claimed(is_published=False) == used, "of the stream one process hears each entry"
    monkeypatch.setattr(claims, "_BESIDE_S", -1)
    assert claimed() == used, "later"


@pytest.mark.parametrize("found", [b"boot", b"boot %d %s", b"boot \xff now", b"boot %d", b""])
def test_a_claim_that_our_key_did_not_make_silences_nothing(client: redis.Redis, found: bytes) -> None:
    if b"%s" in found:
        found %= int(time.time()), b"0" * 64
    client.set(f"supervisor:nonce:{NONCE}", found)

    assert claim(client, NONCE, "other", RAW, key=KEY, is_published=True) == Claimed(is_used=True)


def test_where_redis_does_not_show_the_claim_the_word_is_refused(client: redis.Redis, valkey_url: str) -> None:
    client.execute_command("ACL", "SETUSER", "blind", "on", ">blind", "~*", "&*", "+@all", "-get")
    try:
        with redis.Redis.from_url(valkey_url.replace("redis://", "redis://blind:blind@")) as blind:
            assert claim(blind, NONCE, "boot", RAW, key=KEY, is_published=True) == Claimed()
            assert claim(blind, NONCE, "other", RAW, key=KEY, is_published=True) == Claimed(is_used=True)
    finally:
        client.execute_command("ACL", "DELUSER", "blind")


def test_a_flood_of_what_anybody_says_keeps_no_signed_word_from_being_carried_and_answered(
    client: redis.Redis, stage: Stage, valkey_url: str, database_url: str
) -> None:
    room = ControlRoom(stage, valkey_url, database_url, embedded=False, key=KEY)
    room.operator.refused[False] = Rate(0, 1.0)
    ours = [Command(f"own-{n}", "drain", to="zzzz99") for n in range(5)]
    with client.pubsub() as replies, client.pipeline(transaction=False) as pipeline:
        replies.subscribe(REPLIES)
        assert replies.get_message(timeout=PATIENCE_S)
        for number in range(100):
            pipeline.xadd(STREAM, {FIELD: ("status", "drain")[number % 2] + " at yyyy99"})
        for command in ours:
            pipeline.xadd(STREAM, {FIELD: signed(command, command.id.ljust(16, "x"))})
        pipeline.publish(CHANNEL, BELL)
        pipeline.execute()
        answers: dict[str, Any] = {}
        while len(answers) < len(ours):
            message = replies.get_message(timeout=PATIENCE_S)
            assert message is not None
            answer = json.loads(message["data"])
            answers |= {answer["id"]: answer["text"]} if answer["id"] else {}

    assert set(answers.values()) == {"no process zzzz99 hears control words; this one is boot"}


def test_a_flood_of_what_is_published_takes_no_more_room_than_there_is_and_a_signed_word_overtakes_it(
    client: redis.Redis,
    stage: Stage,
    valkey_url: str,
    database_url: str,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    caplog.set_level("INFO", "actors.control")
    room = ControlRoom(stage, valkey_url, database_url, embedded=False, key=KEY)
    room.operator.context.address.mailbox.bands.capacity = room_for = 5
    is_busy, is_over = threading.Event(), threading.Event()

    def read_slowly() -> Config:
        is_busy.set()
        is_over.wait(PATIENCE_S)
        return room.written

    monkeypatch.setattr(room.operator.reach.settings, "read_again", read_slowly)
    client.publish(CHANNEL, signed(Command("busy", "reload")))
    assert is_busy.wait(PATIENCE_S)
    for _ in range(20):
        client.publish(CHANNEL, "status")
        client.publish(CHANNEL, BELL)
    client.publish(CHANNEL, signed(Command("own", "jobs"), "o" * 16))
    # What was published is read in order: once the last found no room, the signed one before it is in the mailbox.
    client.publish(CHANNEL, "status")
    eventually(lambda: room.operator.unheard == 41 - room_for, "all were read, and the rest found no room")
    is_over.set()
    # What was left out is said before the word is that was heard then.
    eventually(lambda: logged(caplog, "control_word") >= 2, "the signed one was obeyed")
    assert logged(caplog, "control_flood")

    words = [each.getMessage() for each in caplog.records if getattr(each, "action", "") == "control_word"]
    assert words[:2] == ["operator says: reload", "operator says: jobs"]


def test_a_signed_word_for_another_process_that_is_said_again_is_anybody_s(
    client: redis.Redis, stage: Stage, valkey_url: str, database_url: str
) -> None:
    room = ControlRoom(stage, valkey_url, database_url, embedded=False, key=KEY)
    drain, now = Command("own", "drain", to="zzzz99"), time.time()
    right = sign(drain, key=KEY, now=now + 1, nonce=NONCE)
    no_proof = [
        drain,
        sign(drain, key=Secret("x" * 40), now=now, nonce="f" * 16),
        sign(drain, key=KEY, now=now - 90, nonce="s" * 16),
    ]

    assert [room.records.is_new(command, KEY) for command in (*no_proof, right, right)] == [*[False] * 3, True, False]
    assert not room.records.is_new(sign(drain, key=KEY, now=now + 1, nonce="k" * 16), None)
