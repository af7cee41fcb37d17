"""The mailbox's decisions: which letter is next, which is refused, and whose the mailbox is."""

from __future__ import annotations

import itertools
from collections import deque
from enum import Enum
from typing import Generic, TypeVar

from actors.domain.priority import Band
from actors.errors import ActorUnavailableError, MailboxFullError

Letter = TypeVar("Letter")


class Verdict(Enum):
    """What a reader may get instead of a letter."""

    FENCED = "fenced"
    """The mailbox is another incarnation's now."""
    STOP = "stop"
    """This incarnation is to end."""
    WAKE = "wake"
    """The time it asked to be woken at has come."""


class Bands(Generic[Letter]):
    """Letters in bands: the lowest band first, in order within a band. Owned by an address, it survives its readers.

    Each band but control is refused once `capacity` letters wait in it: a backlog of background work keeps out neither
    an operator's word nor P0. Each incarnation of the reader has a generation number, and only the newest gets letters.

    Any thread may put while one reads, without a lock: each step that counts is one atomic operation of a deque, and a
    bound may be passed by as many letters as there are threads putting at that moment.
    """

    __slots__ = ("_bands", "_is_open", "_name", "_numbers", "_stopping", "capacity", "generation")

    def __init__(self, name: str, capacity: int) -> None:
        self.generation = 0
        """Number of the incarnation that may read now; 0 before the first."""
        self._name, self._numbers = name, itertools.count(1)
        self.capacity = capacity
        self._bands: tuple[deque[Letter], ...] = tuple(deque() for _ in Band)
        self._stopping: int | None = None
        self._is_open = True

    def __len__(self) -> int:
        return sum(map(len, self._bands))

    def put(self, letter: Letter, band: Band) -> None:
        """Append to the band.

        Raises:
            MailboxFullError: the band's bound is reached.
            ActorUnavailableError: the mailbox was closed for good.
        """
        if not self._is_open:
            raise self._closed()
        waiting = self._bands[band]
        # The control band is number 0.
        if band and len(waiting) >= self.capacity:
            raise MailboxFullError(f"the mailbox of {self._name} holds {len(waiting)} messages", "try again later")
        waiting.append(letter)
        # Asked again: whoever closes it at this moment either finds the letter or is seen here.
        if not self._is_open:
            raise self._closed()

    def take(self, generation: int, is_due: bool) -> Letter | Verdict | None:
        """Return what the reader of this generation serves next; None if it has to wait.

        `is_due`: the time at which the reader asked to be woken has come. That goes before the backlog, because a
        full mailbox must not hold up a deadline, but after control.
        """
        if generation != self.generation:
            return Verdict.FENCED
        if generation == self._stopping:
            return Verdict.STOP
        if is_due and not self._bands[Band.CONTROL]:
            return Verdict.WAKE
        control, p0, p1, p2, p3 = self._bands
        first = control or p0 or p1 or p2 or p3
        if not first:
            return None
        try:
            letter = first.popleft()
        except IndexError:
            # A reader that is being fenced took it, and lays it back.
            return None
        if generation != self.generation:
            first.appendleft(letter)
            return Verdict.FENCED
        return letter

    def next_generation(self) -> int:
        """Fence off the present reader and return the number of the next one."""
        self.generation = next(self._numbers)
        return self.generation

    def fence(self, generation: int) -> None:
        """Take the mailbox from this incarnation; if it is not the present reader, nothing changes."""
        if generation == self.generation:
            self.generation = next(self._numbers)

    def stop(self, generation: int) -> None:
        """Let this incarnation end before its next letter; if it is not the present reader, nothing changes.

        A letter that says so would outlive a reader that dies before it, and end its successor.
        """
        if generation == self.generation:
            self._stopping = generation

    def close(self) -> list[Letter]:
        """Fence off the reader, refuse all further letters, and return those left in the order of their service."""
        self._is_open = False
        self.generation = next(self._numbers)
        left = [letter for band in self._bands for letter in band]
        for band in self._bands:
            band.clear()
        return left

    def _closed(self) -> ActorUnavailableError:
        return ActorUnavailableError(f"{self._name} has stopped and takes no messages")
