"""The ear on the channel, on a real Valkey that dies."""

from __future__ import annotations

import os
import queue
import signal
import threading
from types import SimpleNamespace
from typing import TYPE_CHECKING

import psutil
import pytest
import redis

from actors.control import channel as channel_module
from actors.control.channel import CHANNEL, Channel
from actors.embedded.valkey import EmbeddedValkey
from actors.errors import ActorUnavailableError
from actors.resources.redis import open_pool
from tests.stage import PATIENCE_S, Outcome, eventually

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path


@pytest.fixture
def server(short_folder: Path) -> Iterator[EmbeddedValkey]:
    server = EmbeddedValkey(short_folder)
    yield server
    server.stop(10)


@pytest.fixture
def listen() -> Iterator[Callable[..., Channel]]:
    opened: list[Channel] = []

    def listen(
        url: str, heard: Callable[[bytes], None], died: Callable[[BaseException], None] = lambda error: None,
        rang: Callable[[], None] = lambda: None,
    ) -> Channel:
        client = redis.Redis(connection_pool=open_pool(url, 2, PATIENCE_S, decode=False))
        channel = Channel(client, lambda raw, _: heard(raw), died, rang)
        opened.append(channel)
        assert channel.subscribed.wait(PATIENCE_S)
        return channel

    yield listen
    for channel in opened:
        channel.stop()


def say(url: str, word: str) -> int:
    with redis.Redis.from_url(url) as client:
        return int(client.publish(CHANNEL, word))


def test_an_ear_that_dies_says_of_what(valkey_url: str, listen: Callable[..., Channel]) -> None:
    died: queue.SimpleQueue[BaseException] = queue.SimpleQueue()

    def break_down(_: bytes) -> None:
        raise AttributeError("a bug")

    listen(valkey_url, break_down, died.put)
    say(valkey_url, "anything")

    assert str(died.get(timeout=PATIENCE_S)) == "a bug"


def test_whoever_stops_an_ear_waits_for_the_word_it_hears_so_that_it_takes_none_behind_his_back(
    valkey_url: str, listen: Callable[..., Channel]
) -> None:
    hears, released, order = threading.Event(), threading.Event(), []

    def hear(_: bytes) -> None:
        hears.set()
        assert released.wait(PATIENCE_S)
        order.append("heard")

    channel = listen(valkey_url, hear)
    say(valkey_url, "status")
    assert hears.wait(PATIENCE_S)
    stopping = Outcome(lambda: (channel.stop(), order.append("stopped")))
    eventually(channel._stopped.is_set, "the stop begun")
    released.set()
    stopping.get()

    assert order == ["heard", "stopped"]


def test_what_is_published_is_heard_as_it_came(valkey_url: str, listen: Callable[..., Channel]) -> None:
    heard: queue.SimpleQueue[bytes] = queue.SimpleQueue()
    listen(valkey_url, heard.put)

    assert say(valkey_url, "pause posting — now") == 1

    assert heard.get(timeout=PATIENCE_S) == "pause posting — now".encode()


def test_g2_after_a_restart_words_are_heard_again(server: EmbeddedValkey, listen: Callable[..., Channel]) -> None:
    heard: queue.SimpleQueue[bytes] = queue.SimpleQueue()
    endpoint = server.ensure(60)
    channel = listen(endpoint.url, heard.put)
    os.kill(endpoint.pid, signal.SIGKILL)
    eventually(lambda: not channel.subscribed.is_set(), "the loss noticed")
    eventually(lambda: not server.is_alive())
    server.ensure(60)

    assert channel.subscribed.wait(PATIENCE_S)
    assert say(endpoint.url, "status") == 1
    assert heard.get(timeout=PATIENCE_S) == b"status"


def test_a_connection_that_served_before_it_broke_is_soon_replaced_however_often_it_breaks(
    valkey_url: str, listen: Callable[..., Channel], monkeypatch: pytest.MonkeyPatch
) -> None:
    attempts: list[int] = []

    class Counting:
        def delay(self, attempt: int, _: float) -> float:
            attempts.append(attempt)
            return 0.0

    monkeypatch.setattr(channel_module, "_BACKOFF", Counting())
    channel = listen(valkey_url, lambda _: None)
    with redis.Redis.from_url(valkey_url) as client:
        for breaks in range(1, 5):
            assert channel.subscribed.wait(PATIENCE_S)
            client.client_kill_filter(_type="pubsub")
            eventually(lambda breaks=breaks: len(attempts) == breaks, "the break noticed")  # type: ignore[misc]

    assert attempts == [0, 0, 0, 0]


def test_a_server_that_accepts_and_never_answers_is_noticed(
    server: EmbeddedValkey, listen: Callable[..., Channel], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(channel_module, "_PONG_S", 0.6)
    monkeypatch.setattr(channel_module, "_POLL_S", 0.1)
    endpoint = server.ensure(60)
    channel = listen(endpoint.url, lambda _: None)
    frozen = psutil.Process(endpoint.pid)
    frozen.suspend()
    try:
        eventually(lambda: not channel.subscribed.is_set(), "the silence noticed")
    finally:
        frozen.resume()

    assert channel.subscribed.wait(PATIENCE_S)


def test_a_quiet_server_is_not_taken_for_a_dead_one(
    valkey_url: str, listen: Callable[..., Channel], monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    came: queue.SimpleQueue[str] = queue.SimpleQueue()
    take, now = Channel._take, [0.0]

    def watch(self: Channel, message: dict[str, str]) -> None:
        # Time goes on only behind an answer: long enough for the next ping to be due, and not for a silence.
        now[0] += 0.7 * channel_module._PONG_S
        take(self, message)
        came.put(message["type"])

    monkeypatch.setattr(Channel, "_take", watch)
    monkeypatch.setattr(channel_module, "time", SimpleNamespace(monotonic=lambda: now[0]))
    channel = listen(valkey_url, lambda _: None)

    # The subscription, then the answers to its pings over more than twice the time it waits for one.
    assert [came.get(timeout=PATIENCE_S) for _ in range(6)].count("subscribe") == 1
    assert channel.subscribed.is_set()
    assert "control_away" not in [getattr(record, "action", "") for record in caplog.records]


def test_a_listener_that_is_gone_does_not_break_the_ear(valkey_url: str, listen: Callable[..., Channel]) -> None:
    heard: queue.SimpleQueue[bytes] = queue.SimpleQueue()

    def hear(raw: bytes) -> None:
        heard.put(raw)
        raise ActorUnavailableError("operator has stopped")

    listen(valkey_url, hear)

    for word in ("status", "jobs"):
        say(valkey_url, word)
        assert heard.get(timeout=PATIENCE_S) == word.encode()


def test_a_stopped_ear_ends_its_subscription(valkey_url: str, listen: Callable[..., Channel]) -> None:
    channel = listen(valkey_url, lambda _: None)

    channel.stop()

    eventually(lambda: say(valkey_url, "status") == 0, "nobody listens")
