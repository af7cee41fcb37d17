"""The optimizer turns a knob on trial, takes it back if runs go worse, and tells what the model costs."""

from __future__ import annotations

import logging
import uuid
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import psycopg
import pytest

import actors.jobs
from actors.domain.outcome import Done, Nothing
from actors.domain.priority import Priority
from actors.domain.tuning.knob import ACCOUNTS, GUARDED, KNOBS, PROFILES, SEARCHES, Knob
from actors.job import find_jobs
from actors.jobs.learning.optimizer import optimizer
from actors.jobs.metrics.engagement_calculator import engagement_calculator
from actors.jobs.replies.account_discovery import account_discovery
from actors.jobs.replies.mega_viral_harvester import mega_viral_harvester
from actors.tuning.knobs import usual_of, value
from tests.jobs.doors import START
from tests.jobs.searches import insert, profile, results

if TYPE_CHECKING:
    from actors.domain.outcome import Outcome
    from tests.jobs.doors import Bench

HOUR = timedelta(hours=1)
EMPTY = results()
TRIED = {"knob": PROFILES.name, "old": 12, "new": 15, "usual": 12, "reason": "tried", "before": "{}"}


def passed(
    bench: Bench, job: str, hours: int, *, outcome: str = "done", waited: float = 1.0, browser: float = 2.0
) -> None:
    """Let the job have run twice in each of the last hours, each time with so many seconds of waiting."""
    bench.database.sql(
        "INSERT INTO job_runs (run_id, job, family, slot, attempt, trigger, started_at, ended_at, late_s, took_s, "
        "browser_s, outcome) SELECT %s || slot, %s, 'some', slot, 1, 'slot', slot, slot, 0, %s, %s, %s "
        "FROM generate_series(%s::timestamptz, %s::timestamptz, interval '30 minutes') AS slot",
        *(job, job, waited + browser, browser, outcome, bench.now - hours * HOUR, bench.now - HOUR / 2),
    )


def tune(bench: Bench, stage: str = "performance_optimizer") -> Outcome:
    return bench.run(optimizer, trigger=f"operator:{stage}")


def counts(outcome: Outcome) -> dict[str, int]:
    assert isinstance(outcome, Done)
    return {name.partition(".")[2]: count for name, count in outcome.counts.items()}


def changes(bench: Bench) -> list[dict[str, Any]]:
    return bench.rows("SELECT knob, old, new, state FROM knob_changes ORDER BY change_id")


def force(bench: Bench, knob: Knob, to: int) -> None:
    """Set a knob past the optimizer."""
    usual = usual_of(bench.config, knob)
    bench.database.run("turn_knob", name=knob.name, value=to, usual=usual, now=bench.now)


def in_force(bench: Bench, knob: Knob) -> int:
    """Return what a run that reads the knob now is given."""
    tune(bench, "ai_orchestration")
    assert bench.context is not None
    return value(bench.context, knob)


def quiet_day(bench: Bench) -> None:
    """Let a day have passed in which nobody waited, and whoever was asked found something."""
    passed(bench, "metrics_scraper", 24)
    passed(bench, "account_discovery", 24)


def congested_day(bench: Bench) -> None:
    """Let a day have passed in which runs waited for a minute, and the harvester was at the browser for longest."""
    passed(bench, "metrics_scraper", 24, waited=60.0)
    passed(bench, "account_discovery", 24, waited=60.0, browser=10.0)
    passed(bench, "mega_viral_harvester", 24, browser=30.0)


def test_the_guarded_jobs_are_those_of_p1_that_browse_and_ask_no_model() -> None:
    jobs = find_jobs(actors.jobs)
    found = {each.name for each in jobs.values() if each.priority is Priority.P1 and "browser" in each.uses}

    assert {name for name in found if "openai" not in jobs[name].uses} == set(GUARDED) & jobs.keys()
    assert {knob.job for knob in KNOBS.values()} <= jobs.keys()


def test_it_tells_the_percentiles_of_each_job(bench: Bench, caplog: pytest.LogCaptureFixture) -> None:
    passed(bench, "metrics_scraper", 6, waited=3.0)
    passed(bench, "posting", 6, outcome="failed")

    with caplog.at_level(logging.INFO):
        found = counts(tune(bench))

    told = {each.__dict__["job"]: each for each in caplog.records if each.__dict__.get("action") == "percentiles"}
    assert told["metrics_scraper"].getMessage() == (
        "metrics_scraper: half of its runs take 5.0 s, one in twenty more than 5.0 s"
    )
    assert (told["posting"].__dict__["runs"], told["posting"].__dict__["failed"]) == (12, 12)
    assert found == {**found, "jobs": 2, "runs": 24, "failed": 12, "waited_p95_ms": 3000, "begun": 0}


