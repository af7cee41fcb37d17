"""What a whole run does to its database and its Redis, seen from their side."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

import psycopg
import pytest
import redis

from actors.control.channel import STREAM
from actors.embedded.valkey import EmbeddedValkey
from tests.jobs.doors import configuration
from tests.resources.test_database_catalogue import migrate

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.acceptance.engine import Engine

pytestmark = [pytest.mark.acceptance, pytest.mark.timeout(300)]

CHANNEL = {"hello", "client|setinfo", "client|setname", "ping", "subscribe", "unsubscribe", "publish"}
CONTROL = CHANNEL | {"xadd", "xreadgroup", "xgroup|create", "xtrim", "time"}
"""What a control channel and its stream need to say. Nothing is kept once it was read."""
OURS = {"info", "config|get", "keys", "xlen"}


def test_f1_a_run_without_one_column_is_never_ready_names_it_and_is_ready_once_it_is_back(
    engine_on: Callable[..., Engine], empty_database_url: str
) -> None:
    migrate(empty_database_url)
    with psycopg.connect(empty_database_url, autocommit=True) as line:
        line.execute("ALTER TABLE publish_attempts RENAME COLUMN click_until TO click_after")
        engine = engine_on(environment={"DATABASE_URL": empty_database_url})

        awaited = engine.wait_for("database_awaited", 60)

        assert 'column "click_until"' in awaited["data"]
        assert not {"ready", "run_admitted"} & {each["action"] for each in engine.lines}
        line.execute("ALTER TABLE publish_attempts RENAME COLUMN click_after TO click_until")
    engine.ready()
    assert engine.stop() == 0


def test_g1_g3_g4_g5_a_run_says_to_redis_what_control_needs_over_few_lines_and_leaves_nothing_there(
    engine_on: Callable[..., Engine],
) -> None:
    engine = engine_on()
    engine.ready()
    engine.wait_for("control_ready", 30)
    assert engine.send("status") == 0
    assert engine.send("why", "posting") == 0
    assert engine.send("run", "learn") == 0
    engine.wait_for("posted", 60)
    engine.wait_for("run_nothing", 60, job="learn")
    url = EmbeddedValkey(engine.data).running_url()
    assert url is not None

    with contextlib.closing(redis.Redis.from_url(url)) as watcher:
        said = {name.removeprefix("cmdstat_") for name in watcher.info("commandstats")}
        lines, kept = watcher.info("clients")["connected_clients"], watcher.keys("*")
        assert (kept, watcher.xlen(STREAM)) == ([STREAM.encode()], 0)

    assert {"subscribe", "publish", "xreadgroup"} <= said - OURS <= CONTROL
    # The channel's two, and the watcher's own.
    assert lines <= configuration().redis.connections + 2 + 1
    assert engine.stop() == 0
