"""The stream that carries words, on a real Valkey: each is heard once, whoever was away when it was said."""

from __future__ import annotations

import contextlib
import queue
import threading
from typing import TYPE_CHECKING

import pytest
import redis

from actors.control.channel import BELL, CHANNEL, FIELD, STREAM, Channel
from actors.resources.redis import open_pool
from tests.stage import PATIENCE_S, eventually

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

Heard = queue.SimpleQueue[tuple[bytes, float | None]]


@pytest.fixture
def listen(valkey_url: str) -> Iterator[Callable[[Heard], Channel]]:
    with contextlib.ExitStack() as opened:

        def listen(heard: Heard) -> Channel:
            client = redis.Redis(connection_pool=open_pool(valkey_url, 2, 1.0, decode=False))
            channel = Channel(client, lambda raw, age_s: heard.put((raw, age_s)), lambda error: None, lambda: None)
            opened.callback(channel.stop)
            assert channel.subscribed.wait(PATIENCE_S)
            return channel

        yield listen


def add(client: redis.Redis, word: bytes, place: str = "*") -> None:
    client.xadd(STREAM, {FIELD: word}, id=place)
    client.publish(CHANNEL, BELL)


def next_of(heard: Heard) -> bytes:
    return heard.get(timeout=PATIENCE_S)[0]


def test_words_said_while_nobody_hears_are_heard_once_and_in_their_order(
    client: redis.Redis, listen: Callable[[Heard], Channel]
) -> None:
    for number in range(200):
        add(client, b"pause job%d" % number)
    heard: Heard = queue.SimpleQueue()
    ear = listen(heard)
    assert [next_of(heard) for _ in range(200)] == [b"pause job%d" % number for number in range(200)]
    ear.stop()

    again: Heard = queue.SimpleQueue()
    listen(again)
    add(client, b"status")

    assert next_of(again) == b"status"
    assert client.xlen(STREAM) == 0


def test_of_two_processes_one_hears_a_word_of_the_stream(
    client: redis.Redis, listen: Callable[[Heard], Channel]
) -> None:
    heard: Heard = queue.SimpleQueue()
    for _ in range(2):
        listen(heard)
    words = [b"run job%d" % number for number in range(50)]
    for word in words:
        add(client, word)
    client.publish(CHANNEL, "last")

    said = [next_of(heard) for _ in range(52)]
    assert sorted(said) == sorted([*words, b"last", b"last"])
    assert heard.empty()


def test_a_stream_that_was_thrown_away_is_made_again(client: redis.Redis, listen: Callable[[Heard], Channel]) -> None:
    heard: Heard = queue.SimpleQueue()
    listen(heard)
    for word in (b"status", b"jobs"):
        client.delete(STREAM)
        add(client, word)
        assert next_of(heard) == word


def test_a_ring_is_heard_by_every_process_and_is_no_word(client: redis.Redis, valkey_url: str) -> None:
    heard: Heard = queue.SimpleQueue()
    rung: queue.SimpleQueue[None] = queue.SimpleQueue()
    with contextlib.ExitStack() as opened:
        for _ in range(2):
            pool = open_pool(valkey_url, 2, 1.0, decode=False)
            ear = Channel(
                redis.Redis(connection_pool=pool),
                lambda raw, age_s: heard.put((raw, age_s)),
                lambda error: None,
                lambda: rung.put(None),
            )
            opened.callback(ear.stop)
            assert ear.subscribed.wait(PATIENCE_S)
        client.publish(CHANNEL, BELL)
        for _ in range(2):
            rung.get(timeout=PATIENCE_S)

    assert heard.empty()


def test_a_word_without_a_ring_is_heard_as_well(client: redis.Redis, listen: Callable[[Heard], Channel]) -> None:
    heard: Heard = queue.SimpleQueue()
    listen(heard)
    client.xadd(STREAM, {FIELD: "status"})

    assert next_of(heard) == b"status"


def test_g2_a_key_of_another_kind_in_the_stream_s_place_leaves_published_words_heard(
    client: redis.Redis, listen: Callable[[Heard], Channel], caplog: pytest.LogCaptureFixture
) -> None:
    client.set(STREAM, "a text")
    heard: Heard = queue.SimpleQueue()
    ear = listen(heard)
    for word in (b"status", b"jobs", b"why"):
        client.publish(CHANNEL, word)
        assert next_of(heard) == word

    def times_said() -> int:
        return [getattr(each, "action", "") for each in caplog.records].count("control_stream_away")

    eventually(times_said, "it said that the stream is away")
    client.delete(STREAM)
    add(client, b"pause all")

    assert next_of(heard) == b"pause all"
    assert ear.subscribed.is_set()
    assert times_said() == 1


