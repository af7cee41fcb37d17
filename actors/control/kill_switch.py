"""The kill switch as operators move it: in force here at once, kept in Postgres as soon as it takes it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from actors.domain.why.situation import Stop
from actors.sql.queries import Statement, Transaction

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

_NAME = "kill_switch"
READ_EVERY_S = 5.0
"""How often the stored switch is read: another process may have been told (two deployments overlap)."""


@dataclass(frozen=True, slots=True)
class _Turn:
    """What somebody said of it, at a schedule time."""

    is_on: bool
    by: str
    at: datetime

    @property
    def stop(self) -> Stop | None:
        return Stop(self.by, self.at) if self.is_on else None


def stop_of(flags: Sequence[dict[str, Any]]) -> Stop | None:
    """Return who turned it on, by the rows of `get_flag`; None: it is off."""
    return Stop(flags[0]["set_by"], flags[0]["set_at"]) if flags and flags[0]["is_on"] else None


class KillSwitch:
    """What was said of it, and what is stored. It outlives the operator's actor.

    `on` holds at once and until Postgres has it, for Postgres is where every publisher looks at claim and at the commit
    point; `off` holds only once it is stored. All but `holds` is called in the operator's thread.
    """

    def __init__(self) -> None:
        self.held: Stop | None = None
        """Who turned it on, though Postgres may not say so yet."""
        self._said: _Turn | None = None
        self._stored: Stop | None = None
        self._writing: _Turn | None = None
        self._is_asked = False
        self._read_at = float("-inf")

    @property
    def stop(self) -> Stop | None:
        """Who stopped all publishing, as far as is known here; None: nobody did."""
        return self.held or self._stored

    @property
    def is_stored(self) -> bool:
        """Whether all that was said is stored."""
        return self._said is None

    def holds(self) -> bool:
        """Return whether it is on though Postgres may not say so yet; from any thread."""
        return self.held is not None

    def say(self, now: datetime, *, is_on: bool, by: str) -> None:
        """Turn it. `now` is schedule time."""
        self._said = _Turn(is_on, by, now)
        self.held = self._said.stop or self.held

    def transaction(self, now: float) -> Transaction | None:
        """Return what is to be asked of Postgres next (monotonic): what was said, else now and then what is stored.

        One at a time: until `answered` it is nothing.
        """
        if self._is_asked:
            return None
        if self._said is not None:
            self._is_asked, self._writing = True, self._said
            params = {"name": _NAME, "is_on": self._said.is_on, "now": self._said.at, "by": self._said.by}
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
            self._stored = stop_of(rows[0])
            return
        self._stored = written.stop
        if self._said is written:
            # What was said meanwhile is written next, and until then the switch stays as it is.
            self._said = self.held = None
