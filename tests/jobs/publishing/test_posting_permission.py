"""Who may publish, and what may go out: the lease, the first look at the account, and every gate before the click."""

from __future__ import annotations

from datetime import timedelta
from itertools import pairwise
from typing import Any

import pytest

from actors.domain.outcome import Blocked, Done, Nothing, Snooze
from actors.domain.snowflake import created_at, id_at
from actors.errors import AfterCommitError, JournalError, LoggedOutError, ResourceDiedError
from actors.jobs.publishing.posting import posting
from actors.pages.timeline import OwnPost, ReadOwnTimeline
from tests.fakes import thread
from tests.jobs.doors import MINUTE, START, Bench, commits, published, timeline


def own(text: str, at: Any, number: int = 0, replying_to: str | None = None) -> OwnPost:
    tweet_id = id_at(at, number)
    return OwnPost(tweet_id, text, created_at(tweet_id), replying_to)


def sent(bench: Bench) -> Any:
    return commits(published(id_at(bench.now)), site_time=bench.now)


def hand_over(bench: Bench, boot: str, *, has_read: bool = True) -> None:
    bench.rows("UPDATE publisher_lease SET expires_real = now()")
    bench.lead(boot, has_read=has_read)


def test_b7_a_process_without_the_lease_touches_nothing_and_says_who_publishes(bench: Bench) -> None:
    decision = bench.queue()
    bench.rows(
        f"UPDATE decisions SET status = 'claimed', claim_token = gen_random_uuid(), claim_owner = 'theirs',"
        f" lease_until_real = now() WHERE decision_id = '{decision}'"
    )
    hand_over(bench, "another")
    outcome = bench.run(posting)
    assert isinstance(outcome, Blocked)
    assert "process another publishes" in outcome.reason
    assert (bench.decision(decision)["claim_owner"], bench.browser.errands) == ("theirs", [])
    bench.rows("UPDATE publisher_lease SET expires_real = now()")
    assert bench.run(posting) == Blocked("nobody holds the publisher's lease at this moment")


def test_b7_a_lease_that_is_lost_while_typing_refuses_the_click(bench: Bench) -> None:
    decision = bench.queue()

    def overtaken(errand: Any, on_commit: Any) -> Any:
        hand_over(bench, "another")
        return sent(bench)(errand, on_commit)

    bench.browser.script = [overtaken]
    assert isinstance(bench.run(posting), Blocked)
    assert bench.decision(decision)["status"] == "queued"
    assert bench.rows("SELECT 1 FROM publish_attempts") == []


