"""The actor that watches the event loop and replaces its thread when a coroutine blocks it."""

from __future__ import annotations

import logging
import threading
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from actors.domain.priority import Band
from actors.domain.progress import Finding, Progress
from actors.errors import ActorUnavailableError
from actors.messages import Describe, LoopReplaced, Wake

if TYPE_CHECKING:
    from actors.runtime.address import Address
    from actors.runtime.cell import ActorContext
    from actors.runtime.loop import Loop

logger = logging.getLogger(__name__)

_LOOK_EVERY_S = 0.5
_BLOCKED_S = 5.0
"""No step on the loop takes a tenth of it; a loop that is only starved of its core must not be taken for blocked."""


@dataclass(slots=True)
class LoopKeeper:
    """Behaviour of the loop's actor. One blocking call on the loop would stall browser, model and with them P0."""

    context: ActorContext
    loop: Loop
    dependants: tuple[Address, ...]
    """Fronts whose handles are lost with the loop's thread."""
    limit_s: float = _BLOCKED_S
    progress: Progress = field(init=False)
    asked: int = 0
    answered: threading.Event = field(default_factory=threading.Event)
    """Set in the loop's thread when it answers the last question."""

    def __post_init__(self) -> None:
        self.progress = Progress(self.limit_s, _LOOK_EVERY_S)
        self.context.wake_at(time.monotonic())

    def receive(self, message: Any) -> Any:
        """Look after the loop whenever woken."""
        match message:
            case Wake():
                self._look(time.monotonic())
                self.context.wake_at(time.monotonic() + _LOOK_EVERY_S)
            case Describe():
                return {"answers": self.asked}
        return None

    def stop(self) -> None:
        """Leave the loop as it is: a successor watches on, and whoever made the loop ends it."""

    def _look(self, now: float) -> None:
        if self.answered.is_set():
            self.progress.answered()
        match self.progress.look(now):
            case Finding.ASK:
                self._ask()
            case Finding.SILENT:
                self._replace(f"was blocked for {self.limit_s:g} s")

    def _ask(self) -> None:
        self.asked += 1
        self.answered = threading.Event()
        try:
            self.loop.thread.ping(self.answered.set)
        except ActorUnavailableError:
            self._replace("has ended")

    def _replace(self, what: str) -> None:
        logger.error(
            "the event loop %s and is replaced: browser and model start anew",
            what,
            extra={"action": "loop_replaced", "data": self.loop.thread.stack()},
        )
        self.loop.replace()
        for front in self.dependants:
            front.tell(LoopReplaced(), Band.CONTROL)
