"""What the database refuses of recovery: a receipt's id changes with its recorded correction, and in no other way."""

from __future__ import annotations

from typing import TYPE_CHECKING

import psycopg
import pytest

from actors.domain.snowflake import created_at, id_at, parse_tweet_id
from actors.sql.queries import Statement
from tests.fakes import NOW
from tests.sql.test_ledger_rules import HOUR, begin, claim, confirm, ledger, queue

if TYPE_CHECKING:
    import uuid

    from tests.fakes import LedgerDoor

__all__ = ["ledger"]

WRONG, RIGHT = id_at(NOW), id_at(NOW + HOUR)


def posted(ledger: LedgerDoor) -> uuid.UUID:
    decision_id = queue(ledger)
    confirm(ledger, decision_id, begin(ledger, decision_id, claim(ledger, decision_id)), WRONG)
    return decision_id


def rows(decision_id: uuid.UUID, **changes: str) -> list[dict[str, object]]:
    row = {"decision_id": str(decision_id), "part": 0, "wrong_id": WRONG, "right_id": RIGHT}
    return [{**row, "minted_at": created_at(RIGHT).isoformat(), **changes}]


def test_b8_a_receipts_id_changes_together_with_its_correction_and_its_decision(ledger: LedgerDoor) -> None:
    changed = rows(posted(ledger))
    ledger.transact(
        [
            Statement("record_corrections", {"rows": changed, "now": NOW}),
            Statement("correct_receipts", {"rows": changed}, 1),
            Statement("correct_decisions", {"rows": changed}, 1),
        ]
    )
    assert ledger.sql("SELECT tweet_id FROM receipts") == [{"tweet_id": RIGHT}]
    assert ledger.sql("SELECT tweet_id FROM decisions") == [{"tweet_id": RIGHT}]


@pytest.mark.parametrize(
    ("left_out", "complaint"),
    [
        ("record_corrections", "never changed nor deleted"),
        ("correct_receipts", "does not bear it"),
        ("correct_decisions", r"bears another id|no receipt for post"),
    ],
)
def test_b8_no_part_of_a_correction_goes_without_the_others(ledger: LedgerDoor, left_out: str, complaint: str) -> None:
    changed = rows(posted(ledger))
    steps = {
        "record_corrections": Statement("record_corrections", {"rows": changed, "now": NOW}),
        "correct_receipts": Statement("correct_receipts", {"rows": changed}),
        "correct_decisions": Statement("correct_decisions", {"rows": changed}),
    }
    with pytest.raises(Exception, match=complaint):
        ledger.transact([step for name, step in steps.items() if name != left_out])
    assert ledger.sql("SELECT tweet_id FROM receipts") == [{"tweet_id": WRONG}]


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE receipts SET posted_at = now()",
        "UPDATE receipts SET evidence = 'toast'",
        "DELETE FROM receipts",
        "TRUNCATE receipts CASCADE",
    ],
)
def test_f9_nothing_else_of_a_receipt_changes(ledger: LedgerDoor, change: str) -> None:
    posted(ledger)
    with pytest.raises(psycopg.errors.CheckViolation, match="never changed nor deleted"):
        ledger.sql(change)


def test_b8_a_correction_that_was_recorded_is_no_leave_for_another_one(ledger: LedgerDoor) -> None:
    test_b8_a_receipts_id_changes_together_with_its_correction_and_its_decision(ledger)
    with pytest.raises(psycopg.errors.CheckViolation, match="never changed nor deleted"):
        ledger.sql("UPDATE receipts SET tweet_id = %s", id_at(NOW + 2 * HOUR))


def correct(ledger: LedgerDoor, decision_id: uuid.UUID, wrong_id: str, right_id: str) -> None:
    minted = created_at(parse_tweet_id(right_id)).isoformat()
    changed = rows(decision_id, wrong_id=wrong_id, right_id=right_id, minted_at=minted)
    ledger.transact(
        [
            Statement("record_corrections", {"rows": changed, "now": NOW}),
            Statement("correct_receipts", {"rows": changed}, 1),
            Statement("correct_decisions", {"rows": changed}, 1),
        ]
    )


def test_b8_a_correction_that_was_taken_back_is_no_leave_to_do_it_again_unrecorded(ledger: LedgerDoor) -> None:
    decision_id = posted(ledger)
    correct(ledger, decision_id, WRONG, RIGHT)
    correct(ledger, decision_id, RIGHT, WRONG)
    with pytest.raises(psycopg.errors.CheckViolation, match="never changed nor deleted"):
        ledger.sql("UPDATE receipts SET tweet_id = %s, minted_at = %s", RIGHT, created_at(RIGHT))


def test_b8_each_correction_is_recorded_though_the_same_one_was_made_before(ledger: LedgerDoor) -> None:
    decision_id = posted(ledger)
    for wrong_id, right_id in ((WRONG, RIGHT), (RIGHT, WRONG), (WRONG, RIGHT)):
        correct(ledger, decision_id, wrong_id, right_id)
    recorded = ledger.sql("SELECT number, wrong_id, right_id FROM receipt_corrections ORDER BY number")
    assert [(row["number"], row["right_id"]) for row in recorded] == [(1, RIGHT), (2, WRONG), (3, RIGHT)]


@pytest.mark.parametrize(
    "change", ["UPDATE receipt_corrections SET corrected_at = now()", "DELETE FROM receipt_corrections"]
)
def test_b8_a_correction_is_kept_for_good(ledger: LedgerDoor, change: str) -> None:
    test_b8_a_receipts_id_changes_together_with_its_correction_and_its_decision(ledger)
    with pytest.raises(psycopg.errors.CheckViolation, match="a correction is never"):
        ledger.sql(change)


@pytest.mark.parametrize("state", ["queued", "failed", "cancelled", "skipped"])
def test_b2_a_decision_at_rest_becomes_posted_by_no_word_but_by_its_receipts(ledger: LedgerDoor, state: str) -> None:
    decision_id = queue(ledger)
    if state != "queued":
        ledger.sql("UPDATE decisions SET status = %s WHERE decision_id = %s", state, decision_id)
    with pytest.raises(psycopg.errors.CheckViolation, match=r"0 of 1 receipts|no receipt for post"):
        ledger.sql("UPDATE decisions SET status = 'posted', tweet_id = %s, posted_at = now()", WRONG)
