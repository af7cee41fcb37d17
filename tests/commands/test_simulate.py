"""`simulate` as a stranger meets it."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest

ROOT = Path(__file__).parents[2]
SCENARIO = str(ROOT / "tests" / "simulation" / "contended_day.csv")
FOREIGN = ("DATABASE_URL", "REDIS_URL", "OPENAI_API_KEY", "OPENAI_BASE_URL", "PLATFORM_URL")


def simulate(*words: str, **environment: str) -> subprocess.CompletedProcess[str]:
    clean = {name: value for name, value in os.environ.items() if name not in FOREIGN}
    return subprocess.run(
        [sys.executable, "supervisor.py", "simulate", *words],
        cwd=ROOT,
        env={**clean, **environment},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def document_of(*words: str, **environment: str) -> dict[str, Any]:
    done = simulate(*words, "--json", **environment)
    assert done.returncode == 0, done.stderr
    document: dict[str, Any] = json.loads(done.stdout)
    return document


def test_the_document_has_the_promised_keys_and_its_log_the_promised_hash(tmp_path: Path) -> None:
    log = tmp_path / "log"
    document = document_of("--scenario", SCENARIO, "--seed", "4", "--log", str(log))

    assert (document["days"], document["seed"], document["double_runs"]) == (1, 4, 0)
    assert document["p0"].keys() >= {"runs", "late", "start_delay_p50", "start_delay_p99", "start_delay_max"}
    assert document["browser"].keys() >= {"utilisation", "wait_mean", "wait_p99", "wait_max", "wait_by_priority"}
    assert document["browser"]["wait_by_priority"].keys() == {"1", "2", "3"}
    assert all(job.keys() >= {"due", "runs", "missed", "max_wait"} for job in document["jobs"].values())
    assert len(document["jobs"]) == 46
    assert document["log_sha256"] == hashlib.sha256(log.read_bytes()).hexdigest()
    assert len(log.read_text().splitlines()) == document["log_lines"]


def test_without_a_scenario_the_registered_jobs_are_lived(tmp_path: Path) -> None:
    document = document_of("--days", "0.5", "--data", str(tmp_path))
    registered = json.loads(
        subprocess.run(
            [sys.executable, "supervisor.py", "jobs", "--json"],
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=True,
            timeout=60,
        ).stdout
    )

    assert document["jobs"].keys() == {job["name"] for job in registered}
    assert set(document["lengths"].values()) == {"config"}
    assert document["jobs"]["posting"]["due"] == 144
    assert document["p0"]["late"] == 0
    assert list(tmp_path.iterdir()) == [], "it looks, and leaves nothing behind"


def test_lengths_come_from_history_where_there_is_enough_of_it(database_url: str, tmp_path: Path) -> None:
    """Six runs of 200 s at work on the browser, far from the configured length; of `learn` only four."""
    now = datetime(2026, 1, 1, tzinfo=UTC)
    rows = [("metrics_scraper", n, 230.0, 200.0) for n in range(6)] + [("learn", n, 100.0, 0.0) for n in range(4)]
    with psycopg.connect(database_url, autocommit=True) as connection:
        for job, number, took_s, browser_s in rows:
            at = now + timedelta(hours=number)
            connection.execute(
                "INSERT INTO job_runs (run_id, job, family, slot, attempt, trigger, started_at, ended_at, late_s,"
                " took_s, browser_s, outcome, counts, reason)"
                " VALUES (%s, %s, 'x', %s, 1, 'slot', %s, %s, 0, %s, %s, 'done', '{}', '')",
                (f"{job}-{number}", job, at, at, at, took_s, browser_s),
            )
    measured = document_of("--days", "0.1", "--data", str(tmp_path), DATABASE_URL=database_url)
    assumed = document_of("--days", "0.1", "--data", str(tmp_path))

    assert (measured["lengths"]["metrics_scraper"], measured["lengths"]["learn"]) == ("history", "config")
    # Five errands of at most 45 s, half a second of setting up each, instead of one or two.
    waits = [document["jobs"]["metrics_scraper"]["max_wait"] for document in (measured, assumed)]
    assert waits == [pytest.approx(2.5), pytest.approx(1.0)]


def test_a_database_that_does_not_answer_is_no_reason_to_refuse(tmp_path: Path) -> None:
    done = simulate("--days", "0.1", "--data", str(tmp_path), DATABASE_URL="postgresql://nobody@127.0.0.1:1/nothing")

    assert done.returncode == 0
    assert "could not be read" in " ".join(done.stdout.split())


def test_the_report_names_verdict_jobs_and_the_browsers_day(tmp_path: Path) -> None:
    done = simulate("--scenario", SCENARIO, "--faults", "--days", "1", "--data", str(tmp_path))
    said = " ".join(done.stdout.split())

    assert done.returncode == 0
    assert "One day of 46 jobs. P0 was" in said
    assert "none missed, none twice" in said
    assert "Rare paths taken:" in said
    assert sum(line.startswith("tweet_reconciliation ") for line in done.stdout.splitlines()) == 1
    assert sum(line.count(":00 ") + line.count(":30 ") for line in done.stdout.splitlines()) == 48
    assert max(map(len, done.stdout.splitlines())) <= 100
    assert done.stderr == "", "no progress bar without a terminal"


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--days", "0"), "is no number of days"),
        (("--days", "many"), "is no number of days"),
        (("--load", "-1"), "is no load"),
        (("--scenario", "nowhere.csv"), "the scenario nowhere.csv cannot be read"),
        (("--log", "/nowhere/log"), "cannot be written"),
    ],
)
def test_what_cannot_be_lived_is_refused_with_exit_code_2(words: tuple[str, ...], said: str) -> None:
    done = simulate(*words)

    assert done.returncode == 2
    assert said in done.stderr
