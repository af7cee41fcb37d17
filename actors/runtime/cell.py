"""The cell: the Pykka actor around a behaviour, which reports every way it can end."""

from __future__ import annotations

import logging
import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

import pykka

from actors.domain.mailbox import Verdict
from actors.errors import ActorUnavailableError, AppError
from actors.messages import DeadLetter, Exited
from actors.runtime.abandoned import mark_abandoned, stack_of
from actors.runtime.mailbox import ForeignLetter, Inbox, Letter, Ping

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

    def end(self, reason: str) -> None:
        """End by itself after the message in hand, with a reason that is no crash: "normal" or "shutdown"."""
        self.inbox.ends_as = reason
        self.address.mailbox.stop(self.generation)


@dataclass(slots=True)
class Incarnation:
    """One life of an actor, as its supervisor sees it: the cell's thread writes, the supervisor's waits and reads."""

    generation: int
    ready: threading.Event = field(default_factory=threading.Event)
    """Set once the factory returned or raised."""
    ended: threading.Event = field(default_factory=threading.Event)
    """Set once it serves no more messages."""
    let_go: threading.Event = field(default_factory=threading.Event)
    """Set once the behaviour has let go of everything."""
    start_error: BaseException | None = None
    cell: Cell | None = None

    def stack(self) -> str:
        """Return what its thread does right now, for the log."""
        return "" if self.cell is None or self.cell.thread is None else stack_of(self.cell.thread)

    def abandon(self, reason: str) -> None:
        """Give it up without waiting, from its supervisor's thread; the mailbox has been taken from it before.

        Its thread cannot be ended: it is marked and counted for as long as it lives. The asker of the letter in its
        hands hears at once, and what it holds is let go of in a thread of its own, as after a crash.
        """
        if self.cell is not None:
            self.cell.abandon(reason)


class Cell(pykka.ThreadingActor):
    """Own thread and generation of one incarnation.

    Catches everything a behaviour raises, `BaseException` included, because Pykka stops every actor of the process
    when one escapes. The asker of the message that killed it gets an `ActorUnavailableError` at once, the message goes
    to `report` as a `DeadLetter`, and once the behaviour has let go the supervisor is told `Exited`.
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
        self._letting_go = threading.Lock()
        self._buried: Letter | None = None
        self._is_abandoned = False
        self.thread: threading.Thread | None = None
        incarnation.cell = self
        super().__init__()

    def _create_actor_inbox(self) -> Inbox:  # type: ignore[override]
        return self._inbox

    def on_start(self) -> None:
        """Build the behaviour in the actor's own thread; a failure is kept for the supervisor, who waits for it."""
        self.thread = threading.current_thread()
        self.thread.name = f"{self.address.name}#{self.life.generation}"
        try:
            self._behaviour = self._factory(ActorContext(self.address, self.life.generation, self._inbox))
        except BaseException as error:  # noqa: BLE001 - Pykka would stop every actor
            self.life.start_error = error
            self._end()
        self.life.ready.set()

    def _actor_loop_running(self) -> None:
        # Pykka's own loop asks each message whether it is one of its proxies', which costs as much as the mailbox.
        get, behaviour = self._inbox.get, self._behaviour
        if behaviour is None:
            return
        receive = behaviour.receive
        try:
            while True:
                letter = get()
                if type(letter) is Letter:
                    answer = receive(letter.message)
                    if letter.reply_to is not None:
                        letter.reply_to.put((answer, None))
                elif self._is_over(letter):
                    return
        except BaseException as error:  # noqa: BLE001 - Pykka would stop every actor
            self._die(error)

    def on_stop(self) -> None:
        """Report a stop by Pykka's own means (its registry, a reference): it ends the actor like any other exit."""
        self._let_go()
        self._end()
        self._report(Exited(self.address.name, self.life.generation, "shutdown"))

    def on_receive(self, message: Any) -> Any:
        """Serve a message that came through Pykka's own reference."""
        assert self._behaviour is not None
        return self._behaviour.receive(message)

    def abandon(self, reason: str) -> None:
        """See `Incarnation.abandon`."""
        self._is_abandoned = True
        letter = self._inbox.serving
        if isinstance(letter, Letter):
            self._bury(letter, reason)
        if self.thread is not None:
            mark_abandoned(self.thread)
        threading.Thread(target=self._let_go, name=f"{self.address.name}-let-go", daemon=True).start()

    def _is_over(self, letter: Letter | Verdict) -> bool:
        """Serve what is no ordinary letter; return whether it ended this incarnation."""
        match letter:
            case Verdict():
                if letter is Verdict.FENCED and not self._is_abandoned:
                    extra = {"action": "actor_fenced", "actor": self.address.name, "generation": self.life.generation}
                    logger.warning("%s has lost its mailbox to another and ends", self.address.name, extra=extra)
                self._let_go()
                self._end()
                if letter is Verdict.STOP and self._inbox.ends_as:
                    self._report(Exited(self.address.name, self.life.generation, self._inbox.ends_as))
            case Ping():
                letter.answer()
            case ForeignLetter():
                answer = self._handle_receive(letter.message)
                if letter.reply_to is not None:
                    letter.reply_to.put((answer, None))
        return self.life.ended.is_set()

    def _die(self, error: BaseException) -> None:
        letter, reason = self._inbox.serving, f"{type(error).__name__}: {error}"
        kind = type(letter.message).__name__ if isinstance(letter, Letter) else "no message"
        extra = {"action": "actor_crashed", "actor": self.address.name, "generation": self.life.generation}
        if self.address.mailbox.generation != self.life.generation:
            logger.info("%s, given up before, ended: %s", self.address.name, reason, extra=extra)
        else:
            logger.warning("%s crashed while serving %s", self.address.name, kind, exc_info=error, extra=extra)
        if isinstance(letter, Letter):
            self._bury(letter, reason)
        self._let_go()
        self._end()
        self._report(Exited(self.address.name, self.life.generation, reason, outage=is_outage(error)))

    def _bury(self, letter: Letter, reason: str) -> None:
        if letter is self._buried:
            return
        self._buried, kind = letter, type(letter.message).__name__
        if letter.reply_to is not None:
            gone = ActorUnavailableError(f"{self.address.name} died of {kind}: {reason}")
            letter.reply_to.put((None, gone))
        self._report(DeadLetter(self.address.name, kind, reason))

    def _let_go(self) -> None:
        with self._letting_go:
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
        finally:
            self.life.let_go.set()

    def _end(self) -> None:
        pykka.ActorRegistry.unregister(self.actor_ref)
        self.actor_stopped.set()
        self.life.ended.set()


def is_outage(error: BaseException) -> bool:
    """Return whether this death only says that a dependency is away, which is a breaker's business."""
    return isinstance(error, AppError) and error.is_infrastructure
