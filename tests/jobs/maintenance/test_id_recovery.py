"""Recovery from damage: whatever was lost or is wrong comes back, and nothing is ever published by it."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from actors.domain.outcome import Blocked, Done
from actors.errors import AfterCommitError, LoggedOutError
from actors.jobs.maintenance.id_recovery import id_recovery
from tests.fakes import thread
from tests.jobs.doors import MINUTE, START
from tests.jobs.maintenance.room import FOREIGN, OURS

if TYPE_CHECKING:
    import uuid
    from collections.abc import Callable, Collection

    from tests.jobs.maintenance.room import Room

PARTS = ("Three things of sleep.", "First, a cold room.", "Second, no screens.")
HOUR = timedelta(hours=1)


def actions(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [getattr(record, "action", "") for record in caplog.records]


def test_b2_a_receipt_that_was_lost_comes_back_from_the_decision_without_a_look_at_the_site(room: Room) -> None:
    decision = room.single()
    room.damage(f"DELETE FROM receipts WHERE decision_id = '{decision}'")
    looks = room.site.looks

    assert room.recover("tweet_id_recovery") == Done({"healed": 1, "left": 0})

    room.agree()
    assert room.bench.rows("SELECT evidence FROM receipts") == [{"evidence": "ledger"}]
    assert room.site.looks == looks


def test_c1_an_attempt_that_was_lost_with_its_receipt_counts_in_the_caps_again(room: Room) -> None:
    decision = room.single()
    room.damage("DELETE FROM receipts", "DELETE FROM publish_attempts")
    assert room.bench.rows("SELECT 1 FROM publications") == []

    room.recover("tweet_id_recovery")

    room.agree()
    assert len(room.bench.rows("SELECT 1 FROM publications")) == 1
    assert len(room.bench.rows(f"SELECT 1 FROM checkpoints WHERE decision_id = '{decision}'")) == 6


def test_a_receipt_whose_attempt_went_back_takes_it_along_again(room: Room) -> None:
    room.single()
    room.damage("UPDATE publish_attempts SET result = 'open'", "UPDATE decisions SET status = 'queued'")

    room.recover("tweet_id_recovery")

    room.agree()


@pytest.mark.parametrize("lost", [(0,), (1,), (2,), (1, 2), (0, 2), (0, 1, 2)])
def test_b12_lost_parts_of_a_posted_thread_are_found_along_its_chain(room: Room, lost: tuple[int, ...]) -> None:
    room.single("First, a cold room.")  # says the same, and answers nobody
    decision = room.thread(*PARTS)
    places = ", ".join(map(str, lost))
    room.damage(f"DELETE FROM receipts WHERE decision_id = '{decision}' AND part IN ({places})")

    outcome = room.recover("tweet_id_recovery", "id_recovery")

    assert isinstance(outcome, Done)
    room.agree()


@pytest.mark.parametrize("is_posting_first", [False, True])
def test_b3_what_an_older_copy_forgot_is_posted_again_by_evidence_and_never_by_a_click(
    room: Room, *, is_posting_first: bool
) -> None:
    decisions = [room.single(), room.thread(*PARTS), room.reply("Beans keep in a cellar.")]
    for each in decisions:
        room.forget(each)
    room.bench.now += HOUR / 4
    published = len(room.site.posts)
    room.bench.journal.settled.clear()
    room.bench.database.run("timeline_is_unread", boot_id="boot")
    if is_posting_first:
        room.post()
        assert {room.state(each) for each in decisions} == {"skipped"}
        assert len(room.site.posts) == published

    room.recover("phantom_recovery")

    room.agree()
    room.post()
    assert len(room.site.posts) == published


def settle_over(room: Room, minutes: int = 40) -> None:
    """Let posting run over and over for so long."""
    for _ in range(minutes // 8):
        room.bench.now += 8 * MINUTE
        room.post()


@pytest.mark.parametrize("known", [0, 1, 2])
def test_b12_half_a_thread_that_was_forgotten_is_gone_on_with_only_after_its_rest_is_proven_absent(
    room: Room, known: int
) -> None:
    """Of which nothing is known (0) it is a person's; with all of it known (1) or a part of it (2) it is ours."""
    decision = half(room, *PARTS)
    if known == 2:
        post_one_part(room)
    published = len(room.site.posts)
    room.forget(decision, since=min(known, 1))

    room.recover("phantom_recovery")

    assert room.state(decision) == ("skipped", "queued", "uncertain")[known]
    assert len(room.ids(decision)) == (published if known else 0)
    if known != 1:
        room.post()
        assert len(room.site.posts) == published, "one look proves nothing"
    settle_over(room)
    if known:
        room.agree()
    assert len(room.site.posts) == (len(PARTS) if known else published)


