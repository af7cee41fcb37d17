"""The database's door through a real pgbouncer that hands a session out for one transaction at a time.

Two sessions serve whatever number of clients, so that what a transaction leaves in its session meets somebody else.
"""

from __future__ import annotations

import functools
import os
import signal
import threading
from typing import TYPE_CHECKING, Any

import psycopg
import pytest

from actors.domain.priority import Priority
from actors.domain.snowflake import id_at
from actors.errors import ConfigError, ConflictError, DeadlineError, ResourceDiedError, TransientError
from actors.jobs.publishing.posting import posting
from actors.resources import database as database_module
from actors.resources.database import Database, DatabaseClient
from actors.sql.queries import Statement
from tests.fakes import NOW, LedgerDoor, decision
from tests.jobs.doors import START, Bench, commits, published
from tests.resources.pgbouncer import Pooler
from tests.stage import PATIENCE_S, Outcome, eventually

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.stage import Stage

# Unpacking the package, once for a virtual environment, counts as the first test's own time.
pytestmark = pytest.mark.timeout(400)

SESSIONS = 2
CLIENTS = 8
SLEEP = "SELECT pg_sleep(60)"


@pytest.fixture(scope="module")
def pooler(server_folder: Path, postgres_url: str) -> Iterator[Pooler]:
    try:
        pooler = Pooler(server_folder, postgres_url, SESSIONS)
    except (ConfigError, OSError) as error:
        pytest.skip(f"{error}; on Debian: apt-get install pgbouncer")
    pooler.ensure()
    yield pooler
    pooler.stop()


@pytest.fixture
def pooled_url(pooler: Pooler, database_url: str) -> str:
    return pooler.url(database_url)


