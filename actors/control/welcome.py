"""The welcome: how many words of whom are served, so that nobody's flood keeps another's word from being heard."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from actors.control.words import only_reads
from actors.domain.rate import Rate

if TYPE_CHECKING:
    from actors.control.words import Command

_OWN, _ASKED, _STOPPED = (20, 1.0), (10, 1.0), (10, 1.0)
"""How many words are served in how many seconds: those that read, of who holds the key or is on the machine; those of
anybody that read, few enough to leave inquiries to the former (eight are open at once, for half a second as a rule);
those of anybody that stop something. All are more than operators type, and far less than the operator's actor, the
board and Redis can do (design.md, section 11).
"""


@dataclass(slots=True)
class Welcome:
    """What is served here, or carried to other processes. Called in the operator's thread only."""

    own: Rate = field(default_factory=lambda: Rate(*_OWN))
    asked: Rate = field(default_factory=lambda: Rate(*_ASKED))
    stopped: Rate = field(default_factory=lambda: Rate(*_STOPPED))

    def serves(self, command: Command, now: float, *, is_own: bool) -> bool:
        """Return whether an authorised word is served now (monotonic), and count it if so.

        Args:
            command: what was said.
            now: seconds that never go back.
            is_own: whether it surely comes from who holds the key or is on the machine. No word of his that changes
                something is ever refused for its number.
        """
        if only_reads(command):
            return (self.own if is_own else self.asked).allows(now)
        return is_own or self.stopped.allows(now)
