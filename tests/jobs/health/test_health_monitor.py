"""Six stages, one verdict: what each finds on a real ledger, and that none of them touches it."""

from __future__ import annotations

import logging
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import pytest

from actors.domain.health.fingerprint import Fault, Sighting
from actors.domain.outcome import Done, Failed, Nothing
from actors.domain.snowflake import id_at
from actors.job import JobsView
from actors.jobs.health.health_monitor import health_monitor
from tests.fakes import reply
from tests.jobs.doors import MINUTE, START

if TYPE_CHECKING:
    from uuid import UUID

    from actors.job import Outcome
    from tests.jobs.doors import Bench, Row

HOUR = timedelta(hours=1)
BOARD: Row = {
    "lease": {"is_ours": True, "holder": "boot", "left_s": 20.0},
    "fronts": {"browser": {"breaker": "closed", "condition": "valid", "abandoned": 0}},
    "families": {"content": {"paused": ()}},
    "running": {},
    "waiting": {},
    "memory": {"level": "ok"},
}


@pytest.fixture(autouse=True)
def _board(bench: Bench) -> None:
    bench.jobs.snapshot = {**BOARD}


def stage(bench: Bench, *names: str) -> Outcome:
    """Run these stages alone."""
    return bench.run(health_monitor, trigger=":".join(("operator", *names)))


def counts(outcome: Outcome) -> dict[str, int]:
    assert isinstance(outcome, Done)
    return {name.partition(".")[2]: count for name, count in outcome.counts.items()}


def symptoms(bench: Bench) -> dict[str, str]:
    return {row["name"]: row["level"] for row in bench.rows("SELECT name, level FROM health_symptoms")}


def force(bench: Bench, decision: UUID, **columns: Any) -> None:
    """Put a decision into a state that its own way would take long to reach."""
    row = {
        "claim_token": decision if columns["status"] in ("claimed", "publishing") else None,
        "lease_until_real": "epoch" if columns["status"] in ("claimed", "publishing") else None,
        **columns,
    }
    names = ", ".join(f"{name} = %s" for name in row)
    with bench.database.unguarded():
        bench.database.sql(f"UPDATE decisions SET {names} WHERE decision_id = %s", *row.values(), decision)


def posted(bench: Bench, at: Any, number: int = 0, **columns: Any) -> UUID:
    decision = bench.queue(at=at)
    force(bench, decision, status="posted", tweet_id=id_at(at, number), posted_at=at, **columns)
    return decision


def attempt(bench: Bench, decision: UUID, at: Any, result: str = "uncertain") -> None:
    bench.database.sql(
        "INSERT INTO publish_attempts (attempt_id, decision_id, part, attempt, boot_id, fence, lane, intent_at, "
        "site_time, click_until, result) VALUES (gen_random_uuid(), %s, 0, 1, 'gone', 1, 'content', %s, %s, %s, %s)",
        *(decision, at, at, at, result),
    )


def ended(bench: Bench, job: str, number: int, outcome: str, at: Any, attempt: int = 1) -> None:
    bench.database.run(
        "record_run",
        run_id=f"{job}-{number}-{attempt}",
        job=job,
        family="some",
        slot=START + number * MINUTE,
        attempt=attempt,
        trigger="slot",
        started_at=at,
        ended_at=at,
        late_s=0.0,
        took_s=1.0,
        browser_s=0.0,
        outcome=outcome,
        counts={},
        reason="",
    )


def sighting(message: str, hours: dict[int, int], kind: str = "QueryError") -> Sighting:
    """Return a fault that was seen so often in each hour after the start."""
    times = [START + hour * HOUR for hour in hours]
    return Sighting(
        Fault(kind, "plan", (), message), min(times), max(times), dict(zip(times, hours.values(), strict=True))
    )


# health_check


def test_an_empty_queue_calls_plan_and_says_how_much_there_is(bench: Bench) -> None:
    posted(bench, START - 10 * MINUTE)
    found = counts(stage(bench, "health_check"))
    assert (found["queued"], found["planned"]) == (0, 1)
    assert bench.jobs.triggered == ["plan"]


