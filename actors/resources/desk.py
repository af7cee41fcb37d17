"""The desk of a browser errand: carries the question at its commit point to the run and the answer back."""

from __future__ import annotations

import asyncio
import contextlib
from typing import TYPE_CHECKING, Any

from actors.errors import CommitRefusedError

if TYPE_CHECKING:
    from collections.abc import Callable

    from actors.messages import CommitReply, Request

_COMMIT_LIMIT_S = 10.0


class SlotDesk:
    """The desk of one errand: passes the question at the commit point to the run that waits for the errand."""

    def __init__(self, site: str, account: str, request: Request) -> None:
        self.site, self.account = site, account
        self._request = request

    async def commit(self, prepared: Any) -> float:
        """Ask the run; see `actors.pages.errand.Desk`."""
        loop = asyncio.get_running_loop()
        answer: asyncio.Future[float] = loop.create_future()
        reply: CommitReply = self._request.reply  # type: ignore[assignment]
        reply.ask_permit(prepared, LoopPermit(loop, answer))
        try:
            return await asyncio.wait_for(answer, _COMMIT_LIMIT_S)
        except TimeoutError:
            raise CommitRefusedError(f"the run gave no permission within {_COMMIT_LIMIT_S:g} s") from None


class LoopPermit:
    """Carries the run's answer from its thread to the loop."""

    def __init__(self, loop: asyncio.AbstractEventLoop, answer: asyncio.Future[float]) -> None:
        self._loop, self._answer = loop, answer

    def grant(self, not_after: float) -> None:
        """Allow the click until this epoch time in milliseconds."""
        self._settle(self._answer.set_result, not_after)

    def refuse(self, error: BaseException) -> None:
        """Forbid it."""
        self._settle(self._answer.set_exception, error)

    def _settle(self, setter: Callable[[Any], None], value: Any) -> None:
        # On a loop that is closed the errand is dead already, and the run is about to read so.
        with contextlib.suppress(RuntimeError):
            self._loop.call_soon_threadsafe(_settle, setter, self._answer, value)


def _settle(setter: Callable[[Any], None], answer: asyncio.Future[float], value: Any) -> None:
    if not answer.done():
        setter(value)
