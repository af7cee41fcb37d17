"""The mailbox: bounded, banded, and owned by an address, so that it survives its actors."""

from __future__ import annotations

import threading
import time
from collections import deque
from typing import TYPE_CHECKING, Any

from actors.domain.priority import Band
from actors.errors import ActorUnavailableError, MailboxFullError
from actors.messages import Fenced, Stop, Wake

if TYPE_CHECKING:
    import pykka

_LONGEST_WAIT_S = 60.0


class Letter:
    """A message with its reply future; the two attributes that Pykka's receive loop reads of an envelope."""

    __slots__ = ("message", "reply_to")

    def __init__(self, message: Any, reply_to: pykka.Future[Any] | None = None) -> None:
        self.message = message
        self.reply_to = reply_to


class Mailbox:
    """Letters in bands, served lowest band first and in order within a band.

    Any thread may put. Only the actor of the current generation gets letters; an older one is told `Fenced`. The
    control band has no bound: an operator's word is never refused.
    """

    def __init__(self, name: str, capacity: int) -> None:
        self.name = name
        self._capacity = capacity
        self._bands: tuple[deque[Letter], ...] = tuple(deque() for _ in Band)
        self._size = 0
        self._generation = 0
        self._stopping = 0
        self._is_open = True
        self._changed = threading.Condition()

    def __len__(self) -> int:
        return self._size

    @property
    def generation(self) -> int:
        """Number of the incarnation that may read now; 0 before the first."""
        return self._generation

    def put(self, letter: Letter, band: Band) -> None:
        """Append to the band.

        Raises:
            MailboxFullError: the bound is reached and the band is not control.
            ActorUnavailableError: the mailbox was closed for good.
        """
        with self._changed:
            if not self._is_open:
                raise ActorUnavailableError(f"{self.name} has stopped and takes no messages")
            if band is not Band.CONTROL and self._size >= self._capacity:
                raise MailboxFullError(f"the mailbox of {self.name} holds {self._size} messages", "try again later")
            self._bands[band].append(letter)
            self._size += 1
            self._changed.notify_all()

    def next_generation(self) -> int:
        """Fence off the present reader and return the number of the next one."""
        with self._changed:
            self._generation += 1
            self._changed.notify_all()
            return self._generation

    def fence(self, generation: int) -> None:
        """Take the mailbox from this incarnation; if it is not the present reader, nothing changes."""
        with self._changed:
            if generation == self._generation:
                self.next_generation()

    def stop(self, generation: int) -> None:
        """Hand this incarnation a `Stop` as its next letter; if it is not the present reader, nothing changes.

        A letter would outlive a reader that dies before it, and end its successor.
        """
        with self._changed:
            if generation == self._generation:
                self._stopping = generation
                self._changed.notify_all()

    def close(self) -> list[Letter]:
        """Refuse all further letters and return those left, for the dead letters."""
        with self._changed:
            self._is_open = False
            self._generation += 1
            left = [letter for band in self._bands for letter in band]
            for band in self._bands:
                band.clear()
            self._size = 0
            self._changed.notify_all()
            return left

    def get(self, generation: int, wake_at: float | None) -> Letter:
        """Return the next letter, or `Wake` at the monotonic time `wake_at`, or `Fenced`. Blocks the reader only."""
        with self._changed:
            while True:
                if generation != self._generation:
                    return Letter(Fenced())
                if generation == self._stopping:
                    return Letter(Stop())
                # Timers come before the backlog but after control: a full mailbox must not hold up a deadline.
                if self._bands[Band.CONTROL]:
                    return self._take()
                remaining = _LONGEST_WAIT_S if wake_at is None else wake_at - time.monotonic()
                if remaining <= 0:
                    return Letter(Wake())
                if self._size:
                    return self._take()
                self._changed.wait(min(remaining, _LONGEST_WAIT_S))

    def _take(self) -> Letter:
        self._size -= 1
        return next(band for band in self._bands if band).popleft()


class Inbox:
    """One incarnation's view of the mailbox: what Pykka sees as the actor's inbox.

    It reports itself empty, so that Pykka's teardown leaves the letters to the next incarnation.
    """

    def __init__(self, mailbox: Mailbox, generation: int) -> None:
        self._mailbox = mailbox
        self.generation = generation
        self.wake_at: float | None = None
        self.serving: Letter | None = None

    def put(self, letter: Letter) -> None:
        """Take a letter that came through Pykka's own reference rather than an address."""
        self._mailbox.put(letter, Band.CONTROL)

    def get(self) -> Letter:
        """Return what to serve next; a `Wake` also clears the timer."""
        self.serving = self._mailbox.get(self.generation, self.wake_at)
        if isinstance(self.serving.message, Wake):
            self.wake_at = None
        return self.serving

    def empty(self) -> bool:
        """Return True: what is left belongs to the next incarnation."""
        return True