def test_without_a_run_to_look_at_there_is_nothing_to_tell(bench: Bench) -> None:
    assert isinstance(bench.run(optimizer), Nothing)
    rows = bench.rows("SELECT stage, outcome FROM stage_runs ORDER BY stage")
    assert [(row["stage"], row["outcome"]) for row in rows] == [
        ("ai_orchestration", "nothing"),
        ("autonomous_optimization", "nothing"),
        ("performance_optimizer", "nothing"),
    ]


def test_when_runs_of_p1_wait_the_heaviest_knob_is_halved_on_trial(bench: Bench) -> None:
    congested_day(bench)

    assert counts(tune(bench))["begun"] == 1

    assert changes(bench) == [{"knob": SEARCHES.name, "old": 3, "new": 2, "state": "trial"}]
    assert (in_force(bench, SEARCHES), in_force(bench, PROFILES)) == (2, 12)


def test_while_one_change_is_on_trial_no_other_is_begun(bench: Bench) -> None:
    congested_day(bench)
    passed(bench, "engagement_calculator", 24, outcome="nothing")

    assert counts(tune(bench))["begun"] == 1
    assert counts(tune(bench))["begun"] == 0
    assert counts(tune(bench, "autonomous_optimization")) == {"idle": 1, "slowed": 0}
    assert len(changes(bench)) == 1
    with pytest.raises(psycopg.errors.UniqueViolation):
        insert(bench, "knob_changes", **{**TRIED, "knob": ACCOUNTS.name}, began_at=START)


def test_a_raise_after_which_runs_wait_longer_is_taken_back_and_not_tried_again(bench: Bench) -> None:
    quiet_day(bench)
    assert counts(tune(bench))["begun"] == 1
    assert changes(bench) == [{"knob": PROFILES.name, "old": 12, "new": 15, "state": "trial"}]

    bench.now += 10 * HOUR
    passed(bench, "metrics_scraper", 10, waited=40.0)
    passed(bench, "account_discovery", 10)
    assert counts(tune(bench))["reverted"] == 1

    assert changes(bench)[0]["state"] == "reverted"
    assert bench.rows("SELECT value FROM knobs") == [{"value": 12}]
    bench.now += 24 * HOUR
    quiet_day(bench)
    tune(bench)
    assert len(changes(bench)) == 1


def test_congestion_ends_a_raise_at_once(bench: Bench) -> None:
    quiet_day(bench)
    tune(bench)
    bench.now += 5 * HOUR
    passed(bench, "metrics_scraper", 5, waited=90.0)
    passed(bench, "account_discovery", 5, waited=90.0)

    tune(bench)

    (change,) = bench.rows("SELECT state, verdict FROM knob_changes")
    assert change == {"state": "reverted", "verdict": "runs of P1 wait for the browser"}


def test_a_change_that_does_no_harm_is_kept_after_a_day(bench: Bench) -> None:
    quiet_day(bench)
    tune(bench)
    for hours, state in ((23, "trial"), (1, "kept")):
        bench.now += hours * HOUR
        passed(bench, "metrics_scraper", hours)
        tune(bench)
        assert changes(bench)[0]["state"] == state
    assert bench.rows("SELECT value FROM knobs WHERE name = 'replies.profiles_per_run'") == [{"value": 15}]


def test_a_raise_waits_for_a_day_that_it_can_be_judged_by(bench: Bench) -> None:
    passed(bench, "metrics_scraper", 12)
    passed(bench, "account_discovery", 12)

    assert counts(tune(bench))["begun"] == 0
    assert changes(bench) == []


def test_an_operator_who_turns_the_key_ends_the_trial_and_has_the_last_word(bench: Bench) -> None:
    quiet_day(bench)
    tune(bench)
    bench.config = replace(bench.config, replies=replace(bench.config.replies, profiles_per_run=7))

    tune(bench)

    assert changes(bench)[0]["state"] == "reverted"
    assert in_force(bench, PROFILES) == 7


