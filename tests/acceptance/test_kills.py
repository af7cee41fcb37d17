"""Kills of every process in the middle of the work: no post twice, no receipt missing, and the flow goes on."""

from __future__ import annotations

import contextlib
import os
import signal
from typing import TYPE_CHECKING

import psutil
import pytest

from tests.acceptance.engine import Engine, assert_nothing_doubled_nothing_lost

if TYPE_CHECKING:
    from collections.abc import Callable

pytestmark = [pytest.mark.acceptance, pytest.mark.timeout(300)]


def test_b3_a7_g2_d10_chromium_postgres_valkey_and_then_the_supervisor_killed_in_the_middle_of_posting(
    engine_on: Callable[..., Engine],
) -> None:
    engine = engine_on()
    engine.ready()
    for victim in ("chromium", "postgres", "valkey"):
        seen = len(engine.lines)
        engine.wait_for("intent_durable", 60, since=seen)
        if victim == "chromium":
            launches = [line for line in engine.lines if line["action"] == "browser_launched"]
            os.kill(launches[-1]["pid"], signal.SIGKILL)
            engine.wait_for("browser_launched", 60, since=seen)
        else:
            os.kill(engine.server_pid(victim), signal.SIGKILL)
            engine.wait_for("server_restarted", 60, server=victim, since=seen)
        after = len(engine.lines)
        engine.wait_for("posted", 120, since=after)
    engine.wait_for("control_ready", 30, since=seen)
    engine.wait_for("intent_durable", 60, since=len(engine.lines))
    engine.kill()
    again = engine_on()
    again.ready()
    again.wait_for("posted", 120)
    later = len(again.lines)
    again.wait_for("posted", 120, since=later)
    again.until(lambda: not again.query("SELECT 1 FROM decisions WHERE status = 'uncertain'"), 60, "doubts settled")
    assert_nothing_doubled_nothing_lost(again)
    assert again.stop() == 0
    assert again.processes() == []


def test_d11_a_sigterm_in_the_middle_of_a_post_or_beside_a_postgres_that_hangs_ends_in_time_and_loses_nothing(
    engine_on: Callable[..., Engine],
) -> None:
    engine = engine_on(environment={"SUPERVISOR_PUBLISHING_SPACING": "0s"})  # so that several posts are due at once
    engine.ready()
    # The page, the create call, and whatever a scraper's visits take of it.
    engine.arm("slow", 6)
    intent = engine.wait_for("intent_durable", 60)
    assert engine.stop(timeout=60) == 0
    ends = [line["action"] for line in engine.lines if line.get("decision") == intent["decision"]]
    assert ends[-1] in ("posted", "uncertain")
    intents = [line for line in engine.lines if line["action"] == "intent_durable"]
    assert intents[-1] == intent, "another post was begun after the signal"
    again = engine_on(environment={"RAILWAY_DEPLOYMENT_DRAINING_SECONDS": "6"})
    again.ready()
    posted = f"SELECT 1 FROM decisions WHERE decision_id = '{intent['decision']}' AND status = 'posted'"
    again.until(lambda: again.query(posted), 60, "the post in the ledger")
    assert_nothing_doubled_nothing_lost(again)
    assert again.send("pause", "posting") == 0
    again.until(
        lambda: not again.query("SELECT 1 FROM decisions WHERE status IN ('claimed', 'publishing')"),
        60,
        "no post in flight",
    )
    postgres = psutil.Process(again.server_pid("postgres"))
    for process in (postgres, *postgres.children(recursive=True)):
        # Some of its processes end by themselves.
        with contextlib.suppress(psutil.NoSuchProcess):
            process.suspend()
    assert again.stop(timeout=12) == 0
    assert again.processes() == []
