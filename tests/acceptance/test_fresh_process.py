"""Processes that begin anew: for the sake of hung threads, and after boots that died young."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import psutil
import pytest

from tests.acceptance.engine import assert_nothing_doubled_nothing_lost

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.acceptance.engine import Engine

pytestmark = [pytest.mark.acceptance, pytest.mark.timeout(180)]


def test_d2_a_job_in_an_endless_loop_costs_its_slot_and_brings_a_new_process_in_a_quiet_gap(
    engine_on: Callable[..., Engine],
) -> None:
    settings = {
        # The shortest deadline of a run that leaves room for the waits inside it.
        "SUPERVISOR_DATABASE_STATEMENT_TIMEOUT": "1s",
        "SUPERVISOR_DATABASE_DEADLINE": "3500ms",
        "SUPERVISOR_REDIS_TIMEOUT": "1s",
        "SUPERVISOR_JOBS_JOB_WATCHDOG_DEADLINE": "4s",
        "CONTROL_KEY": "k" * 40,
    }
    engine = engine_on(speed=1, environment=settings, program=("tests/acceptance/endless.py",))
    pid = engine.wait_for("starting", 60, speed=1.0)["pid"]
    engine.ready()
    revoked = engine.wait_for("slot_revoked", 60, front="runs")
    engine.wait_for("run_failed", 10, job="job_watchdog", run=revoked["owner"])
    engine.wait_for("posted", 60)

    renewed = engine.wait_for("process_renewed", 90)
    seen = engine.lines.index(renewed)

    assert "in _never_end" in renewed["data"]
    assert engine.wait_for("starting", 60, since=seen, speed=1.0)["pid"] == pid
    engine.wait_for("ready", 60, since=seen)
    # The first process had taken it out of its environment.
    assert psutil.Process(pid).environ()["CONTROL_KEY"] == "k" * 40
    assert engine.send("run", "job_watchdog") == 0
    engine.wait_for("run_nothing", 60, since=seen, job="job_watchdog")
    assert_nothing_doubled_nothing_lost(engine)
    assert engine.stop() == 0
    assert engine.processes() == []


def test_d6_a_process_that_kept_dying_young_waits_before_it_starts_anything(
    engine_on: Callable[..., Engine], tmp_path: Path
) -> None:
    file = tmp_path / "data" / "boot.json"
    file.parent.mkdir()
    file.write_text(json.dumps({"state": "young", "deaths": 7}))
    engine = engine_on(environment={"SUPERVISOR_SUPERVISION_BOOT_BACKOFF": "1s"})

    delayed = engine.wait_for("boot_delayed", 60)

    assert delayed["delay_s"] == 1.0
    assert engine.lines[-1] == delayed
    engine.ready()
    assert engine.stop() == 0
    assert {name: json.loads(file.read_text())[name] for name in ("state", "deaths")} == {"state": "ended", "deaths": 0}


def test_d10_a_tree_that_restarts_too_often_gives_up_and_the_process_ends_with_a_code_but_zero(
    engine_on: Callable[..., Engine],
) -> None:
    settings = {
        "SUPERVISOR_SUPERVISION_INTENSITY": "0",
        "CHAOS_SEED": "1",
        "CHAOS_SECONDS": "60",
        "CHAOS_PAUSE": "0.1",
    }
    engine = engine_on(environment=settings, program=("-m", "tests.soak.poisoned"))

    crashed = engine.wait_for("actor_crashed", 60)
    failed = engine.wait_for("root_failed", 60)

    assert crashed["actor"] in failed["data"] or "gave up" in failed["data"]
    assert "more than 0 restarts in 60 s" in failed["data"]
    assert engine.wait(60) == 1
    assert engine.processes() == []