def test_h8_the_optimizer_answers_differently_when_knob_changes_changes(bench: Bench) -> None:
    quiet_day(bench)
    insert(bench, "knob_changes", **TRIED, began_at=START, ended_at=START, state="reverted", verdict="worse")
    assert counts(tune(bench))["begun"] == 0

    bench.database.sql("DELETE FROM knob_changes")
    assert counts(tune(bench))["begun"] == 1


def test_a_job_that_only_looks_and_finds_nothing_new_does_less(bench: Bench) -> None:
    passed(bench, "metrics_scraper", 24)
    passed(bench, "account_discovery", 3, outcome="nothing")
    passed(bench, "plan", 3, outcome="nothing")

    assert counts(tune(bench, "autonomous_optimization")) == {"idle": 2, "slowed": 1}
    assert changes(bench) == [{"knob": PROFILES.name, "old": 12, "new": 9, "state": "trial"}]


def test_one_run_with_something_new_ends_the_streak(bench: Bench) -> None:
    passed(bench, "account_discovery", 4, outcome="nothing")
    bench.database.sql("UPDATE job_runs SET outcome = 'done' WHERE slot = %s", bench.now - HOUR)

    assert isinstance(tune(bench, "autonomous_optimization"), Nothing)


def spend(bench: Bench, lane: str, usd: float, *, hours_ago: float = 0.0, purpose: str = "plan") -> None:
    at = bench.now - timedelta(hours=hours_ago)
    call = {"call_id": uuid.uuid4(), "lane": lane, "purpose": purpose, "model": "m", "day": at.date(), "called_at": at}
    insert(bench, "llm_usage", **call, reserved_usd=usd, cost_usd=usd)


def test_it_tells_what_the_model_costs_and_turns_nothing(bench: Bench, caplog: pytest.LogCaptureFixture) -> None:
    spend(bench, "content", 0.5)
    spend(bench, "analysis", 0.6, purpose="labels")
    spend(bench, "analysis", 0.4, hours_ago=24 - 4, purpose="labels")
    spend(bench, "analysis", 9.0, hours_ago=24 + 4, purpose="labels")

    with caplog.at_level(logging.INFO):
        found = counts(tune(bench, "ai_orchestration"))

    money = {"spent_micro_usd": 1_100_000, "expected_micro_usd": 1_500_000}
    assert found == {"calls": 2, "unsettled": 0, **money, "over_share": 1}
    warnings = [each for each in caplog.records if each.levelno == logging.WARNING]
    told = [each.getMessage() for each in warnings if each.name.startswith("actors.jobs.learning.")]
    assert told == ["analysis has cost 0.6000 USD and will come to 1.0000 today, of a share of 0.7500"]
    assert bench.rows("SELECT * FROM knobs") == []


def test_h8_account_discovery_answers_differently_when_knobs_changes(bench: Bench) -> None:
    for number in range(20):
        insert(bench, "accounts", handle=f"a{number}", found_by="search", found_at=START)
    for most in (3, 6):
        force(bench, PROFILES, most)
        bench.browser.script = [EMPTY] * 3 + [profile()] * most
        outcome = bench.run(account_discovery)
        assert isinstance(outcome, Done)
        assert outcome.counts["read"] == most


def test_the_harvester_makes_as_many_searches_as_its_knob_says(bench: Bench) -> None:
    for most in (1, 4):
        force(bench, SEARCHES, most)
        bench.browser.script, bench.browser.errands = [EMPTY] * 20, []
        bench.run(mega_viral_harvester)
        assert len(bench.browser.errands) == 2 * most  # twice as many while hardly a post is ready


def test_engagement_is_measured_of_as_many_accounts_as_its_knob_says(bench: Bench) -> None:
    for number in range(30):
        insert(bench, "accounts", handle=f"a{number}", found_by="search", found_at=START)
    force(bench, ACCOUNTS, 10)
    bench.browser.script = [EMPTY] * 30

    bench.run(engagement_calculator)

    assert len(bench.browser.errands) == 10


def test_with_the_optimizer_off_what_is_configured_holds(bench: Bench) -> None:
    force(bench, SEARCHES, 1)
    off = replace(bench.config.jobs["optimizer"], enabled=False)
    bench.config = replace(bench.config, jobs={**bench.config.jobs, "optimizer": off})

    assert in_force(bench, SEARCHES) == 3