def test_a_full_queue_calls_nobody(bench: Bench) -> None:
    for _ in range(6):
        bench.queue()
    bench.configure(approval=True)
    assert counts(stage(bench, "health_check"))["queued"] == 6
    assert bench.jobs.triggered == []


def test_plan_is_not_called_while_it_runs_or_is_paused(bench: Bench) -> None:
    for view in (JobsView(START, {}, {"plan": START}), JobsView(START, {}, {}, paused=frozenset({"plan"}))):
        bench.jobs.seen = view
        stage(bench, "health_check")
    assert bench.jobs.triggered == []


def test_k4_nobody_is_called_to_plan_while_the_kill_switch_is_on(bench: Bench) -> None:
    bench.database.run("set_flag", name="kill_switch", is_on=True, now=START, by="test")
    stage(bench, "health_check")
    assert bench.jobs.triggered == []


def test_an_overdue_row_counts_from_its_due_time_and_not_while_it_waits_for_approval(bench: Bench) -> None:
    for _ in range(5):
        bench.queue(at=START - 25 * HOUR)
    stage(bench, "health_check")
    assert symptoms(bench)["queue_stuck"] == "degraded"
    bench.configure(approval=True)
    stage(bench, "health_check")
    assert "queue_stuck" not in symptoms(bench)


# autonomous_health_monitor


def test_b6_a_claim_is_stuck_by_the_time_of_the_claim_and_not_by_that_of_its_row(bench: Bench) -> None:
    bench.now = START
    old = bench.queue(at=START - 72 * HOUR)
    bench.database.run("claim_decision", decision_id=old, token=old, run_id="posting-1", lease_s=240.0)
    assert counts(stage(bench, "autonomous_health_monitor"))["stuck"] == 0
    force(bench, old, status="claimed")
    assert counts(stage(bench, "autonomous_health_monitor"))["stuck"] == 1
    assert symptoms(bench)["claims_stuck"] == "degraded"
    assert bench.jobs.triggered == ["posting"]


def test_b6_a_stuck_claim_is_never_released_here(bench: Bench) -> None:
    claimed = bench.queue()
    force(bench, claimed, status="claimed")
    before = bench.decision(claimed)
    stage(bench, "autonomous_health_monitor", "self_healing")
    assert bench.decision(claimed) == before


def test_posting_is_not_called_by_a_process_that_may_not_publish_or_while_it_runs(bench: Bench) -> None:
    force(bench, bench.queue(), status="claimed")
    for change in (
        {"lease": {"is_ours": False, "holder": "other"}},
        {"running": {"posting": START}},
        {"families": {"publishing": {"paused": ("posting",)}}},
    ):
        bench.jobs.snapshot = {**BOARD, **change}
        stage(bench, "autonomous_health_monitor", "self_healing")
    assert bench.jobs.triggered == []


def test_what_stands_in_the_way_is_read_off_the_board_and_the_ledger(bench: Bench) -> None:
    bench.database.run("set_flag", name="kill_switch", is_on=True, now=START, by="test")
    call = {"call_id": uuid4(), "day": START.date(), "lane": "replies", "purpose": "x", "model": "m"}
    bench.database.run("reserve_usage", **call, reserved_usd=4.9, now=START)
    bench.jobs.snapshot = {
        **BOARD,
        "lease": {"is_ours": False, "holder": "other"},
        "fronts": {"browser": {"breaker": "open", "condition": "challenge", "abandoned": 1}},
        "memory": {"level": "tight"},
    }
    stage(bench, "autonomous_health_monitor")
    assert symptoms(bench) == {
        "kill_switch": "healthy",
        "no_lease": "degraded",
        "platform": "unhealthy",
        "browser_broken": "degraded",
        "memory": "degraded",
        "threads_hang": "degraded",
        "analysis_money_spent": "healthy",
        "replies_money_spent": "degraded",
        "money_short": "healthy",
    }


def test_without_an_answer_of_the_board_the_rest_is_told(bench: Bench) -> None:
    bench.jobs.snapshot = {}
    force(bench, bench.queue(), status="claimed")
    stage(bench, "autonomous_health_monitor")
    assert set(symptoms(bench)) == {"board_silent", "claims_stuck"}


# error_analysis


