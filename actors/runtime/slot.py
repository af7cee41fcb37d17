"""Slots: each owns one handle and does one errand at a time, on its own thread or on the loop's."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import queue
import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from actors.domain.priority import Band
from actors.errors import ActorUnavailableError, AppError, PermanentError, ResourceDiedError
from actors.messages import SlotSettled
from actors.runtime.abandoned import mark_abandoned

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine

    from actors.messages import Request
    from actors.runtime.address import Address
    from actors.runtime.loop import LoopThread

logger = logging.getLogger(__name__)

_BUGS = (ArithmeticError, AssertionError, AttributeError, LookupError, NameError, TypeError, ValueError)


class Slot(Protocol):
    """What a front holds of a slot. No call blocks."""

    generation: int

    def give(self, request: Request) -> None:
        """Start the errand."""

    def recall(self) -> None:
        """Cut the errand short and report it as recalled without answering; one that ends first counts as ended.

        A slot that cannot says nothing: it is revoked in the end.
        """

    def revoke(self) -> None:
        """Destroy what the errand waits on; whatever it still brings back is ignored."""

    def close(self) -> None:
        """End after the errand in hand."""

    def is_abandoned(self) -> bool:
        """Return whether it was revoked and its thread or task has still not come back."""


class ThreadWorker(Protocol):
    """Owns a blocking handle. All but `destroy` run in the slot's thread."""

    def perform(self, request: Request) -> Any:
        """Do the errand and return its value; raise an `AppError` for what went wrong with it."""

    def destroy(self) -> None:
        """From another thread: make the blocked `perform` raise. Must end within seconds."""

    def close(self) -> None:
        """Let go of the handle."""


class CoroutineWorker(Protocol):
    """Owns an async handle. Everything runs on the loop's thread."""

    async def perform(self, request: Request) -> Any:
        """Do the errand and return its value; raise an `AppError` for what went wrong with it."""

    async def recall(self) -> None:
        """Make the waiting `perform` raise, in a way that leaves the resource whole. Bounds its own waits."""

    async def destroy(self) -> None:
        """Make the waiting `perform` raise, whatever it waits on. Bounds its own waits."""

    async def close(self) -> None:
        """Let go of the handle."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a slot stands: its number, its generation and the front it reports to."""

    front: Address
    index: int
    generation: int

    def settle(self, request: Request, value: Any, error: BaseException | None) -> None:
        """Tell the front that the slot is free, then answer the asker: what he asks next finds a front that knows."""
        with contextlib.suppress(ActorUnavailableError):
            spent = error.spent if isinstance(error, AppError) else getattr(value, "cost_usd", None)
            self.front.tell(SlotSettled(self.index, self.generation, request.id, error, spent=spent), Band.CONTROL)
        with contextlib.suppress(ActorUnavailableError):
            if error is None:
                request.reply.settle(value)
            else:
                request.reply.fail(error)

    def give_back(self, request: Request) -> None:
        """Tell the front that the slot is free and the errand recalled; its asker goes on waiting."""
        with contextlib.suppress(ActorUnavailableError):
            self.front.tell(SlotSettled(self.index, self.generation, request.id, None, recalled=True), Band.CONTROL)


def as_app_error(error: BaseException, where: str) -> AppError:
    """Return the error to hand to the asker: an `AppError` as it is, anything else as the resource's failure.

    A plain programming error speaks of the errand alone; counted against the resource it would close it for everybody.
    """
    if isinstance(error, AppError):
        return error
    kind = PermanentError if isinstance(error, _BUGS) else ResourceDiedError
    wrapped = kind(f"{where}: {type(error).__name__}: {error}")
    wrapped.__cause__ = error
    return wrapped


