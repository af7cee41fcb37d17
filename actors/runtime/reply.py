"""Replies: where a request's result goes, and the question at the commit point on its way."""

from __future__ import annotations

import queue
import threading
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from actors.domain.priority import Band
from actors.errors import AppError, DeadlineError, ExpiredError

if TYPE_CHECKING:
    from collections.abc import Callable

    from actors.messages import Permit
    from actors.runtime.address import Address


@dataclass(frozen=True, slots=True)
class _Value:
    value: Any


@dataclass(frozen=True, slots=True)
class _Error:
    error: BaseException


@dataclass(frozen=True, slots=True)
class _Question:
    prepared: Any
    permit: Permit


class WaitingReply:
    """The reply a run waits on, in the run's own thread.

    Only the first result counts; later ones (a revoked errand that still came back) change nothing.
    """

    def __init__(self) -> None:
        self._news: queue.SimpleQueue[_Value | _Error | _Question] = queue.SimpleQueue()
        self._lock = threading.Lock()
        self._is_settled = False
        self._began: float | None = None
        self.took_s = 0.0
        """Real seconds that the errand worked in its slot, once there is a result; what a recall cut short is lost."""

    def begin(self) -> None:
        """Take the time, from any thread."""
        self._began = time.monotonic()

    def settle(self, value: Any) -> None:
        """Hand over the result, from any thread."""
        self._finish(_Value(value))

    def fail(self, error: BaseException) -> None:
        """Hand over the error, from any thread."""
        self._finish(_Error(error))

    def ask_permit(self, prepared: Any, permit: Permit) -> None:
        """Pass the question at the commit point to the waiting run; refuse it when the run waits no more."""
        with self._lock:
            if not self._is_settled:
                self._news.put(_Question(prepared, permit))
                return
        permit.refuse(_too_late())

    def wait(self, timeout: float, on_commit: Callable[[Any], float] | None = None) -> Any:
        """Wait for the result at most `timeout` real seconds, answering commit questions by `on_commit`.

        `on_commit` runs in the waiting thread; it returns the epoch milliseconds after which nothing may be clicked,
        and what it raises refuses the commit.

        Raises:
            ExpiredError: no result in time. Whatever the request came with otherwise.
        """
        until = time.monotonic() + timeout
        while True:
            try:
                news = self._news.get(timeout=max(0.0, until - time.monotonic()))
            except queue.Empty:
                if not self._finish(_Error(DeadlineError("abandoned by its asker"))):
                    # A result came in this very moment and lies in the queue.
                    continue
                raise ExpiredError(f"no answer within {timeout:.1f} s") from None
            match news:
                case _Value(value):
                    return value
                case _Error(error):
                    raise error
                case _Question(_, permit) if self._is_settled:
                    permit.refuse(_too_late())
                case _Question(prepared, permit):
                    _answer(permit, prepared, on_commit)

    def _finish(self, news: _Value | _Error) -> bool:
        with self._lock:
            if self._is_settled:
                return False
            self._is_settled = True
            self.took_s = 0.0 if self._began is None else time.monotonic() - self._began
            self._news.put(news)
            return True


def _too_late() -> AppError:
    return DeadlineError("the errand is over for its asker; nothing may be clicked any more")


def _answer(permit: Permit, prepared: Any, on_commit: Callable[[Any], float] | None) -> None:
    if on_commit is None:
        permit.refuse(AppError("this run grants no commit"))
        return
    try:
        not_after = on_commit(prepared)
    except AppError as error:
        permit.refuse(error)
    except BaseException as error:
        permit.refuse(AppError(f"the run failed at its commit point: {error}"))
        raise
    else:
        permit.grant(not_after)


@dataclass(frozen=True, slots=True)
class Answer:
    """News to an actor: the result of a request it sent under this tag."""

    tag: Any
    value: Any
    error: BaseException | None


class ToldReply:
    """A reply that comes back to an actor's mailbox as an `Answer`, in the control band: news is never refused.

    Only the first result is told; a revoked errand that still comes back is no news.
    """

    def __init__(self, address: Address, tag: Any) -> None:
        self._address, self._tag = address, tag
        self._lock = threading.Lock()
        self._is_settled = False

    def begin(self) -> None:
        """Nobody asks how long it took."""

    def settle(self, value: Any) -> None:
        """Tell the actor the result."""
        self._tell(Answer(self._tag, value, None))

    def fail(self, error: BaseException) -> None:
        """Tell the actor the error."""
        self._tell(Answer(self._tag, None, error))

    def _tell(self, answer: Answer) -> None:
        with self._lock:
            if self._is_settled:
                return
            self._is_settled = True
        self._address.tell(answer, Band.CONTROL)