@pytest.fixture(autouse=True)
def queries_of_tests(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let tests name statements that the program has no use for."""
    known = {
        **database_module.load_queries(),
        "sleep": SLEEP,
        "backend": "SELECT pg_backend_pid() AS pid FROM (SELECT pg_sleep(0.01)) AS s",
        "limit": "SELECT current_setting('statement_timeout') AS limit, current_setting('TimeZone') AS zone",
        "next_version": "INSERT INTO weight_snapshots (version, created_at, source, outcomes, body)"
        " SELECT coalesce(max(version) + 1, 0), now(), 'prior', 0, '{}' FROM weight_snapshots RETURNING version",
    }
    monkeypatch.setattr(database_module, "load_queries", lambda: known)


def open_front(stage: Stage, url: str, size: int = CLIENTS) -> None:
    limits = {priority: 0.5 if priority is Priority.P3 else 30.0 for priority in Priority}
    stage.front(Database(url, size, limits), size)


def client(stage: Stage, priority: Priority = Priority.P1, limit: float = 10.0) -> DatabaseClient:
    return DatabaseClient(stage.caller("database", priority, PATIENCE_S), limit)


def together(calls: list[Any]) -> list[Any]:
    """Return what the calls came to when they began at once; an error as itself."""
    start = threading.Barrier(len(calls))

    def begin(call: Any) -> Any:
        start.wait(PATIENCE_S)
        return call()

    outcomes = [Outcome(functools.partial(begin, call)) for call in calls]
    return [outcome.error() or outcome.get() for outcome in outcomes]


def sleepers(url: str) -> int:
    """Return how many sessions of the database sleep, asked past the pooler."""
    asleep = "state = 'active' AND datname = current_database() AND query = %s"
    with psycopg.connect(url) as line:
        row = line.execute(f"SELECT count(*) FROM pg_stat_activity WHERE {asleep}".encode(), (SLEEP,)).fetchone()
    assert row is not None
    return int(row[0])


def in_each_session(url: str, question: str) -> list[Any]:
    """Return the answers of both sessions, which are asked at once."""
    lines = [psycopg.connect(url, prepare_threshold=None) for _ in range(SESSIONS)]
    try:
        pids = {line.execute("SELECT pg_backend_pid()").fetchone() for line in lines}
        assert len(pids) == SESSIONS
        return [row for line in lines for row in line.execute(question.encode()).fetchall()]
    finally:
        for line in lines:
            line.close()


def test_eight_clients_share_two_sessions(stage: Stage, pooled_url: str) -> None:
    open_front(stage, pooled_url)

    answers = together([lambda: [client(stage).all("backend")[0]["pid"] for _ in range(5)]] * CLIENTS)

    assert len({pid for pids in answers for pid in pids}) == SESSIONS


def test_f5_migrating_through_a_pooler_works_for_two_at_once(
    stage: Stage, pooler: Pooler, empty_database_url: str
) -> None:
    open_front(stage, pooler.url(empty_database_url))

    applied = together([lambda: client(stage, Priority.P0).migrate()] * 2)

    assert sorted(applied, key=len) == [[], [version for version, _ in database_module.load_migrations()]]
    assert client(stage).one("run_summary") is not None


def test_f5_transactions_of_eight_clients_at_once_are_whole_and_each_text_is_taken_once(
    stage: Stage, pooled_url: str
) -> None:
    open_front(stage, pooled_url)

    def write(number: int) -> list[str]:
        said = []
        for text in range(6):
            row = decision(f"One post, number {text}.")
            flag = {"name": f"{number}-{text}", "is_on": True, "now": NOW, "by": "test"}
            try:
                client(stage).transact([Statement("set_flag", flag), Statement("insert_decision", row, 1)])
            except ConflictError:
                said.append("refused")
            else:
                said.append("written")
        return said

    answers = together([functools.partial(write, number) for number in range(CLIENTS)])

    flat = [word for words in answers for word in words]
    assert (flat.count("written"), flat.count("refused")) == (6, 6 * CLIENTS - 6)
    with psycopg.connect(pooled_url) as line:
        assert line.execute("SELECT count(*) FROM flags").fetchone() == (6,), "the refused ones left nothing"


def test_f5_the_lock_of_a_lane_holds_for_its_transaction_and_no_longer(stage: Stage, pooled_url: str) -> None:
    open_front(stage, pooled_url)
    transaction = [Statement("lock_lane", {"lane": "content"}), Statement("next_version", expect=1)]

    answers = together([lambda: [client(stage).transact(transaction) for _ in range(10)]] * CLIENTS)

    versions = [rows[0]["version"] for each in answers for _, rows in each]
    assert sorted(versions) == list(range(10 * CLIENTS))
    assert in_each_session(pooled_url, "SELECT * FROM pg_locks WHERE locktype = 'advisory'") == []


def test_f5_no_transaction_leaves_a_setting_or_a_prepared_statement_in_its_session(
    stage: Stage, pooled_url: str
) -> None:
    open_front(stage, pooled_url)
    for priority in Priority:
        for _ in range(8):
            together([lambda priority=priority: client(stage, priority).all("get_flag", name="kill_switch")] * SESSIONS)

    # What the pooler itself carries over from client to client.
    tracked = "'application_name', 'client_encoding', 'DateStyle', 'TimeZone', 'standard_conforming_strings'"
    changed = f"SELECT name FROM pg_settings WHERE source = 'session' AND name NOT IN ({tracked})"
    assert in_each_session(pooled_url, changed) == []
    assert in_each_session(pooled_url, "SELECT name FROM pg_prepared_statements") == []


def test_f5_each_transaction_has_its_own_limit_whoever_had_its_session_before(stage: Stage, pooled_url: str) -> None:
    open_front(stage, pooled_url)
    wanted = {Priority.P0: "30s", Priority.P3: "500ms"}
    asked = [Priority.P0, Priority.P3] * (CLIENTS // 2)

    for _ in range(5):
        answers = together([lambda priority=priority: client(stage, priority).all("limit")[0] for priority in asked])
        assert answers == [{"limit": wanted[priority], "zone": "UTC"} for priority in asked]
    with pytest.raises(TransientError, match="cancelled"):
        client(stage, Priority.P3).all("sleep")


def test_a9_a_query_past_its_limit_ends_on_the_server_behind_a_pooler_too(
    stage: Stage, pooled_url: str, database_url: str
) -> None:
    open_front(stage, pooled_url, size=1)

    with pytest.raises(DeadlineError):
        client(stage, limit=0.5).all("sleep")

    assert client(stage).all("ping") == [{"pong": 1}]
    eventually(lambda: sleepers(database_url) == 0, "the query's end")


def test_f5_a_post_goes_its_whole_way_through_a_pooler(pooled_url: str) -> None:
    ledger = LedgerDoor(pooled_url, CLIENTS)
    bench = Bench(ledger)
    decision_id, tweet_id = bench.queue(), id_at(START)
    bench.browser.script = [commits(published(tweet_id, "response"))]

    bench.run(posting)

    row = bench.decision(decision_id)
    assert (row["status"], row["tweet_id"]) == ("posted", tweet_id)
    assert bench.rows("SELECT tweet_id FROM receipts") == [{"tweet_id": tweet_id}]
    ledger.close()


def test_f5_a_killed_pooler_fails_what_is_under_way_and_serves_again_when_it_is_back(
    stage: Stage, pooler: Pooler, pooled_url: str, database_url: str
) -> None:
    open_front(stage, pooled_url, size=2)
    asleep = Outcome(lambda: client(stage).all("sleep"))
    eventually(lambda: sleepers(database_url) == 1, "the query under way")

    os.kill(pooler.ensure().pid, signal.SIGKILL)
    assert isinstance(asleep.error(), ResourceDiedError)
    pooler.ensure()

    def answer() -> Any:
        try:
            return client(stage).all("ping")
        except TransientError:
            return None

    assert eventually(answer, "an answer") == [{"pong": 1}]
