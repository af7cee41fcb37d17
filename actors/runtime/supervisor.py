"""The supervisor: a behaviour that starts, watches, restarts and stops its children by the pure machine."""

from __future__ import annotations

import contextlib
import logging
import random
import threading
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from actors.domain.priority import Band
from actors.domain.progress import Finding, Progress
from actors.domain.supervision import (
    ChildPolicy,
    Escalate,
    Policy,
    Restart,
    Standing,
    StartChild,
    StopChild,
    Supervision,
    is_normal,
)
from actors.errors import AppError
from actors.messages import ActorChanged, DeadLetter, Describe, Exited, RenewChild, RestartChild, TerminateChild, Wake
from actors.runtime.cell import ActorContext, Behaviour, Cell, Incarnation, is_outage
from actors.runtime.mailbox import Ping

if TYPE_CHECKING:
    from collections.abc import Callable

    from actors.domain.supervision import Action
    from actors.runtime.address import Address

logger = logging.getLogger(__name__)

_LAST_CHANCE_S = 1.0
"""How much longer it waits for an answer after it has said that one hangs: a log that stands still keeps all silent."""
_LOOK_EVERY_S = 1.0


@dataclass(frozen=True, slots=True)
class ChildSpec:
    """A child as data: where it is reached, how it is made, and how it is supervised (see `ChildPolicy`)."""

    address: Address
    factory: Callable[[ActorContext], Behaviour]
    restart: Restart = Restart.PERMANENT
    shutdown_s: float = 5.0
    significant: bool = False
    answer_s: float = 10.0
    """How long (real seconds) one message may keep it before it counts as hung; longer for who may block."""
    start_s: float = 10.0
    """How long (real seconds) its start may take; longer for a supervisor, which starts its children in it."""

    @property
    def policy(self) -> ChildPolicy:
        """Return the part that the pure machine decides on."""
        return ChildPolicy(self.address.name, self.restart, self.shutdown_s, self.significant)


class EscalatedError(AppError):
    """A supervisor gave up: its own supervisor restarts it, or the process ends.

    `outage`: only a dependency is away, which the supervisor above need not count.
    """

    def __init__(self, message: str, *, outage: bool = False) -> None:
        super().__init__(message)
        self.is_infrastructure = outage


