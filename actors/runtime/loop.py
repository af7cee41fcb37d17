"""The one asyncio loop, where browser and model errands run, and the thread that runs it."""

from __future__ import annotations

import asyncio
import concurrent.futures
import logging
import threading
from typing import TYPE_CHECKING, Any

from actors.errors import ActorUnavailableError, DeadlineError
from actors.runtime.abandoned import mark_abandoned, stack_of
from actors.runtime.stacks import stacks_of_tasks

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine


logger = logging.getLogger(__name__)

_CANCEL_S = 1.0


class LoopThread:
    """A daemon thread with an event loop. Handles must be created, used and destroyed on it."""

    def __init__(self, name: str = "loop") -> None:
        self._loop = asyncio.new_event_loop()
        self._loop.set_exception_handler(_report)
        self._tasks: set[asyncio.Task[Any]] = set()
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)
        self._thread.start()

    def spawn(self, coroutine: Coroutine[Any, Any, None]) -> None:
        """Start a coroutine from any thread without waiting for it. It must handle its own errors.

        Raises:
            ActorUnavailableError: the loop has stopped.
        """
        try:
            self._loop.call_soon_threadsafe(self._start, coroutine)
        except RuntimeError:
            coroutine.close()
            raise ActorUnavailableError("the event loop has stopped") from None

    def call(self, coroutine: Coroutine[Any, Any, Any], timeout: float) -> Any:
        """Run a coroutine and wait for its value, at most `timeout` real seconds. Not from the loop's own thread.

        Raises:
            DeadlineError: it took longer, or the loop is blocked. ActorUnavailableError: the loop has stopped.
            Whatever the coroutine raises.
        """
        if self._loop.is_closed():
            coroutine.close()
            raise ActorUnavailableError("the event loop has stopped")
        future = asyncio.run_coroutine_threadsafe(coroutine, self._loop)
        try:
            return future.result(timeout)
        except concurrent.futures.TimeoutError:
            future.cancel()
            raise DeadlineError(f"the event loop gave no answer within {timeout:g} s") from None

    def ping(self, answer: Callable[[], None]) -> None:
        """Have `answer` called on the loop's thread, from any thread. Never blocks.

        Raises:
            ActorUnavailableError: the loop has stopped.
        """
        try:
            self._loop.call_soon_threadsafe(answer)
        except RuntimeError:
            raise ActorUnavailableError("the event loop has stopped") from None

    def stack(self) -> str:
        """Return what its thread does right now, for the log."""
        return stack_of(self._thread)

    def tasks(self) -> list[str]:
        """Return a line for each of its tasks, with what it waits in; from any thread."""
        return [] if self._loop.is_closed() else stacks_of_tasks(self._loop)

    def abandon(self) -> None:
        """Give up a thread that is blocked: counted while it lives, and ended once it comes back."""
        mark_abandoned(self._thread)
        if not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._loop.stop)

    def stop(self) -> None:
        """Stop the loop, cancelling what still runs. Waits at most two seconds."""
        if not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._loop.stop)
            self._thread.join(timeout=2)

    def _run(self) -> None:
        try:
            self._loop.run_forever()
        finally:
            self._loop.run_until_complete(_cancel_all())
            self._loop.close()

    def _start(self, coroutine: Coroutine[Any, Any, None]) -> None:
        # The loop itself keeps only weak references to tasks.
        task = self._loop.create_task(coroutine)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


class Loop:
    """Whichever thread runs the loop now. Handles belong to the thread they were made on and are lost with it."""

    def __init__(self) -> None:
        self.thread = LoopThread()
        self._generation = 1

    def replace(self) -> None:
        """Abandon the blocked thread and start another."""
        self._generation += 1
        self.thread.abandon()
        self.thread = LoopThread(f"loop#{self._generation}")


def _report(_: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
    """Log what nobody waits for, such as a library's calls to a driver that was killed; whoever it hurt has heard."""
    extra = {"action": "loop_note"}
    logger.warning("the event loop notes: %s", context["message"], exc_info=context.get("exception"), extra=extra)


async def _cancel_all() -> None:
    tasks = asyncio.all_tasks() - {asyncio.current_task()}
    for task in tasks:
        task.cancel()
    if tasks:
        await asyncio.wait(tasks, timeout=_CANCEL_S)
