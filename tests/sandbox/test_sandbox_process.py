"""The sandbox as a real process that is killed."""

from __future__ import annotations

import contextlib
import http.client
import os
import signal
import subprocess
import sys
import threading
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from .conftest import Visitor, eventually

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@contextmanager
def sandbox(data: Path, *flags: str) -> Iterator[tuple[subprocess.Popen[str], Visitor]]:
    command = [sys.executable, "-u", "supervisor.py", "sandbox", "--port", "0", "--data", str(data), *flags]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=dict(os.environ))
    assert process.stdout is not None
    guard = threading.Timer(30.0, process.kill)
    guard.start()
    try:
        port = 0
        for line in process.stdout:
            if "serves http://" in line:
                port = int(line.partition("serves http://127.0.0.1:")[2].partition('"')[0])
                break
        assert port, "the sandbox did not start"
        yield process, Visitor(port)
    finally:
        guard.cancel()
        if process.poll() is None:
            process.kill()
        process.wait(10)
        process.stdout.close()


def test_kill_9_in_the_middle_of_publishing_loses_nothing_that_was_answered(tmp_path: Path) -> None:
    answered: list[str] = []
    with sandbox(tmp_path) as (process, visitor):
        enough = threading.Event()

        def publish() -> None:
            for number in range(10_000):
                try:
                    created = visitor.create(f"post {number}")
                except (OSError, http.client.HTTPException):
                    return
                answered.append(created["data"]["create_tweet"]["tweet_results"]["result"]["rest_id"])
                if number == 20:
                    enough.set()

        thread = threading.Thread(target=publish)
        thread.start()
        assert enough.wait(20)
        process.send_signal(signal.SIGKILL)
        thread.join(20)
        assert not thread.is_alive()
    with sandbox(tmp_path) as (_, visitor):
        posts = visitor.truth()
    ids = [post["id"] for post in posts]
    assert set(answered) <= set(ids)
    assert len(ids) - len(answered) <= 1
    assert ids == sorted(ids, key=int)


def test_time_goes_on_over_kill_9_and_another_speed(tmp_path: Path) -> None:
    told: list[datetime] = []
    for speed in ("600", "1", "60"):
        with sandbox(tmp_path, "--speed", speed) as (process, visitor):
            health = visitor.json("GET", "/_health")
            assert health["speed"] == float(speed)
            told.append(datetime.fromisoformat(health["now"]))
            process.send_signal(signal.SIGKILL)
    assert told == sorted(told)
    assert (told[2] - told[0]).total_seconds() > 0


def test_an_anchor_sets_the_schedule(tmp_path: Path) -> None:
    now = datetime.now(UTC).timestamp()
    with sandbox(tmp_path, "--speed", "1", "--anchor", f"{now}:2000000000") as (_, visitor):
        health = visitor.json("GET", "/_health")
    assert 0 <= datetime.fromisoformat(health["now"]).timestamp() - 2_000_000_000 < 60


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_polite_signal_ends_it_cleanly_even_with_a_hung_request(tmp_path: Path, number: signal.Signals) -> None:
    with sandbox(tmp_path) as (process, visitor):
        visitor.arm("hang")

        def publish() -> None:
            with contextlib.suppress(OSError, ValueError, http.client.HTTPException):
                visitor.create("Hung", timeout=20)

        hung = threading.Thread(target=publish)
        hung.start()
        eventually(lambda: not visitor.json("GET", "/_faults")["armed"])
        process.send_signal(number)
        assert process.wait(10) == 0
        hung.join(10)


def test_a_second_sandbox_on_the_same_directory_is_refused(tmp_path: Path) -> None:
    with sandbox(tmp_path):
        second = subprocess.run(
            [sys.executable, "supervisor.py", "sandbox", "--port", "0", "--data", str(tmp_path)],
            capture_output=True,
            text=True,
            timeout=30,
            check=False,
        )
    assert second.returncode == 2
    assert "another sandbox serves" in second.stderr
