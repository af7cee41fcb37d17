"""The loop's keeper: a blocked loop is replaced, and the fronts on it go on."""

from __future__ import annotations

import asyncio
import threading
from typing import TYPE_CHECKING, Any

import pytest

from actors.errors import AfterCommitError, ResourceDiedError
from actors.messages import LoopReplaced
from actors.runtime.abandoned import abandoned_threads
from actors.runtime.address import Address
from actors.runtime.front import Front, FrontPolicy
from actors.runtime.loop import Loop
from actors.runtime.loop_keeper import LoopKeeper
from tests.runtime.stage import WAIT, FakeOnLoop, Node, request, take
from tests.stage import eventually

if TYPE_CHECKING:
    from collections.abc import Iterator

LIMIT_S = 0.2


@pytest.fixture
def loop() -> Iterator[Loop]:
    loop = Loop()
    yield loop
    loop.thread.stop()


@pytest.fixture
def release() -> Iterator[threading.Event]:
    """Let what a test has blocked come back at its end."""
    event = threading.Event()
    yield event
    event.set()
    eventually(lambda: not abandoned_threads(), "the old loop ended")


def block(loop: Loop, release: threading.Event) -> None:
    blocked = threading.Event()

    async def wait() -> None:
        blocked.set()
        release.wait(WAIT)

    loop.thread.spawn(wait())
    assert blocked.wait(WAIT)


def test_a_loop_that_answers_is_left_alone(loop: Loop) -> None:
    front, first = Address("browser"), loop.thread
    node = Node(lambda context: LoopKeeper(context, loop, (front,), WAIT))
    eventually(lambda: node.ask_state()["answers"] >= 2, "two answers")
    node.end()
    assert loop.thread is first
    assert take(front, LoopReplaced) == []


def test_a_coroutine_that_blocks_the_loop_costs_its_thread_and_the_fronts_are_told(
    loop: Loop, release: threading.Event, caplog: pytest.LogCaptureFixture
) -> None:
    front, first = Address("browser"), loop.thread
    block(loop, release)
    node = Node(lambda context: LoopKeeper(context, loop, (front,), LIMIT_S))

    eventually(lambda: len(front.mailbox), "the front told")

    assert take(front) == [LoopReplaced()]
    assert loop.thread is not first
    assert loop.thread.call(asyncio.sleep(0, "serves"), WAIT) == "serves"
    assert [thread.name for thread in abandoned_threads()] == ["loop (abandoned)"]
    (line,) = [record for record in caplog.records if getattr(record, "action", "") == "loop_replaced"]
    assert "release.wait(WAIT)" in vars(line)["data"]
    node.end()


def test_a_loop_that_has_ended_is_replaced_too(loop: Loop) -> None:
    front, first = Address("browser"), loop.thread
    first.stop()
    node = Node(lambda context: LoopKeeper(context, loop, (front,), LIMIT_S))
    eventually(lambda: len(front.mailbox), "the front told")
    assert loop.thread is not first
    node.end()


def test_what_ran_on_the_lost_loop_fails_at_once_and_what_waits_runs_on_the_next(
    loop: Loop, release: threading.Event
) -> None:
    made: list[FakeOnLoop] = []

    def make() -> FakeOnLoop:
        made.append(FakeOnLoop(loop.thread))
        return made[-1]

    front = Node(lambda context: Front(context, make, FrontPolicy(1, 0, 10), Address("board")), "fake")

    async def hang(_: Any) -> None:
        running.set()
        release.wait(WAIT)
        raise AfterCommitError("too late to matter")

    async def answer(_: Any) -> str:
        return "done"

    running = threading.Event()
    runs, waits = request(hang), request(answer)
    front.address.tell(runs)
    front.address.tell(waits)
    assert running.wait(WAIT)

    loop.replace()
    front.address.tell(LoopReplaced())

    with pytest.raises(ResourceDiedError, match="event loop was blocked"):
        runs.reply.wait(WAIT)  # type: ignore[attr-defined]
    assert waits.reply.wait(WAIT) == "done"  # type: ignore[attr-defined]
    assert made[0].is_abandoned
    eventually(lambda: not front.ask_state().running, "the front has heard of the end")
    state = front.ask_state()
    assert (state.running, state.breaker, state.counters["revoked"]) == (0, "closed", 1)
    front.end()
