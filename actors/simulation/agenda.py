"""The agenda: virtual time. What happens at an instant, and the letters that are exchanged within it."""

from __future__ import annotations

import heapq
from collections import deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

Call = tuple["Callable[..., None]", tuple[Any, ...]]


@dataclass(slots=True, eq=False)
class Actor:
    """Somebody with a mailbox. What comes while it is down waits, as a mailbox outlives its actor."""

    name: str
    agenda: Agenda
    is_down: bool = False
    kept: deque[Call] = field(default_factory=deque)

    def tell(self, call: Callable[..., None], *arguments: Any) -> None:
        """Post a letter; it is served at this instant, after those posted before it."""
        self.agenda.letters.append((self, call, arguments))

    def plan_wake(self) -> None:
        """All letters of an instant are served; whoever wants to be woken later says so here."""

    def die(self) -> None:
        """Serve nothing from now on."""
        self.is_down = True

    def revive(self) -> None:
        """A new incarnation takes over the mailbox."""
        self.is_down = False
        self.agenda.letters.extend((self, call, arguments) for call, arguments in self.kept)
        self.kept.clear()


@dataclass(slots=True)
class Agenda:
    """Events by (time, sequence): of two at one instant the one noted first comes first."""

    now: float = 0.0
    letters: deque[tuple[Actor, Callable[..., None], tuple[Any, ...]]] = field(default_factory=deque)
    touched: list[Actor] = field(default_factory=list)
    """Who wants `plan_wake` at the end of this instant."""
    events: int = 0
    _heap: list[tuple[float, int, Callable[..., None], tuple[Any, ...]]] = field(default_factory=list)

    def at(self, time: float, call: Callable[..., None], *arguments: Any) -> None:
        """Do it then; a time that has passed is now."""
        self.events += 1
        heapq.heappush(self._heap, (max(time, self.now), self.events, call, arguments))

    def step(self) -> bool:
        """Go on to the next event and serve all letters that follow from it; return False if there is none."""
        if not self._heap:
            return False
        self.now, _, call, arguments = heapq.heappop(self._heap)
        call(*arguments)
        letters, touched = self.letters, self.touched
        while letters or touched:
            while letters:
                actor, call, arguments = letters.popleft()
                if actor.is_down:
                    actor.kept.append((call, arguments))
                else:
                    call(*arguments)
            while touched:
                touched.pop().plan_wake()
        return True
