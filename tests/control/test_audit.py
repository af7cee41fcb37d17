"""The audit in a real Postgres: a chain that nobody changes unseen, and a queue while Postgres is away."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import psycopg
import pytest
from psycopg.rows import dict_row

from actors.commands.audit import audit_sentence
from actors.control.audit import ACCEPTED, REFUSED, Audit, Kind, entry, read_audit
from actors.control.words import Command
from actors.errors import AppError
from actors.sql.queries import load_queries
from tests.fakes import LedgerDoor
from tests.stage import Outcome

if TYPE_CHECKING:
    from collections.abc import Iterator

PAUSE = Command("id-1", "pause", ("posting",))
WRITERS = 4


@pytest.fixture
def ledger(database_url: str) -> Iterator[LedgerDoor]:
    door = LedgerDoor(database_url, WRITERS)
    yield door
    door.close()


def write(ledger: LedgerDoor, audit: Audit) -> None:
    while (work := audit.transaction()) is not None:
        ledger.transact(work.statements)
        audit.answered(written=True)


def bodies(ledger: LedgerDoor) -> list[dict[str, Any]]:
    return [json.loads(row["body"]) for row in ledger.all("audit_after", seq=0, limit=1000)]


def holds(ledger: LedgerDoor) -> tuple[int, str]:
    chain = read_audit(lambda query, params: ledger.all(query, **params))
    return chain.rows, chain.fault


def test_k7_every_entry_says_who_said_what_and_what_became_of_it(ledger: LedgerDoor) -> None:
    audit = Audit("boot")
    audit.note(PAUSE, "operator", ACCEPTED, "")
    audit.note(None, "unknown", REFUSED, 'unknown word "drop\x1b[2J"')
    write(ledger, audit)

    accepted, refused = bodies(ledger)
    assert {"id": "id-1", "word": "pause", "args": ["posting"], "author": "operator"}.items() <= accepted.items()
    assert (refused["verdict"], refused["answer"]) == ("refused", r'unknown word "drop\x1b[2J"')
    assert holds(ledger) == (2, "")


def test_an_entry_that_is_written_twice_stands_there_once(ledger: LedgerDoor) -> None:
    said = entry(PAUSE, "operator", ACCEPTED, "")
    for _ in range(2):
        ledger.transact([said])

    assert holds(ledger) == (1, "")


def test_writers_at_the_same_time_make_one_chain(ledger: LedgerDoor) -> None:
    def write_ten() -> None:
        for _ in range(10):
            ledger.transact([entry(PAUSE, "operator", ACCEPTED, "")])

    for outcome in [Outcome(write_ten) for _ in range(WRITERS)]:
        outcome.get()

    assert holds(ledger) == (10 * WRITERS, "")


def test_what_stands_in_the_audit_is_neither_changed_nor_deleted(ledger: LedgerDoor, database_url: str) -> None:
    ledger.transact([entry(PAUSE, "operator", ACCEPTED, "")])

    for change in ("UPDATE control_audit SET body = '{}'", "DELETE FROM control_audit", "TRUNCATE control_audit"):
        with psycopg.connect(database_url) as connection, pytest.raises(psycopg.errors.CheckViolation, match="stays"):
            connection.execute(change.encode())
    assert holds(ledger) == (1, "")


def test_a_change_by_the_owner_of_the_database_is_found(ledger: LedgerDoor, database_url: str) -> None:
    for _ in range(3):
        ledger.transact([entry(PAUSE, "operator", ACCEPTED, "")])
    changes = {
        "UPDATE control_audit SET body = replace(body, 'posting', 'plan') WHERE seq = 2": "row 2 is not as it was",
        "DELETE FROM control_audit WHERE seq = 2": "row 2 is missing",
        "UPDATE control_audit SET seq = 0 - seq WHERE seq = 1": "row 1 is missing",
    }

    for change, fault in changes.items():
        with psycopg.connect(database_url, row_factory=dict_row) as connection:
            connection.execute("ALTER TABLE control_audit DISABLE TRIGGER USER")
            connection.execute(change.encode())
            query = load_queries()["audit_after"].encode()
            found = read_audit(lambda _, params, c=connection, q=query: c.execute(q, params).fetchall())  # type: ignore[misc]
            connection.rollback()
        assert found.fault.startswith(fault)


def test_what_could_not_be_written_is_written_first_and_in_its_order(ledger: LedgerDoor) -> None:
    audit = Audit("boot")
    for number in range(60):
        audit.note(Command(f"id-{number}", "pause", ("all",)), "operator", ACCEPTED, "")
    assert audit.transaction() is not None
    assert audit.transaction() is None
    audit.answered(written=False)
    write(ledger, audit)

    assert [row["id"] for row in bodies(ledger)] == [f"id-{number}" for number in range(60)]


def test_a_full_queue_takes_no_more_and_says_afterwards_how_many_it_left_out(
    ledger: LedgerDoor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("actors.control.audit._QUEUE", 3)
    audit = Audit("boot")
    for _ in range(5):
        audit.note(PAUSE, "operator", ACCEPTED, "")
    write(ledger, audit)
    audit.note(PAUSE, "operator", ACCEPTED, "")
    write(ledger, audit)

    found = bodies(ledger)
    assert [row["verdict"] for row in found] == ["accepted"] * 4 + ["lost"]
    assert found[-1]["answer"].startswith("2 entries")


def test_a_flood_of_refusals_is_counted_and_not_written_one_by_one(
    ledger: LedgerDoor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("actors.control.audit._PER_MINUTE", (3, 60.0))
    audit = Audit("boot")
    for _ in range(1000):
        audit.note(None, "unknown", REFUSED, "no word", Kind.CHEAP)
    audit.note(PAUSE, "operator", ACCEPTED, "")
    write(ledger, audit)

    found = bodies(ledger)
    assert [row["verdict"] for row in found] == ["refused"] * 3 + ["counted", "accepted"]
    assert found[3]["answer"] == "more were 997 refused"


def test_what_anybody_can_cause_leaves_room_for_what_the_operator_says(
    ledger: LedgerDoor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("actors.control.audit._QUEUE", 5)
    monkeypatch.setattr("actors.control.audit._QUEUE_OF_ANYBODY", 2)
    monkeypatch.setattr("actors.control.audit._PER_MINUTE", (3, 60.0))
    audit = Audit("boot")
    for _ in range(100):
        audit.note(PAUSE, "operator", ACCEPTED, "", Kind.STOPPED)
    for number in range(2):
        audit.note(Command(f"own-{number}", "drain"), "holder", ACCEPTED, "")
    write(ledger, audit)

    found = bodies(ledger)
    assert [row.get("id", row["answer"]) for row in found] == [
        "id-1",
        "id-1",
        "more were 97 accepted",
        "own-0",
        "own-1",
    ]
    assert audit.lost == 1


def test_check_reads_the_audit_and_names_the_row_that_somebody_changed(ledger: LedgerDoor, database_url: str) -> None:
    assert audit_sentence(database_url) == "audit whole, 0 rows"
    for _ in range(2):
        ledger.transact([entry(PAUSE, "operator", ACCEPTED, "")])
    assert audit_sentence(database_url).startswith("audit whole, 2 rows up to ")
    with ledger.unguarded("control_audit"):
        ledger.sql("UPDATE control_audit SET body = '{}' WHERE seq = 2")

    with pytest.raises(AppError, match="broken after 1 rows: row 2 is not as it was written"):
        audit_sentence(database_url)


def test_check_says_that_a_database_without_our_schema_has_no_audit_yet(empty_database_url: str) -> None:
    assert audit_sentence(empty_database_url) == "no audit yet"
