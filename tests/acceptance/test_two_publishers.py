"""Two supervisors with one database and one site, as when a new deployment starts before the old one has ended."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from typing import TYPE_CHECKING, Any

import pytest

from tests.acceptance.engine import ROOT, Engine

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

pytestmark = [pytest.mark.acceptance, pytest.mark.timeout(300)]


@pytest.fixture
def site(tmp_path: Path) -> Iterator[str]:
    """Yield the URL of a sandbox that belongs to neither supervisor."""
    words = [sys.executable, "-u", "supervisor.py", "sandbox", "--port", "0", "--data", str(tmp_path / "site")]
    sandbox = subprocess.Popen(words, cwd=ROOT, stdout=subprocess.PIPE, text=True)
    assert sandbox.stdout is not None
    line = next(line for line in sandbox.stdout if "serves http://" in line)
    drain = threading.Thread(target=sandbox.stdout.read, daemon=True)
    drain.start()
    yield "http://127.0.0.1:" + line.partition("serves http://127.0.0.1:")[2].partition('"')[0]
    sandbox.kill()
    sandbox.wait(10)
    drain.join(10)
    sandbox.stdout.close()


@pytest.fixture
def pair(engine_on: Callable[..., Engine], empty_database_url: str, site: str) -> Callable[[str], Engine]:
    """Return a maker of supervisors that share database and site, with nothing to publish.

    Their lease is long enough that nobody loses it to a busy machine.
    """
    shared = {
        "DATABASE_URL": empty_database_url,
        "PLATFORM_URL": site,
        "SUPERVISOR_PUBLISHING_LEASE": "15s",
        "SUPERVISOR_JOBS_PLAN_ENABLED": "false",
        "SUPERVISOR_LOG_HEARTBEAT": "1s",
    }
    return lambda name: engine_on(data=name, environment=shared)


def row(engine: Engine) -> dict[str, Any]:
    (found,) = engine.query("SELECT boot_id, fence, expires_real > clock_timestamp() AS is_held FROM publisher_lease")
    return found


def boot_of(engine: Engine) -> str:
    return str(engine.lines[0]["boot"])


def shown(engine: Engine, **wanted: Any) -> None:
    """Wait for a heartbeat that shows the lease like this."""
    since = len(engine.lines)

    def is_shown() -> bool:
        leases = [line["state"]["lease"] for line in engine.lines[since:] if line["action"] == "heartbeat"]
        return any(lease and wanted.items() <= lease.items() for lease in leases)

    engine.until(is_shown, 30, f"a heartbeat with the lease {wanted}")


def test_b7_of_two_supervisors_one_holds_the_lease_and_the_other_follows_when_it_is_killed(
    pair: Callable[[str], Engine],
) -> None:
    first = pair("one")
    first.ready()
    assert first.wait_for("lease_taken", 30)["fence"] == 1
    second = pair("two")
    assert second.wait_for("lease_held_by_other", 60)["holder"].startswith(boot_of(first))
    shown(first, fence=1, is_ours=True)
    shown(second, fence=1, is_ours=False)
    assert row(first)["boot_id"].startswith(boot_of(first))
    first.kill()
    assert second.wait_for("lease_taken", 30)["fence"] == 2
    shown(second, fence=2, is_ours=True)
    assert row(second)["boot_id"].startswith(boot_of(second))
    third = pair("three")
    third.wait_for("lease_held_by_other", 60)
    since = len(third.lines)
    assert second.stop() == 0
    second.wait_for("lease_released", 1)
    assert third.wait_for("lease_taken", 30, since=since)["fence"] == 3
    assert third.stop() == 0
    assert not row(third)["is_held"]


def test_b7_a_supervisor_that_was_frozen_longer_than_its_lease_finds_that_it_lost_it(
    pair: Callable[[str], Engine],
) -> None:
    first = pair("one")
    first.ready()
    first.wait_for("lease_taken", 30)
    second = pair("two")
    second.wait_for("lease_held_by_other", 60)
    os.kill(first.pid, signal.SIGSTOP)
    try:
        assert second.wait_for("lease_taken", 30)["fence"] == 2
        since = len(first.lines)
    finally:
        os.kill(first.pid, signal.SIGCONT)
    lost = first.wait_for("lease_lost", 30, since=since)
    assert (lost["fence"], lost["holder"].startswith(boot_of(second))) == (2, True)
    shown(first, fence=2, is_ours=False)
    shown(second, fence=2, is_ours=True)
    assert [line["action"] for line in first.lines if line["action"] == "lease_taken"] == ["lease_taken"]
    assert (first.stop(), second.stop()) == (0, 0)
    assert "lease_released" not in {line["action"] for line in first.lines}
