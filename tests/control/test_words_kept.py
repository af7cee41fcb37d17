"""What becomes of words: refused ones move nobody and are audited, said ones are carried out once, whoever was away."""

from __future__ import annotations

import json
import random
import time
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import psycopg
import pytest
import redis

from actors.config import Secret
from actors.control import keeping
from actors.control.audit import ACCEPTED, LOST, entry, read_audit
from actors.control.channel import BELL, CHANNEL, FIELD, REPLIES, STREAM
from actors.control.claims import claim
from actors.control.pauses import store_pause
from actors.control.signature import FRESH_S, Claimed, sign
from actors.control.words import WORDS, Command, Refused, only_reads, parse
from actors.domain import pauses as kept
from actors.domain.rate import Rate
from actors.messages import Pause, Resume, Trigger
from actors.resources.redis import open_pool
from tests.control.room import KEY, ControlRoom
from tests.fakes import HandClock, LedgerDoor
from tests.stage import PATIENCE_S, eventually

if TYPE_CHECKING:

    from tests.stage import Stage

RUN = Command("run-1", "run", ("posting",))
PAYLOADS = 10_000
HALF = PAYLOADS // 2


@pytest.fixture
def foreign(client: redis.Redis, stage: Stage, valkey_url: str, database_url: str) -> ControlRoom:
    return ControlRoom(stage, valkey_url, database_url, embedded=False, key=KEY)


def audited(ledger: LedgerDoor, count: int) -> list[dict[str, Any]]:
    """Return the entries, once there are so many."""

    def rows() -> list[dict[str, Any]]:
        found = ledger.all("audit_after", seq=0, limit=1000)
        return found if len(found) >= count else []

    found = [json.loads(row["body"]) for row in eventually(rows, f"{count} entries audited")]
    assert read_audit(lambda query, params: ledger.all(query, **params)).fault == ""
    return found


def signed(command: Command, *, key: Secret = KEY, ago_s: float = 0.0, nonce: str = "n" * 16) -> Command:
    # A second ahead, because one of the second in which the operator started counts as before it.
    return sign(command, key=key, now=time.time() + 1 - ago_s, nonce=nonce)


def test_k7_what_is_forged_replayed_oversized_or_malformed_moves_nobody_and_is_audited(
    foreign: ControlRoom, ledger: LedgerDoor
) -> None:
    once = signed(Command("once", "run", ("plan",))).to_json()
    assert foreign.say(once)["ok"]
    assert len(foreign.told("clock")) == 1
    refused = {
        RUN.to_json(): "needs a signature",
        signed(RUN, key=Secret("x" * 40), nonce="f" * 16).to_json(): "signature is wrong",
        signed(RUN, ago_s=90, nonce="o" * 16).to_json(): "compare the clocks",
        once: "used before",
        "x" * 9000: "more than 8192 bytes",
        '{"id": "m", "word": "run", "args": ["posting"], "exec": "rm"}': "unknown field",
    }

    answers = [foreign.say(message) for message in refused]

    assert [answer["ok"] for answer in answers] == [False] * len(refused)
    wrong = [(reason, answer["text"]) for reason, answer in zip(refused.values(), answers, strict=True)
             if reason not in answer["text"]]
    assert wrong == []
    assert foreign.listeners["clock"].told == [Trigger("plan", "operator")]
    entries = audited(ledger, 2 + len(refused))
    assert [entry["verdict"] for entry in entries] == ["accepted", "done", *["refused"] * len(refused)]
    assert [entry["answer"] for entry in entries[2:]] == [answer["text"] for answer in answers]
    assert [entries[0][name] for name in ("author", "word", "args")] == ["holder of the control key", "run", ["plan"]]


def test_an_unsigned_pause_stands_beside_a_signed_one_in_every_answer_and_run_names_what_it_passes(
    foreign: ControlRoom, ledger: LedgerDoor
) -> None:
    hold = signed(Command("hold", "pause", ("posting", "because", "legal", "hold"))).to_json()
    of_hold = "until somebody resumes it, by holder of the control key, because legal hold"
    of_lunch = "until somebody resumes it, by anybody, because lunch"

    assert foreign.say(hold)["ok"]
    lunch = foreign.say("pause posting because lunch")
    lines = foreign.say("status")["lines"]
    run = foreign.say(signed(Command("go", "run", ("posting",)), nonce="g" * 16).to_json())

    assert (lunch["ok"], lunch["consequences"][0]) == (True, f"it is paused as well {of_hold}")
    assert [line for line in lines if line.startswith("pause of")] == [
        f"pause of posting: {of_lunch}",
        f"pause of posting: {of_hold}",
    ]
    assert run["text"] == f"posting is due now; it runs though posting is paused {of_hold}"
    accepted = [entry for entry in audited(ledger, 6) if entry["verdict"] == "accepted" and entry["word"] == "pause"]
    assert [entry["author"] for entry in accepted] == ["holder of the control key", "anybody"]


