"""What the database itself refuses, whoever asks: no program and no operator can take a forbidden way."""

from __future__ import annotations

import contextlib
import threading
import uuid
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import psycopg
import pytest

from actors.domain.snowflake import id_at
from actors.errors import ConflictError
from actors.sql.queries import Statement
from tests.fakes import NOW, LedgerDoor, decision, reply, thread
from tests.stage import Outcome

if TYPE_CHECKING:
    from collections.abc import Iterator

TWEET = id_at(NOW)
STATES = ("queued", "claimed", "publishing", "uncertain", "posted", "failed", "cancelled", "skipped")
ALLOWED = {
    "queued": {"claimed", "cancelled", "skipped", "failed", "posted"},
    "claimed": {"queued", "publishing", "failed", "skipped", "cancelled"},
    "publishing": {"posted", "uncertain", "claimed"},
    "uncertain": {"posted", "queued", "failed"},
    "failed": {"posted"},
    "cancelled": {"posted"},
    "skipped": {"posted"},
}
HOUR = timedelta(hours=1)
RACERS = 20


@pytest.fixture
def ledger(database_url: str) -> Iterator[LedgerDoor]:
    door = LedgerDoor(database_url, RACERS)
    door.run("renew_lease", boot_id="boot", lease_s=600.0)
    door.run("timeline_is_read", boot_id="boot")
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


def begin(
    ledger: LedgerDoor,
    decision_id: uuid.UUID,
    token: uuid.UUID,
    *caps: tuple[str, timedelta, int],
    now: datetime = NOW,
    **changes: Any,
) -> uuid.UUID | None:
    """Pass the commit point under these caps (scope, span, most); return the attempt, or None if it was refused."""
    params: dict[str, Any] = {
        "decision_id": decision_id,
        "attempt_id": uuid.uuid4(),
        "token": token,
        "boot_id": "boot",
        "part": 0,
        "target_id": None,
        "now": now,
        "site_time": now,
        "click_until": now,
        "approval": False,
        "horizon": now - timedelta(days=60),
        "windows": [{"scope": scope, "since": (now - span).isoformat(), "most": most} for scope, span, most in caps],
        **changes,
    }
    _, rows = ledger.transact([Statement("lock_lane", {"lane": "content"}), Statement("begin_intent", params)])
    return params["attempt_id"] if rows else None


def confirm(ledger: LedgerDoor, decision_id: uuid.UUID, attempt: uuid.UUID | None, tweet_id: str, part: int = 0) -> str:
    """Write the receipt of a part; return the decision's new state."""
    receipt = {"decision_id": decision_id, "part": part, "attempt_id": attempt, "tweet_id": tweet_id}
    times = {"evidence": "response", "posted_at": NOW, "minted_at": NOW, "now": NOW}
    *_, rows = ledger.transact(
        [
            Statement("close_attempt", {"attempt_id": attempt, "result": "posted", "reason": "", "now": NOW}, 1),
            Statement("insert_receipt", {**receipt, **times}, 1),
            Statement("confirm_part", {"decision_id": decision_id, "lease_s": 60.0}, 1),
        ]
    )
    return str(rows[0]["status"])


def status(ledger: LedgerDoor, decision_id: uuid.UUID) -> str:
    row = ledger.sql("SELECT status FROM decisions WHERE decision_id = %s", decision_id)[0]
    return str(row["status"])


def force(ledger: LedgerDoor, decision_id: uuid.UUID, state: str) -> None:
    """Put a decision into a state past the rules, to see where they let it go from there."""
    with ledger.unguarded():
        ledger.sql(
            "UPDATE decisions SET status = %s, claim_token = gen_random_uuid(), lease_until_real = now(),"
            " tweet_id = %s, posted_at = now() WHERE decision_id = %s",
            *(state, TWEET, decision_id),
        )


@pytest.mark.parametrize("before", STATES)
def test_a_decision_goes_only_the_ways_of_its_state_machine(ledger: LedgerDoor, before: str) -> None:
    decision_id = queue(ledger)
    reached = set()
    for after in STATES:
        force(ledger, decision_id, before)
        ledger.sql("ALTER TABLE decisions DISABLE TRIGGER decision_agrees")
        with contextlib.suppress(psycopg.errors.CheckViolation):
            ledger.sql("UPDATE decisions SET status = %s WHERE decision_id = %s", after, decision_id)
            reached.add(after)

    assert reached - {before} == ALLOWED.get(before, set())


