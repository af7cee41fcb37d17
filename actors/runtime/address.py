"""Addresses: what everybody holds instead of a reference to an actor."""

from __future__ import annotations

import queue
from typing import Any

from actors.domain.priority import Band
from actors.errors import ActorUnavailableError
from actors.runtime.mailbox import Letter, Mailbox


class Address:
    """The stable name of an actor and its mailbox; restarts of the actor are invisible to its holders."""

    def __init__(self, name: str, capacity: int = 10_000) -> None:
        self.name = name
        self.mailbox = Mailbox(name, capacity)
        # A message's road has no step that it can do without: `make bench` tells what each costs.
        self._put, self._hands, self._call = self.mailbox.bands.put, self.mailbox.hands, self.mailbox.call

    def __repr__(self) -> str:
        return f"Address({self.name})"

    def close(self) -> None:
        """Take no further messages; whoever still waits for an answer hears so. For good: no actor comes back."""
        for letter in self.mailbox.close():
            if letter.reply_to is not None:
                letter.reply_to.put((None, ActorUnavailableError(f"{self.name} has stopped")))

    def tell(self, message: Any, band: Band = Band.P2) -> None:
        """Send without waiting, from any thread.

        Raises:
            MailboxFullError, ActorUnavailableError: the message was not taken.
        """
        self._put(Letter(message), band)
        if self._hands:
            self._call()

    def ask(self, message: Any, timeout: float, band: Band = Band.CONTROL) -> Any:
        """Send and wait for the answer, at most `timeout` real seconds. Only downwards in the tree, never from a front.

        Raises:
            ActorUnavailableError: nobody answered in time, or the actor died of the message.
        """
        answers: queue.SimpleQueue[tuple[Any, BaseException | None]] = queue.SimpleQueue()
        self._put(Letter(message, answers), band)
        if self._hands:
            self._call()
        try:
            value, error = answers.get(True, timeout)
        except queue.Empty:
            kind = type(message).__name__
            raise ActorUnavailableError(f"{self.name} did not answer {kind} within {timeout:g} s") from None
        if error is not None:
            raise error
        return value