def test_the_same_id_is_carried_out_once_and_answered_again(room: ControlRoom) -> None:
    first, again = room.say(RUN.to_json()), room.say(RUN.to_json())
    other = room.say(Command("run-1", "run", ("plan",)).to_json())

    assert (first["ok"], again["ok"], first["text"]) == (True, True, again["text"])
    assert (other["ok"], "another word" in other["text"]) == (False, True)
    assert room.told("clock") == [Trigger("posting", "operator")]


def test_a_word_said_while_nobody_listened_is_carried_out_once_by_who_comes(
    client: redis.Redis, stage: Stage, valkey_url: str, database_url: str
) -> None:
    with client.pubsub() as pubsub:
        pubsub.subscribe(REPLIES)
        assert pubsub.get_message(timeout=PATIENCE_S)
        seconds, _ = client.time()
        client.xadd(STREAM, {FIELD: Command("stale", "pause", ("plan",)).to_json()}, id=f"{(seconds - 100) * 1000}-0")
        client.xadd(STREAM, {FIELD: RUN.to_json()})
        room = ControlRoom(stage, valkey_url, database_url, embedded=True)
        answers = [json.loads(pubsub.get_message(timeout=PATIENCE_S)["data"]) for _ in range(2)]

    told = {answer["id"]: (answer["ok"], answer["text"]) for answer in answers}
    assert told["run-1"] == (True, "posting is due now")
    assert (told["stale"][0], "say it again" in told["stale"][1]) == (False, True)
    assert room.told("clock") == [Trigger("posting", "operator")]
    assert room.listeners["content"].told == []


def test_a_word_signed_before_we_started_is_obeyed_if_the_audit_does_not_know_its_nonce(
    client: redis.Redis, stage: Stage, valkey_url: str, database_url: str, ledger: LedgerDoor
) -> None:
    used, unused = (signed(RUN, ago_s=5, nonce=letter * 16) for letter in "ab")
    ledger.transact([entry(used, "somebody", ACCEPTED, "")])
    # However many words came after it, that anybody may say.
    ledger.transact([entry(Command("", "pause", ("plan",)), "operator", ACCEPTED, "") for _ in range(600)])
    with client.pubsub() as pubsub:
        pubsub.subscribe(REPLIES)
        assert pubsub.get_message(timeout=PATIENCE_S)
        room = ControlRoom(stage, valkey_url, database_url, embedded=False, key=KEY, opened=False)
        for command in (used, Command("run-2", "run", ("posting",), unused.signed)):
            client.xadd(STREAM, {FIELD: command.to_json()})
        second = signed(Command("run-2", "run", ("posting",)), ago_s=5, nonce="c" * 16)
        client.xadd(STREAM, {FIELD: second.to_json()})
        room.opened.set()
        answers = [json.loads(pubsub.get_message(timeout=PATIENCE_S)["data"]) for _ in range(3)]

    # In whatever order two slots publish them. What was signed for another id is forged.
    assert sorted(answer["text"] for answer in answers) == [
        "posting is due now",
        "run: its nonce was used before",
        "run: its signature is wrong",
    ]
    assert room.told("clock") == [Trigger("posting", "operator")]


def test_words_are_served_while_postgres_is_away_and_are_audited_when_it_is_back(
    client: redis.Redis, stage: Stage, valkey_url: str, database_url: str, ledger: LedgerDoor
) -> None:
    ledger.sql("ALTER TABLE control_audit RENAME TO away")
    room = ControlRoom(stage, valkey_url, database_url, embedded=True)
    assert room.say("pause posting")["ok"]
    assert room.told("publishing") == [Pause("posting", "operator")]
    assert room.say("nonsense")["ok"] is False
    ledger.sql("ALTER TABLE away RENAME TO control_audit")

    verdicts = [entry["verdict"] for entry in audited(ledger, 3)]
    assert sorted(verdicts) == ["accepted", "done", "refused"]
    eventually(lambda: [row["name"] for row in ledger.all("all_pauses")] == ["posting"], "the pause stored")


