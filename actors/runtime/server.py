"""The actor that keeps an embedded server alive: looks after its process and starts it again when it died."""

from __future__ import annotations

import logging
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from actors.domain.backoff import Backoff
from actors.domain.priority import Band
from actors.errors import AppError
from actors.messages import Describe, Reset, Wake

if TYPE_CHECKING:
    from actors.runtime.address import Address
    from actors.runtime.cell import ActorContext

logger = logging.getLogger(__name__)

_LOOK_EVERY_S = 0.25
_START_LIMIT_S = 60.0
_BACKOFF = Backoff(0.25, 10.0)


class Server(Protocol):
    """A server process with its data. `ensure` is idempotent: it finds a running one again, or starts it."""

    name: str

    def ensure(self, timeout: float) -> Any:
        """Return once it serves.

        Raises:
            AppError: it does not, with what to do.
        """

    def is_alive(self) -> bool:
        """Return whether its process runs. Cheap, never blocks."""

    def stop(self, timeout: float) -> None:
        """Stop it and wait for its end."""


@dataclass(slots=True)
class ServerKeeper:
    """Behaviour of a server's actor. May block for a start: it is no front, nobody waits for it.

    A server that cannot be started is an outage, not a crash: it is tried again with back-off and burns no restarts.
    """

    context: ActorContext
    server: Server
    dependants: tuple[Address, ...]
    """Fronts whose handles go stale when the server is started anew."""
    failures: int = 0

    def __post_init__(self) -> None:
        self._look_again(_LOOK_EVERY_S)

    def receive(self, message: Any) -> Any:
        """Look after the process whenever woken."""
        match message:
            case Wake():
                self._look()
            case Describe():
                return {"alive": self.server.is_alive(), "failures": self.failures}
        return None

    def stop(self) -> None:
        """Leave the server as it is: whoever opened the world closes it."""

    def _look(self) -> None:
        if self.server.is_alive():
            self._look_again(_LOOK_EVERY_S)
            return
        logger.warning("%s died", self.server.name, extra={"action": "server_died", "server": self.server.name})
        started = time.monotonic()
        try:
            self.server.ensure(_START_LIMIT_S)
        except AppError as error:
            self.failures += 1
            logger.error(
                "%s could not be started again",
                self.server.name,
                extra={"action": "server_start_failed", "server": self.server.name, "data": str(error)},
            )
            self._look_again(_BACKOFF.delay(self.failures - 1, 0.0))
            return
        self.failures = 0
        for front in self.dependants:
            front.tell(Reset(), Band.CONTROL)
        took = int(1000 * (time.monotonic() - started))
        logger.warning(
            "%s is back",
            self.server.name,
            extra={"action": "server_restarted", "server": self.server.name, "took_ms": took},
        )
        self._look_again(_LOOK_EVERY_S)

    def _look_again(self, seconds: float) -> None:
        self.context.wake_at(time.monotonic() + seconds)
