"""The site's faults while posting: the right state for each, and never a second post."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from tests.acceptance.engine import ROOT, Engine, assert_nothing_doubled_nothing_lost

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

pytestmark = [pytest.mark.acceptance, pytest.mark.timeout(300)]


@pytest.fixture(scope="module")
def engine(engine_in: Callable[..., Engine], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    """Return one engine for all faults; at the end the site's truth is held against the ledger."""
    # The real seconds that evidence is waited for are many minutes of schedule time here.
    patience = {"SUPERVISOR_PUBLISHING_UNCERTAIN_GIVE_UP": "4h"}
    engine = engine_in(tmp_path_factory.mktemp("faults") / "data", environment=patience)
    engine.ready()
    engine.wait_for("posted", 60)
    yield engine
    assert_nothing_doubled_nothing_lost(engine)
    assert engine.stop() == 0
    assert engine.processes() == []


def test_b1_a_lost_response_is_uncertain_until_the_timeline_shows_the_post(engine: Engine) -> None:
    seen = len(engine.lines)
    engine.arm("response_lost")
    doubt = engine.wait_for("uncertain", 90, since=seen)
    posted = engine.wait_for("posted", 90, since=seen, decision=doubt["decision"])
    assert posted["evidence"] == "timeline"


def test_e1_logged_out_stops_posting_with_the_reason_and_publishes_nothing(engine: Engine) -> None:
    seen = len(engine.lines)
    engine.arm("logged_out", 1000)
    blocked = engine.wait_for("run_blocked", 120, since=seen, job="posting")
    before = engine.truth()["posts"]
    assert "LoggedOut" in blocked["data"] or "logged" in blocked["data"]
    again = engine.lines.index(blocked) + 1
    engine.wait_for("run_blocked", 120, since=again, job="posting")
    assert engine.truth()["posts"] == before
    words = [sys.executable, "supervisor.py", "why", "--json", "--data", str(engine.data)]
    asked = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, timeout=30, check=False)
    last = json.loads(asked.stdout)["last"]
    assert (last["outcome"], "not logged in" in last["reason"]) == ("blocked", True)
    engine.arm("logged_out", 0)
    engine.wait_for("posted", 120, since=again)