def test_b2_posted_without_its_receipt_is_refused(ledger: LedgerDoor) -> None:
    decision_id = queue(ledger)
    begin(ledger, decision_id, claim(ledger, decision_id))

    with pytest.raises(psycopg.errors.CheckViolation, match="posted_has_its_tweet"):
        ledger.sql("UPDATE decisions SET status = 'posted' WHERE decision_id = %s", decision_id)
    with pytest.raises(psycopg.errors.CheckViolation, match="0 of 1 receipts"):
        ledger.sql(
            "UPDATE decisions SET status = 'posted', tweet_id = %s, posted_at = now() WHERE decision_id = %s",
            *(TWEET, decision_id),
        )

    assert status(ledger, decision_id) == "publishing"


@pytest.mark.parametrize("fake", ["1772442000000", "verified", "pending_1", "", "12345678901234567890123"])
def test_b9_what_is_no_tweet_id_is_refused(ledger: LedgerDoor, fake: str) -> None:
    decision_id = queue(ledger)
    attempt = begin(ledger, decision_id, claim(ledger, decision_id))

    with pytest.raises(ConflictError, match="tweet_id"):
        confirm(ledger, decision_id, attempt, fake)


def test_b8_one_tweet_is_the_receipt_of_one_decision(ledger: LedgerDoor) -> None:
    first, second = queue(ledger), queue(ledger, "Another post.")
    attempts = [begin(ledger, each, claim(ledger, each)) for each in (first, second)]
    confirm(ledger, first, attempts[0], TWEET)

    with pytest.raises(ConflictError, match="receipts_tweet_id_key"):
        confirm(ledger, second, attempts[1], TWEET)


def test_f9_a_second_receipt_of_the_same_part_is_refused_and_the_first_one_stays(ledger: LedgerDoor) -> None:
    decision_id = queue(ledger)
    attempt = begin(ledger, decision_id, claim(ledger, decision_id))
    confirm(ledger, decision_id, attempt, TWEET)

    with pytest.raises(ConflictError):
        confirm(ledger, decision_id, attempt, id_at(NOW, 7))
    with pytest.raises(psycopg.errors.CheckViolation, match="never changed"):
        ledger.sql("UPDATE receipts SET tweet_id = %s", id_at(NOW, 7))
    with pytest.raises(psycopg.errors.CheckViolation, match="never changed"):
        ledger.sql("DELETE FROM receipts")

    assert ledger.sql("SELECT tweet_id FROM receipts") == [{"tweet_id": TWEET}]


def test_b12_the_parts_of_a_thread_are_confirmed_in_their_order_and_the_last_one_posts_it(ledger: LedgerDoor) -> None:
    row = thread("The first part.", "The second part.", "The third part.")
    ledger.run("insert_decision", expect=1, **row)
    decision_id = row["decision_id"]
    token = claim(ledger, decision_id)
    assert begin(ledger, decision_id, token, part=1) is None, "the first part has no receipt yet"

    states = []
    for part in range(3):
        before = id_at(NOW, part - 1) if part else None
        if part:
            assert begin(ledger, decision_id, token, part=part, target_id=TWEET[:-1] + "9") is None, "another's place"
        attempt = begin(ledger, decision_id, token, part=part, target_id=before)
        states.append(confirm(ledger, decision_id, attempt, id_at(NOW, part), part))
        assert begin(ledger, decision_id, token, part=part, target_id=before) is None, "it has its receipt"

    assert states == ["claimed", "claimed", "posted"]
    assert ledger.sql("SELECT tweet_id FROM decisions") == [{"tweet_id": id_at(NOW)}]


