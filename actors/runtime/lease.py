"""The actor that keeps the publisher's lease for this process: takes it when it is free, renews it, gives it back."""

from __future__ import annotations

import contextlib
import logging
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from actors.domain.lease import Lease, LeaseAction, LeaseRow
from actors.domain.priority import Band, Priority
from actors.errors import AppError, ConflictError
from actors.messages import Describe, LeaseState, Release, Request, Wake
from actors.runtime.client import request_id
from actors.runtime.reply import Answer, ToldReply, WaitingReply
from actors.sql.queries import Statement, Transaction

if TYPE_CHECKING:
    import threading

    from actors.domain.lease import LeaseChange
    from actors.messages import Reply
    from actors.runtime.address import Address
    from actors.runtime.cell import ActorContext

logger = logging.getLogger(__name__)

_LONGEST_S = 10.0
"""Longest that a request may wait, and then run, however long the lease is."""
_LOST_S = 2.0
"""How much longer than that an answer may take before it counts as lost."""
_OPEN_LOOK_S = 0.05
_TAKE_AFTER_S = 0.05
"""How long after the end of another's lease it is asked for."""

_WORDS = {
    LeaseAction.TAKEN: (logging.INFO, "this process is the publisher"),
    LeaseAction.LOST: (logging.WARNING, "another process is the publisher now, because this one did not renew in time"),
    LeaseAction.HELD_BY_OTHER: (logging.WARNING, "another process is the publisher, this one waits for its end"),
    LeaseAction.UNKNOWN: (logging.WARNING, "who is the publisher is unknown, this process is not"),
}


@dataclass(frozen=True, slots=True)
class _Asked:
    tag: tuple[int, int]
    at: float
    is_release: bool


@dataclass(slots=True)
class LeaseKeeper:
    """Behaviour of the lease's actor. Asks and goes on; an answer is a message, and the want of one is an answer too.

    It keeps asking at the same pace whatever it hears: the breaker before the database is the one who spares it.
    """

    context: ActorContext
    boot_id: str
    lease_s: float
    database: Address
    board: Address
    opened: threading.Event
    """Set once the schema is up to date; nothing is asked of the database before."""
    predecessor: str = ""
    """The last boot on this data folder, which is surely dead: its lease is given back with the first question."""
    lease: Lease = field(init=False)
    asks: int = 0
    next_at: float = field(default_factory=time.monotonic)
    """When (monotonic) the next renewal is due."""
    asked: _Asked | None = None
    """The one request that is under way."""
    releasing: Reply | None = None
    """Who wants the lease given back; nothing is renewed from then on."""

    def __post_init__(self) -> None:
        self.lease = Lease(self.lease_s)
        self.context.wake_at(self.next_at)

    def receive(self, message: Any) -> Any:
        """Serve timers, answers and the wish to give the lease back."""
        match message:
            case Wake():
                self._look(time.monotonic())
            case Answer(tag, value, error):
                self._answered(tag, value, error, time.monotonic())
            case Release(reply):
                self.releasing = reply
                self._release(time.monotonic())
            case Describe():
                return self._state()
            case _:
                logger.warning("the lease's keeper got an unknown message", extra={"action": "message_unknown"})
        return None

    def stop(self) -> None:
        """Leave the row as it is: a successor renews it, and after the process it runs out by itself."""

    def _look(self, now: float) -> None:
        if not self.opened.is_set():
            self.context.wake_at(now + _OPEN_LOOK_S)
            return
        if changes := self.lease.looked(now):
            self._note(changes)
        if self.releasing is not None:
            return
        if now >= self.next_at:
            self.next_at = now + self.lease.pace_s
            if self.asked is None or now >= self.asked.at + 2 * self._patience_s + _LOST_S:
                former = [Statement("release_lease", {"boot_id": self.predecessor})] if self.predecessor else []
                self._ask(now, *former, Statement("renew_lease", {"boot_id": self.boot_id, "lease_s": self.lease_s}))
        runs_out = self.lease.known_until
        self.context.wake_at(min(self.next_at, runs_out) if runs_out > now else self.next_at)

    @property
    def _patience_s(self) -> float:
        return min(self.lease.pace_s, _LONGEST_S)

    def _ask(self, now: float, *statements: Statement) -> None:
        self.asks += 1
        tag, patience = (self.context.generation, self.asks), self._patience_s
        self.asked = _Asked(tag, now, is_release=self.releasing is not None)
        reply = ToldReply(self.context.address, tag)
        work = Transaction(statements)
        request = Request(request_id("lease"), work, Priority.P0, now + patience, patience, reply, "lease")
        try:
            self.database.tell(request, Band.P0)
        except AppError as error:
            reply.fail(error)

    def _answered(self, tag: Any, value: Any, error: BaseException | None, now: float) -> None:
        asked = self.asked
        if asked is None or asked.tag != tag:
            # It counted as lost already, or a former life had asked.
            return
        self.asked = None
        if asked.is_release:
            self._released(value, error, asked.at, now)
            return
        if error is None:
            self.predecessor = ""
            row = LeaseRow(**value[-1][0])
            self._note(self.lease.answered(row, asked.at, now))
            if not row.is_ours:
                # Another's may end between two looks, and nobody publishes until the next.
                self.next_at = min(self.next_at, self.lease.expires + _TAKE_AFTER_S)
                self.context.wake_at(self.next_at)
        else:
            self._note(self.lease.failed(now), str(error))
        self._release(now)

    def _release(self, now: float) -> None:
        """Give the lease back if that is wanted. A renewal under way could take it again, so its answer comes first."""
        if self.releasing is None or self.asked is not None:
            return
        if self.asks and self.lease.held is None:
            self.releasing.settle(None)
            return
        self._ask(now, Statement("release_lease", {"boot_id": self.boot_id}), Statement("lease_state"))

    def _released(self, value: Any, error: BaseException | None, asked_at: float, now: float) -> None:
        assert self.releasing is not None
        if error is not None:
            self.releasing.fail(error)
            return
        released, (row,) = value
        if released:
            self.lease.released()
            self._tell_board()
            logger.info("the lease is given back", extra={"action": "lease_released", "fence": row["fence"]})
            self.releasing.settle(None)
            return
        is_ours = row["holder"] == self.boot_id
        self._note(self.lease.answered(LeaseRow(row["holder"], row["fence"], is_ours, row["left_s"]), asked_at, now))
        self.releasing.fail(ConflictError("an attempt is open" if is_ours else "it is another's"))

    def _note(self, changes: list[LeaseChange], data: str = "") -> None:
        for change in changes:
            level, words = _WORDS[change.action]
            extra = {"action": change.action.value, "holder": change.holder, "fence": change.fence, "data": data}
            logger.log(level, words, extra=extra)
        self._tell_board()

    def _tell_board(self) -> None:
        # News never waits, and the next renewal tells it again.
        with contextlib.suppress(AppError):
            self.board.tell(self._state(), Band.CONTROL)

    def _state(self) -> LeaseState:
        lease, now = self.lease, time.monotonic()
        return LeaseState(lease.row.holder, lease.row.fence, lease.is_ours(now), lease.expires)


def release_lease(keeper: Address, seconds: float) -> None:
    """Have the lease given back, so that a successor need not wait for its end. Blocks the caller for so long at most.

    Only once the runs have ended: what one of them still publishes would not be seen by the next holder.
    """
    reply = WaitingReply()
    try:
        keeper.tell(Release(reply), Band.CONTROL)
        reply.wait(seconds)
    except AppError as error:
        extra = {"action": "lease_kept", "data": str(error)}
        logger.warning("the lease is not given back and runs out by itself", extra=extra)
