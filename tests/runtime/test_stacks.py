"""Where all threads and tasks stand, seen from outside."""

from __future__ import annotations

import asyncio
import threading
from typing import TYPE_CHECKING

from actors.runtime import stacks as stacks_module
from actors.runtime.loop import LoopThread
from actors.runtime.stacks import stacks_of_threads
from tests.stage import PATIENCE_S, eventually

if TYPE_CHECKING:
    import pytest


def test_every_thread_has_a_line_with_its_innermost_call_and_no_value(monkeypatch: pytest.MonkeyPatch) -> None:
    # Other tests of the process may have left theirs behind.
    monkeypatch.setattr("actors.runtime.stacks._MOST_THREADS", 10_000)
    standing, end, secret = threading.Event(), threading.Event(), "sk-0123456789"

    def stand_still(password: str) -> None:
        assert password
        standing.set()
        end.wait(PATIENCE_S)

    thread = threading.Thread(target=stand_still, args=(secret,), name="still\n\x1b[31mred", daemon=True)
    thread.start()
    try:
        assert standing.wait(PATIENCE_S)
        lines = stacks_of_threads()
    finally:
        end.set()
        thread.join(PATIENCE_S)

    (line,) = [line for line in lines if line.startswith("still")]
    assert "tests.runtime.test_stacks:" in line
    assert "stand_still" in line
    assert line.isprintable()
    assert not any(secret in each for each in lines)


def test_the_tasks_of_a_blocked_loop_are_seen_with_what_they_wait_in() -> None:
    loop, entered, blocked, free = LoopThread(), threading.Event(), threading.Event(), threading.Event()

    async def inner() -> None:
        await asyncio.get_running_loop().create_future()

    async def outer() -> None:
        entered.set()
        await inner()

    async def block() -> None:
        blocked.set()
        free.wait(PATIENCE_S)

    loop.spawn(outer())
    assert entered.wait(PATIENCE_S)
    loop.spawn(block())
    try:
        assert blocked.wait(PATIENCE_S)
        (line,) = eventually(lambda: [line for line in loop.tasks() if " outer" in line], "the task seen")
    finally:
        free.set()
        loop.stop()

    assert line.index(" inner") < line.index(" outer")


def test_a_great_many_threads_are_cut_and_counted() -> None:
    lines = [f"t{number}" for number in range(130)]

    assert stacks_module._bounded(lines, 100, "threads")[-2:] == ["t99", "and 30 more threads"]
