"""The kill switch as operators move it: in force here at once, kept in Postgres as soon as it takes it."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

from actors.domain.stages import OPERATOR
from actors.sql.queries import Statement, Transaction

if TYPE_CHECKING:
    from datetime import datetime

_NAME = "kill_switch"
READ_EVERY_S = 5.0
"""How often the stored switch is read: another process may have been told (two deployments overlap)."""


class KillSwitch:
    """What was said of it, and what is stored. It outlives the operator's actor.

    `on` holds at once and until Postgres has it, for Postgres is where every publisher looks at claim and at the commit
    point; `off` holds only once it is stored. All but `holds` is called in the operator's thread.
    """

    def __init__(self) -> None:
        self._said: bool | None = None
        self._said_at: datetime | None = None
        self._stored: bool | None = None
        self._writing: bool | None = None
        self._is_asked = False
        self._read_at = float("-inf")
        self._holds = threading.Event()

    @property
    def is_on(self) -> bool:
        """Whether it stops all publishing, as far as is known here."""
        return self._holds.is_set() or self._stored is True

    @property
    def is_stored(self) -> bool:
        """Whether all that was said is stored."""
        return self._said is None

    def holds(self) -> bool:
        """Return whether it is on though Postgres may not say so yet; from any thread."""
        return self._holds.is_set()

    def say(self, now: datetime, *, is_on: bool) -> None:
        """Turn it. `now` is schedule time."""
        self._said, self._said_at = is_on, now
        if is_on:
            self._holds.set()

    def transaction(self, now: float) -> Transaction | None:
        """Return what is to be asked of Postgres next (monotonic): what was said, else now and then what is stored.

        One at a time: until `answered` it is nothing.
        """
        if self._is_asked:
            return None
        if self._said is not None:
            self._is_asked, self._writing = True, self._said
            params = {"name": _NAME, "is_on": self._said, "now": self._said_at, "by": OPERATOR}
            return Transaction((Statement("set_flag", params, 1),))
        if now < self._read_at + READ_EVERY_S:
            return None
        self._is_asked, self._writing, self._read_at = True, None, now
        return Transaction((Statement("get_flag", {"name": _NAME}),))

    def answered(self, rows: list[list[dict[str, Any]]] | None) -> None:
        """Take the answer to `transaction`; None: it failed, and the same is to be asked again later."""
        written, self._writing, self._is_asked = self._writing, None, False
        if rows is None:
            return
        if written is None:
            self._stored = bool(rows[0]) and rows[0][0]["is_on"]
            return
        self._stored = written
        if self._said is written:
            # What was said meanwhile is written next, and until then the switch stays as it is.
            self._said = None
            self._holds.clear()