def test_a_stored_pause_is_told_to_its_family_at_the_start_shown_by_status_and_ends_by_itself(
    stage: Stage, valkey_url: str, database_url: str, ledger: LedgerDoor, monkeypatch: pytest.MonkeyPatch
) -> None:
    wall = HandClock(datetime.now(UTC))
    monkeypatch.setattr(keeping, "_wall", wall)
    # How soon it looks at the time again though nothing came.
    monkeypatch.setattr(keeping, "READ_EVERY_S", 0.05)
    ledger.transact([store_pause(kept.Pause("publishing", wall() + timedelta(hours=1), "me", "a storm"))])
    ledger.transact([store_pause(kept.Pause("plan", None, "me"))])
    room = ControlRoom(stage, valkey_url, database_url, embedded=True)
    (began,) = room.told("publishing")
    assert (began.job, began.by, began.because) == ("posting", "me", "a storm")
    assert began.until is not None
    lines = room.say("status")["lines"]
    assert "pause of plan: until somebody resumes it, by me" in lines
    assert any(line.startswith("pause of publishing: until 2") and line.endswith("a storm") for line in lines)

    wall.forward(hours=1)
    eventually(lambda: room.listeners["publishing"].told[1:] == [Resume("posting")], "the end told")
    eventually(lambda: [row["name"] for row in ledger.all("all_pauses")] == ["plan"], "the end stored")
    assert room.listeners["content"].told == [Pause("plan", "me")]


def test_a_word_signed_before_we_started_is_refused_if_what_was_said_then_is_lost(
    client: redis.Redis, stage: Stage, valkey_url: str, database_url: str, ledger: LedgerDoor
) -> None:
    ledger.transact([entry(None, "", LOST, "1 entries found no room")])
    room = ControlRoom(stage, valkey_url, database_url, embedded=False, key=KEY)

    assert "before this process started" in room.say(signed(RUN, ago_s=5).to_json())["text"]
    assert room.say(signed(Command("run-2", "run", ("posting",)), nonce="s" * 16).to_json())["ok"]


def test_a_signed_word_that_stops_is_obeyed_before_it_is_known_what_was_said_before(
    client: redis.Redis, stage: Stage, valkey_url: str, database_url: str, ledger: LedgerDoor
) -> None:
    room = ControlRoom(stage, valkey_url, database_url, embedded=False, key=KEY, opened=False)

    assert room.say(signed(Command("stop", "pause", ("plan",)), ago_s=5).to_json())["ok"]
    assert room.told("content") == [Pause("plan", "anybody")]
    assert "wrong" in room.say(signed(Command("no", "pause", ("plan",)), key=Secret("x" * 40)).to_json())["text"]

    room.opened.set()
    accepted, done, refused = audited(ledger, 3)
    assert [each["author"] for each in (accepted, done, refused)] == ["anybody", "anybody", "unknown"]
    assert [(each["word"], each["args"]) for each in (accepted, done, refused)] == [("pause", ["plan"])] * 3
    assert not any("nonce" in each for each in (accepted, refused)), "what proves nothing is not remembered"


def test_a_word_that_another_process_has_claimed_is_refused_and_a_forged_one_claims_nothing(
    client: redis.Redis, foreign: ControlRoom
) -> None:
    forged = signed(RUN, key=Secret("x" * 40), nonce="f" * 16)
    assert not foreign.say(forged.to_json())["ok"]
    assert not client.exists("supervisor:nonce:" + "f" * 16)
    assert claim(client, "c" * 16, "the other", b"other bytes", key=KEY, is_published=True) == Claimed()

    assert "used before" in foreign.say(signed(RUN, nonce="c" * 16).to_json())["text"]
    assert foreign.nobody_was_told()

    assert foreign.say(signed(RUN, nonce="d" * 16).to_json())["ok"]
    assert claim(client, "d" * 16, "the other", b"other bytes", key=KEY, is_published=True) == Claimed(is_used=True)
    assert 2 * FRESH_S - PATIENCE_S < client.ttl("supervisor:nonce:" + "d" * 16) <= 2 * FRESH_S


def test_what_redis_does_not_keep_is_a_doubt() -> None:
    with redis.Redis(connection_pool=open_pool("redis://127.0.0.1:1/0", 1, 1.0)) as away:
        doubt = claim(away, "n" * 16, "boot", b"", key=KEY, is_published=True).doubt
    assert "did not keep its nonce" in doubt