@pytest.mark.parametrize("by_hand", [PARTS[:1], (*PARTS[:2], "Second, no screens in bed.")])
def test_b11_a_thread_that_was_never_clicked_is_not_gone_on_with_where_a_person_began_it(
    room: Room, by_hand: tuple[str, ...]
) -> None:
    row = thread(*PARTS, due=room.bench.now + 2 * HOUR, now=room.bench.now)
    room.bench.database.run("insert_decision", **row)
    for number, text in enumerate(by_hand):
        room.bench.now += MINUTE
        room.site.write(text, OURS if number else None)

    room.recover("phantom_recovery")
    room.bench.now += 3 * HOUR
    room.post()
    settle_over(room)

    assert [post.text for post in room.site.posts] == list(by_hand)
    assert room.state(row["decision_id"]) == "skipped"
    assert len(room.bench.rows("SELECT 1 FROM own_posts")) == len(by_hand)


@pytest.mark.parametrize("since", [0, 1])
@pytest.mark.parametrize("unclear", ["", None])
def test_b3_the_last_part_of_a_forgotten_thread_that_no_look_shows_is_not_published_again(
    room: Room, since: int, unclear: str | None
) -> None:
    """Its card cannot be read, or is not there: no look at it is conclusive."""
    decision = room.thread(*PARTS)
    room.forget(decision, since)
    room.bench.now += 10 * MINUTE
    room.bench.journal.settled.clear()  # which would have posting read the account first
    last = room.site.posts.pop()
    if unclear is not None:
        room.site.posts.append(replace(last, text=unclear))
    shown = len(room.site.posts)
    room.site.reached_back = False

    room.recover("phantom_recovery")
    room.post()
    settle_over(room, 80)

    assert len(room.site.posts) == shown
    assert room.state(decision) == ("failed" if since else "skipped")
    if unclear is None:
        room.site.posts.append(last)
    else:
        room.site.posts[-1] = last
    room.recover("phantom_recovery")
    room.agree()


def test_b11_a_thread_of_ours_that_a_person_ended_in_other_words_is_not_gone_on_with(
    room: Room, caplog: pytest.LogCaptureFixture
) -> None:
    decision = half(room, *PARTS)
    room.bench.now += MINUTE
    room.site.write(PARTS[1], OURS)
    room.site.write("Second, no screens in bed.", OURS)

    room.recover("phantom_recovery")
    settle_over(room)

    assert (room.state(decision), len(room.site.posts)) == ("failed", 3)
    assert [r.levelname for r in caplog.records if getattr(r, "action", "") == "healed"] == ["ERROR"]


def test_b6_a_failed_decision_that_is_on_the_account_becomes_posted_and_one_that_is_not_stays_failed(
    room: Room, caplog: pytest.LogCaptureFixture
) -> None:
    found, absent = room.bench.queue("A walk after lunch."), room.bench.queue("A nap after lunch.")
    room.damage(f"UPDATE decisions SET status = 'failed' WHERE decision_id IN ('{found}', '{absent}')")
    room.site.write("A walk after lunch.")

    assert room.recover("phantom_recovery") == Done({"checked": 2, "found": 1})

    assert (room.state(found), room.state(absent)) == ("posted", "failed")
    assert "healed" in actions(caplog)
    room.post()
    assert len(room.site.posts) == 1


def test_b11_a_post_from_before_the_decision_is_not_its_own(room: Room) -> None:
    room.site.write("A walk after lunch.")
    room.bench.now += HOUR
    decision = room.bench.queue("A walk after lunch.")
    assert room.recover("phantom_recovery") == Done({"checked": 1, "found": 0})
    assert room.state(decision) == "queued"


@pytest.mark.parametrize("moment", ["before_click", "after_click"])
@pytest.mark.parametrize("is_silent", [True, False])
def test_b5_beside_a_run_that_publishes_at_this_moment_nothing_is_doubled_and_no_claim_is_freed(
    room: Room, moment: str, *, is_silent: bool
) -> None:
    row = thread(*PARTS, due=room.bench.now)
    room.bench.database.run("insert_decision", **row)
    room.bench.database.run("timeline_is_unread", boot_id="boot")
    if is_silent:
        # The board knows nothing of the run that has begun this very moment.
        room.silence()
    seen: list[Any] = []

    def beside() -> None:
        before = room.bench.rows("SELECT status, claim_token, attempt FROM decisions")
        outcome = room.recover()
        seen.append(outcome)
        assert room.bench.rows("SELECT status, claim_token, attempt FROM decisions") == before

    setattr(room.site, moment, beside)
    room.post()

    assert len(seen) == 1
    room.agree()
    assert len(room.site.posts) == len(PARTS)


