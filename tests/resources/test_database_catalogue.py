"""What production taught about the database: columns that went missing, writes that went nowhere, ways that failed."""

from __future__ import annotations

import math
import re
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

import psycopg
import pytest

from actors.domain.outcome import Done
from actors.domain.priority import Priority
from actors.domain.snowflake import id_at
from actors.domain.text import content_hash
from actors.embedded.postgres import EmbeddedPostgres
from actors.errors import ConflictError, QueryError, ResourceDiedError, TransientError
from actors.jobs.publishing.posting import posting
from actors.messages import Request
from actors.resources import database as database_module
from actors.resources.database import Database, DatabaseClient, DatabaseWorker, Migrate
from actors.resources.database_trouble import remedy_of
from actors.sql.queries import Statement, load_queries
from tests.fakes import NOW, LedgerDoor, NoReply, decision
from tests.jobs.doors import START, Bench, commits, published
from tests.resources.wire import Wire
from tests.stage import PATIENCE_S, eventually

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.stage import Stage

ROOT = Path(__file__).parents[2]
SECRET = "a-secret-word"


def migrate(url: str, statement_timeout: float = 30.0) -> list[str]:
    """Bring a schema up to date as the program does, without a front; return the versions applied."""
    database = Database(url, 1, dict.fromkeys(Priority, statement_timeout))
    try:
        request = Request("test", Migrate(), Priority.P0, 0.0, PATIENCE_S, NoReply())
        versions: Any = DatabaseWorker(database).perform(request)
        return list(versions)
    finally:
        database.close()


def all_versions() -> list[str]:
    return [version for version, _ in database_module.load_migrations()]


def sql(url: str, text: str, *params: Any) -> list[tuple[Any, ...]]:
    with psycopg.connect(url) as line:
        cursor = line.execute(text.encode(), params)
        return cursor.fetchall() if cursor.description is not None else []


@pytest.fixture
def ledger(database_url: str) -> Iterator[LedgerDoor]:
    ledger = LedgerDoor(database_url)
    yield ledger
    ledger.close()


def test_f1_a_schema_that_lacks_a_column_is_refused_by_its_name_and_by_the_query_s_until_it_is_back(
    empty_database_url: str,
) -> None:
    assert migrate(empty_database_url) == all_versions()
    sql(empty_database_url, "ALTER TABLE checkpoints RENAME COLUMN late TO tardy")

    with pytest.raises(QueryError, match=r'does not fit the query \w+: column "late"'):
        migrate(empty_database_url)

    sql(empty_database_url, "ALTER TABLE checkpoints RENAME COLUMN tardy TO late")
    assert migrate(empty_database_url) == []


@pytest.mark.parametrize(
    ("damage", "named"),
    [
        ("DROP TABLE flags", 'relation "flags"'),
        (
            (
                "ALTER TABLE studied_accounts DROP CONSTRAINT studied_accounts_failures_check; "
                "ALTER TABLE studied_accounts ALTER COLUMN failures TYPE text"
            ),
            r"text \+ integer",
        ),
        ("ALTER TABLE decisions DROP CONSTRAINT decisions_tweet, DROP COLUMN tweet_id", "tweet_id"),
    ],
)
def test_f1_a_table_that_is_gone_or_a_type_that_changed_is_named_as_well(
    empty_database_url: str, damage: str, named: str
) -> None:
    migrate(empty_database_url)
    for statement in damage.split("; "):
        sql(empty_database_url, f"{statement} CASCADE" if "DROP" in statement else statement)

    with pytest.raises(QueryError, match=named):
        migrate(empty_database_url)


def test_f1_the_contract_holds_every_query_of_the_package(database_url: str) -> None:
    asked: list[str] = []
    with psycopg.connect(database_url) as line:
        for name, script in database_module.contract():
            line.execute(script.encode())
            asked.append(name)

    assert asked == list(load_queries())


def test_f1_a_write_to_a_column_that_is_gone_raises_with_its_name_and_leaves_nothing(ledger: LedgerDoor) -> None:
    ledger.sql("ALTER TABLE decisions RENAME COLUMN angle TO corner")
    flag = {"name": "kill_switch", "is_on": True, "now": NOW, "by": "test"}

    with pytest.raises(QueryError, match='"angle"'):
        ledger.transact([Statement("set_flag", flag), Statement("insert_decision", decision("A post."), 1)])

    assert ledger.sql("SELECT * FROM flags") == []