def test_a_word_of_the_stream_is_heard_while_the_ear_is_busy_with_what_is_published(
    client: redis.Redis, valkey_url: str
) -> None:
    heard: Heard = queue.SimpleQueue()
    is_over = threading.Event()

    def hear(raw: bytes, age_s: float | None) -> None:
        heard.put((raw, age_s))
        if age_s is None:
            is_over.wait(PATIENCE_S)

    pool = open_pool(valkey_url, 2, 1.0, decode=False)
    ear = Channel(redis.Redis(connection_pool=pool), hear, lambda error: None, lambda: None)
    with contextlib.closing(pool), contextlib.ExitStack() as opened:
        opened.callback(ear.stop)
        opened.callback(is_over.set)
        assert ear.subscribed.wait(PATIENCE_S)
        client.publish(CHANNEL, "a flood")
        assert next_of(heard) == b"a flood"
        client.xadd(STREAM, {FIELD: "kill-switch on"})

        assert next_of(heard) == b"kill-switch on"
        assert not is_over.is_set()


def test_g2_words_of_the_stream_are_heard_while_nothing_that_is_published_can_be(
    client: redis.Redis, valkey_url: str, caplog: pytest.LogCaptureFixture
) -> None:
    client.execute_command("ACL", "SETUSER", "deaf", "on", ">deaf", "~*", "resetchannels", "+@all")
    heard: Heard = queue.SimpleQueue()
    pool = open_pool(valkey_url.replace("redis://", "redis://deaf:deaf@"), 2, 1.0, decode=False)
    client_of_deaf = redis.Redis(connection_pool=pool)
    ear = Channel(client_of_deaf, lambda raw, age_s: heard.put((raw, age_s)), lambda error: None, lambda: None)
    try:
        for word in (b"status", b"jobs"):
            client.xadd(STREAM, {FIELD: word})
            assert next_of(heard) == word
        assert not ear.subscribed.is_set()
        # Each way has a thread of its own.
        eventually(
            lambda: "control_away" in [getattr(each, "action", "") for each in caplog.records], "said to be away"
        )
    finally:
        ear.stop()
        client.execute_command("ACL", "DELUSER", "deaf")


def test_an_entry_of_the_future_keeps_out_none_that_follow(
    client: redis.Redis, listen: Callable[[Heard], Channel]
) -> None:
    heard: Heard = queue.SimpleQueue()
    listen(heard)
    add(client, b"status", "18446744073709551615-1")
    assert next_of(heard) == b"status"
    eventually(lambda: not client.exists(STREAM) or client.xlen(STREAM) == 0, "the entry thrown away")

    def is_taken() -> bool:
        try:
            add(client, b"jobs")
        except redis.ResponseError:
            return False
        return True

    eventually(is_taken, "the next entry taken")
    assert next_of(heard) == b"jobs"


def test_a_word_is_as_old_as_the_clock_of_redis_says(client: redis.Redis, listen: Callable[[Heard], Channel]) -> None:
    seconds, _ = client.time()
    heard: Heard = queue.SimpleQueue()
    client.xadd(STREAM, {FIELD: "old"}, id=f"{(seconds - 100) * 1000}-0")
    client.xadd(STREAM, {FIELD: "new"})
    listen(heard)

    (old, age_of_old), (new, age_of_new) = (heard.get(timeout=PATIENCE_S) for _ in range(2))
    assert (old, new) == (b"old", b"new")
    client.publish(CHANNEL, "to all")

    assert age_of_old is not None
    assert age_of_old >= 99
    assert age_of_new is not None
    assert age_of_new < 99
    assert heard.get(timeout=PATIENCE_S) == (b"to all", None)


def test_any_bytes_of_any_length_are_passed_on_and_cut_past_the_limit(
    client: redis.Redis, listen: Callable[[Heard], Channel]
) -> None:
    heard: Heard = queue.SimpleQueue()
    ear = listen(heard)
    for raw in (b"\xff\xfe\x00", b"x" * 100_000):
        add(client, raw)
        assert next_of(heard) == raw[:8193]
        client.publish(CHANNEL, raw)
        assert next_of(heard) == raw[:8193]
    client.xadd(STREAM, {"other": "field"})
    assert next_of(heard) == b""

    assert ear.subscribed.is_set()