def test_a_new_kind_of_error_is_told_once(bench: Bench, caplog: pytest.LogCaptureFixture) -> None:
    bench.jobs.logged = [sighting("no table <n>", {0: 2})]
    with caplog.at_level(logging.WARNING):
        assert counts(stage(bench, "error_analysis")) == {"errors": 2, "kinds": 1, "new": 1, "spikes": 0}
        assert counts(stage(bench, "error_analysis"))["new"] == 0
    assert sum(vars(record).get("action") == "error_new" for record in caplog.records) == 1


def test_errors_that_are_read_twice_are_counted_once_and_each_process_adds_its_own(bench: Bench) -> None:
    bench.jobs.logged = [sighting("no table", {0: 2})]
    stage(bench, "error_analysis")
    bench.jobs.logged = [sighting("no table", {0: 3})]
    assert counts(stage(bench, "error_analysis"))["errors"] == 3
    bench.boot = "next"
    bench.jobs.logged = [sighting("no table", {0: 1})]
    assert counts(stage(bench, "error_analysis"))["errors"] == 4


def test_h8_error_analysis_answers_differently_when_error_counts_change(bench: Bench) -> None:
    bench.now = START + 7 * 24 * HOUR + MINUTE
    usual = {24 * day: 20 for day in range(7)}
    bench.jobs.logged = [sighting("no table", {**usual, 24 * 7: 22})]
    assert counts(stage(bench, "error_analysis"))["spikes"] == 0
    bench.jobs.logged = [sighting("no table", {**usual, 24 * 7: 60})]
    assert counts(stage(bench, "error_analysis"))["spikes"] == 1
    (row,) = bench.rows("SELECT text FROM health_symptoms WHERE stage = 'error_analysis'")
    assert row["text"] == "60 times QueryError in plan since 08:00, 20.0 an hour are usual"


def test_h8_error_analysis_answers_differently_when_error_fingerprints_change(bench: Bench) -> None:
    bench.jobs.logged = [sighting("no table", {0: 2})]
    stage(bench, "error_analysis")
    bench.jobs.logged = []
    bench.database.sql("UPDATE error_fingerprints SET told_at = NULL, last_seen = last_seen - interval '3 hours'")
    assert counts(stage(bench, "error_analysis")) == {"errors": 0, "kinds": 0, "new": 1, "spikes": 0}


def test_without_an_error_there_is_nothing_to_analyse(bench: Bench) -> None:
    assert isinstance(stage(bench, "error_analysis"), Nothing)


# autonomous_optimizer


def test_what_does_clearly_better_is_suggested_and_nothing_is_planned_by_it(bench: Bench) -> None:
    for number in range(60):
        is_question, at = number % 2 == 0, START + number * 20 * MINUTE
        decision = posted(bench, at, number, format="question" if is_question else "plain", generator="coach")
        bench.database.run(
            "insert_snapshot",
            decision_id=decision,
            tweet_id=id_at(at, number),
            checkpoint="6h",
            taken_at=at + 6 * HOUR,
            age_s=6 * 3600.0,
            views=1000 + number,
            likes=60 if is_question else 10,
            reposts=0,
            replies=0,
            bookmarks=0,
            quality="ok",
            reason="",
        )
    bench.now = START + 48 * HOUR
    found = counts(stage(bench, "autonomous_optimizer"))
    assert found["posts"] == 60
    assert {"prefer_format_question": "healthy", "avoid_format_plain": "healthy"}.items() <= symptoms(bench).items()
    assert bench.rows("SELECT * FROM format_intelligence") == []
    assert bench.rows("SELECT * FROM weight_snapshots") == []


def test_without_a_reading_there_is_nothing_to_suggest(bench: Bench) -> None:
    assert isinstance(stage(bench, "autonomous_optimizer"), Nothing)


# self_healing


def test_overdue_doubts_and_readings_call_the_jobs_whose_business_they_are(bench: Bench) -> None:
    doubt = bench.queue()
    force(bench, doubt, status="uncertain")
    attempt(bench, doubt, START - 2 * HOUR)
    old = posted(bench, START - 8 * HOUR)
    bench.database.run("insert_checkpoint", decision_id=old, kind="1h", age_s=3600.0)
    assert counts(stage(bench, "self_healing")) == {"checked": 2, "stuck": 2, "called": 2}
    assert bench.jobs.triggered == ["posting", "metrics_scraper"]


