"""Recovery beside a run that publishes: whoever holds a decision keeps it, in whichever order the two of them come."""

from __future__ import annotations

from typing import TYPE_CHECKING

import psycopg
import pytest

from actors.domain.outcome import Done
from actors.domain.recovery.repair import Found
from actors.ledger.adoption import unexplained
from actors.ledger.healing import case_of, heal
from actors.ledger.receipt import Confirmation, confirm
from tests.jobs.doors import MINUTE
from tests.jobs.maintenance.room import FOREIGN
from tests.jobs.maintenance.test_id_recovery import PARTS, after_query, half
from tests.stage import Outcome, eventually

if TYPE_CHECKING:
    from tests.jobs.maintenance.room import Room

CLAIM = (
    "UPDATE decisions SET status = 'claimed', claim_token = gen_random_uuid(), claim_owner = 'run', "
    "lease_until_real = clock_timestamp() + interval '1 minute'"
)


def test_b8_a_post_whose_run_writes_its_receipt_between_the_two_looks_at_the_ledger_is_taken_for_nobodys(
    room: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    rival = room.bench.queue(PARTS[0])
    room.damage("UPDATE decisions SET status = 'failed'")
    decision = room.bench.queue(PARTS[0])

    def die() -> None:
        raise KeyboardInterrupt

    room.site.after_click = die
    with pytest.raises(KeyboardInterrupt):
        room.post()
    attempt = room.bench.rows("SELECT attempt_id, intent_at FROM publish_attempts")[0]
    ctx, post = room.bench.context, room.site.posts[0]
    assert ctx is not None

    def write() -> None:
        ids = attempt["attempt_id"], decision
        assert confirm(ctx, Confirmation(*ids, 0, post.id, "response", attempt["intent_at"])) == "posted"

    # Whichever of the two is asked first.
    asked = after_query(room, monkeypatch, ("live_texts", "receipted_ids"), write)
    assert unexplained(ctx, [post]) == []
    assert asked == ["live_texts", "receipted_ids"]
    room.recover("phantom_recovery")
    assert (room.state(rival), room.ids(decision)) == ("failed", [post.id])


def test_b5_a_claim_that_comes_between_the_look_and_the_heal_wins_and_nothing_is_written(
    room: Room, database_url: str
) -> None:
    """On two connections: the claim is made, and not committed yet, when the heal asks for the decision."""
    decision = room.single()
    room.forget(decision)
    ctx = room.bench.context
    assert ctx is not None
    case = case_of(ctx, decision)
    assert case is not None
    found = {0: Found(room.site.posts[0].id, "timeline")}
    with psycopg.connect(database_url) as run:
        run.execute(CLAIM)
        healing = Outcome(lambda: heal(ctx, case, found))
        wait_for_a_lock(room)
        run.commit()
        assert healing.get() is False
    assert (room.state(decision), room.ids(decision)) == ("claimed", [])
    assert room.bench.rows("SELECT 1 FROM publish_attempts") == []


def test_b8_a_claim_that_comes_between_the_look_and_the_correction_wins_and_the_receipt_stays(
    room: Room, database_url: str
) -> None:
    decision = half(room, *PARTS)
    room.misname(decision, FOREIGN)
    room.bench.now += 5 * MINUTE
    with psycopg.connect(database_url) as run:
        run.execute(CLAIM)
        recovery = Outcome(lambda: room.recover("id_verification"))
        wait_for_a_lock(room)
        run.commit()
        outcome = recovery.get()
    assert isinstance(outcome, Done)
    assert (outcome.counts["corrected"], room.ids(decision)) == (0, [FOREIGN])
    assert room.bench.rows("SELECT 1 FROM receipt_corrections") == []


def wait_for_a_lock(room: Room) -> None:
    """Wait until recovery waits for the decision's row, before it has written anything."""
    waiting = (
        "SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
        " AND query ~ 'FOR UPDATE'"
    )
    eventually(lambda: room.bench.rows(waiting), "recovery waiting for the decision")
