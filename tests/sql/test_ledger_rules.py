"""What the database itself refuses, whoever asks: no program and no operator can take a forbidden way."""

from __future__ import annotations

import contextlib
import threading
import uuid
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import psycopg
import pytest

from actors.domain.snowflake import id_at
from actors.errors import ConflictError
from actors.sql.queries import Statement
from tests.fakes import NOW, LedgerDoor, decision
from tests.stage import Outcome

if TYPE_CHECKING:
    from collections.abc import Iterator

TWEET = id_at(NOW)
STATES = ("queued", "claimed", "publishing", "uncertain", "posted", "failed", "cancelled", "skipped")
ALLOWED = {
    "queued": {"claimed", "cancelled", "skipped", "failed"},
    "claimed": {"queued", "publishing", "failed", "skipped", "cancelled"},
    "publishing": {"posted", "uncertain"},
    "uncertain": {"posted", "queued", "failed"},
}
RACERS = 20


@pytest.fixture
def ledger(database_url: str) -> Iterator[LedgerDoor]:
    door = LedgerDoor(database_url, RACERS)
    yield door
    door.close()


def queue(ledger: LedgerDoor, text: str = "A walk after lunch.", **changes: Any) -> uuid.UUID:
    row = decision(text, **changes)
    ledger.run("insert_decision", expect=1, **row)
    decision_id: uuid.UUID = row["decision_id"]
    return decision_id


def claim(ledger: LedgerDoor, decision_id: uuid.UUID, *, run_id: str = "run", lease_s: float = 60.0) -> uuid.UUID:
    token = uuid.uuid4()
    ledger.run("claim_decision", expect=1, decision_id=decision_id, token=token, run_id=run_id, lease_s=lease_s)
    return token


def begin(ledger: LedgerDoor, decision_id: uuid.UUID, token: uuid.UUID, **changes: Any) -> uuid.UUID | None:
    """Pass the commit point; return the attempt, or None if it was refused."""
    params: dict[str, Any] = {
        "decision_id": decision_id,
        "attempt_id": uuid.uuid4(),
        "token": token,
        "boot_id": "boot",
        "now": NOW,
        "site_time": NOW,
        "click_until": NOW + timedelta(minutes=2),
        "hour_ago": NOW - timedelta(hours=1),
        "day_ago": NOW - timedelta(hours=24),
        "per_hour": 4,
        "per_day": 48,
    }
    _, rows = ledger.transact(
        [Statement("lock_lane", {"lane": "content"}), Statement("begin_intent", {**params, **changes})]
    )
    return rows[0]["attempt_id"] if rows else None


def status(ledger: LedgerDoor, decision_id: uuid.UUID) -> str:
    row = ledger.sql("SELECT status FROM decisions WHERE decision_id = %s", decision_id)[0]
    return str(row["status"])


def force(ledger: LedgerDoor, decision_id: uuid.UUID, state: str) -> None:
    """Put a decision into a state past the rules, to see where they let it go from there."""
    ledger.sql("ALTER TABLE decisions DISABLE TRIGGER decision_transition")
    ledger.sql(
        "UPDATE decisions SET status = %s, claim_token = gen_random_uuid(), lease_until_real = now(), tweet_id = %s,"
        " posted_at = now() WHERE decision_id = %s",
        *(state, TWEET, decision_id),
    )
    ledger.sql("ALTER TABLE decisions ENABLE TRIGGER decision_transition")


@pytest.mark.parametrize("before", STATES)
def test_a_decision_goes_only_the_ways_of_its_state_machine(ledger: LedgerDoor, before: str) -> None:
    decision_id = queue(ledger)
    reached = set()
    for after in STATES:
        force(ledger, decision_id, before)
        with contextlib.suppress(psycopg.errors.CheckViolation):
            ledger.sql("UPDATE decisions SET status = %s WHERE decision_id = %s", after, decision_id)
            reached.add(after)

    assert reached - {before} == ALLOWED.get(before, set())


def test_b2_posted_without_its_tweet_is_refused(ledger: LedgerDoor) -> None:
    decision_id = queue(ledger)
    begin(ledger, decision_id, claim(ledger, decision_id))

    with pytest.raises(ConflictError, match="posted_has_its_tweet"):
        ledger.run("post_decision", decision_id=decision_id, tweet_id=None, posted_at=NOW)

    assert status(ledger, decision_id) == "publishing"