def test_a_young_doubt_is_left_to_the_job_that_settles_it(bench: Bench) -> None:
    doubt = bench.queue()
    force(bench, doubt, status="uncertain")
    attempt(bench, doubt, START - 20 * MINUTE)
    stage(bench, "self_healing")
    assert bench.jobs.triggered == []


def test_b2_b6_a_posted_row_is_never_put_back_into_the_queue(bench: Bench) -> None:
    # What production's self-healing put back: posted rows, those without an id first, and failed ones.
    with bench.database.unguarded():
        bench.database.sql("ALTER TABLE decisions DROP CONSTRAINT posted_has_its_tweet")
        lost = bench.queue(at=START - 12 * HOUR)
        force(bench, lost, status="posted", posted_at=START - 12 * HOUR)
    posted(bench, START - HOUR)
    for status in ("failed", "uncertain", "publishing", "claimed", "cancelled", "skipped"):
        force(bench, bench.queue(at=START - 9 * 24 * HOUR), status=status)
    bench.database.run("insert_decision", **reply("An answer.", id_at(START - HOUR), "somebody", due=START))
    tables = ("decisions", "publish_attempts", "receipts", "checkpoints", "own_posts", "flags")
    before = {name: bench.rows(f"SELECT * FROM {name}") for name in tables}
    for hour in range(30):
        bench.now = START + hour * HOUR
        bench.run(health_monitor)
    assert {name: bench.rows(f"SELECT * FROM {name}") for name in tables} == before


# system_health_monitor


def test_d8_failed_runs_lower_the_score_and_burn(bench: Bench) -> None:
    bench.now = START + HOUR
    for number in range(12):
        ended(bench, "posting", number, "failed" if number else "done", START + 5 * number * MINUTE + 4 * MINUTE)
    found = counts(stage(bench, "system_health_monitor"))
    assert (found["runs"], found["failed"]) == (12, 11)
    assert symptoms(bench) == {"posting_burns": "unhealthy", "recovery_low": "degraded"}


def test_a_low_score_is_worse_than_each_of_its_parts(bench: Bench) -> None:
    bench.now = START + 6 * HOUR
    for number in range(3):
        ended(bench, "learn", number, "failed", START)
        force(bench, bench.queue(), status="failed")
    stage(bench, "system_health_monitor")
    assert symptoms(bench) == dict.fromkeys(("posting_low", "recovery_low", "runs_low"), "degraded")
    (verdict,) = bench.rows("SELECT level, seen, score FROM health_verdicts")
    assert verdict == {"level": "degraded", "seen": "unhealthy", "score": 30.0}


def test_a_run_that_succeeded_at_its_second_try_did_not_fail(bench: Bench) -> None:
    ended(bench, "metrics_scraper", 1, "failed", START)
    ended(bench, "metrics_scraper", 1, "done", START + MINUTE, attempt=2)
    bench.now = START + 2 * MINUTE
    found = counts(stage(bench, "system_health_monitor"))
    assert (found["runs"], found["failed"]) == (1, 0)


def test_the_board_hears_the_verdict_with_its_first_reason(bench: Bench) -> None:
    bench.jobs.snapshot = {**BOARD, "fronts": {"browser": {"breaker": "open", "condition": "valid", "abandoned": 0}}}
    stage(bench, "autonomous_health_monitor", "system_health_monitor")
    assert bench.jobs.verdicts == [("degraded", 100.0, "the breaker of browser is open")]


def test_h8_system_health_monitor_answers_differently_when_health_symptoms_change(bench: Bench) -> None:
    stage(bench, "system_health_monitor")
    bench.database.sql(
        "INSERT INTO health_symptoms VALUES ('health_check', 'queue_stuck', 'degraded', 'stuck', %s, %s)", START, START
    )
    bench.now += 15 * MINUTE
    stage(bench, "system_health_monitor")
    assert [(level, reason) for level, _, reason in bench.jobs.verdicts] == [("healthy", ""), ("degraded", "stuck")]