def test_b8_a_post_whose_receipt_is_being_written_is_nobody_elses(room: Room) -> None:
    rival = room.bench.queue(PARTS[0])
    room.damage("UPDATE decisions SET status = 'failed'")
    row = thread(*PARTS, due=room.bench.now)
    room.bench.database.run("insert_decision", **row)

    def beside() -> None:
        room.recover("phantom_recovery", "tweet_reconciliation")
        assert room.bench.rows("SELECT tweet_id FROM own_posts") == []

    room.site.after_click = beside
    room.post()
    assert (room.state(rival), room.state(row["decision_id"])) == ("failed", "posted")


def test_b5_what_a_run_claims_while_one_looks_for_it_is_left_to_that_run(room: Room) -> None:
    decision = room.single()
    room.forget(decision)

    def claim() -> None:
        params: Any = {"decision_id": decision, "token": decision, "run_id": "run", "lease_s": 60.0}
        room.bench.database.run("claim_decision", expect=1, **params)

    room.site.before_look = claim
    room.recover("phantom_recovery")
    assert (room.state(decision), room.ids(decision)) == ("claimed", [])


def test_b3_a_run_that_comes_while_a_decision_is_healed_finds_it_posted(room: Room) -> None:
    decision = room.single()
    room.forget(decision)
    due = room.bench.database.all("due_decisions", lane="content", now=room.bench.now, approval=False, limit=10)
    room.recover("phantom_recovery")
    claimed = room.bench.database.all(
        "claim_decision", decision_id=due[0]["decision_id"], token=due[0]["decision_id"], run_id="run", lease_s=60.0
    )
    assert claimed == []


def stuck(room: Room, state: str, *, ago: str = "1 hour") -> uuid.UUID:
    """Leave a decision in the hands of a run that died so long ago, with nothing of it in the journal."""
    decision = room.bench.queue()
    if state == "claimed":
        params: Any = {"decision_id": decision, "token": decision, "run_id": "dead", "lease_s": 60.0}
        room.bench.database.run("claim_decision", expect=1, **params)
    else:

        def die() -> None:
            raise KeyboardInterrupt

        room.site.after_click = die
        with pytest.raises(KeyboardInterrupt):
            room.post()
        room.bench.journal.grants.clear()
    room.bench.rows(f"UPDATE decisions SET lease_until_real = clock_timestamp() - interval '{ago}'")
    assert room.state(decision) == state
    return decision


def test_d10_while_posting_is_silent_its_stuck_claims_are_freed_and_its_open_attempts_found(room: Room) -> None:
    open_one, claimed = stuck(room, "publishing"), stuck(room, "claimed")
    room.silence()
    room.bench.now += 5 * MINUTE

    outcome = room.recover()

    assert isinstance(outcome, Done)
    assert (outcome.counts["id_recovery_queue.freed"], outcome.counts["id_recovery.found"]) == (1, 1)
    assert (room.state(claimed), room.state(open_one)) == ("queued", "posted")
    assert len(room.site.posts) == 1


def test_b5_a_claim_that_has_not_run_out_is_freed_by_nobody_but_posting(room: Room) -> None:
    decision = stuck(room, "claimed", ago="-1 minute")
    room.silence()
    room.recover()
    assert room.state(decision) == "claimed"


def test_d10_what_runs_left_is_left_to_posting_while_that_is_on_time(room: Room) -> None:
    open_one, claimed = stuck(room, "publishing"), stuck(room, "claimed")
    room.bench.now += 5 * MINUTE
    room.recover()
    assert (room.state(claimed), room.state(open_one)) == ("claimed", "publishing")


def test_b1_a_doubt_is_settled_in_the_stead_of_a_silent_posting_and_queued_again_only_when_proven_absent(
    room: Room,
) -> None:
    room.bench.database.run("set_flag", name="kill_switch", is_on=False, now=START, by="operator")
    decision = room.bench.queue()

    def lost() -> None:
        room.site.posts.clear()
        raise AfterCommitError("gone")

    room.site.after_click = lost
    room.post()
    assert room.state(decision) == "uncertain"
    room.silence()
    for minutes, state in ((5, "uncertain"), (15, "queued")):
        room.bench.now = START + minutes * MINUTE
        room.recover("id_recovery")
        assert room.state(decision) == state


@pytest.mark.parametrize("is_in_stead", [True, False])
def test_b1_a_doubt_is_settled_in_postings_stead_as_by_posting_by_a_look_that_reaches_no_further_back(
    room: Room, *, is_in_stead: bool
) -> None:
    room.single()
    room.bench.now += HOUR
    decision = room.bench.queue()

    def lost() -> None:
        room.site.posts.pop()
        raise AfterCommitError("gone")

    room.site.after_click = lost
    room.post()
    room.site.begins = room.bench.now - HOUR / 2
    if is_in_stead:
        room.silence()
    room.bench.configure(shadow=True)
    for _ in range(4):
        room.bench.now += 12 * MINUTE
        if is_in_stead:
            room.recover("id_recovery", "phantom_recovery")
        else:
            room.post()
    assert room.state(decision) == "queued"


