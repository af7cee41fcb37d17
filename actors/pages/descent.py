"""Going down a list that removes what scrolled away: what is known of it, and when it is over."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

FIRST_S = 10.0
NEXT_S = 2.0
SCROLLING_S = 45.0
"""Real seconds from the errand's begin after which it scrolls no further."""

_FRUITLESS_SCROLLS = 2


class Descent:
    """One errand's way down a list. On the loop only; it starts the errand's time."""

    def __init__(self) -> None:
        self.known: set[str] = set()
        self.is_first = True
        """Whether nothing has been looked at so far."""

        self.has_ended = False
        """Whether the end of the page was in sight, nothing said that more was on its way, and nothing more came."""

        self._until = asyncio.get_running_loop().time() + SCROLLING_S
        self._fruitless = 0

    @property
    def seconds(self) -> float:
        """How long to wait for something new, in real seconds."""
        return FIRST_S if self.is_first else NEXT_S

    @property
    def is_over(self) -> bool:
        """Whether there is no use, or no time, for another scroll."""
        is_fruitless = self._fruitless >= _FRUITLESS_SCROLLS
        return self.has_ended or is_fruitless or asyncio.get_running_loop().time() >= self._until

    def note(self, seen: Iterable[str], *, is_at_end: bool) -> None:
        """Take note of one look at the page."""
        fresh = set(seen) - self.known
        self.known |= fresh
        self._fruitless = 0 if fresh else self._fruitless + 1
        self.has_ended = is_at_end and not self.is_first and not fresh
        self.is_first = False