def test_b5_b7_the_permission_to_click_ends_with_the_lease(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("actors.ledger.attempt.CLICK_WITHIN_S", 600.0)
    bench.queue()
    bench.rows("UPDATE publisher_lease SET expires_real = now() + interval '1 minute'")
    given: list[float] = []

    def answer(errand: Any, on_commit: Any) -> Any:
        prepared = {"site_time": START.isoformat(), "site_time_asked_at": 0.0}
        given.append(on_commit(prepared))
        return published(id_at(START))

    bench.browser.script = [answer]
    bench.run(posting)
    (expires,) = bench.rows("SELECT extract(epoch FROM expires_real)::float8 * 1000 AS ms FROM publisher_lease")
    assert given[0] <= expires["ms"]


def test_the_first_look_reads_a_lived_in_account_into_duplicates_and_caps_before_anything_goes_out(
    bench: Bench,
) -> None:
    bench.configure(spacing=timedelta(0), content_per_hour=2)
    hand_over(bench, "boot-2", has_read=False)
    bench.boot = "boot-2"
    twin = bench.queue("Sleep is a teacher that asks for nothing.", at=START - MINUTE)
    bench.queue("Salt needs water to be of use.")
    written = [
        own("sleep is a TEACHER, that asks for nothing", START - timedelta(hours=20)),
        own("Something else entirely was written here by hand.", START - 10 * MINUTE, 1),
        own("@friend well said.", START - 5 * MINUTE, 2, "friend"),
        own("And on with the thread by hand.", START - 4 * MINUTE, 3, "commons_daily"),
        own("A third thing that nobody planned at all.", START - 2 * MINUTE, 4),
    ]
    bench.browser.script = [timeline(*reversed(written), at=bench.now)]
    assert isinstance(bench.run(posting), Snooze)
    assert isinstance(bench.browser.errands[0], ReadOwnTimeline)
    assert bench.browser.errands[0].since <= START - timedelta(hours=24)
    assert bench.decision(twin)["reason"] == f"duplicate: of {written[0].id}"
    assert [row["lane"] for row in bench.rows("SELECT lane FROM own_posts ORDER BY tweet_id")] == [
        "content",
        "content",
        "reply",
        "none",
        "content",
    ]
    assert bench.rows("SELECT 1 FROM publish_attempts") == [], "two of the hour are there already"
    bench.now = START + timedelta(minutes=50)
    bench.browser.script = [sent(bench)]
    bench.run(posting)
    assert len(bench.browser.errands) == 2, "the account is read once a boot"


def test_a16_while_nothing_is_due_the_account_is_not_read_and_no_browser_needed(bench: Bench) -> None:
    hand_over(bench, "boot-2", has_read=False)
    bench.boot = "boot-2"
    bench.queue(at=START + MINUTE)
    assert isinstance(bench.run(posting), Nothing)
    assert bench.browser.errands == []


@pytest.mark.parametrize("trouble", [LoggedOutError("wall"), ResourceDiedError("no browser"), "short"])
def test_nothing_goes_out_until_the_account_was_read(bench: Bench, trouble: Any) -> None:
    hand_over(bench, "boot-2", has_read=False)
    bench.boot = "boot-2"
    decision = bench.queue()
    short = timeline(own("Hello.", START - timedelta(hours=3)), at=START, reached_back=False)
    bench.browser.script = [short if trouble == "short" else trouble]
    outcome = bench.run(posting)
    assert isinstance(outcome, Blocked)
    assert "our own timeline" in outcome.reason
    bench.browser.script = [timeline(at=START), sent(bench)]
    assert isinstance(bench.run(posting), Done)
    assert bench.decision(decision)["status"] == "posted"


@pytest.mark.parametrize(
    "spelling",
    [
        "walking, after a meal: lowers what the blood carries",
        "🚶 Walking after a meal lowers what the blood carries ✅",
    ],
    ids=["case and punctuation", "emoji"],
)
def test_b11_a_text_published_before_is_refused_however_it_is_spelled_and_ends_with_a_link(
    bench: Bench, spelling: str
) -> None:
    bench.configure(spacing=timedelta(0))
    bench.queue("Walking after a meal lowers what the blood carries.")
    bench.browser.script = [sent(bench)]
    bench.run(posting)
    (first,) = bench.rows("SELECT tweet_id FROM receipts")
    again = bench.queue(spelling)
    for _ in range(2):
        bench.run(posting)
    row = bench.decision(again)
    assert (row["status"], row["reason"]) == ("skipped", f"duplicate: of {first['tweet_id']}")


def test_b10_a_duplicate_that_the_site_refuses_ends_with_a_link_to_the_original(bench: Bench) -> None:
    decision = bench.queue("Bread wants time more than yeast.")
    original = own("Bread wants time more than yeast.", START - timedelta(hours=30))
    bench.browser.script = [commits(published(None, "duplicate"))]
    bench.run(posting)
    for minutes in (5, 11, 16):
        bench.now = START + minutes * MINUTE
        bench.browser.script = [timeline(original, at=bench.now)]
        bench.run(posting)
    row = bench.decision(decision)
    assert (row["status"], row["reason"]) == ("skipped", f"duplicate: of {original.id}")


def test_b14_a_part_over_the_limit_is_never_typed_by_the_same_count_that_planned_it(bench: Bench) -> None:
    fits, long = bench.queue("x" * 280), bench.queue("界" * 141)
    bench.configure(spacing=timedelta(0))
    bench.browser.script = [sent(bench)]
    bench.run(posting)
    assert bench.decision(fits)["status"] == "posted"
    assert bench.decision(long)["reason"] == "length: 282 weighted characters, 280 are allowed"


def test_in_approval_mode_nothing_goes_out_that_nobody_approved(bench: Bench) -> None:
    bench.configure(approval=True)
    decision = bench.queue()
    assert bench.run(posting) == Nothing("no approved decision is due; 1 wait for approval")
    bench.rows("UPDATE decisions SET approved_at = now(), approved_by = 'somebody'")
    bench.browser.script = [sent(bench)]
    bench.run(posting)
    assert bench.decision(decision)["status"] == "posted"


def test_c5_after_an_outage_content_is_not_cancelled_but_goes_out_at_the_pace_of_its_caps(bench: Bench) -> None:
    decisions = [bench.queue(at=START + number * 20 * MINUTE) for number in range(6)]
    bench.now = START + timedelta(hours=7)
    for _ in range(12):
        bench.browser.script = [sent(bench)] * 2
        bench.run(posting)
        bench.now += 15 * MINUTE
    assert [bench.decision(each)["status"] for each in decisions] == ["posted"] * 6
    times = [row["intent_at"] for row in bench.rows("SELECT intent_at FROM publish_attempts ORDER BY intent_at")]
    assert min(later - earlier for earlier, later in pairwise(times)) >= bench.config.publishing.spacing


def test_c5_a_wall_does_not_make_a_decision_any_younger(bench: Bench) -> None:
    decision = bench.queue()
    for _ in range(3):
        bench.now += 20 * MINUTE
        bench.browser.script = [LoggedOutError("wall")]
        bench.run(posting)
    assert bench.decision(decision)["scheduled_at"] == START


def test_c5_b11_content_days_late_is_cancelled_with_its_reason(bench: Bench) -> None:
    decision = bench.queue(at=START - timedelta(hours=49))
    bench.run(posting)
    row = bench.decision(decision)
    assert (row["status"], row["reason"]) == ("cancelled", "stale: more than 2d late")


def test_b3_a_journal_that_cannot_be_written_stops_all_publishing_before_anything_is_opened(bench: Bench) -> None:
    bench.queue()

    def refuse() -> None:
        raise JournalError("the disk is full", "make room in data/journal")

    bench.journal.verify = refuse
    assert bench.run(posting) == Blocked("the disk is full (make room in data/journal)")
    assert bench.browser.errands == []


def test_b3_a_grant_that_the_journal_refuses_permits_no_click_and_leaves_a_doubt(bench: Bench) -> None:
    decision = bench.queue()

    def refuse(_: Any) -> None:
        raise JournalError("the disk is full")

    bench.journal.grant = refuse
    bench.browser.script = [sent(bench)]
    bench.run(posting)
    assert bench.decision(decision)["status"] == "uncertain"


def test_b1_a_post_that_appears_after_it_was_given_up_gets_its_receipt_all_the_same(bench: Bench) -> None:
    decision = bench.queue()
    bench.browser.script = [commits(AfterCommitError("gone"))]
    bench.run(posting)
    for minutes in range(5, 40, 5):
        bench.now = START + minutes * MINUTE
        bench.browser.script = [timeline(at=START + MINUTE)]
        bench.run(posting)
        if bench.decision(decision)["status"] == "failed":
            break
    assert bench.decision(decision)["status"] == "failed"
    hand_over(bench, "boot-2", has_read=False)
    bench.boot = "boot-2"
    bench.queue("Ink dries before the thought does.")
    late = own(bench.decision(decision)["text"], START + 3 * MINUTE)
    bench.browser.script = [timeline(late, at=bench.now), sent(bench)]
    bench.run(posting)
    assert (bench.decision(decision)["status"], bench.decision(decision)["tweet_id"]) == ("posted", late.id)


def test_c6_caps_roll_over_midnight_and_over_the_changes_of_clocks_like_over_any_other_hour(bench: Bench) -> None:
    bench.configure(spacing=timedelta(0), content_per_hour=1, content_per_day=2)
    bench.now = START.replace(month=3, day=29, hour=0, minute=30)  # the night of the change in Europe
    for _ in range(26):
        bench.queue()
        bench.browser.script = [sent(bench)]
        bench.run(posting)
        bench.now += timedelta(hours=1)
    times = [row["intent_at"] for row in bench.rows("SELECT intent_at FROM publish_attempts ORDER BY intent_at")]
    assert [time - times[0] for time in times] == [timedelta(hours=hours) for hours in (0, 1, 24, 25)]


def test_c3_a_receipt_that_the_ledger_cannot_take_is_told_and_holds_up_nothing_else(
    bench: Bench, caplog: pytest.LogCaptureFixture
) -> None:
    bench.configure(spacing=timedelta(0))
    first = bench.queue()
    bench.browser.script = [sent(bench)]
    bench.run(posting)
    poisoned, good = bench.queue(), bench.queue("Tea cools faster in a wide cup than in a tall one.")
    (known,) = bench.rows("SELECT tweet_id FROM receipts")
    fresh = commits(published(id_at(bench.now, 9)), site_time=bench.now)
    bench.browser.script = [commits(published(known["tweet_id"]), site_time=bench.now), fresh]
    for _ in range(2):
        bench.run(posting)
        bench.browser.script = [timeline(at=bench.now)]
    assert [bench.decision(each)["status"] for each in (first, poisoned, good)] == ["posted", "uncertain", "posted"]
    assert "ledger_conflict" in [getattr(record, "action", "") for record in caplog.records]


def test_c3_a_given_up_text_that_was_queued_anew_and_then_appears_is_told_and_adopted(bench: Bench) -> None:
    text = "A loaf rests before it is cut."
    decision = bench.queue(text)
    bench.browser.script = [commits(AfterCommitError("gone"))]
    bench.run(posting)
    with bench.database.unguarded():
        bench.rows("UPDATE publish_attempts SET result = 'unresolved'")
        bench.rows("UPDATE decisions SET status = 'failed'")
    again, other = bench.queue(text), bench.queue("Rain on a tin roof is louder than it is heavy.")
    hand_over(bench, "boot-2", has_read=False)
    bench.boot, bench.now = "boot-2", START + timedelta(hours=2)
    late = own(text, START + MINUTE)
    bench.browser.script = [timeline(late, at=bench.now), sent(bench)]
    bench.run(posting)
    assert bench.decision(decision)["status"] == "failed"
    assert bench.decision(again)["reason"] == f"duplicate: of {late.id}"
    assert bench.decision(other)["status"] == "posted"


def test_b6_a_doubt_halfway_to_a_proof_ends_all_the_same(bench: Bench) -> None:
    decision = bench.queue()
    bench.browser.script = [commits(AfterCommitError("gone"))]
    bench.run(posting)
    for minutes in range(5, 300, 5):
        bench.now = START + minutes * MINUTE
        bench.browser.script = [timeline(at=bench.now, reached_back=minutes == 5)]
        bench.run(posting)
        if bench.decision(decision)["status"] != "uncertain":
            break
    assert (bench.decision(decision)["status"], minutes) == ("failed", 125)


def test_b8_of_two_doubts_that_say_the_same_the_later_one_gets_the_post_that_was_minted_after_it(bench: Bench) -> None:
    bench.configure(spacing=timedelta(0))
    threads = [thread("The same opening.", f"And then {end}.", due=START) for end in ("this", "that quite other end")]
    for row in threads:
        bench.database.run("insert_decision", **row)
        unseen = [LoggedOutError("no look")] if row is threads[1] else []
        bench.browser.script = [*unseen, commits(AfterCommitError("gone"), site_time=bench.now)]
        bench.run(posting)
        bench.now += MINUTE
    seen = own("The same opening.", bench.now)
    bench.now += 5 * MINUTE
    bench.browser.script = [timeline(seen, at=bench.now), LoggedOutError("stop here")]
    bench.run(posting)
    ids = [bench.decision(row["decision_id"])["tweet_id"] for row in threads]
    assert ids == [None, seen.id]


def test_b12_a_part_that_stands_there_already_is_not_published_again_by_a_ledger_that_forgot_it(bench: Bench) -> None:
    row = thread("The first part.", "The second part.", due=START)
    bench.database.run("insert_decision", **row)
    bench.browser.script = [sent(bench), LoggedOutError("wall")]
    bench.run(posting)
    hand_over(bench, "boot-2", has_read=False)
    bench.boot, bench.now = "boot-2", START + timedelta(hours=1)
    bench.browser.script = [timeline(own("The second part.", START + MINUTE, 5, "commons_daily"), at=bench.now)]
    bench.run(posting)
    assert "stands on the account already" in bench.decision(row["decision_id"])["reason"]