def test_b8_what_is_in_doubt_is_not_adopted_by_a_look_in_postings_stead(room: Room) -> None:
    """Its post answers another than it is to, so it is neither found nor a stranger's for certain."""
    first = room.bench.queue("A walk after lunch.")

    def lost() -> None:
        room.site.posts[-1] = replace(room.site.posts[-1], replying_to="somebody")
        raise AfterCommitError("gone")

    room.site.after_click = lost
    room.post()
    room.silence()
    room.bench.now += 5 * MINUTE
    room.recover("id_recovery")
    assert room.state(first) == "uncertain"
    assert room.bench.rows("SELECT 1 FROM own_posts") == []


def test_b7_a_process_without_the_lease_recovers_nothing(room: Room) -> None:
    decision = room.single()
    room.damage("DELETE FROM receipts")
    room.bench.boot = "another"
    assert isinstance(room.recover(), Blocked)
    assert room.ids(decision) == []


def test_b8_an_id_that_is_another_posts_is_corrected_with_the_past_kept(
    room: Room, caplog: pytest.LogCaptureFixture
) -> None:
    decision = room.single()
    right = room.ids(decision)[0]
    room.misname(decision, FOREIGN)
    read(room, decision, FOREIGN)
    room.bench.rows("UPDATE checkpoints SET done_at = now(), late = false, result = 'read' WHERE kind = '15m'")
    room.bench.now += 5 * MINUTE

    outcome = room.recover("id_verification")

    assert isinstance(outcome, Done)
    assert (outcome.counts["wrong"], outcome.counts["corrected"]) == (1, 1)
    room.agree()
    assert "id_wrong" in actions(caplog)
    assert room.bench.rows("SELECT wrong_id, right_id FROM receipt_corrections") == [
        {"wrong_id": FOREIGN, "right_id": right}
    ]
    assert room.bench.rows("SELECT quality FROM metric_snapshots") == [{"quality": "rejected"}]
    assert room.bench.rows("SELECT 1 FROM checkpoints WHERE done_at IS NOT NULL") == []
    assert room.recover("id_verification") != outcome, "and it is not done twice"


def test_b8_two_receipts_that_bear_each_others_id_are_put_right_by_one_correction(room: Room) -> None:
    first, second = room.single(), room.single()
    ids = room.ids(first)[0], room.ids(second)[0]
    room.damage("DELETE FROM id_verifications")
    room.misname(first, FOREIGN)
    room.misname(second, ids[0])
    room.misname(first, ids[1])
    room.bench.now += 5 * MINUTE

    room.recover("id_verification")

    room.agree()
    assert len(room.bench.rows("SELECT 1 FROM receipt_corrections")) == 2


@pytest.mark.parametrize("part", [0, 1, 2])
def test_b8_a_part_of_a_thread_with_a_wrong_id_gets_its_own_back(room: Room, part: int) -> None:
    decision = room.thread(*PARTS)
    room.misname(decision, FOREIGN, part)
    room.bench.now += 5 * MINUTE
    room.recover("id_verification")
    room.agree()


def test_b8_a_wrong_id_whose_post_nobody_shows_stays_and_is_measured_no_more(room: Room) -> None:
    decision = room.single()
    room.misname(decision, FOREIGN)
    read(room, decision, FOREIGN)
    room.site.posts.clear()
    room.bench.now += HOUR
    room.recover("id_verification")
    assert room.ids(decision) == [FOREIGN]
    assert room.bench.rows("SELECT quality FROM metric_snapshots") == [{"quality": "rejected"}]
    assert due(room) == []
    assert room.state(decision) == "posted"


def read(room: Room, decision: uuid.UUID, tweet_id: str) -> None:
    """Let a post have been measured."""
    room.bench.rows(
        "INSERT INTO metric_snapshots (decision_id, tweet_id, checkpoint, taken_at, age_s, views, source, quality)"
        f" VALUES ('{decision}', '{tweet_id}', '15m', now(), 900, 8000, 'measured', 'ok')"
    )


def due(room: Room) -> list[Any]:
    return room.bench.database.all("due_checkpoints", lane="content", now=room.bench.now, limit=60)


def test_b17_a_post_that_a_person_deleted_is_noted_as_that_and_neither_measured_nor_published_again(
    room: Room, caplog: pytest.LogCaptureFixture
) -> None:
    decision = room.single()
    room.site.posts.clear()
    room.bench.now += 5 * MINUTE
    kept = room.site.write("Written by hand.")
    room.recover("id_verification")
    assert room.bench.rows("SELECT verdict FROM id_verifications") == [{"verdict": "missing"}]
    room.bench.now += 2 * HOUR
    assert len(due(room)) == 2, "one look is not enough"

    room.recover("id_verification")

    assert room.bench.rows("SELECT verdict FROM id_verifications") == [{"verdict": "deleted"}]
    assert due(room) == []
    for _ in range(3):
        room.bench.now += HOUR
        room.recover()
        room.post()
    assert room.site.posts == [kept]
    assert room.state(decision) == "posted"
    assert actions(caplog).count("post_deleted") == 1
    assert actions(caplog).count("id_missing") == 1


