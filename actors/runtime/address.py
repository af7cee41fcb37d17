"""Addresses: what everybody holds instead of a reference to an actor."""

from __future__ import annotations

from typing import Any

import pykka

from actors.domain.priority import Band
from actors.errors import ActorUnavailableError
from actors.runtime.mailbox import Letter, Mailbox


class Address:
    """The stable name of an actor and its mailbox; restarts of the actor are invisible to its holders."""

    def __init__(self, name: str, capacity: int = 10_000) -> None:
        self.name = name
        self.mailbox = Mailbox(name, capacity)

    def __repr__(self) -> str:
        return f"Address({self.name})"

    def tell(self, message: Any, band: Band = Band.P2) -> None:
        """Send without waiting, from any thread.

        Raises:
            MailboxFullError, ActorUnavailableError: the message was not taken.
        """
        self.mailbox.put(Letter(message), band)

    def ask(self, message: Any, timeout: float, band: Band = Band.CONTROL) -> Any:
        """Send and wait for the answer, at most `timeout` real seconds. Only downwards in the tree, never from a front.

        Raises:
            ActorUnavailableError: nobody answered in time, or the actor died of the message.
        """
        future: pykka.Future[Any] = pykka.ThreadingFuture()
        self.mailbox.put(Letter(message, future), band)
        try:
            return future.get(timeout=timeout)
        except pykka.Timeout:
            kind = type(message).__name__
            raise ActorUnavailableError(f"{self.name} did not answer {kind} within {timeout:g} s") from None