class ThreadSlot:
    """A slot on a daemon thread of its own. Catches everything, `BaseException` included."""

    def __init__(self, place: Place, worker: ThreadWorker) -> None:
        self.generation = place.generation
        self._place, self._worker = place, worker
        self._inbox: queue.SimpleQueue[Request | None] = queue.SimpleQueue()
        self._revoked = False
        name = f"{place.front.name}-slot-{place.index}#{place.generation}"
        self._thread = threading.Thread(target=self._work, name=name, daemon=True)
        self._thread.start()

    def give(self, request: Request) -> None:
        """Start the errand on the slot's thread."""
        self._inbox.put(request)

    def recall(self) -> None:
        """Nothing that runs on a thread may be recalled: no errand there says that it only reads."""

    def revoke(self) -> None:
        """Destroy the handle from a thread of its own, because that may block for a moment."""
        self._revoked = True
        threading.Thread(target=self._destroy, name=f"{self._thread.name}-revoke", daemon=True).start()
        mark_abandoned(self._thread)

    def close(self) -> None:
        """End after the errand in hand."""
        self._inbox.put(None)

    def is_abandoned(self) -> bool:
        """Return whether the thread of a revoked slot still lives."""
        return self._revoked and self._thread.is_alive()

    def _work(self) -> None:
        while not self._revoked and (request := self._inbox.get()) is not None:
            value, error = None, None
            try:
                value = self._worker.perform(request)
            except BaseException as raised:  # noqa: BLE001 - a slot outlives whatever its errand raises
                error = as_app_error(raised, threading.current_thread().name)
            self._place.settle(request, value, error)
        try:
            self._worker.close()
        except BaseException:
            # The handle is let go of either way.
            logger.warning("closing a slot's handle failed", exc_info=True, extra={"action": "slot_close_failed"})

    def _destroy(self) -> None:
        try:
            self._worker.destroy()
        except BaseException:
            # The slot's thread must still be told to end.
            logger.warning("destroying a slot's handle failed", exc_info=True, extra={"action": "slot_destroy_failed"})
        self._inbox.put(None)


class CoroutineSlot:
    """A slot whose errands are tasks on the one loop thread."""

    def __init__(self, place: Place, worker: CoroutineWorker, loop: LoopThread) -> None:
        self.generation = place.generation
        self._place, self._worker, self._loop = place, worker, loop
        self._task: asyncio.Task[None] | None = None
        self._recalled: asyncio.Task[None] | None = None
        """The errand that was last called back."""
        self._revoked = False

    def give(self, request: Request) -> None:
        """Start the errand as a task; without a loop it is over at once."""
        try:
            self._loop.spawn(self._work(request))
        except ActorUnavailableError as error:
            self._place.settle(request, None, ResourceDiedError(f"{self._place.front.name}: {error}"))

    def recall(self) -> None:
        """Make the errand fail, then cancel the task in case that something else still holds it."""
        self._spawn(self._recall())

    def revoke(self) -> None:
        """Destroy the handle, then cancel the task."""
        self._revoked = True
        self._spawn(self._destroy())

    def close(self) -> None:
        """Let go of the handle once the errand in hand is done."""
        self._spawn(self._end())

    def is_abandoned(self) -> bool:
        """Return whether a revoked slot's task has still not ended."""
        return self._revoked and self._task is not None and not self._task.done()

    def _spawn(self, coroutine: Coroutine[Any, Any, None]) -> None:
        # With a loop that has stopped, everything on it is gone.
        with contextlib.suppress(ActorUnavailableError):
            self._loop.spawn(coroutine)

    async def _work(self, request: Request) -> None:
        self._task = asyncio.current_task()
        value, error = None, None
        try:
            value = await self._worker.perform(request)
        except BaseException as raised:  # noqa: BLE001 - a slot outlives whatever its errand raises
            error = as_app_error(raised, f"{self._place.front.name} slot {self._place.index}")
        if error is not None and self._recalled is self._task:
            # Whatever it failed of: it only reads, and is done again.
            self._place.give_back(request)
            return
        self._place.settle(request, value, error)

    async def _recall(self) -> None:
        task = self._task
        if task is None or task.done():
            return
        self._recalled = task
        await self._guard(self._worker.recall)
        # By now the slot may be busy with its next errand, which is another task.
        task.cancel()

    async def _destroy(self) -> None:
        await self._guard(self._worker.destroy)
        if self._task is not None and not self._task.done():
            self._task.cancel()

    async def _end(self) -> None:
        if self._task is not None and not self._task.done():
            await asyncio.wait({self._task})
        await self._guard(self._worker.close)

    async def _guard(self, step: Callable[[], Coroutine[Any, Any, None]]) -> None:
        try:
            await step()
        except asyncio.CancelledError:
            # Only the end of the loop itself cancels this, and with it goes everything that lives on it.
            return
        except BaseException:
            # An exit raised here would end the loop for everybody.
            logger.warning("letting go of a handle failed", exc_info=True, extra={"action": "slot_destroy_failed"})
