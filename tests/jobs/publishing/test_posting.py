"""Posting against a real ledger: each way an attempt can end leads to the one right state."""

from __future__ import annotations

import contextlib
import random
import time
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from actors.domain.outcome import Blocked, Done, Failed, Nothing, Snooze
from actors.domain.snowflake import created_at, id_at
from actors.errors import (
    AfterCommitError,
    CircuitOpenError,
    CommitRefusedError,
    ComposerMismatchError,
    ConflictError,
    DeadlineError,
    LoggedOutError,
    PageChangedError,
    PlatformClosedError,
    ResourceDiedError,
    SiteBusyError,
)
from actors.jobs.publishing.posting import posting
from actors.pages.timeline import OwnPost, ReadOwnTimeline
from tests.jobs.doors import MINUTE, START, Bench, FakeJournal, commits, published, timeline

if TYPE_CHECKING:
    import uuid

    from actors.job import Outcome


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
    "error",
    [
        LoggedOutError("login wall"),
        SiteBusyError("429"),
        PageChangedError("composer", "/compose/post"),
        PlatformClosedError("the platform is cooling until then", "cooling", 0.0),
    ],
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
    good = [bench.queue() for _ in range(9)]
    mismatch = ComposerMismatchError("composer", "/compose/post")
    bench.browser.script = [mismatch, *(commits(published(id_at(START, n))) for n in range(9))]
    bench.run(posting)
    assert {bench.decision(d)["status"] for d in good} == {"posted"}
    for wait in (5, 10):
        bench.now += wait * MINUTE
        bench.browser.script = [mismatch]
        bench.run(posting)
    assert bench.decision(poison)["status"] == "failed"


def test_a_refusal_at_the_commit_point_leaves_no_intent(bench: Bench) -> None:
    decision = bench.queue()
    bench.browser.script = [CommitRefusedError("too late")]
    bench.run(posting)
    assert bench.decision(decision)["status"] == "queued"
    assert attempts(bench, decision) == []


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (CommitRefusedError("kill switch"), Blocked("kill switch")),
        (ResourceDiedError("no browser"), Failed("ResourceDiedError: no browser")),
        (DeadlineError("too slow"), Failed("DeadlineError: too slow")),
        (CircuitOpenError("open", 1.0), Failed("CircuitOpenError: open")),
        (ConflictError("odd"), Failed("ConflictError: odd", transient=False)),
    ],
)
def test_c9_d8_a_run_that_published_nothing_of_what_was_due_is_no_success(
    bench: Bench, error: Exception, expected: Outcome
) -> None:
    decision = bench.queue()
    bench.browser.script = [error]
    assert bench.run(posting) == expected
    assert bench.decision(decision)["status"] == "queued"


def test_c4_waiting_for_the_site_or_the_browser_uses_up_no_attempt(bench: Bench) -> None:
    decision = bench.queue()
    for error in [LoggedOutError("wall"), ResourceDiedError("gone"), CommitRefusedError("switch")] * 3:
        bench.browser.script = [error]
        bench.run(posting)
    assert bench.decision(decision)["attempt"] == 0
    mismatch = ComposerMismatchError("composer", "/compose/post")
    for tries in (1, 2):
        bench.now += 10 * MINUTE
        bench.browser.script = [mismatch]
        assert isinstance(bench.run(posting), Failed)
        assert (bench.decision(decision)["attempt"], bench.decision(decision)["status"]) == (tries, "queued")


class Away:
    """A door to a database that is not there."""

    def __getattr__(self, _: str) -> Any:
        raise ResourceDiedError("Postgres is away")


def clicked_then_away(bench: Bench) -> Any:
    def answer(errand: Any, on_commit: Any) -> Any:
        result = commits(published(id_at(START)))(errand, on_commit)
        object.__setattr__(bench.context, "database", Away())
        return result

    return answer


