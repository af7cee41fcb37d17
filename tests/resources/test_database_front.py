"""The database through its front, slots and client, on a real Postgres."""

from __future__ import annotations

import os
import signal
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

import psutil
import psycopg
import pytest

from actors.domain.priority import Priority
from actors.embedded.postgres import EmbeddedPostgres
from actors.errors import (
    CircuitOpenError,
    ConflictError,
    DeadlineError,
    PermanentError,
    QueryError,
    ResourceDiedError,
    TransientError,
)
from actors.resources import database as database_module
from actors.resources.database import Database, DatabaseClient
from actors.sql.queries import Statement
from tests.fakes import NOW, decision
from tests.resources.wire import Way, Wire
from tests.stage import PROMISE_S, Outcome, eventually

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.stage import Stage

SLEEP = "SELECT pg_sleep(60)"


@pytest.fixture(autouse=True)
def queries_of_tests(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let tests name statements that the program has no use for."""
    known = {
        **database_module.load_queries(),
        "sleep": SLEEP,
        "backend": "SELECT pg_backend_pid() AS pid, current_setting('TimeZone') AS zone",
        "limit": "SELECT current_setting('statement_timeout') AS limit",
        "wrong": "SELECT * FROM nowhere",
        "lock_row": "SELECT decision_id FROM decisions WHERE decision_id = %(id)s FOR UPDATE",
    }
    monkeypatch.setattr(database_module, "load_queries", lambda: known)


def open_front(stage: Stage, url: str, size: int = 2, **policy: Any) -> Database:
    database = Database(url, size, {priority: 0.5 if priority is Priority.P3 else 30.0 for priority in Priority})
    stage.front(database, size, **policy)
    return database


def client(stage: Stage, priority: Priority = Priority.P1, limit: float = 10.0, within: float = 20.0) -> DatabaseClient:
    return DatabaseClient(stage.caller("database", priority, within), limit)


def sessions(url: str, condition: str) -> int:
    with psycopg.connect(url, autocommit=True) as connection:
        row = connection.execute(
            "SELECT count(*) FROM pg_stat_activity"
            " WHERE datname = current_database() AND backend_type = 'client backend' AND pid <> pg_backend_pid()"
            f" AND {condition}".encode()
        ).fetchone()
        assert row is not None
        return int(row[0])


def sleeping(url: str) -> int:
    return sessions(url, f"state = 'active' AND query = '{SLEEP}'")


def test_a_transaction_is_whole_and_returns_the_rows_of_each_statement(stage: Stage, database_url: str) -> None:
    open_front(stage, database_url)
    row = decision("One post.")

    inserted, found = client(stage).transact(
        [
            Statement("insert_decision", row, 1),
            Statement("due_decisions", {"lane": "content", "now": NOW, "approval": False, "limit": 5}),
        ]
    )

    assert inserted == []
    assert [each["decision_id"] for each in found] == [row["decision_id"]]


def test_an_unexpected_row_count_raises_and_leaves_nothing_of_the_transaction(stage: Stage, database_url: str) -> None:
    open_front(stage, database_url)
    flag = {"name": "kill_switch", "is_on": True, "now": NOW, "by": "test"}
    nobody = {"decision_id": decision("x")["decision_id"], "reason": "none"}

    with pytest.raises(ConflictError, match="touched 0 rows where 1"):
        client(stage).transact([Statement("set_flag", flag), Statement("give_up_uncertain", nobody, 1)])

    assert client(stage).one("get_flag", name="kill_switch") is None


def test_a5_errors_of_the_asker_never_open_the_breaker(stage: Stage, database_url: str) -> None:
    open_front(stage, database_url, breaker_threshold=2)
    for _ in range(3):
        with pytest.raises(QueryError, match="nowhere"):
            client(stage).all("wrong")
        with pytest.raises(QueryError, match="no query named 'absent'"):
            client(stage).all("absent")
        with pytest.raises(PermanentError):
            client(stage).all("get_flag", other="parameter is missing")
        with pytest.raises(PermanentError):
            client(stage).all("get_flag", name=object())

    assert stage.state("database").breaker == "closed"
    assert client(stage).all("ping") == [{"pong": 1}]


def test_a_slow_statement_is_ended_by_the_server_at_its_priority_s_limit(stage: Stage, database_url: str) -> None:
    open_front(stage, database_url)

    with pytest.raises(TransientError, match="cancelled"):
        client(stage, Priority.P3).all("sleep")

    assert client(stage, Priority.P3).all("limit") == [{"limit": "500ms"}]
    assert client(stage, Priority.P0).all("limit") == [{"limit": "30s"}]


def test_a9_a_query_past_its_limit_ends_on_the_server_and_its_slot_is_back(stage: Stage, database_url: str) -> None:
    open_front(stage, database_url, size=1)

    with pytest.raises(DeadlineError):
        client(stage, limit=0.3).all("sleep")

    assert client(stage).all("ping") == [{"pong": 1}]
    stage.all_free("database")
    eventually(lambda: sleeping(database_url) == 0, "the query's end")


def test_f6_background_queries_never_keep_p0_from_its_connection(stage: Stage, database_url: str) -> None:
    open_front(stage, database_url, size=3, reserved=1)
    sleepers = [Outcome(lambda: client(stage, limit=3.0, within=6.0).all("sleep")) for _ in range(8)]
    eventually(lambda: stage.state("database").waiting == 6, "both slots of the background busy, the others behind")

    assert client(stage, Priority.P0).all("ping") == [{"pong": 1}]

    assert stage.state("database").waiting == 6
    for sleeper in sleepers:
        with pytest.raises(TransientError):
            sleeper.get()


def test_a_frozen_backend_costs_its_own_request_only(stage: Stage, database_url: str) -> None:
    open_front(stage, database_url, size=1)
    frozen = psutil.Process(client(stage).all("backend")[0]["pid"])
    frozen.suspend()
    try:
        with pytest.raises(DeadlineError):
            client(stage, limit=0.5).all("ping")

        assert client(stage).all("backend")[0]["pid"] != frozen.pid
        stage.all_free("database")
    finally:
        frozen.resume()


@pytest.fixture
def wire(postgres_url: str) -> Iterator[Wire]:
    (folder,) = parse_qs(urlsplit(postgres_url).query)["host"]
    wire = Wire(Path(folder) / ".s.PGSQL.5432")
    yield wire
    wire.close()


def by_wire(wire: Wire, url: str) -> str:
    """Return the URL of the same database over the wire."""
    return f"postgresql://supervisor@127.0.0.1:{wire.port}{urlsplit(url).path}?sslmode=disable&gssencmode=disable"


@pytest.mark.parametrize("way", [Way.THERE, Way.BACK])
def test_a9_a_connection_that_fell_silent_costs_its_own_request_only(
    stage: Stage, database_url: str, wire: Wire, way: Way
) -> None:
    open_front(stage, by_wire(wire, database_url), size=1)
    assert client(stage).all("ping")
    wire.fall_silent(way)

    with pytest.raises(DeadlineError):
        client(stage, limit=0.3).all("ping")
    wire.heal()

    assert client(stage, within=PROMISE_S).all("ping") == [{"pong": 1}]
    stage.all_free("database")


def test_a9_a_query_whose_line_falls_silent_is_cut_and_no_spare_line_is_trusted_after_it(
    stage: Stage, database_url: str, wire: Wire
) -> None:
    open_front(stage, by_wire(wire, database_url), size=2)
    asleep = Outcome(lambda: client(stage, limit=3.0).all("sleep"))
    eventually(lambda: sleeping(database_url) == 1, "the query under way")
    assert client(stage).all("ping"), "a second connection, spare from now on"
    wire.fall_silent()

    with pytest.raises(DeadlineError):
        asleep.get()
    wire.heal()

    assert client(stage, within=PROMISE_S).all("ping") == [{"pong": 1}]
    stage.all_free("database")


def test_a9_a_server_that_accepts_and_never_speaks_is_back_soon_after_it_speaks(
    stage: Stage, database_url: str, wire: Wire
) -> None:
    wire.fall_silent()
    open_front(stage, by_wire(wire, database_url), size=1, breaker_threshold=100)

    with pytest.raises((DeadlineError, ResourceDiedError)):
        client(stage, limit=0.5).all("ping")
    stage.all_free("database")
    eventually(lambda: wire.lines > 1, "the pool's last attempt, which hangs")
    wire.heal()

    assert client(stage, within=PROMISE_S).all("ping") == [{"pong": 1}]


def test_a9_a_lock_that_is_never_released_costs_its_own_request_only(stage: Stage, database_url: str) -> None:
    open_front(stage, database_url, size=1)
    row = decision("One post.")
    client(stage).run("insert_decision", expect=1, **row)
    with psycopg.connect(database_url) as holder:
        holder.execute("SELECT FROM decisions FOR UPDATE")

        with pytest.raises(DeadlineError):
            client(stage, limit=0.3).all("lock_row", id=row["decision_id"])

        assert client(stage, within=PROMISE_S).all("ping") == [{"pong": 1}]
        stage.all_free("database")
        eventually(lambda: sessions(database_url, "wait_event_type = 'Lock'") == 0, "nobody waits for the lock")


def test_every_session_speaks_utc_without_session_state(stage: Stage, database_url: str) -> None:
    open_front(stage, database_url)

    assert client(stage).all("backend")[0]["zone"] == "UTC"


def test_two_hundred_requests_share_the_connections_there_are(stage: Stage, database_url: str) -> None:
    open_front(stage, database_url, size=4)
    answers = [Outcome(lambda: [client(stage).all("ping") for _ in range(10)]) for _ in range(20)]

    assert all(answer.get() == [[{"pong": 1}]] * 10 for answer in answers)
    assert sessions(database_url, "true") <= 4


@pytest.fixture
def own_postgres(short_folder: Path) -> Iterator[EmbeddedPostgres]:
    server = EmbeddedPostgres(short_folder)
    yield server
    server.stop(10)


def kill(server: EmbeddedPostgres, pid: int) -> None:
    os.kill(pid, signal.SIGKILL)
    eventually(lambda: not server.is_alive(), "Postgres dead")


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Shorten the wait for a connection, where none can come."""
    monkeypatch.setattr(database_module, "_CONNECT_WAIT_S", 1.0)


@pytest.mark.usefixtures("impatient")
def test_f10_an_outage_opens_the_breaker_and_the_probe_alone_closes_it(
    stage: Stage, own_postgres: EmbeddedPostgres
) -> None:
    endpoint = own_postgres.ensure(60)
    open_front(stage, endpoint.url, size=5, breaker_threshold=5)
    assert client(stage).all("ping")
    kill(own_postgres, endpoint.pid)

    for failing in [Outcome(lambda: client(stage).all("ping")) for _ in range(5)]:
        with pytest.raises(ResourceDiedError):
            failing.get()
    with pytest.raises(CircuitOpenError):
        client(stage).all("ping")
    own_postgres.ensure(60)

    stage.breaker_is("database", "closed")
    assert client(stage).all("ping") == [{"pong": 1}]


def test_a_killed_server_fails_the_query_under_way_as_the_resource_s_death(
    stage: Stage, own_postgres: EmbeddedPostgres
) -> None:
    endpoint = own_postgres.ensure(60)
    open_front(stage, endpoint.url)
    asleep = Outcome(lambda: client(stage).all("sleep"))
    eventually(lambda: sleeping(endpoint.url) == 1, "the query under way")

    kill(own_postgres, endpoint.pid)

    with pytest.raises(ResourceDiedError):
        asleep.get()


def test_after_a_restart_at_most_one_request_meets_the_old_connections(
    stage: Stage, own_postgres: EmbeddedPostgres
) -> None:
    endpoint = own_postgres.ensure(60)
    database = open_front(stage, endpoint.url, size=4)
    started = threading.Barrier(5)

    def together() -> Any:
        started.wait(20)
        return client(stage).all("backend")

    outcomes = [Outcome(together) for _ in range(4)]
    started.wait(20)
    assert all(outcome.get() for outcome in outcomes)
    kill(own_postgres, endpoint.pid)
    own_postgres.ensure(60)
    database.reset()

    assert client(stage).all("ping") == [{"pong": 1}]


def test_migrating_twice_does_nothing_and_two_at_once_do_it_once(stage: Stage, empty_database_url: str) -> None:
    open_front(stage, empty_database_url)
    both = [Outcome(lambda: client(stage, Priority.P0).migrate()) for _ in range(2)]

    applied = sorted((outcome.get() for outcome in both), key=len)

    versions = [version for version, _ in database_module.load_migrations()]
    assert applied == [[], versions]
    assert client(stage).migrate() == []
    assert client(stage).one("run_summary") is not None


def test_a_database_of_the_release_before_is_brought_up_to_date_with_its_rows(
    stage: Stage, empty_database_url: str
) -> None:
    (first, script), *later = database_module.load_migrations()
    with psycopg.connect(empty_database_url) as connection:
        connection.execute(script.encode())
        connection.execute("CREATE TABLE schema_migrations (version text PRIMARY KEY, applied_at timestamptz)")
        connection.execute("INSERT INTO schema_migrations (version) VALUES (%s)", (first,))
        connection.execute(
            "INSERT INTO job_runs (run_id, job, family, slot, attempt, trigger, ended_at, outcome)"
            " VALUES ('old', 'plan', 'content', now(), 1, 'slot', now(), 'done')"
        )
    open_front(stage, empty_database_url)

    assert client(stage, Priority.P0).migrate() == [version for version, _ in later]
    assert [row["job"] for row in client(stage).all("job_history")] == ["plan"]
    assert client(stage).all("job_lengths") == []


@pytest.mark.usefixtures("impatient")
def test_an_unreachable_server_is_named_with_what_to_do(stage: Stage) -> None:
    open_front(stage, "postgresql://nobody:secret-word@127.0.0.1:1/none")

    with pytest.raises(ResourceDiedError) as raised:
        client(stage).all("ping")

    assert "DATABASE_URL" in str(raised.value)
    assert "secret-word" not in str(raised.value)
