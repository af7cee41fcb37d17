"""Health over HTTP, asked of a real process whose Redis is away at its start, comes, goes, and comes again."""

from __future__ import annotations

import json
import subprocess
import sys
import urllib.error
import urllib.request
from typing import TYPE_CHECKING, Any

import pytest
from prometheus_client.parser import text_string_to_metric_families

from actors.embedded.valkey import EmbeddedValkey, choose_port
from actors.runtime.build import build_id
from tests.acceptance.engine import ROOT, Engine
from tests.dashboard.conftest import Receiver
from tests.stage import PATIENCE_S, eventually

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

pytestmark = [pytest.mark.acceptance, pytest.mark.timeout(180)]

TOKEN = "t" * 40


class Visitor:
    """Asks one process over HTTP; the status is 0 while nobody answers."""

    def __init__(self, port: int) -> None:
        self._base = f"http://127.0.0.1:{port}"

    def get(self, path: str, token: str = TOKEN) -> tuple[int, str]:
        request = urllib.request.Request(self._base + path, headers={"Authorization": f"Bearer {token}"})
        try:
            with urllib.request.urlopen(request, timeout=PATIENCE_S) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as error:
            return error.code, error.read().decode()
        except OSError:
            return 0, ""

    def reasons(self) -> list[str]:
        """Return why it is not ready, by part; empty if it is."""
        status, body = self.get("/readyz")
        assert status in (200, 503)
        reasons = json.loads(body)["reasons"]
        assert (status == 200) is (not reasons)
        return sorted(reason.partition(":")[0] for reason in reasons)


def test_k2_k3_k5_health_tells_the_truth_while_redis_comes_and_goes(
    engine_on: Callable[..., Engine], short_folder: Path
) -> None:
    valkey, port, receiver = EmbeddedValkey(short_folder), choose_port(0, 0, "HTTP"), Receiver()
    url = valkey.ensure(30).url
    valkey.stop(10)
    environment = {"PORT": str(port), "HTTP_TOKEN": TOKEN, "REDIS_URL": url, "PING_URL": receiver.url.reveal()}
    quick = {"SUPERVISOR_BREAKER_OPEN_MAX": "2s", "SUPERVISOR_ALERTS_PING_EVERY": "1s"}
    visitor = Visitor(port)
    try:
        engine = engine_on(environment={**environment, **quick})
        # Alive before it has anything that it needs, and it says what it waits for.
        eventually(lambda: visitor.get("/livez") == (200, "alive\n"), "life")
        assert visitor.reasons() == ["start"]
        assert receiver.hits == []
        engine.ready()
        eventually(lambda: visitor.reasons() == ["redis"], "the reason")

        valkey.ensure(30)
        eventually(lambda: visitor.reasons() == [], "readiness")
        eventually(lambda: visitor.get("/freshness")[0] == 200, "freshness")
        assert json.loads(visitor.get("/status")[1])["build"] == build_id()
        valkey.stop(10)
        eventually(lambda: visitor.reasons() == ["redis"], "the reason")
        assert [visitor.get(f"/{page}")[0] for page in ("livez", "metrics", "status", "freshness")] == [200] * 4
        receiver.wait(1)

        seen = len(engine.lines)
        valkey.ensure(30)
        eventually(lambda: visitor.reasons() == [], "readiness")
        figures = {family.name for family in text_string_to_metric_families(visitor.get("/metrics")[1])}
        assert {"supervisor_ready", "supervisor_lane_posted", "supervisor_job_runs"} <= figures
        engine.wait_for("control_ready", 30, since=seen)
        # What the ledger has learned to tell between the two is in the later one alone.
        eventually(
            lambda: shape(json.loads(visitor.get("/status")[1])) == shape(said_by_command(engine, url)),
            "the same of both",
        )
        assert visitor.get("/status", token="x" * 40)[0] == 401
        assert TOKEN not in "".join(map(str, engine.lines))
        assert engine.stop() == 0
        assert visitor.get("/livez")[0] == 0
    finally:
        receiver.close()
        valkey.stop(10)


def said_by_command(engine: Engine, redis_url: str) -> Any:
    """Return what `status --json` prints."""
    words = [sys.executable, "supervisor.py", "status", "--json", "--data", str(engine.data)]
    environment = {"PATH": "/usr/bin:/bin", "REDIS_URL": redis_url}
    done = subprocess.run(words, cwd=ROOT, env=environment, timeout=30, check=True, stdout=subprocess.PIPE)
    return json.loads(done.stdout)


def shape(document: Any) -> Any:
    """Return the keys of a document without what changes from one moment to the next."""
    moving = {"counts", "running", "waiting", "jobs", "restarts", "spent", "started"}
    if isinstance(document, dict):
        return {key: None if key in moving else shape(value) for key, value in document.items()}
    return None
