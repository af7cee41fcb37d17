"""The cell: the Pykka actor around a behaviour, which reports every way it can end."""

from __future__ import annotations

import logging
import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

import pykka

from actors.errors import ActorUnavailableError
from actors.messages import DeadLetter, Exited, Fenced, Stop
from actors.runtime.mailbox import Inbox

if TYPE_CHECKING:
    from collections.abc import Callable

    from actors.runtime.address import Address

logger = logging.getLogger(__name__)


class Behaviour(Protocol):
    """What an actor does. Built by its factory, called and stopped in the actor's own thread only."""

    def receive(self, message: Any) -> Any:
        """Handle one message; what it returns goes to the asker. Raising ends this incarnation."""

    def stop(self) -> None:
        """Let go of everything; called once at the end of each life: a stop, a crash, or a successor's start.

        Bounds its own waits: its supervisor hears of a crash only afterwards, so that no successor meets it.
        """


@dataclass(frozen=True, slots=True)
class ActorContext:
    """What a behaviour knows of its own place: given to its factory."""

    address: Address
    generation: int
    inbox: Inbox

    def wake_at(self, monotonic: float) -> None:
        """Ask for a `Wake` at this monotonic time; an earlier wish stands."""
        if self.inbox.wake_at is None or monotonic < self.inbox.wake_at:
            self.inbox.wake_at = monotonic


@dataclass(slots=True)
class Incarnation:
    """One life of an actor, as its supervisor sees it: the cell's thread writes, the supervisor's waits and reads."""

    generation: int
    ready: threading.Event = field(default_factory=threading.Event)
    """Set once the factory returned or raised."""
    ended: threading.Event = field(default_factory=threading.Event)
    """Set once it serves no more messages."""
    start_error: BaseException | None = None


class Cell(pykka.ThreadingActor):
    """Own thread and generation of one incarnation.

    Catches everything a behaviour raises, `BaseException` included, because Pykka stops every actor of the process
    when one escapes. The message that killed it goes to `report` as a `DeadLetter`, its asker gets an
    `ActorUnavailableError` at once, and the supervisor is told `Exited`.
    """

    use_daemon_thread = True

    def __init__(
        self,
        address: Address,
        factory: Callable[[ActorContext], Behaviour],
        incarnation: Incarnation,
        report: Callable[[Exited | DeadLetter], None],
    ) -> None:
        self.address = address
        self.life = incarnation
        self._inbox = Inbox(address.mailbox, incarnation.generation)
        self._factory = factory
        self._report = report
        self._behaviour: Behaviour | None = None
        super().__init__()

    def _create_actor_inbox(self) -> Inbox:  # type: ignore[override]
        return self._inbox

    def on_start(self) -> None:
        """Build the behaviour in the actor's own thread; a failure is kept for the supervisor, who waits for it."""
        threading.current_thread().name = f"{self.address.name}#{self.life.generation}"
        try:
            self._behaviour = self._factory(ActorContext(self.address, self.life.generation, self._inbox))
        except BaseException as error:  # noqa: BLE001 - Pykka would stop every actor
            self.life.start_error = error
            self._end()
        self.life.ready.set()

    def on_stop(self) -> None:
        """Report a stop by Pykka's own means (its registry, a reference): it ends the actor like any other exit."""
        self._let_go()
        self._end()
        self._report(Exited(self.address.name, self.life.generation, "shutdown"))

    def on_receive(self, message: Any) -> Any:
        """Serve one message; whatever it raises ends this incarnation and nothing else."""
        if isinstance(message, Fenced):
            self._let_go()
            self._end()
            return None
        try:
            assert self._behaviour is not None
            if isinstance(message, Stop):
                self._let_go()
                self._end()
                return None
            return self._behaviour.receive(message)
        except BaseException as error:  # noqa: BLE001 - Pykka would stop every actor
            return self._die(message, error)

    def _die(self, message: Any, error: BaseException) -> None:
        reason = f"{type(error).__name__}: {error}"
        logger.warning(
            "%s crashed while serving %s",
            self.address.name,
            type(message).__name__,
            exc_info=error,
            extra={"action": "actor_crashed", "actor": self.address.name, "generation": self.life.generation},
        )
        asked = self._inbox.serving is not None and self._inbox.serving.reply_to is not None
        self._let_go()
        self._end()
        self._report(DeadLetter(self.address.name, type(message).__name__, reason))
        self._report(Exited(self.address.name, self.life.generation, reason))
        if asked:
            raise ActorUnavailableError(f"{self.address.name} died of {type(message).__name__}: {reason}")

    def _let_go(self) -> None:
        behaviour, self._behaviour = self._behaviour, None
        if behaviour is None:
            return
        try:
            behaviour.stop()
        except BaseException as error:
            # Pykka would stop every actor.
            logger.warning(
                "%s did not let go of everything",
                self.address.name,
                exc_info=error,
                extra={"action": "actor_stop_failed", "actor": self.address.name, "generation": self.life.generation},
            )

    def _end(self) -> None:
        pykka.ActorRegistry.unregister(self.actor_ref)
        self.actor_stopped.set()
        self.life.ended.set()