@pytest.mark.parametrize("kept", ["all", "the receipt alone", "nothing"])
def test_b3_f10_the_database_dies_right_after_the_click_and_the_receipt_comes_from_journal_or_timeline(
    bench: Bench, kept: str
) -> None:
    decision = bench.queue()
    bench.browser.script = [clicked_then_away(bench)]
    with pytest.raises(ResourceDiedError):
        bench.run(posting)
    assert bench.decision(decision)["status"] == "publishing"
    bench.now += 5 * MINUTE
    if kept == "nothing":
        bench.journal = FakeJournal()
    if kept == "the receipt alone":
        bench.journal.grants.clear()
    bench.browser.script = [timeline(own_post(bench.decision(decision)["text"]), at=bench.now)]
    outcome = bench.run(posting)
    assert isinstance(outcome, Done)
    assert (outcome.counts["replayed"], outcome.counts["found"]) == ((0, 1) if kept == "nothing" else (1, 0))
    assert bench.decision(decision)["tweet_id"] == id_at(START)
    assert (bench.journal.unsettled(), bench.journal.strays()) == ((), ())


def test_b3_f10_an_intent_that_the_database_lost_comes_back_from_the_journal_with_its_receipt(bench: Bench) -> None:
    decision = bench.queue()
    bench.browser.script = [clicked_then_away(bench)]
    with pytest.raises(ResourceDiedError):
        bench.run(posting)
    # A fail-over to a copy that was a transaction behind.
    with bench.database.unguarded():
        bench.rows("DELETE FROM publish_attempts")
        bench.rows("UPDATE decisions SET status = 'queued'")
    bench.now += 5 * MINUTE
    outcome = bench.run(posting)
    assert isinstance(outcome, Done)
    assert outcome.counts["replayed"] == 1
    assert (bench.decision(decision)["status"], bench.decision(decision)["tweet_id"]) == ("posted", id_at(START))


def test_b3_a_database_restored_under_a_running_process_publishes_nothing_again(
    bench: Bench, caplog: pytest.LogCaptureFixture
) -> None:
    decision = bench.queue()
    bench.browser.script = [commits(published(id_at(START)))]
    bench.run(posting)
    with bench.database.unguarded():
        bench.rows("DELETE FROM checkpoints")
        bench.rows("DELETE FROM receipts")
        bench.rows("DELETE FROM publish_attempts")
        bench.rows("UPDATE decisions SET status = 'queued', tweet_id = NULL, posted_at = NULL")
    bench.now += timedelta(hours=1)
    bench.browser.script = [timeline(own_post(bench.decision(decision)["text"]), at=bench.now)]
    bench.run(posting)
    assert bench.decision(decision)["reason"] == f"duplicate: of {id_at(START)}"
    assert "database_restored" in [getattr(record, "action", "") for record in caplog.records]


def test_a_commit_whose_answer_is_lost_is_a_doubt_though_the_click_was_forbidden(bench: Bench) -> None:
    decision = bench.queue()

    def answer_lost(errand: Any, on_commit: Any) -> Any:
        transact = bench.database.transact

        def commit_then_die(statements: Any) -> Any:
            transact(statements)
            raise ResourceDiedError("the answer was lost")

        bench.database.transact = commit_then_die  # type: ignore[method-assign]
        try:
            return commits(None)(errand, on_commit)
        finally:
            del bench.database.transact

    bench.browser.script = [answer_lost]
    bench.run(posting)
    assert bench.decision(decision)["status"] == "uncertain"
    assert attempts(bench, decision) == ["uncertain"]


def test_a_commit_that_never_reached_the_database_leaves_a_claim_that_the_next_run_frees(bench: Bench) -> None:
    decision = bench.queue()

    def never_sent(errand: Any, on_commit: Any) -> Any:
        def die(_: Any) -> Any:
            del bench.database.transact
            raise ResourceDiedError("Postgres is away")

        bench.database.transact = die  # type: ignore[method-assign]
        return commits(None)(errand, on_commit)

    bench.browser.script = [never_sent]
    bench.run(posting)
    assert attempts(bench, decision) == []
    bench.browser.script = [commits(published(id_at(START)))]
    bench.run(posting)
    assert attempts(bench, decision) == ["posted"]


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


