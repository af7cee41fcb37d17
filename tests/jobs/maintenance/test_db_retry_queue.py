"""The backlog: receipts that the database refused or missed come in from the journal, beside a run or without one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from actors.domain.journal import Testimony
from actors.domain.outcome import Blocked, Done, Nothing
from actors.domain.snowflake import id_at
from actors.errors import ResourceDiedError
from actors.jobs.maintenance.db_retry_queue import db_retry_queue
from tests.jobs.doors import START

if TYPE_CHECKING:
    import uuid

    from tests.jobs.maintenance.room import Room


class Away:
    """A door to a database that is not there."""

    def __getattr__(self, _: str) -> Any:
        raise ResourceDiedError("Postgres is away")


def refused(room: Room) -> uuid.UUID:
    """Publish one decision while the database goes away right after the click, so that the journal has its receipt."""
    decision = room.bench.queue()
    room.site.after_click = lambda: object.__setattr__(room.bench.context, "database", Away())
    with pytest.raises(ResourceDiedError):
        room.post()
    assert room.state(decision) == "publishing"
    return decision


def let_go(room: Room) -> None:
    """Let the claims of runs that are gone run out."""
    room.bench.rows("UPDATE decisions SET lease_until_real = clock_timestamp() - interval '1 hour'")


def test_b3_a_receipt_that_the_database_missed_comes_in_once_its_run_is_gone(room: Room) -> None:
    decision = refused(room)
    assert room.bench.run(db_retry_queue) == Done({"written": 0, "known": 0, "left": 1})
    assert room.state(decision) == "publishing", "a run may hold it still"
    let_go(room)

    assert room.bench.run(db_retry_queue) == Done({"written": 1, "known": 0, "left": 0})

    room.agree()
    assert len(room.bench.rows("SELECT 1 FROM checkpoints")) == 6
    assert (room.bench.journal.unsettled(), room.bench.journal.strays()) == ((), ())
    assert isinstance(room.bench.run(db_retry_queue), Nothing)


@pytest.mark.parametrize("lost", ["the intent", "the grant"])
def test_b3_f10_it_comes_in_with_the_intent_or_the_grant_lost(room: Room, lost: str) -> None:
    decision = refused(room)
    let_go(room)
    if lost == "the grant":
        room.bench.journal.grants.clear()
    else:
        room.forget(decision)
    assert room.bench.run(db_retry_queue) == Done({"written": 1, "known": 0, "left": 0})
    room.agree()
    room.post()
    assert len(room.site.posts) == 1


def test_b3_beside_the_run_that_writes_it_at_this_moment_it_is_left_alone(room: Room) -> None:
    decision, seen = room.bench.queue(), []

    def beside() -> None:
        (entry,) = room.bench.journal.unsettled()
        room.bench.journal.receipt(Testimony(entry.grant.attempt_id, id_at(START), "response", START))
        seen.append(room.bench.run(db_retry_queue))

    room.site.after_click = beside
    room.post()
    assert seen == [Done({"written": 0, "known": 0, "left": 1})]
    assert room.state(decision) == "posted"
    room.agree()


def test_f9_a_receipt_that_the_ledger_has_is_forgotten_by_the_journal_and_counted_for_nothing_else(room: Room) -> None:
    room.single()
    (confirmed,) = room.bench.journal.confirmed()
    room.bench.journal.receipt(Testimony(confirmed, room.site.posts[0].id, "response", START))
    assert room.bench.run(db_retry_queue) == Done({"written": 0, "known": 1, "left": 0})
    assert room.bench.journal.strays() == ()
    assert room.bench.journal.confirmed() == (confirmed,), "or a database would seem to be restored"


def test_b7_a_process_without_the_lease_writes_nothing(room: Room) -> None:
    refused(room)
    let_go(room)
    room.bench.boot = "another"
    assert isinstance(room.bench.run(db_retry_queue), Blocked)
    assert room.bench.rows("SELECT 1 FROM receipts") == []