def test_b12_a_part_that_is_found_late_frees_the_thread_for_its_next_part(ledger: LedgerDoor) -> None:
    row = thread("The first part.", "The second part.")
    ledger.run("insert_decision", expect=1, **row)
    decision_id = row["decision_id"]
    attempt = begin(ledger, decision_id, claim(ledger, decision_id))
    doubt = {"attempt_id": attempt, "reason": "gone"}
    ledger.transact(
        [
            Statement("decision_becomes_uncertain", {"decision_id": decision_id, **doubt}),
            Statement("attempt_becomes_uncertain", doubt),
        ]
    )

    assert confirm(ledger, decision_id, attempt, TWEET) == "queued"


@pytest.mark.parametrize(
    ("changes", "rule"),
    [
        ({"kind": "thread"}, "parts_of_its_kind"),
        ({"kind": "thread", "parts": ["One."] * 9}, "parts_of_its_kind"),
        ({"parts": ["One.", "Two."]}, "parts_of_its_kind"),
        ({"parts": [""]}, "decisions_text_check|parts_are_texts"),
        ({"kind": "thread", "parts": ["One.", ""]}, "parts_are_texts"),
        ({"kind": "reply"}, "lane_of_its_kind|replies_have_a_target"),
        ({"kind": "reply", "lane": "reply", "target_id": TWEET}, "replies_have_a_target"),
        ({"target_id": TWEET}, "replies_have_a_target"),
        ({"generator": None}, "content_has_its_choice"),
    ],
)
def test_b2_a_decision_that_could_not_be_published_as_it_stands_is_refused(
    ledger: LedgerDoor, changes: dict[str, Any], rule: str
) -> None:
    with pytest.raises(ConflictError, match=rule):
        queue(ledger, **changes)


def test_b16_one_live_reply_to_a_post(ledger: LedgerDoor) -> None:
    ledger.run("insert_decision", **reply("Well said.", TWEET, "somebody"))

    with pytest.raises(ConflictError, match="decisions_live_target"):
        ledger.run("insert_decision", **reply("Well said again.", TWEET, "somebody"))


def test_f7_a_text_among_thousands_of_posted_ones_is_refused(ledger: LedgerDoor) -> None:
    with ledger.unguarded():
        ledger.transact(
            [Statement("insert_decision", decision(f"Post number {number}.", due=NOW)) for number in range(2500)]
        )
        ledger.sql(
            "UPDATE decisions SET status = 'posted', posted_at = now(),"
            " tweet_id = (1000000000000000 + hashtext(text)::bigint)::text"
        )

    with pytest.raises(ConflictError, match="decisions_live_text"):
        queue(ledger, "post NUMBER 3.")


@pytest.mark.parametrize("again", ["A walk after lunch.", "a  WALK\nafter lunch.", "A walk after\u200b lunch."])
def test_b11_a_live_text_cannot_be_queued_again_however_it_is_spelled(ledger: LedgerDoor, again: str) -> None:
    queue(ledger)

    with pytest.raises(ConflictError, match="decisions_live_text"):
        queue(ledger, again)


def test_a_failed_text_may_be_queued_anew(ledger: LedgerDoor) -> None:
    first = queue(ledger)
    token = claim(ledger, first)
    ledger.run(
        "release_claim",
        expect=1,
        decision_id=first,
        token=token,
        status="failed",
        reason="odd",
        tries=1,
        not_before=NOW,
    )

    assert status(ledger, queue(ledger)) == "queued"


def test_b5_only_the_token_of_the_claim_passes_the_commit_point_or_releases(ledger: LedgerDoor) -> None:
    decision_id = queue(ledger)
    old = claim(ledger, decision_id, run_id="old")
    ledger.run("release_dead_claims", run_id="new")
    new = claim(ledger, decision_id, run_id="new")

    assert begin(ledger, decision_id, old) is None
    ledger.run(
        "release_claim",
        expect=0,
        decision_id=decision_id,
        token=old,
        status="queued",
        reason="",
        tries=0,
        not_before=NOW,
    )
    assert begin(ledger, decision_id, new) is not None
    assert begin(ledger, decision_id, new) is None


def test_b7_an_expired_claim_cannot_pass_the_commit_point(ledger: LedgerDoor) -> None:
    decision_id = queue(ledger)

    assert begin(ledger, decision_id, claim(ledger, decision_id, lease_s=0.0)) is None
    assert status(ledger, decision_id) == "claimed"