def verdicts(room: Room) -> list[str]:
    return [row["verdict"] for row in room.bench.rows("SELECT verdict FROM id_verifications ORDER BY tweet_id")]


def verify_hourly(room: Room, times: int) -> None:
    for _ in range(times):
        room.recover("id_verification")
        room.bench.now += HOUR + MINUTE


@pytest.mark.parametrize("is_empty", [True, False])
def test_b17_half_pages_are_no_deletion_without_a_look_that_proves_it(room: Room, *, is_empty: bool) -> None:
    """An empty timeline proves nothing for an account with receipts, and neither does one that did not reach back."""
    gone = room.ids(room.single())[0]
    room.site.half_pages, room.site.hidden, room.site.reached_back = {gone}, {gone}, is_empty
    if not is_empty:
        room.site.write("Written by hand.")
    room.bench.now += 5 * MINUTE
    verify_hourly(room, 3)
    assert verdicts(room) == ["missing"]
    assert len(due(room)) > 0


def test_b17_of_a_post_too_old_for_our_timeline_the_pages_own_word_is_taken_the_second_time(room: Room) -> None:
    room.single()
    room.bench.now += 72 * HOUR
    room.site.posts.clear()
    room.site.write("Written by hand.")
    room.recover("id_verification")
    room.bench.now += 25 * HOUR
    room.recover("id_verification")
    assert verdicts(room) == ["missing"], "without that word nothing is known"
    room.site.says_gone = True
    for verdict in ("gone", "deleted"):
        room.bench.now += 25 * HOUR
        room.recover("id_verification")
        assert verdicts(room) == [verdict]


def test_b17_a_post_that_was_taken_for_deleted_and_stands_there_is_measured_again(
    room: Room, caplog: pytest.LogCaptureFixture
) -> None:
    room.single()
    room.bench.rows("UPDATE checkpoints SET done_at = now(), late = false, result = 'read' WHERE kind = '15m'")
    posts = list(room.site.posts)
    room.site.posts.clear()
    room.bench.now += 5 * MINUTE
    room.site.write("Written by hand.")
    verify_hourly(room, 2)
    assert verdicts(room) == ["deleted"]
    room.site.posts = posts
    room.bench.now += 24 * HOUR
    room.recover("id_verification")
    assert verdicts(room) == ["deleted"], "it is not asked for each day"
    room.bench.now += 7 * 24 * HOUR
    room.recover("id_verification")
    assert verdicts(room) == ["right"]
    assert len(due(room)) == 5, "and what was read stays read"
    assert "post_returned" in actions(caplog)


def twins(room: Room) -> tuple[uuid.UUID, str, str]:
    """Publish a post, and let another one of ours say the same and be adopted; return the decision and both ids."""
    decision = room.single("A walk after lunch.")
    room.bench.now += HOUR
    twin = room.site.write("A walk after lunch.").id
    room.bench.now += HOUR / 2
    room.recover("tweet_reconciliation")
    assert len(room.bench.rows("SELECT 1 FROM publications")) == 2
    return decision, room.ids(decision)[0], twin


@pytest.mark.parametrize("is_hidden", [True, False])
def test_b8_pages_that_fail_give_no_receipt_to_another_post_unless_our_timeline_proves_it(
    room: Room, *, is_hidden: bool
) -> None:
    decision, own, _ = twins(room)
    room.site.half_pages, room.site.reached_back = {own}, not is_hidden
    room.site.hidden = {own} if is_hidden else set()
    verify_hourly(room, 3)
    assert room.ids(decision) == [own]
    assert verdicts(room) == ["missing"]
    assert len(room.bench.rows("SELECT 1 FROM publications")) == 2


def test_b8_one_failed_page_gives_no_receipt_to_another_post_whatever_our_timeline_shows(room: Room) -> None:
    decision, own, _ = twins(room)
    room.site.half_pages, room.site.hidden = {own}, {own}
    verify_hourly(room, 1)
    room.site.half_pages, room.site.hidden = set(), set()
    verify_hourly(room, 1)
    assert room.ids(decision) == [own]
    assert verdicts(room) == ["right"]


def test_c1_what_a_receipt_is_corrected_from_still_counts_in_the_caps_and_is_not_said_again(room: Room) -> None:
    decision, own, twin = twins(room)
    room.site.half_pages, room.site.hidden = {own}, {own}
    verify_hourly(room, 2)
    assert room.ids(decision) == [twin]
    assert room.bench.rows("SELECT tweet_id, text, lane FROM own_posts") == [
        {"tweet_id": own, "text": "A walk after lunch.", "lane": "content"}
    ]
    assert len(room.bench.rows("SELECT 1 FROM publications")) == 2


