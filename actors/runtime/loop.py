"""The one asyncio loop thread, where browser and model errands run."""

from __future__ import annotations

import asyncio
import threading
from typing import TYPE_CHECKING, Any

from actors.errors import ActorUnavailableError

if TYPE_CHECKING:
    from collections.abc import Coroutine


class LoopThread:
    """A daemon thread with an event loop. Handles must be created, used and destroyed on it."""

    def __init__(self, name: str = "loop") -> None:
        self._loop = asyncio.new_event_loop()
        self._tasks: set[asyncio.Task[Any]] = set()
        self._thread = threading.Thread(target=self._loop.run_forever, name=name, daemon=True)
        self._thread.start()

    def spawn(self, coroutine: Coroutine[Any, Any, None]) -> None:
        """Start a coroutine from any thread without waiting for it. It must handle its own errors."""
        try:
            self._loop.call_soon_threadsafe(self._start, coroutine)
        except RuntimeError:
            coroutine.close()
            raise ActorUnavailableError("the event loop has stopped") from None

    def call(self, coroutine: Coroutine[Any, Any, Any], timeout: float) -> Any:
        """Run a coroutine and wait for its value, at most `timeout` real seconds. Not from the loop's own thread."""
        return asyncio.run_coroutine_threadsafe(asyncio.wait_for(coroutine, timeout), self._loop).result(timeout + 1)

    def stop(self) -> None:
        """Stop the loop; tasks that still run are dropped."""
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(timeout=2)

    def _start(self, coroutine: Coroutine[Any, Any, None]) -> None:
        # The loop itself keeps only weak references to tasks.
        task = self._loop.create_task(coroutine)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
