"""The operator's own Postgres, Redis, model endpoint and platform, given by URL: nothing comes along then."""

from __future__ import annotations

import subprocess
import sys
import threading
from typing import TYPE_CHECKING

import psycopg
import pytest

from actors.embedded.postgres import EmbeddedPostgres
from actors.embedded.valkey import EmbeddedValkey
from tests.acceptance.engine import ROOT, Engine

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

pytestmark = [pytest.mark.acceptance, pytest.mark.timeout(300)]

_KEY = "a-key-of-at-least-thirty-two-characters"


@pytest.fixture(scope="module")
def theirs(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """Return the URLs of servers that belong to somebody else: another folder, another start, another clock."""
    folder: Path = tmp_path_factory.mktemp("theirs")
    postgres, valkey = EmbeddedPostgres(folder), EmbeddedValkey(folder)
    words = [
        sys.executable,
        "-u",
        "supervisor.py",
        "sandbox",
        "--port",
        "0",
        "--speed",
        "120",
        "--data",
        str(folder / "site"),
    ]
    sandbox = subprocess.Popen(words, cwd=ROOT, stdout=subprocess.PIPE, text=True)
    assert sandbox.stdout is not None
    line = next(line for line in sandbox.stdout if "serves http://" in line)
    site = "http://127.0.0.1:" + line.partition("serves http://127.0.0.1:")[2].partition('"')[0]
    drain = threading.Thread(target=sandbox.stdout.read, daemon=True)
    drain.start()
    try:
        yield {
            "DATABASE_URL": postgres.ensure(60).url,
            "REDIS_URL": valkey.ensure(30).url,
            "PLATFORM_URL": site,
            "OPENAI_BASE_URL": f"{site}/v1",
            "OPENAI_API_KEY": "sk-test-0123456789abcdef",
        }
    finally:
        sandbox.kill()
        sandbox.wait(10)
        drain.join(10)
        sandbox.stdout.close()
        valkey.stop(10)
        postgres.stop(10)


@pytest.fixture
def empty_ledger(theirs: dict[str, str]) -> None:
    """Give each test the database as a new one."""
    with psycopg.connect(theirs["DATABASE_URL"], autocommit=True) as connection:
        connection.execute("DROP SCHEMA public CASCADE")
        connection.execute("CREATE SCHEMA public")


@pytest.mark.usefixtures("empty_ledger")
def test_the_same_run_works_on_servers_given_by_url_and_leaves_them_running(
    engine_on: Callable[..., Engine], theirs: dict[str, str]
) -> None:
    engine = engine_on(environment={**theirs, "CONTROL_KEY": _KEY})
    engine.ready()
    engine.until(lambda: [line for line in engine.lines if line["action"] == "posted"][1:], 90, "two posts")
    assert engine.site == theirs["PLATFORM_URL"]
    assert not {"postgres", "valkey", "sandbox"} & {path.name for path in engine.data.iterdir()}
    assert theirs["OPENAI_API_KEY"] not in "".join(map(str, engine.lines))
    assert engine.send("pause", "posting") == 0
    engine.until(
        lambda: not engine.query("SELECT 1 FROM decisions WHERE status = 'publishing'"), 60, "no post in flight"
    )
    posts = engine.query("SELECT tweet_id FROM receipts")
    assert {post["id"] for post in engine.truth()["posts"]} >= {row["tweet_id"] for row in posts}
    assert engine.stop() == 0
    with psycopg.connect(theirs["DATABASE_URL"]) as connection:
        row = connection.execute("SELECT count(*) FROM receipts").fetchone()
    assert row == (len(posts),)


@pytest.mark.usefixtures("empty_ledger")
def test_k7_on_a_foreign_redis_a_word_that_starts_something_needs_the_key(
    engine_on: Callable[..., Engine], theirs: dict[str, str]
) -> None:
    engine = engine_on(environment={**theirs, "CONTROL_KEY": _KEY})
    engine.ready()
    engine.wait_for("control_ready", 30)
    assert engine.send("run", "learn", key="") == 1
    assert engine.send("status", key="") == 0
    assert engine.send("run", "learn") == 0
    assert engine.send("run", "learn", key="another-key-of-thirty-two-characters!") == 1
    assert engine.stop() == 0


def test_each_part_is_replaced_alone(engine_on: Callable[..., Engine], theirs: dict[str, str]) -> None:
    only_platform = {"PLATFORM_URL": theirs["PLATFORM_URL"]}
    engine = engine_on(environment=only_platform)
    engine.ready()
    engine.wait_for("posted", 90)
    assert {"postgres", "valkey"} <= {path.name for path in engine.data.iterdir()}
    assert engine.stop() == 0
    assert engine.processes() == []


def test_a_wrong_key_is_said_with_what_to_do_about_it(engine_on: Callable[..., Engine], theirs: dict[str, str]) -> None:
    wrong = {"OPENAI_BASE_URL": theirs["OPENAI_BASE_URL"], "OPENAI_API_KEY": "bad-key"}
    engine = engine_on(environment=wrong)
    engine.ready()
    failed = engine.wait_for("run_failed", 60, job="plan")
    assert "refused the key" in failed["data"]
    assert "OPENAI_API_KEY" in failed["data"]
    assert engine.stop() == 0


def test_a15_a_chromium_that_is_not_there_is_refused_with_both_ways_to_get_one(
    engine_on: Callable[..., Engine],
) -> None:
    engine = engine_on(environment={"CHROMIUM_PATH": "/nowhere/chromium"})
    assert engine.wait(30) == 2
    assert any("CHROMIUM_PATH" in line for line in engine.noise)
