"""The bench without an outage: servers go and come back where they were, and what is judged can also fail."""

from __future__ import annotations

import contextlib
import socket
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import pytest
import redis
from rich.progress import Progress

from actors.embedded.valkey import HOST, EmbeddedValkey
from tests.outage.run import Outage
from tests.outage.servers import ForeignServer

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture(params=[False, True], ids=["killed", "frozen"])
def valkey(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[ForeignServer]:
    server = ForeignServer(tmp_path, EmbeddedValkey(tmp_path), is_frozen=request.param)
    yield server
    server.stop()


def outage(*lines: dict[str, Any]) -> Any:
    nobody: Any = None
    return Outage(SimpleNamespace(lines=list(lines)), nobody, nobody, 1.0, 2.0, Progress())  # type: ignore[arg-type]


def test_d6_a_redis_that_is_away_answers_nobody_keeps_its_port_and_what_it_held(valkey: ForeignServer) -> None:
    clients = (redis.Redis.from_url(valkey.url, socket_timeout=seconds) for seconds in (None, 0.2))
    with contextlib.ExitStack() as ends:
        client, hasty = (ends.enter_context(contextlib.closing(each)) for each in clients)
        client.set("kept", "yes")
        # Twice, as for the second bench of a day.
        for _ in range(2):
            # A connection that the server itself ends would keep the port for a minute.
            client.close()
            valkey.take_away()
            with pytest.raises(redis.RedisError):
                hasty.get("kept")
            with socket.socket() as thief, pytest.raises(OSError, match="in use"):
                thief.bind((HOST, urlsplit(valkey.url).port or 0))
            valkey.bring_back()
            assert client.get("kept") == b"yes"


def test_f10_a_post_counts_as_new_only_if_its_intent_came_after_the_return() -> None:
    old = {"action": "posted", "decision": "old"}
    intent, new = {"action": "intent_durable", "decision": "new"}, {"action": "posted", "decision": "new"}
    bench = outage(intent, old, new)
    assert bench._first_new_post(0) is new
    assert bench._first_new_post(1) is None


def test_f10_a_run_counts_only_if_it_was_admitted_after_the_return_and_did_something() -> None:
    lines = [
        {"action": word, "job": job, "run": run}
        for word, job, run in (
            ("run_admitted", "posting", "a"),
            ("run_admitted", "plan", "b"),
            ("run_admitted", "posting", "c"),
            ("run_done", "posting", "a"),
            ("run_done", "plan", "b"),
            ("run_nothing", "posting", "c"),
        )
    ]
    assert outage(*lines)._first_done(1) is None
    assert outage(*lines)._first_done(0) is lines[3]


@pytest.mark.parametrize(("seconds", "holds"), [(60.0, True), (60.1, False)])
def test_f10_what_takes_longer_than_a_minute_is_no_success(seconds: float, holds: bool) -> None:
    bench = outage()
    bench._limit("it is back", seconds, "")
    assert [each.holds for each in bench.findings] == [holds]