def test_k4_a_kill_switch_that_the_database_has_not_heard_of_lets_no_run_begin(bench: Bench) -> None:
    decision = bench.queue()
    bench.is_held = True
    assert bench.run(posting) == Blocked("the kill switch is on")
    assert bench.decision(decision)["status"] == "queued"


def test_k4_a_kill_switch_that_the_database_has_not_heard_of_stops_the_click(bench: Bench) -> None:
    decision = bench.queue()

    def held_while_typing(errand: Any, on_commit: Any) -> Any:
        bench.is_held = True
        return commits(published(id_at(START)))(errand, on_commit)

    bench.browser.script = [held_while_typing]
    assert bench.run(posting) == Blocked("at the commit point the kill switch was on")
    assert (bench.decision(decision)["status"], attempts(bench, decision)) == ("queued", [])


def test_k4_a_kill_switch_said_while_the_intent_was_written_stops_the_click_and_leaves_a_doubt(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    decision, transact = bench.queue(), bench.database.transact

    def slow(statements: Any) -> Any:
        bench.is_held = any(statement.query == "begin_intent" for statement in statements)
        return transact(statements)

    monkeypatch.setattr(bench.database, "transact", slow)
    bench.browser.script = [commits(published(id_at(START)))]
    bench.run(posting)
    assert (bench.decision(decision)["status"], attempts(bench, decision)) == ("uncertain", ["uncertain"])


def test_c1_twenty_due_decisions_never_exceed_the_caps_of_any_sliding_hour(bench: Bench) -> None:
    bench.configure(spacing=timedelta(0), content_per_hour=4, content_per_day=10, content_stale=timedelta(days=3))
    for _ in range(20):
        bench.queue()
    sequence = 0
    for _ in range(120):
        sent = [published(id_at(bench.now, sequence + n)) for n in range(20)]
        bench.browser.script = [commits(each, site_time=bench.now) for each in sent]
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


@pytest.mark.parametrize("scan", ["blind", "lag"])
def test_b6_scans_that_prove_nothing_never_free_it_and_a_person_is_called_in_the_end(bench: Bench, scan: str) -> None:
    decision = doubtful(bench)
    for minutes in range(5, 36, 5):
        assert bench.decision(decision)["status"] == "uncertain"
        bench.now = START + minutes * MINUTE
        blind = scan == "blind"
        bench.browser.script = [timeline(at=bench.now if blind else START + MINUTE, reached_back=not blind)]
        bench.run(posting)
    assert bench.decision(decision)["status"] == "failed"
    assert attempts(bench, decision) == ["unresolved"]


@pytest.mark.parametrize("error", [LoggedOutError("wall"), SiteBusyError("429"), ResourceDiedError("no browser")])
def test_b6_a_timeline_that_cannot_be_read_decides_nothing_however_long(bench: Bench, error: Exception) -> None:
    decision = doubtful(bench)
    for hours in range(1, 6):
        bench.now = START + timedelta(hours=hours)
        bench.browser.script = [error]
        bench.run(posting)
    assert bench.decision(decision)["status"] == "uncertain"
    post = own_post(bench.decision(decision)["text"], START + timedelta(seconds=2))
    bench.browser.script = [timeline(post, at=bench.now)]
    bench.run(posting)
    assert bench.decision(decision)["status"] == "posted"


def test_b1_a_post_that_the_site_minted_late_is_found_all_the_same(bench: Bench) -> None:
    decision = doubtful(bench)
    late = own_post(bench.decision(decision)["text"], START + timedelta(minutes=20))
    bench.now = START + 25 * MINUTE
    bench.browser.script = [timeline(late, at=bench.now)]
    bench.run(posting)
    assert bench.decision(decision)["status"] == "posted"


def test_b1_a_later_attempt_finds_the_post_of_the_first_one(bench: Bench) -> None:
    decision = doubtful(bench)
    for minutes in (5, 11):
        bench.now = START + minutes * MINUTE
        bench.browser.script = [timeline(at=bench.now), commits(published(None, "duplicate"), site_time=bench.now)]
        bench.run(posting)
    assert attempts(bench, decision) == ["absent", "uncertain"]
    bench.now = START + 20 * MINUTE
    first = own_post(bench.decision(decision)["text"], START + timedelta(seconds=1))
    bench.browser.script = [timeline(first, at=bench.now)]
    bench.run(posting)
    assert bench.decision(decision)["status"] == "posted"


def test_b6_an_empty_timeline_is_no_proof_for_an_account_with_receipts(bench: Bench) -> None:
    bench.configure(spacing=timedelta(0))
    bench.queue(at=START - MINUTE)
    bench.browser.script = [commits(published(id_at(START)))]
    bench.run(posting)
    decision = doubtful(bench)
    for minutes in (5, 11, 17):
        bench.now = START + minutes * MINUTE
        bench.browser.script = [timeline(at=bench.now)]
        bench.run(posting)
    assert bench.decision(decision)["status"] == "uncertain"


def test_a_ledger_from_the_future_blocks_rather_than_snoozes_for_weeks(bench: Bench) -> None:
    bench.queue()
    bench.browser.script = [commits(published(id_at(START)))]
    bench.run(posting)
    bench.now = START - timedelta(days=40)
    bench.queue()
    outcome = bench.run(posting)
    assert isinstance(outcome, Blocked)
    assert "schedule time went back" in outcome.reason


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


class ForgetfulSite:
    """Publishes or not, and tells or not, by chance; a text is refused once it stands there."""

    def __init__(self, bench: Bench, chance: random.Random) -> None:
        self.bench, self.chance = bench, chance
        self.posts: list[OwnPost] = []

    def visit(self, errand: Any, on_commit: Any = None) -> Any:
        if isinstance(errand, ReadOwnTimeline):
            if self.chance.random() < 0.2:
                raise ResourceDiedError("no browser")
            reached_back = self.chance.random() < 0.9
            return timeline(*reversed(self.posts), at=self.bench.now, reached_back=reached_back)
        if self.chance.random() < 0.2:
            raise self.chance.choice([LoggedOutError("wall"), ResourceDiedError("gone"), DeadlineError("slow")])
        on_commit({"site_time": self.bench.now.isoformat(), "site_time_asked_at": time.time()})
        fate = self.chance.random()
        if fate < 0.3:
            raise self.chance.choice([AfterCommitError("lost"), DeadlineError("destroyed")])
        self.posts.append(own_post(errand.text, self.bench.now, len(self.posts)))
        if fate < 0.5:
            raise self.chance.choice([AfterCommitError("lost"), ResourceDiedError("gone"), KeyboardInterrupt])
        return published(self.posts[-1].id if fate < 0.9 else None)


@pytest.mark.parametrize("seed", range(5))
def test_b3_b6_whatever_fails_at_random_no_decision_is_published_twice_and_none_is_forgotten(
    bench: Bench, seed: int
) -> None:
    bench.configure(spacing=timedelta(0), content_per_hour=60, content_per_day=500)
    site = ForgetfulSite(bench, random.Random(seed))
    bench.browser = site  # type: ignore[assignment]
    for _ in range(12):
        bench.queue()
    for _ in range(30):
        with contextlib.suppress(KeyboardInterrupt):
            bench.run(posting)
        bench.now += 6 * MINUTE
    texts = [post.text for post in site.posts]
    assert len(set(texts)) == len(texts)
    decisions = bench.rows("SELECT text, status, tweet_id FROM decisions")
    ids = {post.text: post.id for post in site.posts}
    for row in decisions:
        if row["status"] == "posted":
            assert row["tweet_id"] == ids[row["text"]]
        elif row["text"] in ids:
            assert row["status"] in ("publishing", "uncertain", "failed")
    assert sum(row["status"] == "posted" for row in decisions) > 5