@pytest.mark.parametrize("rows", [0, 2])
def test_f2_an_update_that_touches_another_number_of_rows_raises_and_leaves_nothing(
    ledger: LedgerDoor, monkeypatch: pytest.MonkeyPatch, rows: int
) -> None:
    switch = "UPDATE flags SET is_on = true, set_by = 'test' WHERE set_by = %(by)s"
    known = {**load_queries(), "switch_all": switch}
    monkeypatch.setattr(database_module, "load_queries", lambda: known)
    for number in range(rows):
        ledger.run("set_flag", name=f"flag-{number}", is_on=False, now=NOW, by="nobody")

    with pytest.raises(ConflictError, match=f"touched {rows} rows where 1"):
        ledger.run("switch_all", expect=1, by="nobody")

    assert ledger.sql("SELECT is_on FROM flags") == [{"is_on": False}] * rows


def test_f2_no_view_takes_a_write_and_no_rule_turns_one_away(ledger: LedgerDoor) -> None:
    ledger.sql("CREATE VIEW writable AS SELECT name, is_on FROM flags")
    takes_writes = (
        "SELECT table_name FROM information_schema.views WHERE table_schema = 'public' AND 'YES' IN"
        " (is_updatable, is_insertable_into, is_trigger_updatable, is_trigger_insertable_into, is_trigger_deletable)"
    )

    assert ledger.sql(takes_writes) == [{"table_name": "writable"}], "only that of this test"
    assert ledger.sql("SELECT rulename FROM pg_rules WHERE schemaname = 'public'") == []


@pytest.mark.parametrize("propensity", [5.3, 53, 0, -0.1, math.nan, math.inf])
def test_f3_a_percentage_where_a_fraction_belongs_is_refused_by_the_column(
    ledger: LedgerDoor, propensity: float
) -> None:
    with pytest.raises(ConflictError, match="propensity"):
        ledger.run("insert_decision", **{**decision("A post."), "propensity": propensity})

    assert ledger.sql("SELECT * FROM decisions") == []
    ledger.run("insert_decision", expect=1, **{**decision("A post."), "propensity": 0.053})


def test_f4_two_processes_that_migrate_at_once_do_it_once(empty_database_url: str) -> None:
    code = "import sys\nfrom tests.resources.test_database_catalogue import migrate\n"
    code += "sys.stdout.write(' '.join(migrate(sys.argv[1])))"
    command = [sys.executable, "-c", code, empty_database_url]
    waiting = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()"
    with psycopg.connect(empty_database_url) as gate:
        gate.execute("SELECT pg_advisory_xact_lock(hashtext('schema_migrations'))")
        pair = [subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) for _ in range(2)]
        eventually(lambda: sql(empty_database_url, waiting) == [(2,)], "both at the gate")
    applied = [process.communicate(timeout=PATIENCE_S)[0].split() for process in pair]

    assert [process.returncode for process in pair] == [0, 0]
    assert sorted(applied, key=len) == [[], all_versions()]
    assert migrate(empty_database_url) == []


def test_f4_a_migration_that_is_locked_out_ends_in_its_time_and_is_done_when_the_lock_is_gone(
    empty_database_url: str,
) -> None:
    with psycopg.connect(empty_database_url) as holder:
        holder.execute("SELECT pg_advisory_xact_lock(hashtext('schema_migrations'))")

        with pytest.raises(TransientError, match="cancelled"):
            migrate(empty_database_url, statement_timeout=0.3)

    assert migrate(empty_database_url) == all_versions()


