"""The loop of the first release, on real parts and from one command."""

from __future__ import annotations

import json
import subprocess
import sys
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest

from actors.domain.log_state import LogState
from tests.acceptance.engine import ROOT, Engine, assert_nothing_doubled_nothing_lost
from tests.jobs.doors import configuration
from tests.log_schema import misfits

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

LOG_KEY = "a-key-of-the-test-with-32-characters"
pytestmark = [pytest.mark.acceptance, pytest.mark.timeout(300)]


def test_a_first_run_plans_publishes_answers_measures_and_ends_clean(engine_on: Callable[..., Engine]) -> None:
    engine = engine_on(whole=True)
    engine.ready()
    engine.until(lambda: [line for line in engine.lines if line["action"] == "posted"][3:], 120, "four posts")
    engine.until(lambda: [line for line in engine.lines if line.get("counts", {}).get("replied")], 120, "a reply")
    engine.until(lambda: [line for line in engine.lines if line.get("counts", {}).get("snapshots")], 120, "a reading")
    assert_nothing_doubled_nothing_lost(engine)
    replies = engine.query("SELECT tweet_id, target_id FROM decisions WHERE lane = 'reply' AND status = 'posted'")
    under = {post["id"]: post["in_reply_to"] for post in engine.truth()["posts"]}
    assert replies
    assert all(under[row["tweet_id"]] == row["target_id"] for row in replies)
    rows = engine.query(
        "SELECT d.weight_version, d.propensity, count(m.snapshot_id) AS snapshots FROM decisions d "
        "LEFT JOIN metric_snapshots m USING (decision_id) WHERE d.status = 'posted' AND d.lane = 'content' "
        "GROUP BY d.decision_id"
    )
    assert all(row["weight_version"] == 0 and 0 < row["propensity"] <= 1 for row in rows)
    assert engine.stop() == 0
    summary = engine.wait_for("summary", 1)
    assert summary["planned"] >= 6
    assert summary["published"] == summary["receipts"] >= 4
    assert summary["snapshots"] >= 1
    assert engine.at_level("error") == []
    assert engine.noise == []
    assert engine.processes() == []


def test_b7_a_second_supervisor_on_the_same_folder_is_refused(engine_on: Callable[..., Engine]) -> None:
    first = engine_on()
    first.ready()
    second = engine_on()
    assert second.wait(30) == 2
    assert any("another supervisor" in line and str(first.pid) in line for line in second.noise)
    assert first.stop() == 0


def test_c8_a_restart_finds_its_servers_again_and_plans_nothing_twice(engine_on: Callable[..., Engine]) -> None:
    engine = engine_on()
    engine.ready()
    engine.wait_for("posted", 60)
    before = {name: engine.server_pid(name) for name in ("postgres", "valkey", "sandbox")}
    engine.kill()
    again = engine_on()
    again.ready()
    assert {name: again.server_pid(name) for name in before} == before
    again.wait_for("run_admitted", 30, job="plan")
    again.until(lambda: any(line.get("job") == "plan" and "took_ms" in line for line in again.lines), 30, "plan's end")
    queued = again.query("SELECT count(*) AS n FROM decisions WHERE status = 'queued'")[0]["n"]
    assert queued <= configuration().publishing.queue_depth
    assert again.stop() == 0
    assert again.processes() == []


def test_every_line_on_a_pipe_fits_the_schema_and_the_state_they_tell_is_the_one_that_status_tells(
    engine_on: Callable[..., Engine],
) -> None:
    engine = engine_on(environment={"SUPERVISOR_LOG_HEARTBEAT": "2s", "LOG_KEY": LOG_KEY})
    engine.ready()
    # A slow start has heartbeats before it has fronts.
    state: dict[str, Any] = engine.until(
        lambda: next((each for each in beats(engine) if {"browser", "database"} <= each["fronts"].keys()), None),
        30,
        "a heartbeat with the fronts",
    )
    assert {"fronts", "families", "jobs", "next_due", "actors", "counts"} <= state.keys()
    assert state["fronts"]["browser"]["size"] == 3
    assert state["fronts"]["database"]["size"] == 10
    for _ in range(3):
        said = told(status(engine, state.keys()))
        engine.until(lambda said=said: said in states(engine), 10, "the state that status told")
    assert engine.stop() == 0
    assert engine.noise == []
    assert [problem for line in engine.lines for problem in misfits(line)] == []
    found = fold(engine).snapshot()
    assert (found["missing"], found["refused"], found["is_whole"], found["is_verified"]) == (0, 0, True, True)
    assert (found["phase"], found["over"], found["dropped"]) == ("stopped", 0, {})


def beats(engine: Engine) -> list[dict[str, Any]]:
    """Return the states that heartbeats told."""
    return [line["state"] for line in engine.lines if line["action"] == "heartbeat"]


def status(engine: Engine, sections: Collection[str]) -> dict[str, Any]:
    """Ask the running supervisor for these sections of its status."""
    words = [sys.executable, "supervisor.py", "status", "--json", "--data", str(engine.data)]
    answer = subprocess.run(words, cwd=ROOT, check=True, capture_output=True, timeout=60)
    document: dict[str, Any] = json.loads(answer.stdout)
    return {name: document[name] for name in sections}


def fold(engine: Engine) -> LogState:
    """Rebuild the state from the lines."""
    state = LogState(LOG_KEY.encode())
    for line in engine.lines:
        state.take(json.dumps(line))
    return state


def states(engine: Engine) -> list[Any]:
    """Return the states after each line that carried one."""
    state, found = LogState(LOG_KEY.encode()), []
    for line in list(engine.lines):
        state.take(json.dumps(line))
        if "state_seq" in line:
            found.append(told(state.snapshot()["state"]))
    return found


def told(value: Any) -> Any:
    """Return a state without what runs by itself, its times to the millisecond and written in one way."""
    match value:
        case dict():
            running = ("uptime_s", "schedule_time", "left_s", "restart_in_s")
            return {name: told(part) for name, part in value.items() if name not in running}
        case list():
            return [told(part) for part in value]
        case str() if value[:2] == "20" and value[4:5] == "-":
            at = datetime.fromisoformat(value).astimezone(UTC)
            return at.isoformat(timespec="milliseconds")
        case _:
            return value