def test_h8_system_health_monitor_answers_differently_when_health_verdicts_change(bench: Bench) -> None:
    browser = {"breaker": "closed", "condition": "challenge", "abandoned": 0}
    bench.jobs.snapshot = {**BOARD, "fronts": {"browser": browser}}
    for _ in range(3):
        stage(bench, "autonomous_health_monitor", "system_health_monitor")
        bench.now += 15 * MINUTE
    bench.database.sql("DELETE FROM health_verdicts")
    stage(bench, "autonomous_health_monitor", "system_health_monitor")
    # Without its history the verdict begins anew, one legal step from healthy.
    assert [level for level, _, _ in bench.jobs.verdicts] == ["degraded", "degraded", "unhealthy", "degraded"]


def test_a_verdict_that_turns_bad_is_told_and_its_repair_is_timed(
    bench: Bench, caplog: pytest.LogCaptureFixture
) -> None:
    broken = {**BOARD, "memory": {"level": "tight"}}
    with caplog.at_level(logging.INFO):
        for board in (BOARD, broken, BOARD, BOARD):
            bench.jobs.snapshot = board
            stage(bench, "autonomous_health_monitor", "system_health_monitor")
            bench.now += 15 * MINUTE
    changes = [record.levelname for record in caplog.records if vars(record).get("action") == "health_changed"]
    assert changes == ["WARNING", "INFO"]
    (row,) = bench.rows("SELECT repaired_s FROM health_verdicts WHERE repaired_s IS NOT NULL")
    assert row["repaired_s"] == 1800.0


def test_k3_a_stage_that_fails_cannot_leave_the_whole_looking_well(bench: Bench) -> None:
    bench.run(health_monitor)
    bench.database.sql("ALTER TABLE opportunities RENAME TO elsewhere")
    for _ in range(4):
        bench.now += 15 * MINUTE
        assert isinstance(bench.run(health_monitor), Failed)
    assert symptoms(bench)["health_check_silent"] == "degraded"
    assert bench.jobs.verdicts[-1][0] == "degraded"


def test_h8_system_health_monitor_answers_differently_when_stage_runs_change(bench: Bench) -> None:
    bench.run(health_monitor)
    bench.now += HOUR
    bench.database.sql("UPDATE stage_runs SET slot = slot - interval '2 hours' WHERE stage = 'error_analysis'")
    bench.run(health_monitor, trigger="operator:system_health_monitor")
    assert "error_analysis_silent" not in symptoms(bench)
    bench.database.sql("UPDATE stage_runs SET slot = slot - interval '2 hours' WHERE stage = 'error_analysis'")
    bench.run(health_monitor, trigger="operator:system_health_monitor")
    assert symptoms(bench)["error_analysis_silent"] == "degraded"


def test_a_fresh_start_is_healthy_and_each_stage_has_a_result(bench: Bench) -> None:
    bench.run(health_monitor)
    assert bench.jobs.verdicts == [("healthy", 100.0, "")]
    rows = {row["stage"]: row["outcome"] for row in bench.rows("SELECT stage, outcome FROM stage_runs")}
    assert set(rows) == set(health_monitor.stages)
    assert set(rows.values()) <= {"done", "nothing"}


def test_it_uses_the_database_and_nothing_that_can_be_down_besides() -> None:
    assert health_monitor.uses == {"database"}
    assert health_monitor.after == ()


def test_a_symptom_keeps_its_beginning_and_goes_when_it_is_over(bench: Bench) -> None:
    bench.jobs.snapshot = {**BOARD, "memory": {"level": "tight"}}
    for _ in range(2):
        stage(bench, "autonomous_health_monitor")
        bench.now += 15 * MINUTE
    (row,) = bench.rows("SELECT since, seen_at FROM health_symptoms")
    assert (row["since"], row["seen_at"]) == (START, START + 15 * MINUTE)
    bench.jobs.snapshot = BOARD
    stage(bench, "autonomous_health_monitor")
    assert symptoms(bench) == {}


def test_a_job_that_is_off_is_not_called(bench: Bench) -> None:
    jobs = {**bench.config.jobs, "posting": replace(bench.config.jobs["posting"], enabled=False)}
    bench.config = replace(bench.config, jobs=jobs)
    force(bench, bench.queue(), status="claimed")
    stage(bench, "autonomous_health_monitor", "self_healing")
    assert bench.jobs.triggered == []