def test_f4_a_migration_that_fails_leaves_nothing_of_itself_or_of_those_before_it(
    empty_database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    scripts = database_module.load_migrations()
    wrong = [*scripts, ("9999_wrong", "CREATE TABLE half (id int); ALTER TABLE nowhere ADD COLUMN x int")]
    monkeypatch.setattr(database_module, "load_migrations", lambda: wrong)

    with pytest.raises(QueryError, match="nowhere"):
        migrate(empty_database_url)
    assert sql(empty_database_url, "SELECT tablename FROM pg_tables WHERE schemaname = 'public'") == []

    monkeypatch.setattr(database_module, "load_migrations", lambda: scripts)
    assert migrate(empty_database_url) == all_versions()


@pytest.fixture(scope="module")
def guarded(server_folder: Path) -> Iterator[str]:
    """Yield the URL of a Postgres of its own that lets a user with a password in, and insists on it."""
    server = EmbeddedPostgres(server_folder / "guarded")
    url = server.ensure(60).url
    sql(url, f"CREATE ROLE writer LOGIN PASSWORD '{SECRET}'")
    rules = "local all supervisor trust\nlocal all writer scram-sha-256\n"
    (server_folder / "guarded" / "postgres" / "cluster" / "pg_hba.conf").write_text(rules)
    sql(url, "SELECT pg_reload_conf()")
    yield url
    server.stop(10)


@pytest.fixture
def way_to(guarded: str) -> Iterator[Wire]:
    """Yield a TCP port that leads to it."""
    (folder,) = parse_qs(urlsplit(guarded).query)["host"]
    wire = Wire(Path(folder) / ".s.PGSQL.5432")
    yield wire
    wire.close()


@pytest.mark.parametrize(
    ("place", "cause", "remedy"),
    [
        (f"writer:{SECRET}@127.0.0.1:1/postgres", "refused", "is it running, are host and port right"),
        (f"writer:not-{SECRET}@127.0.0.1:PORT/postgres", "password authentication failed", "check user and password"),
        ("writer@127.0.0.1:PORT/postgres", "no password supplied", "check user and password"),
        (f"nobody:{SECRET}@127.0.0.1:PORT/postgres", "no pg_hba.conf entry", "check user and database"),
        (f"writer:{SECRET}@127.0.0.1:PORT/absent", '"absent" does not exist', "check the database's name"),
        (f"writer:{SECRET}@127.0.0.1:PORT/postgres?sslmode=require", "does not support SSL", "speaks no TLS"),
        (f"writer:{SECRET}@127.0.0.1:STRANGER/postgres?sslmode=disable", "", "does not speak as Postgres does"),
        (f"writer:{SECRET}@127.0.0.1:SILENT/postgres", "timeout expired", "it does not answer"),
    ],
)
def test_f5_a_way_that_does_not_lead_in_is_named_by_its_cause_with_its_own_remedy_and_without_the_password(
    stage: Stage, way_to: Wire, monkeypatch: pytest.MonkeyPatch, place: str, cause: str, remedy: str
) -> None:
    # One attempt takes 2 s at most, and most of them fail at once.
    monkeypatch.setattr(database_module, "_CONNECT_WAIT_S", 3.0 if "SILENT" in place else 0.8)
    stranger, silent = Wire(greeting=b"-ERR unknown command\r\n"), Wire()
    for name, wire in {"PORT": way_to, "STRANGER": stranger, "SILENT": silent}.items():
        place = place.replace(name, str(wire.port))
    stage.front(Database(f"postgresql://{place}", 1, dict.fromkeys(Priority, 10.0)), 1)

    with pytest.raises(ResourceDiedError) as raised:
        DatabaseClient(stage.caller("database"), 10.0).all("ping")
    for wire in (stranger, silent):
        wire.close()

    said = str(raised.value)
    assert cause in said
    assert re.search(f"\\(DATABASE_URL: .*{remedy}", said)
    assert "\n" not in said
    assert SECRET not in said


def test_f5_the_right_way_leads_in_and_an_old_cause_is_forgotten(stage: Stage, way_to: Wire) -> None:
    database = Database(
        f"postgresql://writer:{SECRET}@127.0.0.1:{way_to.port}/postgres", 1, dict.fromkeys(Priority, 9.0)
    )
    database.trouble = psycopg.OperationalError("an old cause")
    stage.front(database, 1)

    assert DatabaseClient(stage.caller("database"), 10.0).all("ping") == [{"pong": 1}]
    assert database.trouble is None


@pytest.mark.parametrize(
    ("reason", "remedy"),
    [
        ("SSL error: certificate verify failed: self-signed certificate in certificate chain", "sslrootcert"),
        ('root certificate file "/root/.postgresql/root.crt" does not exist', "sslrootcert"),
        ('server certificate for "db.example" does not match host name "10.0.0.1"', "sslrootcert"),
        ('FATAL:  no pg_hba.conf entry for host "10.0.0.1", user "u", database "d", no encryption', "sslmode=require"),
        ('FATAL:  no pg_hba.conf entry for host "10.0.0.1", user "u", database "d", SSL encryption', "pg_hba.conf"),
        ("FATAL:  SSL connection is required", "sslmode=require"),
        ('could not translate host name "nowhere.invalid" to address: Name or service not known', "the host's name"),
        ("failed to resolve host 'nowhere.invalid': [Errno -2] Name or service not known", "the host's name"),
        ('connection to server at "2a05::1", port 5432 failed: Network is unreachable', "IPv6"),
        ("FATAL:  sorry, too many clients already", "database.connections"),
        ("FATAL:  remaining connection slots are reserved for roles with the SUPERUSER attribute", "connections"),
        ("FATAL:  MaxClientsInSessionMode: max clients reached", "connections"),
        ("FATAL:  the database system is starting up", "wait"),
        ("something that nobody has seen", "is DATABASE_URL right?"),
    ],
)
def test_f5_what_only_foreign_servers_say_has_its_remedy_too(reason: str, remedy: str) -> None:
    assert remedy in remedy_of(reason)


def test_f7_of_2500_posts_the_oldest_one_s_text_is_refused(ledger: LedgerDoor) -> None:
    oldest, bench = "The oldest post of all.", Bench(ledger)
    bench.queue()
    bench.browser.script = [commits(published(id_at(START), "response"))]
    assert isinstance(bench.run(posting), Done)

    def more(table: str, **changes: str) -> str:
        pairs = ", ".join(f"'{name}', {value}" for name, value in changes.items())
        return (
            f"INSERT INTO {table} SELECT (jsonb_populate_record(pattern, jsonb_build_object({pairs}))).*"
            f" FROM {table} AS pattern, generate_series(1, 2499) AS number"
        )

    decision_id, tweet_id = "md5('decision' || number)::uuid", "(1900000000000000000 + number)::text"
    minted_at = "to_timestamp((trunc((1900000000000000000 + number)::numeric / 4194304) + 1288834974657) / 1000)"
    is_oldest = f"CASE number WHEN 2499 THEN '{content_hash(oldest)}' ELSE number::text END"
    at = "now() - number * interval '1 day'"
    named = {"decision_id": decision_id, "attempt_id": "md5('attempt' || number)::uuid"}
    posts = more("decisions", decision_id=decision_id, tweet_id=tweet_id, posted_at=at, content_hash=is_oldest)
    attempts, receipts = (
        more("publish_attempts", **named),
        more("receipts", **named, tweet_id=tweet_id, minted_at=minted_at),
    )
    ledger.sql(f"WITH posts AS ({posts}), attempts AS ({attempts}) {receipts}")

    with pytest.raises(ConflictError, match="content_hash"):
        ledger.run("insert_decision", expect=1, **decision(oldest))

    assert ledger.sql("SELECT count(*) AS posts FROM receipts") == [{"posts": 2500}]


def test_f9_a_second_receipt_is_refused_whatever_it_says_and_the_next_run_saves_nothing_again(
    ledger: LedgerDoor,
) -> None:
    bench = Bench(ledger)
    bench.queue()
    bench.browser.script = [commits(published(id_at(START), "response"))]
    assert isinstance(bench.run(posting), Done)
    before = [ledger.sql(f"SELECT * FROM {table}") for table in ("decisions", "publish_attempts", "receipts")]
    visits = len(bench.browser.errands)

    for change in ("{}", '{"tweet_id": "1900000000000000099"}', '{"evidence": "timeline"}'):
        with pytest.raises(psycopg.errors.UniqueViolation):
            ledger.sql("INSERT INTO receipts SELECT (jsonb_populate_record(r, %s::jsonb)).* FROM receipts r", change)
    bench.run(posting)

    assert len(bench.browser.errands) == visits
    assert [ledger.sql(f"SELECT * FROM {table}") for table in ("decisions", "publish_attempts", "receipts")] == before


def test_f9_a_decision_that_is_saved_again_is_refused_as_done_and_is_there_once(ledger: LedgerDoor) -> None:
    row = decision("A post.")
    ledger.run("insert_decision", expect=1, **row)

    with pytest.raises(ConflictError, match="decisions_pkey"):
        ledger.run("insert_decision", expect=1, **{**row, "content_hash": "another text's"})

    assert ledger.sql("SELECT count(*) AS rows FROM decisions") == [{"rows": 1}]