@pytest.mark.parametrize("fake", ["1772442000000", "verified", "pending_1", "", "12345678901234567890123"])
def test_b9_what_is_no_tweet_id_is_refused(ledger: LedgerDoor, fake: str) -> None:
    decision_id = queue(ledger)
    attempt = begin(ledger, decision_id, claim(ledger, decision_id))

    with pytest.raises(ConflictError, match="tweet_id"):
        ledger.run("post_decision", decision_id=decision_id, tweet_id=fake, posted_at=NOW)
    with pytest.raises(ConflictError, match="tweet_id"):
        ledger.run(
            "insert_receipt",
            decision_id=decision_id,
            attempt_id=attempt,
            tweet_id=fake,
            evidence="response",
            posted_at=NOW,
            now=NOW,
        )


def test_b8_one_tweet_is_the_receipt_of_one_decision(ledger: LedgerDoor) -> None:
    first, second = queue(ledger), queue(ledger, "Another post.")
    for decision_id in (first, second):
        begin(ledger, decision_id, claim(ledger, decision_id))
    ledger.run("post_decision", decision_id=first, tweet_id=TWEET, posted_at=NOW)

    with pytest.raises(ConflictError, match="decisions_tweet"):
        ledger.run("post_decision", decision_id=second, tweet_id=TWEET, posted_at=NOW)


@pytest.mark.parametrize("again", ["A walk after lunch.", "a  WALK\nafter lunch.", "A walk after\u200b lunch."])
def test_b11_a_live_text_cannot_be_queued_again_however_it_is_spelled(ledger: LedgerDoor, again: str) -> None:
    queue(ledger)

    with pytest.raises(ConflictError, match="decisions_live_text"):
        queue(ledger, again)


def test_a_failed_text_may_be_queued_anew(ledger: LedgerDoor) -> None:
    first = queue(ledger)
    token = claim(ledger, first)
    ledger.run("release_claim", expect=1, decision_id=first, token=token, status="failed", reason="odd", tries=1)

    assert status(ledger, queue(ledger)) == "queued"


def test_b5_only_the_token_of_the_claim_passes_the_commit_point_or_releases(ledger: LedgerDoor) -> None:
    decision_id = queue(ledger)
    old = claim(ledger, decision_id, run_id="old")
    ledger.run("release_dead_claims", run_id="new")
    new = claim(ledger, decision_id, run_id="new")

    assert begin(ledger, decision_id, old) is None
    ledger.run("release_claim", expect=0, decision_id=decision_id, token=old, status="queued", reason="", tries=0)
    assert begin(ledger, decision_id, new) is not None
    assert begin(ledger, decision_id, new) is None


def test_b7_an_expired_lease_cannot_pass_the_commit_point(ledger: LedgerDoor) -> None:
    decision_id = queue(ledger)

    assert begin(ledger, decision_id, claim(ledger, decision_id, lease_s=0.0)) is None
    assert status(ledger, decision_id) == "claimed"


def test_b6_while_one_attempt_is_unsettled_there_can_be_no_second(ledger: LedgerDoor) -> None:
    decision_id = queue(ledger)
    attempt = begin(ledger, decision_id, claim(ledger, decision_id))
    force(ledger, decision_id, "queued")

    token = claim(ledger, decision_id)

    with pytest.raises(ConflictError, match="attempts_open"):
        begin(ledger, decision_id, token)

    ledger.run("close_attempt", expect=1, attempt_id=attempt, result="absent", reason="", now=NOW)
    assert begin(ledger, decision_id, token) is not None


def test_k4_the_kill_switch_is_read_at_the_commit_point(ledger: LedgerDoor) -> None:
    decision_id = queue(ledger)
    token = claim(ledger, decision_id)
    ledger.run("set_flag", name="kill_switch", is_on=True, now=NOW, by="operator")
    assert begin(ledger, decision_id, token) is None

    ledger.run("set_flag", name="kill_switch", is_on=False, now=NOW, by="operator")
    assert begin(ledger, decision_id, token) is not None