def test_c1_a_post_of_ours_whose_id_another_receipt_bore_is_adopted_with_that_correction(room: Room) -> None:
    decision = room.single()
    other = room.site.write("Written by hand.")
    room.misname(decision, other.id)
    room.bench.now += 5 * MINUTE
    room.recover("id_verification")
    assert room.bench.rows("SELECT tweet_id, text, lane FROM own_posts") == [
        {"tweet_id": other.id, "text": "Written by hand.", "lane": "content"}
    ]
    assert len(room.bench.rows("SELECT 1 FROM publications")) == 2


def test_b8_a_page_without_readable_text_says_nothing_of_its_id(room: Room) -> None:
    decision = room.single()
    own = room.ids(decision)[0]
    read(room, decision, own)
    room.site.rewritten = {own: ""}
    room.bench.now += 5 * MINUTE
    verify_hourly(room, 2)
    assert verdicts(room) == ["unread"]
    room.site.rewritten.clear()
    verify_hourly(room, 1)
    assert verdicts(room) == ["right"]
    assert room.bench.rows("SELECT quality FROM metric_snapshots") == [{"quality": "ok"}]


def test_b8_other_words_seen_once_take_back_no_reading_and_seen_twice_they_do(room: Room) -> None:
    decision = room.single()
    own = room.ids(decision)[0]
    read(room, decision, own)
    room.site.rewritten = {own: "Another post."}
    room.bench.now += 5 * MINUTE
    for verdict, quality in (("differs", "ok"), ("wrong", "rejected")):
        verify_hourly(room, 1)
        assert verdicts(room) == [verdict]
        assert room.bench.rows("SELECT quality FROM metric_snapshots") == [{"quality": quality}]


def test_g2_an_id_that_stays_wrong_is_told_once_and_ends_to_be_called_for(
    room: Room, caplog: pytest.LogCaptureFixture
) -> None:
    room.misname(room.single(), FOREIGN)
    room.site.posts.clear()
    room.bench.now += 5 * MINUTE
    verify_hourly(room, 3)
    assert actions(caplog).count("id_wrong") == 1
    room.recover("id_health_monitor")
    assert actions(caplog).count("ids_unsound") == 1
    room.bench.now += 25 * HOUR
    room.recover("id_verification", "id_health_monitor")
    assert verdicts(room) == ["wrong"]
    assert actions(caplog).count("ids_unsound") == 1


def test_an_id_in_doubt_is_opened_before_all_that_were_never_opened(room: Room) -> None:
    gone = room.ids(room.single())[0]
    room.site.half_pages = {gone}
    room.bench.now += 5 * MINUTE
    room.recover("id_verification")
    for _ in range(6):
        room.single()
    room.bench.now += HOUR + MINUTE
    opened = len(room.site.errands)
    room.recover("id_verification")
    assert room.site.errands[opened].tweet_id == gone


def test_d4_no_id_is_opened_when_the_looks_before_have_used_up_the_runs_time(room: Room) -> None:
    room.single()
    room.bench.queue("Not yet.", at=room.bench.now + 6 * HOUR)
    room.bench.now += 5 * MINUTE

    def linger() -> None:
        room.bench.now += 4 * MINUTE

    room.site.before_look = linger
    room.recover("phantom_recovery", "id_verification")
    assert verdicts(room) == []
    room.recover("id_verification")
    assert verdicts(room) == ["right"]


def test_h8_metrics_scraper_answers_differently_when_id_verifications_change(room: Room) -> None:
    room.single()
    room.bench.now += HOUR
    room.recover("id_verification")
    assert len(due(room)) == 2
    room.bench.rows("UPDATE id_verifications SET verdict = 'wrong'")
    assert due(room) == []


def test_d4_our_timeline_is_not_asked_when_the_pages_have_used_up_the_runs_time(room: Room) -> None:
    decision = room.single()
    own = room.ids(decision)[0]
    room.misname(decision, FOREIGN)
    room.bench.now += 5 * MINUTE
    room.site.page_takes, looks = 4 * MINUTE, room.site.looks
    room.recover("id_verification")
    assert (verdicts(room), room.site.looks) == (["wrong"], looks)
    room.site.page_takes = timedelta()
    room.bench.now += HOUR + MINUTE
    room.recover("id_verification")
    assert room.ids(decision) == [own]


