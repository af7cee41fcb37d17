"""The publisher's lease in the database: one row, one holder, and a fence that only rises."""

from __future__ import annotations

import threading
import uuid
from typing import TYPE_CHECKING, Any

import psycopg
import pytest

from tests.fakes import NOW, LedgerDoor, decision
from tests.stage import Outcome, eventually

if TYPE_CHECKING:
    from collections.abc import Iterator

ROUNDS = 50


@pytest.fixture
def ledger(database_url: str) -> Iterator[LedgerDoor]:
    door = LedgerDoor(database_url, 4)
    yield door
    door.close()


def renew(ledger: LedgerDoor, boot: str, lease_s: float = 60.0) -> dict[str, Any]:
    (row,) = ledger.all("renew_lease", boot_id=boot, lease_s=lease_s)
    return row


def state(ledger: LedgerDoor) -> dict[str, Any]:
    (row,) = ledger.all("lease_state")
    return row


def run_out(ledger: LedgerDoor) -> None:
    ledger.sql("UPDATE publisher_lease SET expires_real = clock_timestamp()")


def read_timeline(ledger: LedgerDoor) -> None:
    ledger.sql("UPDATE publisher_lease SET read_at = now()")


def test_b7_the_first_who_asks_gets_the_lease_and_the_second_hears_who_has_it(ledger: LedgerDoor) -> None:
    first, second = renew(ledger, "one"), renew(ledger, "two")

    assert (first["holder"], first["fence"], first["is_ours"]) == ("one", 1, True)
    assert (second["holder"], second["fence"], second["is_ours"]) == ("one", 1, False)
    assert 0 < second["left_s"] <= first["left_s"] <= 60


def test_b7_a_renewal_keeps_fence_and_reading_and_moves_the_end(ledger: LedgerDoor) -> None:
    renew(ledger, "one", 30.0)
    read_timeline(ledger)

    assert renew(ledger, "one", 60.0)["fence"] == 1
    assert state(ledger)["left_s"] > 30
    assert state(ledger)["read_at"] is not None


def test_b7_a_late_renewal_does_not_shorten_what_was_granted(ledger: LedgerDoor) -> None:
    renew(ledger, "one", 60.0)

    assert renew(ledger, "one", 5.0)["left_s"] > 30


def test_b7_who_takes_over_gets_the_next_fence_and_has_read_nothing(ledger: LedgerDoor) -> None:
    renew(ledger, "one")
    read_timeline(ledger)
    run_out(ledger)

    taken = renew(ledger, "two")

    assert (taken["holder"], taken["fence"], taken["is_ours"]) == ("two", 2, True)
    assert state(ledger)["read_at"] is None
    assert renew(ledger, "one")["is_ours"] is False


def test_b7_a_holder_that_comes_back_before_anybody_else_goes_on_under_its_fence(ledger: LedgerDoor) -> None:
    renew(ledger, "one")
    run_out(ledger)

    assert (renew(ledger, "one")["fence"], renew(ledger, "two")["is_ours"]) == (1, False)


def test_b7_what_is_given_back_is_free_at_once_and_only_the_holder_gives_it_back(ledger: LedgerDoor) -> None:
    renew(ledger, "one")

    assert ledger.all("release_lease", boot_id="two") == []
    assert renew(ledger, "two")["is_ours"] is False
    assert ledger.all("release_lease", boot_id="one") == [{"fence": 1}]
    assert (renew(ledger, "two")["fence"], renew(ledger, "one")["is_ours"]) == (2, False)


def test_b7_with_an_attempt_open_the_lease_is_not_given_back(ledger: LedgerDoor) -> None:
    row = decision("A walk after lunch.")
    ledger.run("insert_decision", **row)
    with ledger.unguarded():
        ledger.sql(
            "INSERT INTO publish_attempts (attempt_id, decision_id, attempt, boot_id, lane, intent_at, site_time,"
            " click_until) VALUES (%s, %s, 1, 'one', 'content', now(), now(), now())",
            *(uuid.uuid4(), row["decision_id"]),
        )
    renew(ledger, "one")

    assert ledger.all("release_lease", boot_id="one") == []
    with ledger.unguarded():
        ledger.sql("UPDATE publish_attempts SET result = 'uncertain', resolved_at = %s", NOW)
    assert ledger.all("release_lease", boot_id="one") == [{"fence": 1}]


def test_c5_2_of_two_that_take_over_in_the_same_instant_exactly_one_holds_it_and_the_fence_rises_by_one(
    ledger: LedgerDoor,
) -> None:
    for number in range(ROUNDS):
        run_out(ledger)
        start = threading.Barrier(2)

        def take(boot: str, start: threading.Barrier = start) -> dict[str, Any]:
            start.wait(10)
            return renew(ledger, boot)

        racers = [Outcome(lambda boot=boot: take(boot)) for boot in (f"left-{number}", f"right-{number}")]  # type: ignore[misc]
        rows = [racer.get() for racer in racers]

        assert sorted(row["is_ours"] for row in rows) == [False, True]
        assert {row["fence"] for row in rows} == {number + 1}
        assert len({row["holder"] for row in rows}) == 1


@pytest.mark.parametrize("lock", ["FOR SHARE", "FOR UPDATE"])
def test_c5_2_who_waits_for_the_row_meets_what_came_meanwhile(ledger: LedgerDoor, lock: str, database_url: str) -> None:
    with psycopg.connect(database_url) as other:
        other.execute(f"SELECT 1 FROM publisher_lease {lock}".encode())
        late = Outcome(lambda: renew(ledger, "late"))
        waits = "SELECT 1 FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()"
        eventually(lambda: ledger.sql(waits), "the renewal waiting")
        other.execute(
            "UPDATE publisher_lease SET boot_id = 'fast', fence = fence + 1,"
            " expires_real = clock_timestamp() + interval '1 minute'"
        )
        other.commit()

    row = late.get()
    assert (row["holder"], row["fence"], row["is_ours"]) == ("fast", 1, False)


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE publisher_lease SET boot_id = 'two', fence = fence + 1",
        "UPDATE publisher_lease SET fence = fence + 1",
        "UPDATE publisher_lease SET fence = fence - 1",
        "INSERT INTO publisher_lease (boot_id, fence, expires_real) VALUES ('two', 2, now())",
        "INSERT INTO publisher_lease (is_the_row, boot_id, fence, expires_real) VALUES (false, 'two', 2, now())",
        "DELETE FROM publisher_lease",
        "TRUNCATE publisher_lease",
    ],
)
def test_c5_2_the_database_refuses_to_hand_a_held_lease_over(ledger: LedgerDoor, change: str) -> None:
    renew(ledger, "one")

    with pytest.raises(psycopg.IntegrityError):
        ledger.sql(change)


@pytest.mark.parametrize("values", ["fence = fence", "fence = fence + 2", "fence = fence + 1, read_at = now()"])
def test_c5_2_the_database_refuses_a_new_holder_without_its_own_fence_or_with_anothers_reading(
    ledger: LedgerDoor, values: str
) -> None:
    renew(ledger, "one")
    run_out(ledger)

    with pytest.raises(psycopg.errors.CheckViolation, match="a new holder"):
        ledger.sql(f"UPDATE publisher_lease SET boot_id = 'two', {values}")