def test_c1_twenty_intents_that_race_for_the_commit_point_never_pass_the_cap(ledger: LedgerDoor) -> None:
    claims = []
    for number in range(RACERS):
        decision_id = queue(ledger, f"Post number {number}.")
        claims.append((decision_id, claim(ledger, decision_id)))
    start = threading.Barrier(RACERS)

    def race(decision_id: uuid.UUID, token: uuid.UUID) -> uuid.UUID | None:
        start.wait(20)
        return begin(ledger, decision_id, token, per_hour=4)

    racers = [Outcome(lambda pair=pair: race(*pair)) for pair in claims]  # type: ignore[misc]
    passed = [attempt for racer in racers if (attempt := racer.get()) is not None]

    assert len(passed) == 4
    assert ledger.sql("SELECT count(*) AS open FROM decisions WHERE status = 'publishing'") == [{"open": 4}]


@pytest.mark.parametrize(("per_hour", "per_day", "minutes_ago"), [(1, 48, 59), (4, 1, 60 * 23)])
def test_c1_both_windows_count_intents_and_forget_what_is_proven_absent(
    ledger: LedgerDoor, per_hour: int, per_day: int, minutes_ago: int
) -> None:
    first, second = queue(ledger), queue(ledger, "Another post.")
    earlier = NOW - timedelta(minutes=minutes_ago)
    attempt = begin(ledger, first, claim(ledger, first), now=earlier)
    token = claim(ledger, second)
    assert begin(ledger, second, token, per_hour=per_hour, per_day=per_day) is None

    ledger.run("close_attempt", attempt_id=attempt, result="absent", reason="", now=NOW)

    assert begin(ledger, second, token, per_hour=per_hour, per_day=per_day) is not None


def test_c1_when_intents_cannot_be_counted_nothing_passes(ledger: LedgerDoor) -> None:
    decision_id = queue(ledger)
    token = claim(ledger, decision_id)
    ledger.sql("ALTER TABLE publish_attempts RENAME COLUMN intent_at TO moved_away")

    with pytest.raises(Exception, match="intent_at"):
        begin(ledger, decision_id, token)

    assert status(ledger, decision_id) == "claimed"


def test_h4_a_weight_version_is_written_once(ledger: LedgerDoor) -> None:
    weights = {"version": 1, "created_at": NOW, "source": "learned", "outcomes": 20, "body": {"a": 1}}
    ledger.run("insert_weights", expect=1, **weights)

    with pytest.raises(ConflictError):
        ledger.run("insert_weights", expect=1, **{**weights, "body": {"a": 2}})

    latest = ledger.one("latest_weights")
    assert latest == {"version": 1, "body": {"a": 1}}


def test_a_run_is_recorded_once_and_history_gives_its_last_success(ledger: LedgerDoor) -> None:
    run: dict[str, Any] = {
        "job": "plan", "family": "content", "slot": NOW, "attempt": 1, "trigger": "slot", "started_at": NOW,
        "late_s": 0.0, "took_s": 1.0, "browser_s": 0.5, "counts": {"planned": 1}, "reason": "",
    }  # fmt: skip
    later = NOW + timedelta(hours=1)
    ledger.run("record_run", run_id="1", ended_at=NOW, outcome="done", **run)
    ledger.run("record_run", run_id="1", ended_at=later, outcome="done", **run)
    ledger.run("record_run", run_id="2", ended_at=later, outcome="failed", **{**run, "slot": later})

    assert ledger.all("job_history") == [{"job": "plan", "last_slot": later, "last_success": NOW}]


def test_the_lengths_of_a_job_are_those_of_its_latest_fifty_runs_that_did_their_work(ledger: LedgerDoor) -> None:
    run: dict[str, Any] = {
        "family": "content", "slot": NOW, "attempt": 1, "trigger": "slot", "started_at": NOW, "late_s": 0.0,
        "counts": {}, "reason": "",
    }  # fmt: skip
    rows = [("plan", number, "done", float(number), number / 2) for number in range(60)]
    rows += [("plan", 60, "nothing", 0.1, 0.0), ("plan", 61, "failed", 0.003, 0.0), ("learn", 0, "done", 3.0, 0.0)]
    for job, minute, outcome, took_s, browser_s in rows:
        measured = {"ended_at": NOW + timedelta(minutes=minute), "took_s": took_s, "browser_s": browser_s}
        ledger.run("record_run", run_id=f"{job}-{minute}", job=job, outcome=outcome, **run, **measured)

    lengths = {row.pop("job"): row for row in ledger.all("job_lengths")}

    took_s = [float(number) for number in range(10, 60)]
    assert lengths["plan"] == {"took_s": took_s, "browser_s": [seconds / 2 for seconds in took_s]}
    assert lengths["learn"] == {"took_s": [3.0], "browser_s": [0.0]}