@dataclass(slots=True)
class Supervisor:
    """Behaviour of a supervisor. Its children start in order within its own start and stop in reverse within its stop.

    Starting, stopping and giving up a child block its thread, each with a deadline; nothing else does. When the machine
    gives up it raises `EscalatedError`, so that its own death is a message to the supervisor above; when a significant
    child took it along it ends as "shutdown". A child's death has one line in the log with its cause: the cell writes
    it for a crash, the supervisor for every other end.

    Each running child is asked once a second whether it still serves. One that gives no answer in time is given up and
    restarted like any that died; its thread lives on as an abandoned one.
    """

    context: ActorContext
    policy: Policy
    specs: dict[str, ChildSpec]
    board: Address
    machine: Supervision = field(init=False)
    lives: dict[str, Incarnation] = field(default_factory=dict)
    progress: dict[str, Progress] = field(default_factory=dict)
    answered: dict[str, threading.Event] = field(default_factory=dict)
    """Set in the child's thread when it answers the last question."""

    def __post_init__(self) -> None:
        self.machine = Supervision.of(self.policy, [spec.policy for spec in self.specs.values()])
        self._carry_out(self.machine.start())
        self.context.wake_at(time.monotonic() + _LOOK_EVERY_S)

    def receive(self, message: Any) -> Any:
        """Serve exits, timers and questions."""
        now = time.monotonic()
        match message:
            case Exited():
                self._exited(message, now)
            case DeadLetter():
                self._tell_board(message)
            case Wake():
                self._carry_out(self.machine.tick(now))
                self._look()
            case RenewChild(name):
                self._renew_child(name)
            case TerminateChild(name):
                return self._terminate_child(name)
            case RestartChild(name):
                return self._restart_child(name)
            case Describe():
                return {name: life.generation for name, life in self.lives.items()}
            case _:
                logger.warning("supervisor got an unknown message", extra={"action": "message_unknown"})
        return None

    def stop(self) -> None:
        """Stop the children in reverse order; after a crash too, so that none runs beside its successor."""
        self._carry_out(self.machine.stop())

    def _exited(self, news: Exited, now: float) -> None:
        name, generation, reason = news.name, news.generation, news.reason
        if self.lives[name].generation != generation or self.machine.standing(name) is not Standing.RUNNING:
            return
        if is_normal(reason):
            logger.info(
                "%s ended by itself: %s",
                name,
                reason,
                extra={"action": "actor_ended", "actor": name, "generation": generation},
            )
        actions = self.machine.exited(name, reason, now, random.random(), outage=news.outage)
        self._tell_board(ActorChanged(name, "exited", generation, reason, self.machine.retry_at(name)))
        self._carry_out(actions)

    def _renew_child(self, name: str) -> None:
        if self.machine.standing(name) is Standing.NOT_FOUND:
            logger.warning("there is no %s to restart", name, extra={"action": "actor_unknown", "actor": name})
        else:
            self._carry_out(self.machine.renew_child(name))

    def _terminate_child(self, name: str) -> str:
        if self.machine.standing(name) is Standing.NOT_FOUND:
            return Standing.NOT_FOUND.value
        self._carry_out(self.machine.terminate_child(name))
        return "ok"

    def _restart_child(self, name: str) -> str:
        standing = self.machine.standing(name)
        if standing is not Standing.STOPPED:
            return standing.value
        self._carry_out(self.machine.restart_child(name))
        error = self.lives[name].start_error
        return "ok" if error is None else _text(error)

    def _look(self) -> None:
        for name in self.lives:
            if self.machine.standing(name) is not Standing.RUNNING:
                continue
            if self.answered[name].is_set():
                self.progress[name].answered()
            match self.progress[name].look(time.monotonic()):
                case Finding.ASK:
                    self._ask(name)
                case Finding.SILENT:
                    self._give_up(name)
        self.context.wake_at(time.monotonic() + _LOOK_EVERY_S)

    def _ask(self, name: str) -> None:
        self.answered[name] = answered = threading.Event()
        # A mailbox so full that it takes no P0 gives no answer either.
        with contextlib.suppress(AppError):
            self.specs[name].address.mailbox.put(Ping(answered.set), Band.P0)

    def _give_up(self, name: str) -> None:
        life, spec = self.lives[name], self.specs[name]
        reason = f"hung: no answer within {spec.answer_s:g} s"
        extra = {"action": "actor_hung", "actor": name, "generation": life.generation, "data": life.stack()}
        logger.error("%s hangs and is given up", name, extra=extra)
        if self.answered[name].wait(_LAST_CHANCE_S):
            after_all = {"action": "actor_answers", "actor": name, "generation": life.generation}
            logger.warning("%s answers after all", name, extra=after_all)
            return
        spec.address.mailbox.fence(life.generation)
        life.abandon(reason)
        # As after a crash, no successor starts before it has let go.
        life.let_go.wait(spec.shutdown_s)
        actions = self.machine.exited(name, reason, time.monotonic(), random.random())
        self._tell_board(ActorChanged(name, "exited", life.generation, reason, self.machine.retry_at(name)))
        self._carry_out(actions)

    def _carry_out(self, actions: list[Action]) -> None:
        todo = list(actions)
        while todo:
            match todo.pop(0):
                case StartChild(name):
                    if self.context.address.mailbox.generation != self.context.generation:
                        # Given up meanwhile: the children are its successor's now.
                        return
                    todo += self._start(name)
                case StopChild(name, shutdown_s):
                    self._stop(name, shutdown_s)
                case Escalate(reason) if is_normal(reason):
                    self.context.end(reason)
                case Escalate(reason, outage):
                    raise EscalatedError(f"{self.context.address.name} gave up: {reason}", outage=outage)
        wake = self.machine.next_wake()
        if wake is not None:
            self.context.wake_at(wake)

    def _start(self, name: str) -> list[Action]:
        spec = self.specs[name]
        again = name in self.lives
        life = Incarnation(spec.address.mailbox.next_generation())
        self.lives[name], self.progress[name] = life, Progress(spec.answer_s, _LOOK_EVERY_S)
        self.answered[name] = threading.Event()
        try:
            Cell.start(spec.address, spec.factory, life, self._report)
        except RuntimeError as error:
            # The machine is out of threads: a failed start like any other.
            life.start_error = error
            life.ended.set()
        else:
            if not life.ready.wait(spec.start_s):
                spec.address.mailbox.fence(life.generation)
                life.start_error = TimeoutError(f"start took more than {spec.start_s:g} s")
                life.abandon(str(life.start_error))
        now = time.monotonic()
        if life.start_error is not None:
            reason = _text(life.start_error)
            logger.error(
                "%s did not start",
                name,
                exc_info=life.start_error,
                extra={"action": "actor_start_failed", "actor": name, "generation": life.generation},
            )
            outage = is_outage(life.start_error)
            actions = self.machine.start_failed(name, reason, now, random.random(), outage=outage)
            until = self.machine.retry_at(name)
            self._tell_board(ActorChanged(name, "start_failed", life.generation, reason, until))
            return actions
        action = "actor_restarted" if again else "actor_started"
        level = logging.WARNING if again else logging.INFO
        verb = "restarted" if again else "started"
        logger.log(level, "%s %s", name, verb, extra={"action": action, "actor": name, "generation": life.generation})
        self._tell_board(ActorChanged(name, "running", life.generation))
        return self.machine.started(name, now)

    def _stop(self, name: str, shutdown_s: float) -> None:
        life = self.lives[name]
        mailbox = self.specs[name].address.mailbox
        extra = {"action": "actor_stopped", "actor": name, "generation": life.generation}
        if shutdown_s == 0.0:
            mailbox.fence(life.generation)
            logger.info("%s is cut off", name, extra=extra)
        else:
            mailbox.stop(life.generation)
            if life.ended.wait(shutdown_s):
                logger.info("%s stopped", name, extra=extra)
            else:
                mailbox.fence(life.generation)
                life.abandon(f"it did not stop within {shutdown_s:g} s")
                extra["action"] = "actor_abandoned"
                logger.warning("%s did not stop within %g s and was abandoned", name, shutdown_s, extra=extra)
        self._tell_board(ActorChanged(name, "stopped", life.generation))

    def _report(self, news: Exited | DeadLetter) -> None:
        # Called in a dying child's thread: control band, because news of a death must never be refused.
        self.context.address.tell(news, Band.CONTROL)

    def _tell_board(self, news: ActorChanged | DeadLetter) -> None:
        # As it is told once only, a board that comes back to a full mailbox must still hear of it.
        try:
            self.board.tell(news, Band.CONTROL)
        except AppError:
            logger.warning("the board took no news", extra={"action": "news_lost", "actor": self.context.address.name})


def _text(error: BaseException) -> str:
    return f"{type(error).__name__}: {error}"