@pytest.mark.parametrize("fault", ["another's", "expired", "unread"])
def test_b7_only_the_holder_of_the_publishers_lease_who_has_read_the_timeline_passes(
    ledger: LedgerDoor, fault: str
) -> None:
    decision_id = queue(ledger)
    token = claim(ledger, decision_id)
    if fault == "expired":
        ledger.sql("UPDATE publisher_lease SET expires_real = now()")
    if fault == "unread":
        ledger.sql("UPDATE publisher_lease SET read_at = NULL")

    assert begin(ledger, decision_id, token, boot_id="other" if fault == "another's" else "boot") is None
    assert status(ledger, decision_id) == "claimed"


def test_b6_while_one_attempt_is_unsettled_there_can_be_no_second(ledger: LedgerDoor) -> None:
    decision_id = queue(ledger)
    begin(ledger, decision_id, claim(ledger, decision_id))
    force(ledger, decision_id, "queued")

    with ledger.unguarded():
        token = claim(ledger, decision_id)

    with pytest.raises(ConflictError, match="attempts_open"):
        begin(ledger, decision_id, token)


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
        return begin(ledger, decision_id, token, ("lane", HOUR, 4))

    racers = [Outcome(lambda pair=pair: race(*pair)) for pair in claims]  # type: ignore[misc]
    passed = [attempt for racer in racers if (attempt := racer.get()) is not None]

    assert len(passed) == 4
    assert ledger.sql("SELECT count(*) AS open FROM decisions WHERE status = 'publishing'") == [{"open": 4}]


@pytest.mark.parametrize("cap", [("lane", HOUR, 1), ("lane", 24 * HOUR, 1), ("lane", timedelta(minutes=20), 1)])
def test_c1_every_window_counts_intents_until_they_leave_it(
    ledger: LedgerDoor, cap: tuple[str, timedelta, int]
) -> None:
    first, second = queue(ledger), queue(ledger, "Another post.")
    begin(ledger, first, claim(ledger, first), now=NOW - cap[1] + timedelta(seconds=1))
    token = claim(ledger, second)

    assert begin(ledger, second, token, cap) is None
    assert begin(ledger, second, token, cap, now=NOW + timedelta(seconds=1)) is not None


def test_c1_what_is_proven_absent_counts_no_more(ledger: LedgerDoor) -> None:
    first, second = queue(ledger), queue(ledger, "Another post.")
    attempt = begin(ledger, first, claim(ledger, first))
    token = claim(ledger, second)
    assert begin(ledger, second, token, ("lane", HOUR, 1)) is None
    doubt = {"decision_id": first, "attempt_id": attempt, "reason": "gone"}
    closed = {"attempt_id": attempt, "result": "absent", "reason": "", "now": NOW}
    ledger.transact([Statement("decision_becomes_uncertain", doubt), Statement("attempt_becomes_uncertain", doubt)])
    ledger.transact([Statement("requeue_absent", doubt, 1), Statement("close_attempt", closed, 1)])

    assert begin(ledger, second, token, ("lane", HOUR, 1)) is not None


@pytest.mark.parametrize(("scope", "author", "is_refused"), [
    ("author", "Somebody", True), ("author", "another", False), ("conversation", "another", False),
])  # fmt: skip
def test_c1_replies_are_counted_for_each_author_and_conversation(
    ledger: LedgerDoor, scope: str, author: str, *, is_refused: bool
) -> None:
    for text, target, handle in (("Well said.", TWEET, "somebody"), ("Agreed.", id_at(NOW, 9), author)):
        ledger.run("insert_decision", **reply(text, target, handle))
    first, second = (row["decision_id"] for row in ledger.sql("SELECT decision_id FROM decisions ORDER BY text DESC"))
    begin(ledger, first, claim(ledger, first))

    attempt = begin(ledger, second, claim(ledger, second), (scope, 24 * HOUR, 1))

    assert (attempt is None) is is_refused