def test_the_answers_to_words_without_an_id_stand_beside_the_right_words(room: ControlRoom, ledger: LedgerDoor) -> None:
    with redis.Redis.from_url(room.url) as client, client.pipeline(transaction=False) as pipeline:
        for word in ("pause plan for 2h", "jobs", "pause posting", "run nosuch"):
            pipeline.publish(CHANNEL, word)
        pipeline.execute()

    entries = audited(ledger, 7)
    answers = {tuple(each["args"]): each for each in entries if each["verdict"] in {"done", "not done"}}
    assert {args: each["answer"].partition(";")[0] for args, each in answers.items()} == {
        ("plan", "for", "2h"): "plan is paused for 2h",
        ("posting",): "posting is paused",
        ("nosuch",): "no job 'nosuch'",
    }
    said = {each["number"]: (each["word"], each["args"]) for each in entries if each["verdict"] == "accepted"}
    assert all(said[each["number"]] == (each["word"], each["args"]) for each in answers.values())
    assert {each["author"] for each in answers.values()} == {"operator"}


def test_a_pause_that_another_process_stored_is_in_force_when_it_rings_and_ours_ring_too(
    client: redis.Redis, room: ControlRoom, ledger: LedgerDoor
) -> None:
    ledger.transact([store_pause(kept.Pause("plan", None, "me"))])
    client.publish(CHANNEL, BELL)
    assert room.told("content") == [Pause("plan", "me")]

    with client.pubsub() as pubsub:
        pubsub.subscribe(CHANNEL)
        assert pubsub.get_message(timeout=PATIENCE_S)
        client.publish(CHANNEL, "pause posting")
        messages: list[Any] = [pubsub.get_message(timeout=PATIENCE_S) for _ in range(2)]
    assert [message["data"] for message in messages] == [b"pause posting", BELL.encode()]
    assert {row["name"] for row in ledger.all("all_pauses")} == {"plan", "posting"}


def test_a_word_for_another_process_is_carried_to_it_and_moves_nobody_here(
    client: redis.Redis, room: ControlRoom
) -> None:
    word = Command("d-1", "drain", to="other").to_json()
    with client.pubsub() as replies:
        replies.subscribe(REPLIES)
        assert replies.get_message(timeout=PATIENCE_S)
        seconds, _ = client.time()
        client.xadd(STREAM, {FIELD: word}, id=f"{(seconds - 100) * 1000}-0")
        stale: Any = replies.get_message(timeout=PATIENCE_S)
        client.xadd(STREAM, {FIELD: word})
        client.publish(CHANNEL, BELL)
        alone: Any = replies.get_message(timeout=PATIENCE_S)
        with client.pubsub() as other:
            other.subscribe(CHANNEL)
            assert other.get_message(timeout=PATIENCE_S)
            client.xadd(STREAM, {FIELD: word})
            carried: Any = other.get_message(timeout=PATIENCE_S)
        client.publish(CHANNEL, "jobs")
        last: Any = replies.get_message(timeout=PATIENCE_S)

    assert "say it again" in json.loads(stale["data"])["text"]
    assert json.loads(alone["data"])["text"] == "no process other hears control words; this one is boot"
    assert carried["data"] == word.encode()
    assert json.loads(last["data"])["jobs"], "nobody answers for another"
    assert room.nobody_was_told()
    assert room.say("drain at boot")["ok"]


