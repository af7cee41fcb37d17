"""Redis through its front, slots and client, on a real Valkey."""

from __future__ import annotations

import os
import signal
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import psutil
import pytest
import redis

from actors.domain.priority import Priority
from actors.embedded.valkey import EmbeddedValkey
from actors.errors import CircuitOpenError, DeadlineError, QueryError, ResourceDiedError
from actors.messages import RedisCommand, Request
from actors.resources.redis import Redis, RedisClient, RedisWorker
from actors.runtime.reply import WaitingReply
from tests.resources.wire import Way, Wire
from tests.stage import PATIENCE_S, PROMISE_S, Outcome, eventually

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.stage import Stage


def open_front(stage: Stage, url: str, size: int = 2, timeout: float = 2.0, **policy: int) -> Redis:
    resource = Redis(url, timeout)
    stage.front(resource, size, **policy)
    return resource


def client(stage: Stage, limit: float = 5.0, within: float = PATIENCE_S) -> RedisClient:
    return RedisClient(stage.caller("redis", within=within), limit)


@pytest.fixture
def own_valkey(short_folder: Path) -> Iterator[EmbeddedValkey]:
    server = EmbeddedValkey(short_folder)
    yield server
    server.stop(10)


def kill(server: EmbeddedValkey, pid: int) -> None:
    os.kill(pid, signal.SIGKILL)
    eventually(lambda: not server.is_alive(), "Valkey dead")


def test_commands_answer_in_text(stage: Stage, valkey_url: str) -> None:
    open_front(stage, valkey_url)

    assert client(stage).run("SET", "greeting", "good day") == "OK"
    assert client(stage).run("GET", "greeting") == "good day"
    assert client(stage).run("INCRBY", "number", 41) == 41
    assert client(stage).run("GET", "nothing") is None


def test_g1_a_thousand_commands_never_hold_more_connections_than_the_pool(stage: Stage, valkey_url: str) -> None:
    open_front(stage, valkey_url, size=3)
    with redis.Redis.from_url(valkey_url) as watcher:
        before = len(watcher.client_list())
        busy = [Outcome(lambda: [client(stage).run("INCR", "g1") for _ in range(100)]) for _ in range(10)]
        seen = [len(watcher.client_list()) - before for _ in range(20)]

        assert max(max(outcome.get()) for outcome in busy) == 1000
        assert max(*seen, len(watcher.client_list()) - before) <= 3


def test_a5_a_wrong_command_is_the_asker_s_fault_and_keeps_the_connection(stage: Stage, valkey_url: str) -> None:
    open_front(stage, valkey_url, size=1, breaker_threshold=1)
    me = client(stage).run("CLIENT", "ID")

    with pytest.raises(QueryError, match="'NONSENSE'"):
        client(stage).run("NONSENSE")

    assert client(stage).run("CLIENT", "ID") == me
    assert stage.state("redis").breaker == "closed"


LONG_S = 60.0
"""A time-out that ends nothing while a test lasts: what comes back was destroyed."""


@pytest.mark.parametrize("seconds", [1, 0], ids=["that ends later", "that never ends"])
def test_a9_a_command_past_its_limit_is_cut_and_its_late_answer_meets_nobody(
    stage: Stage, valkey_url: str, seconds: int
) -> None:
    open_front(stage, valkey_url, size=1, timeout=LONG_S)

    with pytest.raises(DeadlineError):
        client(stage, limit=0.2).run("BLPOP", "empty", seconds)

    assert client(stage, within=PROMISE_S).run("PING") == "PONG"
    stage.all_free("redis")


@pytest.fixture
def wire(valkey_url: str) -> Iterator[Wire]:
    address = urlsplit(valkey_url)
    assert address.hostname
    assert address.port
    wire = Wire((address.hostname, address.port))
    yield wire
    wire.close()


@pytest.mark.parametrize("way", [Way.THERE, Way.BACK])
@pytest.mark.parametrize("is_connected", [False, True], ids=["at the handshake", "at a command"])
def test_a9_a_line_that_fell_silent_costs_its_own_request_only(
    stage: Stage, wire: Wire, way: Way, *, is_connected: bool
) -> None:
    open_front(stage, f"redis://127.0.0.1:{wire.port}", size=1, timeout=LONG_S)
    if is_connected:
        assert client(stage).run("PING") == "PONG"
    wire.fall_silent(way)

    with pytest.raises(DeadlineError):
        client(stage, limit=0.3).run("PING")
    wire.heal()

    assert client(stage, within=PROMISE_S).run("PING") == "PONG"
    stage.all_free("redis")


def test_a11_a_destroyed_slot_uses_no_connection_that_comes_up_later(valkey_url: str) -> None:
    worker = RedisWorker(valkey_url, 2.0)
    command = Request("any", RedisCommand(("SET", "late", "yes")), Priority.P1, 0.0, 1.0, WaitingReply())

    worker.destroy()

    with pytest.raises(ResourceDiedError, match="deadline passed"):
        worker.perform(command)
    with redis.Redis.from_url(valkey_url) as watcher:
        assert watcher.get("late") is None


def test_a9_a_handshake_that_drips_for_ever_is_cut(stage: Stage) -> None:
    wire = Wire(greeting=b"%1000\r\n", drip=b"+a\r\n")
    open_front(stage, f"redis://127.0.0.1:{wire.port}", size=1)

    with pytest.raises(DeadlineError):
        client(stage, limit=0.5).run("PING")

    stage.all_free("redis")
    wire.close()


def test_g2_commands_work_again_at_once_after_a_restart(stage: Stage, own_valkey: EmbeddedValkey) -> None:
    endpoint = own_valkey.ensure(60)
    resource = open_front(stage, endpoint.url, size=3)
    assert all(outcome.get() == "PONG" for outcome in [Outcome(lambda: client(stage).run("PING")) for _ in range(3)])
    kill(own_valkey, endpoint.pid)
    own_valkey.ensure(60)
    resource.reset()

    assert [client(stage).run("PING") for _ in range(6)] == ["PONG"] * 6


def test_g2_a_connection_that_died_while_idle_is_noticed_before_it_is_used(
    stage: Stage, own_valkey: EmbeddedValkey
) -> None:
    endpoint = own_valkey.ensure(60)
    open_front(stage, endpoint.url, size=1)
    client(stage).run("PING")
    kill(own_valkey, endpoint.pid)
    own_valkey.ensure(60)

    assert client(stage).run("PING") == "PONG"


def test_g2_an_outage_opens_the_breaker_and_the_probe_closes_it(stage: Stage, own_valkey: EmbeddedValkey) -> None:
    endpoint = own_valkey.ensure(60)
    open_front(stage, endpoint.url, breaker_threshold=5)
    client(stage).run("PING")
    kill(own_valkey, endpoint.pid)

    for _ in range(5):
        with pytest.raises(ResourceDiedError, match="REDIS_URL"):
            client(stage).run("PING")
    with pytest.raises(CircuitOpenError):
        client(stage).run("PING")
    own_valkey.ensure(60)

    stage.breaker_is("redis", "closed")
    assert client(stage).run("PING") == "PONG"


def test_a_frozen_server_costs_no_more_than_the_limit(stage: Stage, own_valkey: EmbeddedValkey) -> None:
    endpoint = own_valkey.ensure(60)
    open_front(stage, endpoint.url)
    frozen = psutil.Process(endpoint.pid)
    frozen.suspend()
    try:
        with pytest.raises((DeadlineError, ResourceDiedError)):
            client(stage, limit=0.3).run("PING")
    finally:
        frozen.resume()

    assert client(stage).run("PING") == "PONG"
    stage.all_free("redis")