def test_an_author_who_opted_out_while_we_typed_gets_no_reply(ledger: LedgerDoor) -> None:
    row = reply("Well said.", TWEET, "Somebody")
    ledger.run("insert_decision", **row)
    token = claim(ledger, row["decision_id"])
    ledger.sql("INSERT INTO opt_outs VALUES ('somebody', 'stop', now(), 'himself')")

    assert begin(ledger, row["decision_id"], token) is None


def test_in_approval_mode_only_what_is_approved_passes(ledger: LedgerDoor) -> None:
    decision_id = queue(ledger)
    token = claim(ledger, decision_id)
    assert begin(ledger, decision_id, token, approval=True) is None

    ledger.sql("UPDATE decisions SET approved_at = now(), approved_by = 'somebody'")
    assert begin(ledger, decision_id, token, approval=True) is not None


def test_c1_when_publications_cannot_be_counted_nothing_passes(ledger: LedgerDoor) -> None:
    decision_id = queue(ledger)
    token = claim(ledger, decision_id)
    ledger.sql("ALTER VIEW publications RENAME TO moved_away")

    with pytest.raises(Exception, match="publications"):
        begin(ledger, decision_id, token, ("lane", HOUR, 4))

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


def test_b2_receipts_are_not_emptied_and_no_attempt_stands_at_a_part_that_is_not_the_next(ledger: LedgerDoor) -> None:
    claim(ledger, queue(ledger))

    with pytest.raises(psycopg.errors.CheckViolation, match="one open: t"):
        ledger.sql(
            "WITH moved AS (UPDATE decisions SET status = 'publishing' RETURNING decision_id) "
            "INSERT INTO publish_attempts "
            "(attempt_id, decision_id, part, attempt, boot_id, lane, intent_at, site_time, click_until) "
            "SELECT gen_random_uuid(), decision_id, 7, 1, 'boot', 'content', now(), now(), now() FROM moved"
        )
    with pytest.raises(psycopg.errors.CheckViolation, match="never changed"):
        ledger.sql("TRUNCATE receipts CASCADE")


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ("DELETE FROM publish_attempts", "never deleted"),
        ("TRUNCATE publish_attempts CASCADE", "never"),
        ("UPDATE publish_attempts SET intent_at = intent_at - interval '2 days'", "as it was made"),
        ("UPDATE publish_attempts SET click_until = click_until - interval '2 days'", "as it was made"),
        ("UPDATE publish_attempts SET part = 7", "as it was made"),
    ],
)
def test_c1_an_attempt_neither_goes_nor_moves_out_of_the_windows_that_count_it(
    ledger: LedgerDoor, change: str, words: str
) -> None:
    decision_id = queue(ledger)
    begin(ledger, decision_id, claim(ledger, decision_id))

    with pytest.raises(psycopg.errors.CheckViolation, match=words):
        ledger.sql(change)


def test_b3_a_posted_decision_bears_the_id_of_its_receipt_and_no_other(ledger: LedgerDoor) -> None:
    decision_id = queue(ledger)
    confirm(ledger, decision_id, begin(ledger, decision_id, claim(ledger, decision_id)), TWEET)

    with pytest.raises(psycopg.errors.CheckViolation, match="no receipt for post"):
        ledger.sql("UPDATE decisions SET tweet_id = %s", id_at(NOW, 7))


def test_b3_a_receipt_is_of_the_attempt_that_it_names_and_of_the_time_that_its_id_carries(ledger: LedgerDoor) -> None:
    first, second = queue(ledger), queue(ledger, "Another post.")
    attempts = [begin(ledger, each, claim(ledger, each)) for each in (first, second)]
    row = "INSERT INTO receipts (decision_id, attempt_id, tweet_id, evidence, posted_at, minted_at, recorded_at) "

    with pytest.raises(psycopg.errors.CheckViolation, match="was not at part"):
        ledger.sql(f"{row} VALUES (%s, %s, %s, 'response', %s, %s, %s)", first, attempts[1], TWEET, NOW, NOW, NOW)
    late = NOW + timedelta(minutes=1)
    with pytest.raises(psycopg.errors.CheckViolation, match="was not made at"):
        ledger.sql(f"{row} VALUES (%s, %s, %s, 'response', %s, %s, %s)", first, attempts[0], TWEET, NOW, late, NOW)
