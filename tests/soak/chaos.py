"""A run under chaos, from its start to the checks at rest: what the short test and the soak share."""

from __future__ import annotations

import time
import tomllib
from typing import TYPE_CHECKING, Any

from actors.domain.duration import parse_duration
from tests.acceptance.engine import FIRST_LOOP, ROOT, only
from tests.soak.invariants import Finding, Rules, check_all, heartbeats

if TYPE_CHECKING:
    from tests.acceptance.engine import Engine

PROGRAM = ("-m", "tests.soak.poisoned")
PER_HOUR, PER_DAY, BUDGET_USD = 12, 200, 5.0
_CALM_S = 120.0


def environment(seconds: float, seed: int, pause: float) -> dict[str, str]:
    """Return the variables of a run under chaos: brisk posting, and supervisors that tolerate these many restarts."""
    return {
        **only(FIRST_LOOP),
        "CHAOS_SECONDS": str(seconds),
        "CHAOS_SEED": str(seed),
        "CHAOS_PAUSE": str(pause),
        "SUPERVISOR_SUPERVISION_INTENSITY": "10000",
        "SUPERVISOR_SUPERVISION_BACKOFF_MIN": "50ms",
        "SUPERVISOR_SUPERVISION_BACKOFF_MAX": "500ms",
        "SUPERVISOR_LOG_HEARTBEAT": "2s",
        "SUPERVISOR_PUBLISHING_SPACING": "5m",
        "SUPERVISOR_PUBLISHING_CONTENT_PER_HOUR": str(PER_HOUR),
        "SUPERVISOR_PUBLISHING_CONTENT_PER_DAY": str(PER_DAY),
        # What is proven needs the job to live through two looks at the timeline.
        "SUPERVISOR_PUBLISHING_UNCERTAIN_GIVE_UP": "4h",
    }


def rules() -> Rules:
    """Return what such a run is held to."""
    jobs: dict[str, Any] = tomllib.loads((ROOT / "config.toml").read_text(encoding="utf-8"))["jobs"]
    intervals = {name: parse_duration(jobs[name]["every"]) for name in FIRST_LOOP}
    return Rules(PER_HOUR, PER_DAY, BUDGET_USD, intervals)


def outlive(engine: Engine, seconds: float, *, with_measures: bool = False) -> list[Finding]:
    """Wait for the end of the chaos, see the work go on, let doubts settle, and check everything at rest.

    `with_measures` also waits for a whole run of the scraper, which catches up with what no run could read meanwhile.
    """
    engine.ready()
    over = engine.wait_for("chaos_over", seconds + _CALM_S)
    after = engine.lines.index(over)
    engine.wait_for("posted", _CALM_S, since=after)
    if with_measures:
        run = engine.wait_for("run_admitted", _CALM_S, since=after, job="metrics_scraper")["run"]
        engine.wait_for("run_done", _CALM_S, since=after, run=run)
    engine.wait_for("control_ready", _CALM_S)
    engine.until(lambda: engine.send("status") == 0, _CALM_S, "the operator answers")
    return [*at_rest(engine), kill_switch(engine)]


def at_rest(engine: Engine) -> list[Finding]:
    """Let doubts settle, pause publishing, and check."""
    _none(engine, "status = 'uncertain'")
    assert engine.send("pause", "posting") == 0
    _none(engine, "status IN ('claimed', 'publishing')")
    beats = len(heartbeats(engine.lines))
    engine.until(lambda: len(heartbeats(engine.lines)) > beats + 1, _CALM_S, "two heartbeats")
    findings = check_all(engine, rules())
    assert engine.send("resume", "posting") == 0
    return findings


def kill_switch(engine: Engine) -> Finding:
    """Check 12: from the answer to the switch on no intent becomes durable."""
    assert engine.send("kill-switch", "on") == 0
    answered = len(engine.lines)
    began = time.monotonic()
    blocked = engine.wait_for("run_blocked", _CALM_S, since=answered, job="posting")
    later = engine.lines.index(blocked) + 1
    engine.wait_for("run_admitted", _CALM_S, since=later, job="posting")
    assert engine.send("kill-switch", "off") == 0
    off = next(i for i, line in enumerate(engine.lines) if i > later and "kill-switch off" in line["message"])
    intents = [line for line in engine.lines[answered:off] if line["action"] == "intent_durable"]
    figures = f"{len(intents)} intents in {time.monotonic() - began:.1f} s"
    return Finding("12", "the kill switch holds from the next commit point on", not intents, figures)


def _none(engine: Engine, condition: str) -> None:
    engine.until(lambda: not engine.query(f"SELECT 1 FROM decisions WHERE {condition}"), _CALM_S, f"no {condition}")
