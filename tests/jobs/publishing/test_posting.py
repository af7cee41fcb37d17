"""Posting against a real ledger: each way an attempt can end leads to the one right state."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from actors.domain.outcome import Blocked, Done, Nothing, Snooze
from actors.domain.snowflake import created_at, id_at
from actors.errors import (
    AfterCommitError,
    CommitRefusedError,
    ComposerMismatchError,
    DeadlineError,
    LoggedOutError,
    PageChangedError,
    ResourceDiedError,
    SiteBusyError,
)
from actors.jobs.publishing.posting import posting
from actors.pages.timeline import OwnPost
from tests.jobs.doors import MINUTE, START, Bench, commits, published, timeline

if TYPE_CHECKING:
    import uuid


def own_post(text: str, at: Any = START, sequence: int = 0) -> OwnPost:
    tweet_id = id_at(at, sequence)
    return OwnPost(tweet_id, text, created_at(tweet_id), None)


def attempts(bench: Bench, decision: uuid.UUID) -> list[str]:
    rows = bench.rows(f"SELECT result FROM publish_attempts WHERE decision_id = '{decision}' ORDER BY attempt")
    return [row["result"] for row in rows]


def doubtful(bench: Bench, error: Exception | None = None) -> uuid.UUID:
    """Bring one decision into doubt and return it."""
    decision = bench.queue()
    bench.browser.script = [commits(error or AfterCommitError("gone"))]
    bench.run(posting)
    assert bench.decision(decision)["status"] == "uncertain"
    return decision


@pytest.mark.parametrize("evidence", ["response", "toast"])
def test_b1_an_id_from_response_or_toast_is_a_receipt_with_its_checkpoints(bench: Bench, evidence: str) -> None:
    decision, tweet_id = bench.queue(), id_at(START)
    bench.browser.script = [commits(published(tweet_id, evidence))]
    outcome = bench.run(posting)
    assert isinstance(outcome, Done)
    assert outcome.counts["published"] == 1
    row = bench.decision(decision)
    assert (row["status"], row["tweet_id"], row["posted_at"]) == ("posted", tweet_id, START)
    assert bench.rows("SELECT tweet_id, evidence FROM receipts") == [{"tweet_id": tweet_id, "evidence": evidence}]
    assert len(bench.rows("SELECT 1 FROM checkpoints")) == 6
    assert attempts(bench, decision) == ["posted"]


@pytest.mark.parametrize(
    "result",
    [
        AfterCommitError("broke"),
        DeadlineError("destroyed"),
        ResourceDiedError("chromium gone"),
        published(None, "none"),
        published(None, "duplicate"),
        published(None, "none", clicked=False),
    ],
)
def test_b4_past_the_commit_point_nothing_but_doubt_follows_without_an_id(bench: Bench, result: Any) -> None:
    decision = bench.queue()
    bench.browser.script = [commits(result)]
    bench.run(posting)
    assert bench.decision(decision)["status"] == "uncertain"
    assert attempts(bench, decision) == ["uncertain"]
    assert bench.rows("SELECT 1 FROM receipts") == []


@pytest.mark.parametrize(
    "error", [LoggedOutError("login wall"), SiteBusyError("429"), PageChangedError("composer", "/compose/post")]
)
def test_e1_a_wall_before_the_commit_point_blocks_the_run_and_keeps_the_decision(
    bench: Bench, error: Exception
) -> None:
    decision, other = bench.queue(), bench.queue()
    bench.browser.script = [error]
    outcome = bench.run(posting)
    assert isinstance(outcome, Blocked)
    assert str(error) in outcome.reason
    assert {bench.decision(d)["status"] for d in (decision, other)} == {"queued"}
    assert attempts(bench, decision) == []


def test_c3_a_poisoned_decision_fails_alone_after_its_tries_and_the_others_go_out(bench: Bench) -> None:
    bench.configure(spacing=timedelta(0), content_per_hour=20)
    poison = bench.queue(at=START - MINUTE)
    good = [bench.queue() for _ in range(3)]
    mismatch = ComposerMismatchError("composer", "/compose/post")
    bench.browser.script = [mismatch, *(commits(published(id_at(START, n))) for n in range(3))]
    bench.run(posting)
    assert {bench.decision(d)["status"] for d in good} == {"posted"}
    for _ in range(2):
        bench.browser.script = [mismatch]
        bench.run(posting)
    assert bench.decision(poison)["status"] == "failed"


def test_a_refusal_at_the_commit_point_leaves_no_intent(bench: Bench) -> None:
    decision = bench.queue()
    bench.browser.script = [CommitRefusedError("too late")]
    bench.run(posting)
    assert bench.decision(decision)["status"] == "queued"
    assert attempts(bench, decision) == []


def test_k4_the_kill_switch_turned_while_typing_stops_the_click(bench: Bench) -> None:
    decision = bench.queue()

    def switched_while_typing(errand: Any, on_commit: Any) -> Any:
        bench.database.run("set_flag", name="kill_switch", is_on=True, now=bench.now, by="operator")
        return commits(published(id_at(START)))(errand, on_commit)

    bench.browser.script = [switched_while_typing]
    bench.run(posting)
    assert bench.decision(decision)["status"] == "queued"
    assert attempts(bench, decision) == []
    assert isinstance(bench.run(posting), Blocked)


def test_c1_twenty_due_decisions_never_exceed_the_caps_of_any_sliding_hour(bench: Bench) -> None:
    bench.configure(spacing=timedelta(0), content_per_hour=4, content_per_day=10)
    for _ in range(20):
        bench.queue()
    sequence = 0
    for _ in range(120):
        bench.browser.script = [commits(published(id_at(bench.now, sequence + n))) for n in range(20)]
        sequence += 20
        bench.run(posting)
        bench.now += 15 * MINUTE
    times = [row["intent_at"] for row in bench.rows("SELECT intent_at FROM publish_attempts ORDER BY intent_at")]
    assert len(times) == 20
    for start in times:
        assert sum(start <= time < start + timedelta(hours=1) for time in times) <= 4
        assert sum(start <= time < start + timedelta(hours=24) for time in times) <= 10


def test_the_spacing_makes_the_run_come_back_exactly_when_it_ends(bench: Bench) -> None:
    bench.queue()
    bench.queue()
    bench.browser.script = [commits(published(id_at(START)))]
    bench.run(posting)
    bench.now += MINUTE
    outcome = bench.run(posting)
    assert isinstance(outcome, Snooze)
    assert outcome.until == START + bench.config.publishing.spacing


def test_c7_an_empty_queue_calls_plan(bench: Bench) -> None:
    assert isinstance(bench.run(posting), Nothing)
    assert bench.jobs.triggered == ["plan"]


def test_b1_a_doubtful_post_found_on_the_timeline_gets_its_receipt(bench: Bench) -> None:
    decision = doubtful(bench)
    post = own_post(bench.decision(decision)["text"], START + timedelta(seconds=2))
    bench.browser.script = [timeline(post, at=START + MINUTE)]
    bench.now += 5 * MINUTE
    bench.run(posting)
    row = bench.decision(decision)
    assert (row["status"], row["tweet_id"]) == ("posted", post.id)
    assert bench.rows("SELECT evidence FROM receipts") == [{"evidence": "timeline"}]


def test_b8_another_post_with_the_same_text_from_before_the_attempt_is_no_evidence(bench: Bench) -> None:
    decision = doubtful(bench)
    old = own_post(bench.decision(decision)["text"], START - timedelta(days=2))
    bench.browser.script = [timeline(old, at=START + 10 * MINUTE)]
    bench.now += 10 * MINUTE
    bench.run(posting)
    assert bench.decision(decision)["status"] == "uncertain"


def test_b6_two_conclusive_scans_five_minutes_apart_free_it_for_a_new_intent(bench: Bench) -> None:
    decision = doubtful(bench)
    for minutes, expected in ((5, "uncertain"), (9, "uncertain"), (10, "queued")):
        bench.now = START + minutes * MINUTE
        # The second scan finds the decision free, and publishing it is the next thing the run does.
        bench.browser.script = [timeline(at=bench.now), PageChangedError("stop here", "test")]
        bench.run(posting)
        assert bench.decision(decision)["status"] == expected
    assert attempts(bench, decision) == ["absent"]
    bench.browser.script = [commits(published(id_at(bench.now)), site_time=bench.now)]
    bench.run(posting)
    assert attempts(bench, decision) == ["absent", "posted"]


@pytest.mark.parametrize("scan", [{"reached_back": False}, "lag", LoggedOutError("wall")])
def test_b6_a_scan_that_proves_nothing_never_frees_it_and_a_person_is_called_in_the_end(
    bench: Bench, scan: Any
) -> None:
    decision = doubtful(bench)
    for minutes in range(5, 35, 5):
        bench.now = START + minutes * MINUTE
        if isinstance(scan, Exception):
            bench.browser.script = [scan]
        elif scan == "lag":
            bench.browser.script = [timeline(at=START + MINUTE)]
        else:
            bench.browser.script = [timeline(at=bench.now, **scan)]
        bench.run(posting)
    assert bench.decision(decision)["status"] == "uncertain"
    bench.now = START + 31 * MINUTE
    bench.browser.script = [ResourceDiedError("no browser")]
    bench.run(posting)
    assert bench.decision(decision)["status"] == "failed"
    assert attempts(bench, decision) == ["unresolved"]


def test_a_third_absence_fails_it_for_good(bench: Bench) -> None:
    decision = doubtful(bench)
    for _ in range(3):
        base = bench.now
        for minutes in (5, 11):
            bench.now = base + minutes * MINUTE
            bench.browser.script = [
                timeline(at=bench.now),
                commits(AfterCommitError("gone again"), site_time=bench.now),
            ]
            bench.run(posting)
    assert bench.decision(decision)["status"] == "failed"
    assert attempts(bench, decision) == ["absent", "absent", "unresolved"]


def test_d10_an_intent_whose_run_died_becomes_a_doubt_and_a_claim_becomes_free(bench: Bench) -> None:
    class Died(BaseException):
        """The process ended here."""

    in_flight, other = bench.queue(at=START - MINUTE), bench.queue()

    def died_after_commit(errand: Any, on_commit: Any) -> Any:
        commits(None)(errand, on_commit)
        raise Died

    bench.browser.script = [died_after_commit]
    with pytest.raises(Died):
        bench.run(posting)
    assert bench.decision(in_flight)["status"] == "publishing"
    bench.now += 5 * MINUTE
    bench.browser.script = [timeline(own_post(bench.decision(in_flight)["text"]), at=bench.now)]
    bench.run(posting)
    assert bench.decision(in_flight)["status"] == "posted"
    assert bench.decision(other)["status"] == "queued"


def test_b5_a_claim_that_was_taken_over_finds_its_token_gone_at_the_commit_point(bench: Bench) -> None:
    decision = bench.queue()

    def overtaken(errand: Any, on_commit: Any) -> Any:
        bench.database.run("release_dead_claims", run_id="another-run")
        return commits(published(id_at(START)))(errand, on_commit)

    bench.browser.script = [overtaken]
    bench.run(posting)
    assert bench.decision(decision)["status"] == "queued"
    assert attempts(bench, decision) == []