def test_b2_posts_that_the_ledger_does_not_know_are_adopted_and_receipts_without_a_post_are_opened_next(
    room: Room, caplog: pytest.LogCaptureFixture
) -> None:
    gone, kept = room.single(), room.single()
    room.bench.now += 5 * MINUTE
    room.recover("id_verification")
    stranger = room.site.write("Written by hand.")
    room.site.posts = [post for post in room.site.posts if post.id != room.ids(gone)[0]]

    assert room.recover("tweet_reconciliation") == Done({"shown": 2, "adopted": 1, "unseen": 1})

    assert room.bench.rows("SELECT tweet_id FROM own_posts") == [{"tweet_id": stranger.id}]
    assert "posts_unseen" in actions(caplog)
    room.bench.now += MINUTE
    opened = len(room.site.errands)
    room.recover("id_verification")
    assert [getattr(each, "tweet_id", "") for each in room.site.errands[opened:]][:1] == room.ids(gone)
    assert room.state(kept) == "posted"


def test_b2_an_empty_timeline_puts_no_receipt_in_doubt(room: Room, caplog: pytest.LogCaptureFixture) -> None:
    room.single()
    room.site.posts.clear()
    room.bench.now += HOUR
    room.recover("tweet_reconciliation")
    assert verdicts(room) == []
    assert "posts_unseen" not in actions(caplog)


@pytest.mark.parametrize("stage", ["id_recovery", "phantom_recovery", "id_verification"])
def test_b11_whichever_look_shows_what_a_person_wrote_it_counts_from_then_on(room: Room, stage: str) -> None:
    decision = room.single()
    if stage == "id_recovery":
        room.damage("DELETE FROM receipts")
    if stage == "id_verification":
        room.misname(decision, FOREIGN)
    room.bench.queue("Not yet.", at=room.bench.now + HOUR)
    room.bench.now += 5 * MINUTE
    stranger = room.site.write("Written by hand.")
    room.recover(stage)
    assert room.bench.rows("SELECT tweet_id FROM own_posts") == [{"tweet_id": stranger.id}]


def test_b2_a_look_that_did_not_reach_back_says_of_no_receipt_that_its_post_is_gone(room: Room) -> None:
    room.single()
    room.site.posts.clear()
    room.bench.now += HOUR
    room.site.write("Written by hand.")
    room.site.reached_back = False
    assert room.recover("tweet_reconciliation") == Done({"shown": 1, "adopted": 1, "unseen": 0})


def test_b6_a_decision_whose_attempt_lost_its_end_is_a_doubt_again_and_blocks_nobody(room: Room) -> None:
    stranded = room.single()
    room.damage(
        "DELETE FROM receipts",
        "UPDATE publish_attempts SET result = 'open'",
        "UPDATE decisions SET status = 'queued', tweet_id = NULL, posted_at = NULL",
    )
    room.site.posts.clear()
    room.bench.now += MINUTE
    room.recover("id_recovery")
    assert room.state(stranded) == "uncertain"
    other = room.bench.queue()
    room.post()
    assert room.state(other) == "posted"


def test_b6_a_decision_whose_attempt_had_posted_fails_for_good_though_nobody_shows_its_post(room: Room) -> None:
    decision = room.single()
    room.damage("DELETE FROM receipts", "UPDATE decisions SET status = 'queued', tweet_id = NULL, posted_at = NULL")
    room.site.posts.clear()
    for _ in range(4):
        room.bench.now += HOUR
        room.recover()
        room.post()
    assert room.state(decision) == "failed"
    assert room.site.posts == []


def test_one_look_at_the_timeline_serves_every_stage_of_a_run(room: Room) -> None:
    lost, wrong = room.thread(*PARTS), room.single()
    room.damage(f"DELETE FROM receipts WHERE decision_id = '{lost}' AND part = 2")
    room.misname(wrong, FOREIGN)
    room.bench.queue("Not yet.", at=room.bench.now + HOUR)
    room.bench.now += 5 * MINUTE
    looks = room.site.looks
    outcome = room.recover("id_recovery", "phantom_recovery", "tweet_reconciliation")
    assert isinstance(outcome, Done)
    assert {name.split(".")[0] for name in outcome.counts} == {
        *("id_recovery", "phantom_recovery", "tweet_reconciliation")
    }
    assert room.site.looks == looks + 1


def test_b2_posts_without_an_id_and_late_doubts_are_counted_and_said(
    room: Room, caplog: pytest.LogCaptureFixture
) -> None:
    room.single()
    room.single()
    healthy = room.recover("id_health_monitor")
    assert isinstance(healthy, Done)
    assert "ids_unsound" not in actions(caplog)
    room.damage("DELETE FROM receipts WHERE ctid IN (SELECT ctid FROM receipts LIMIT 1)")
    outcome = room.recover("id_health_monitor")
    assert isinstance(outcome, Done)
    assert (outcome.counts["posted"], outcome.counts["without_id"]) == (2, 1)
    assert [r.levelname for r in caplog.records if getattr(r, "action", "") == "ids_unsound"] == ["ERROR"]


