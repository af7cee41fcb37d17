"""The resource: the thing that a front guards, as the front sees it."""

# ruff: noqa: B027  (what a resource does not override, it has no need of)

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from actors.runtime.slot import Place, Slot


class Resource(ABC):
    """What a front needs to know of the thing it guards. A resource inherits it, and has what it needs of it.

    Called in the front's thread; but for `close` nothing may block.
    """

    name: str
    probe: Any
    """Work that shows the resource is back, sent by the breaker alone. None: no breaker, for nothing could close it."""

    @abstractmethod
    def make_slot(self, place: Place) -> Slot:
        """Make a slot."""

    def condition(self) -> str:
        """Return in one word how what is behind it stands to us; empty if that is no concern of it."""
        return ""

    def reset(self) -> None:
        """The server was restarted: drop stale handles."""

    def idle(self, since: float) -> None:
        """Nothing runs or waits since this monotonic time; called about once a second."""

    def shed(self) -> None:
        """Memory is short: give back what nobody uses right now."""

    def abandon(self) -> None:
        """The loop under the handles is lost: destroy what can be destroyed from outside it."""

    def close(self) -> None:
        """Let go of what the slots share. May take the child's shutdown time."""
