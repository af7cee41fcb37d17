"""The loop thread."""

from __future__ import annotations

import asyncio
import threading

import pytest

from actors.errors import ActorUnavailableError, DeadlineError
from actors.runtime.loop import LoopThread
from tests.runtime.stage import WAIT


def test_a_call_returns_the_value_and_raises_what_the_coroutine_raises() -> None:
    loop = LoopThread()

    async def fail() -> None:
        raise KeyError("mine")

    assert loop.call(asyncio.sleep(0, 7), WAIT) == 7
    with pytest.raises(KeyError, match="mine"):
        loop.call(fail(), WAIT)
    loop.stop()


def test_a9_a_call_that_takes_too_long_is_cancelled_and_says_so() -> None:
    loop, started, cancelled = LoopThread(), threading.Event(), threading.Event()

    async def forever() -> None:
        started.set()
        try:
            await asyncio.Event().wait()
        finally:
            cancelled.set()

    # Of a call that had no time to begin there is nothing to cancel.
    while not started.is_set():
        with pytest.raises(DeadlineError):
            loop.call(forever(), 0.01)
    assert cancelled.wait(WAIT)
    loop.stop()


def test_stopping_cancels_what_still_runs() -> None:
    loop, started, cancelled = LoopThread(), threading.Event(), threading.Event()

    async def forever() -> None:
        started.set()
        try:
            await asyncio.Event().wait()
        finally:
            cancelled.set()

    loop.spawn(forever())
    assert started.wait(WAIT)
    loop.stop()
    assert cancelled.wait(WAIT)


def test_what_nobody_waits_for_is_a_warning_with_its_cause(caplog: pytest.LogCaptureFixture) -> None:
    loop = LoopThread()

    async def forget() -> None:
        asyncio.get_running_loop().create_future().set_exception(KeyError("forgotten"))

    loop.call(forget(), WAIT)
    loop.stop()
    notes = [record for record in caplog.records if getattr(record, "action", "") == "loop_note"]
    assert [record.levelname for record in notes] == ["WARNING"]
    assert "KeyError: 'forgotten'" in caplog.text


def test_a_stopped_loop_refuses_work_instead_of_keeping_it() -> None:
    loop = LoopThread()
    loop.stop()
    loop.stop()
    with pytest.raises(ActorUnavailableError, match="has stopped"):
        loop.spawn(asyncio.sleep(0))
    with pytest.raises(ActorUnavailableError, match="has stopped"):
        loop.call(asyncio.sleep(0), WAIT)
