"""What is missing or short costs the work that needs it, with the reason in the log, and never the process."""

from __future__ import annotations

import contextlib
import time
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, quote, urlsplit

import psutil
import pytest

import actors.jobs
from actors.domain.priority import Priority
from actors.embedded.sandbox import EmbeddedSandbox
from actors.embedded.valkey import choose_port
from actors.job import find_jobs
from tests.acceptance.engine import get_json, without
from tests.acceptance.pressed import PROGRAM, write_account
from tests.acceptance.test_http_health import Visitor
from tests.stage import eventually

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.acceptance.engine import Engine

pytestmark = [pytest.mark.acceptance, pytest.mark.timeout(300)]

NOWHERE = "127.0.0.1:1"
LIMIT_MB = 512


def test_d6_a16_with_the_model_away_words_are_answered_nothing_ends_and_no_browser_is_warmed_up(
    engine_on: Callable[..., Engine],
) -> None:
    model = {"OPENAI_BASE_URL": f"http://{NOWHERE}/v1", "OPENAI_API_KEY": "sk-test-0123456789abcdef"}
    engine = engine_on(environment={**model, "SUPERVISOR_LOG_HEARTBEAT": "1s"})
    engine.ready()
    assert "OPENAI_BASE_URL" in engine.wait_for("run_failed", 60, job="plan")["data"]
    empty = engine.wait_for("run_nothing", 60, job="posting")
    assert "the queue is empty" in empty["data"]
    engine.wait_for("control_ready", 30)
    assert engine.send("status") == 0
    after = engine.lines.index(empty)
    beats = engine.until(
        lambda: [
            line["state"]["fronts"]["browser"]
            for line in engine.lines[after:]
            if line["action"] == "heartbeat" and "browser" in line["state"]["fronts"]
        ],
        30,
        "a heartbeat with the browser",
    )
    assert {beats[-1]["counters"][each] for each in ("done", "failed", "revoked")} == {0}
    assert [line for line in engine.lines if line["action"] == "browser_launched"] == []
    programs = []
    for process in psutil.Process(engine.pid).children(recursive=True):
        # Postgres has some that end by themselves.
        with contextlib.suppress(psutil.NoSuchProcess):
            programs.append(process.name())
    assert programs
    assert [name for name in programs if "chrom" in name or "headless" in name or "node" in name] == []
    assert engine.stop() == 0


def test_a8_d6_with_memory_short_and_redis_away_posts_go_on_and_background_is_refused_with_reason_and_alarm(
    engine_on: Callable[..., Engine], tmp_path: Path
) -> None:
    write_account(tmp_path, 487, LIMIT_MB)
    often = {"SUPERVISOR_JOBS_JOB_WATCHDOG_EVERY": "150s", "SUPERVISOR_LOG_HEARTBEAT": "1s"}
    missing = {"REDIS_URL": f"redis://{NOWHERE}", "CONTAINER": str(tmp_path)}
    engine = engine_on(environment={**often, **missing}, program=PROGRAM)
    engine.ready()
    pressed = engine.wait_for("memory_critical", 30)
    after = engine.lines.index(pressed)
    assert pressed["level"] == "error"
    blocked = engine.wait_for("run_blocked", 60, since=after, job="job_watchdog")
    assert "487 of 512 MB are used (95%)" in blocked["data"]
    assert engine.wait_for("job_starved", 60, job="job_watchdog")["refusals"] == 4
    assert engine.wait_for("control_away", 60)["data"]
    posted = engine.lines.index(engine.wait_for("posted", 60, since=after))
    beat = engine.wait_for("heartbeat", 30, since=posted)
    assert beat["state"]["memory"] == {"level": "critical", "used_mb": 487, "limit_mb": LIMIT_MB}
    write_account(tmp_path, 100, LIMIT_MB)
    relieved = engine.lines.index(engine.wait_for("memory_ok", 30))
    engine.wait_for("run_nothing", 60, since=relieved, job="job_watchdog")
    assert engine.stop() == 0


