"""The journal: every transition as one line, hashed as it goes."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TextIO

from actors.errors import AppError

if TYPE_CHECKING:
    from actors.simulation.agenda import Agenda

_LINES_AT_ONCE = 2000


@dataclass(slots=True)
class Journal:
    """Lines `t=<virtual seconds> action=<word> ...`, in the order in which they happened."""

    agenda: Agenda
    sink: TextIO | None = None
    lines: int = 0
    _hash: hashlib._Hash = field(default_factory=hashlib.sha256)
    _pending: list[str] = field(default_factory=list)

    def note(self, action: str, words: str) -> None:
        """Write one line; `words` are `key=value` pairs."""
        self._pending.append(f"t={self.agenda.now:.3f} action={action} {words}\n")
        if len(self._pending) >= _LINES_AT_ONCE:
            self._flush()

    def digest(self) -> str:
        """Return the SHA-256 of all lines so far, in hex."""
        self._flush()
        return self._hash.hexdigest()

    def _flush(self) -> None:
        text = "".join(self._pending)
        self.lines += len(self._pending)
        self._pending.clear()
        self._hash.update(text.encode())
        if self.sink is not None:
            try:
                self.sink.write(text)
                self.sink.flush()
            except OSError as error:
                raise AppError(f"the log cannot be written: {error}", "name another file for --log") from error