def test_a_flood_of_what_anybody_may_say_fills_no_disk_and_keeps_no_operator_from_an_answer(
    client: redis.Redis, foreign: ControlRoom, ledger: LedgerDoor
) -> None:
    foreign.operator.welcome.stopped = Rate(10_000, 1.0)
    ours = [signed(Command(f"own-{n}", "jobs"), nonce=f"{n:016}") for n in range(20)]
    ours += [signed(Command("stop", "pause", ("plan",)), nonce="s" * 16)]
    with client.pubsub() as pubsub:
        pubsub.subscribe(REPLIES)
        assert pubsub.get_message(timeout=PATIENCE_S)
        with client.pipeline(transaction=False) as pipeline:
            for number in range(1000):
                pipeline.publish(CHANNEL, "status")
                pipeline.publish(CHANNEL, "pause posting for 1s")
                if number % 50 == 49:
                    pipeline.publish(CHANNEL, ours[number // 50].to_json())
            pipeline.publish(CHANNEL, ours[-1].to_json())
            pipeline.execute()
        answers: dict[str, Any] = {}
        # All of ours, in whatever order two slots publish them.
        while not answers.keys() >= {each.id for each in ours}:
            message = pubsub.get_message(timeout=PATIENCE_S)
            assert message is not None
            answer = json.loads(message["data"])
            answers[answer["id"]] = answer

    assert [answers[each.id]["ok"] for each in ours] == [True] * len(ours)
    eventually(lambda: not foreign.records.kept.audit.waiting, "the audit written")
    assert len(audited(ledger, 1)) < 300
    assert foreign.records.kept.audit.lost == 0


def payload(rng: random.Random) -> bytes:
    """Return anything: noise, or something that is nearly a word."""
    word, name = rng.choice([*WORDS, "drop", ""]), rng.choice(["posting", "plan", "all", "on", "off", "../x", "💥", ""])
    fields: dict[str, Any] = {
        "id": rng.choice(["a", "", 7, None, "x" * 70, "\x1b[2J"]),
        "word": rng.choice([word, word.upper(), [word], {"word": word}]),
        "args": rng.choice([[name], [], name, [[name]], [name] * 50, [name, "\x00"]]),
        "time": rng.choice([int(time.time()), -1, 1e300, "now", True]),
        "nonce": rng.choice(["n" * 16, "short", 5]),
        "signature": rng.choice(["0" * 64, "zz", None]),
        rng.choice(["exec", "__class__", "word ", "args"]): rng.random(),
    }
    kept = dict(rng.sample(list(fields.items()), rng.randint(0, len(fields))))
    text = json.dumps(kept).encode()
    match rng.randrange(6):
        case 0:
            return rng.randbytes(rng.randint(1, 300))
        case 1:
            return text[: rng.randint(1, max(1, len(text)))]
        case 2:
            at = rng.randrange(len(text))
            return text[:at] + rng.randbytes(rng.randint(1, 4)) + text[at:]
        case 3:
            return " ".join([word, name, rng.choice(["now", "\N{RIGHT-TO-LEFT OVERRIDE}", "{", "for 2h"])]).encode()
        case 4:
            return rng.choice([b"[", b"{", b'{"a":', b"\xff"]) * rng.choice([1, 50, 3000])
        case _:
            return text


def is_harmless(raw: bytes) -> bool:
    """Return whether nobody may be moved by it on a foreign Redis: it is no word that stops something."""
    command = parse(raw)
    stops = not isinstance(command, Refused) and not only_reads(command) and command.word in {"pause", "kill-switch"}
    return bool(raw) and not stops


def test_k7_ten_thousand_random_payloads_crash_nothing_and_change_nothing(
    client: redis.Redis, foreign: ControlRoom, ledger: LedgerDoor, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("CRITICAL", "actors.control")
    rng = random.Random(8)
    payloads: list[bytes] = []
    while len(payloads) < PAYLOADS:
        raw = payload(rng)
        if is_harmless(raw):
            payloads.append(raw)
    for start in range(0, HALF, 500):
        with client.pipeline(transaction=False) as pipeline:
            for raw in payloads[start : start + 500]:
                pipeline.xadd(STREAM, {FIELD: raw})
            for raw in payloads[HALF + start : HALF + start + 500]:
                pipeline.publish(CHANNEL, raw)
            pipeline.execute()

    eventually(lambda: client.xlen(STREAM) == 0, "the stream read")
    with client.pubsub() as pubsub:
        pubsub.subscribe(REPLIES)
        client.publish(CHANNEL, Command("the-last", "pause", ("plan",)).to_json())
        until = time.monotonic() + PATIENCE_S
        answer: Any = {}
        while answer.get("id") != "the-last":
            message = pubsub.get_message(timeout=max(0.0, until - time.monotonic()))
            assert message is not None
            answer = json.loads(message["data"]) if message["type"] == "message" else {}
    assert answer["ok"]

    assert foreign.told("content") == [Pause("plan", "anybody")]
    assert not any(foreign.listeners[name].told for name in ("clock", "board", "publishing", "runs"))
    assert foreign.ended == []
    assert foreign.operator.context.address.mailbox.bands.generation == 1
    with psycopg.connect(foreign.database_url) as connection:
        changed = connection.execute("SELECT (SELECT count(*) FROM flags), (SELECT count(*) FROM opt_outs)").fetchone()
    assert changed == (0, 0)
    # Not one by one, but each is counted.
    assert audited(ledger, 60)