def test_d6_k3_with_the_site_away_at_the_start_words_are_heard_readiness_names_it_and_posting_begins_with_its_return(
    engine_on: Callable[..., Engine], short_folder: Path
) -> None:
    http, port, now = choose_port(0, 0, "HTTP"), choose_port(0, 0, "the site"), time.time()
    site, visitor = EmbeddedSandbox(short_folder, port, (now, now), 120.0), Visitor(http)
    away = {"PLATFORM_URL": f"http://127.0.0.1:{port}", "PORT": str(http), "SUPERVISOR_LOG_HEARTBEAT": "1s"}
    engine = engine_on(environment=away)
    assert "PLATFORM_URL" in engine.wait_for("platform_awaited", 60)["message"]
    engine.ready()
    eventually(lambda: visitor.reasons() == ["site"], "the one reason")
    assert [visitor.get(path)[0] for path in ("/livez", "/startz")] == [200, 200]
    engine.wait_for("control_ready", 30)
    assert engine.send("status") == 0
    assert "platform awaited" in engine.wait_for("control_answer", 10)["data"]
    engine.until(
        lambda: [line for line in engine.lines if line["action"] == "heartbeat" and _platform(line) == "awaited"],
        30,
        "a heartbeat that says so",
    )
    assert "the platform is awaited" in engine.wait_for("run_blocked", 90, job="posting")["data"]
    assert [line for line in engine.lines if line["action"] in ("browser_launched", "run_failed")] == []
    try:
        site.ensure(30)
        engine.wait_for("platform_answers", 30)
        engine.wait_for("posted", 90)
        eventually(lambda: visitor.reasons() == [], "readiness")
        assert engine.stop() == 0
    finally:
        site.stop(10)


def _platform(heartbeat: dict[str, Any]) -> str:
    return str(heartbeat["state"]["fronts"].get("browser", {}).get("condition"))


def test_d7_a_database_that_comes_up_late_costs_no_run_and_the_jobs_start_then(
    engine_on: Callable[..., Engine], empty_database_url: str, short_folder: Path
) -> None:
    sockets = parse_qs(urlsplit(empty_database_url).query)["host"][0]
    late = short_folder / "late"
    url = empty_database_url.replace(quote(sockets, safe=""), quote(str(late), safe=""))
    # Without plan there is nothing to wait for at the end.
    engine = engine_on(environment={"DATABASE_URL": url, "SUPERVISOR_JOBS_PLAN_ENABLED": "false"})
    assert "DATABASE_URL" in engine.wait_for("database_awaited", 60)["data"]
    late.symlink_to(sockets)
    engine.ready()
    for job in ("metrics_scraper", "learn", "job_watchdog"):
        engine.wait_for("run_nothing", 60, job=job)
    engine.until(lambda: engine.query("SELECT 1 FROM job_runs"), 30, "a record of a run")
    assert engine.query("SELECT job, reason FROM job_runs WHERE outcome = 'failed'") == []
    assert [line for line in engine.lines if line["action"] == "run_failed"] == []
    assert engine.stop() == 0


def test_three_jobs_that_fail_at_every_run_and_then_no_scraper_at_all_leave_posting_alone(
    engine_on: Callable[..., Engine],
) -> None:
    failing = ("metrics_scraper", "mega_viral_harvester", "follower_snapshot")
    program = ("tests/acceptance/failing.py",)
    engine = engine_on(environment={"FAILING_JOBS": ",".join(failing)}, program=program, whole=True)
    engine.ready()
    for job in failing:
        engine.wait_for("run_failed", 90, job=job)
    engine.until(lambda: [line for line in engine.lines if line["action"] == "posted"][2:], 90, "three posts")
    assert engine.stop() == 0

    jobs = find_jobs(actors.jobs).values()
    scrapers = [job.name for job in jobs if "browser" in job.uses and job.priority is not Priority.P0]
    again = engine_on(environment=without(scrapers), whole=True)
    again.ready()
    again.wait_for("posted", 90)
    since = get_json(again.site + "/_health")["now"]
    again.until(lambda: [line for line in again.lines if line["action"] == "posted"][2:], 90, "three more posts")

    assert len(scrapers) >= 3
    missed = f"SELECT 1 FROM job_runs WHERE outcome = 'missed' AND job IN ('posting', 'plan') AND slot > '{since}'"
    assert again.query(missed) == []
    assert again.stop() == 0