def test_h8_id_health_monitor_answers_differently_when_receipt_corrections_change(room: Room) -> None:
    decision = room.single()
    before = room.recover("id_health_monitor")
    assert isinstance(before, Done)
    room.misname(decision, FOREIGN)
    room.bench.now += 5 * MINUTE
    room.recover("id_verification")
    after = room.recover("id_health_monitor")
    assert isinstance(after, Done)
    assert (before.counts["corrected"], after.counts["corrected"]) == (0, 1)


KINDS = ("receipt", "attempt too", "older copy", "wrong id", "half thread", "none")


def harm(room: Room, decision: uuid.UUID, kind: str) -> None:
    """Do some damage to one decision."""
    where = f"WHERE decision_id = '{decision}'"
    parts = len(room.ids(decision))
    if kind in ("receipt", "attempt too"):
        room.damage(f"DELETE FROM id_verifications {where}", f"DELETE FROM receipts {where}")
    if kind == "attempt too":
        room.damage(f"DELETE FROM publish_attempts {where}")
    if kind == "older copy":
        room.forget(decision)
    if kind == "half thread" and parts > 1:
        room.forget(decision, since=1)
    if kind == "wrong id" and not room.bench.rows(f"SELECT 1 FROM receipts WHERE tweet_id = '{FOREIGN}'"):
        room.misname(decision, FOREIGN, parts - 1)


@pytest.mark.parametrize("seed", range(2))
def test_b3_b6_b8_b12_whatever_is_damaged_at_random_all_of_it_heals_and_nothing_is_published_again(
    room: Room, seed: int
) -> None:
    chance = random.Random(seed)
    decisions = [room.single() for _ in range(5)]
    decisions += [room.reply("Beans keep in a cold cellar."), room.reply("Quiet trains show more of the land.")]
    decisions += [
        room.thread(*PARTS),
        room.thread("Old maps.", "Rye bread.", "Tin roofs."),
        room.thread("Fog.", "Owls."),
    ]
    truth = list(room.site.posts)
    for decision in decisions:
        harm(room, decision, chance.choice(KINDS))
    room.bench.database.run("timeline_is_unread", boot_id="boot")
    for _ in range(12):
        room.bench.now += 6 * MINUTE
        chance.choice([room.post, room.recover])()
    for _ in range(3):
        room.bench.now += HOUR
        room.recover()

    assert room.site.posts == truth
    room.agree()


def test_every_stage_has_a_result_of_its_own(room: Room) -> None:
    room.single()
    room.bench.now += 5 * MINUTE
    room.bench.run(id_recovery)
    stages = {row["stage"] for row in room.bench.rows("SELECT stage FROM stage_runs")}
    assert stages == set(id_recovery.stages)
    assert room.bench.config.platform.account == OURS


def test_b13_a_part_whose_predecessor_was_corrected_after_the_run_read_it_is_not_published_under_the_wrong_post(
    room: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    decision = half(room, *PARTS)
    right, other = room.ids(decision)[0], room.site.write("Something else of ours.").id
    room.misname(decision, other)
    room.bench.now += 5 * MINUTE

    def correct() -> None:
        context = room.bench.context
        room.recover("id_verification")
        room.bench.context = context
        assert room.ids(decision) == [right]

    after_query(room, monkeypatch, ("due_decisions",), correct)
    room.post()
    assert len(room.ids(decision)) == 1, "the commit point did not let it"
    room.post()
    answered = room.bench.rows("SELECT target_id FROM publish_attempts WHERE part = 1")
    assert (room.state(decision), answered) == ("posted", [{"target_id": right}])


def half(room: Room, *parts: str) -> uuid.UUID:
    """Publish the first part of a thread, and let a wall stop the second one."""
    row = thread(*parts, due=room.bench.now)
    room.bench.database.run("insert_decision", **row)
    post_one_part(room)
    assert len(room.site.posts) == 1
    decision_id: uuid.UUID = row["decision_id"]
    return decision_id


def post_one_part(room: Room) -> None:
    """Publish the next part of a thread, and let a wall stop the one after it."""

    def stop() -> None:
        raise LoggedOutError("wall")

    def again() -> None:
        room.site.before_click = stop

    room.site.after_click = again
    room.post()


def after_query(room: Room, patch: pytest.MonkeyPatch, queries: Collection[str], then: Callable[[], None]) -> list[str]:
    """Do something once, right after the first of these queries; return the list of those that are asked."""
    ask, todo = room.bench.database.all, [then]
    asked: list[str] = []

    def answer(query: str, /, **params: Any) -> Any:
        rows = ask(query, **params)
        if query in queries:
            asked.append(query)
            if todo:
                todo.pop()()
        return rows

    patch.setattr(room.bench.database, "all", answer)
    return asked
