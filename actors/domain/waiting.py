"""Who waits for a slot, and who of them is served first. Every change costs O(log n)."""

from __future__ import annotations

import heapq
import math
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from actors.domain.priority import Priority

if TYPE_CHECKING:
    from collections.abc import Callable

    from actors.domain.budget import Charge

STRETCH = {Priority.P1: 3.0, Priority.P2: 9.0, Priority.P3: 12.0}
"""How many times its own rest a run waits before it goes ahead of one with nothing left to do.

A second of P1 counts as much as three of P2 and four of P3. The larger the factors, the nearer is the order to the
shortest rest first, which has the least mean wait (Smith's rule for weighted jobs), and the longer may the longest be.
"""
_LEAST_S = 1.0
"""A rest shorter than this, or unknown, counts as this: among short errands the class decides."""
_SPARE_ENTRIES = 64


def stretch(priority: Priority, remaining_s: float) -> float:
    """Return within how many seconds a later one with nothing left to do may overtake; P0 is never overtaken."""
    return -math.inf if priority is Priority.P0 else STRETCH[priority] * max(remaining_s, _LEAST_S)


@dataclass(frozen=True, slots=True)
class Ticket:
    """What the arbiter knows of a request. Times are monotonic real seconds."""

    id: str
    priority: Priority
    start_by: float
    limit_s: float
    owner: str = ""
    """The run that sends it; the errands of one run follow one another."""
    since: float = 0.0
    """When the waiting began that is to be made short: when the run fell due, or the request came."""
    expected_s: float = 0.0
    """How long the errand is expected to take at most."""
    remaining_s: float = 0.0
    """How much work the whole run is expected to have left on this resource, this errand included."""
    recallable: bool = False
    """Whether it only reads, so that it may be cut short at any moment and done again from the start."""
    charge: Charge | None = None

    @property
    def rank(self) -> float:
        """Return its place in the order: the lower, the sooner.

        Since every rank stands still while time goes on, who waits is overtaken only by what comes due within the
        stretch of its own rest: nobody starves, and no order has to be made anew.
        """
        return self.rank_with(self.remaining_s)

    def rank_with(self, remaining_s: float) -> float:
        """Return the rank that a request of the same run has with so much work left."""
        return self.since + stretch(self.priority, remaining_s)


@dataclass(slots=True)
class Waiting:
    """The requests that wait. At most `limit` of each class but P0, which is never refused for lack of room."""

    limit: int
    _entries: dict[str, tuple[int, Ticket]] = field(default_factory=dict)
    """Arrival number and ticket by id. What lies on a heap under another number is gone."""
    _lines: dict[tuple[Priority, bool], list[tuple[float, int, str]]] = field(default_factory=dict)
    """A heap by rank for each class and kind, so that one which may not start now hides no other behind it."""
    _deadlines: list[tuple[float, int, str]] = field(default_factory=list)
    _counts: dict[Priority, int] = field(default_factory=lambda: dict.fromkeys(Priority, 0))
    _owners: Counter[str] = field(default_factory=Counter)
    """How many wait of each owner."""
    _arrivals: int = 0
    _gone: int = 0
    """How many were taken out since the heaps were last tidy: at most so many of their entries are dead."""

    def __len__(self) -> int:
        return len(self._entries)

    def tickets(self) -> list[Ticket]:
        """Return all that wait, in the order of their ranks. O(n log n): for people, not for decisions."""
        ordered = sorted(self._entries.values(), key=lambda entry: (entry[1].rank, entry[0]))
        return [ticket for _, ticket in ordered]

    def is_full(self, priority: Priority) -> bool:
        """Return whether no further request of this class may wait."""
        return priority is not Priority.P0 and self._counts[priority] >= self.limit

    def count(self, priority: Priority) -> int:
        """Return how many requests of this class wait."""
        return self._counts[priority]

    def has_of(self, owner: str) -> bool:
        """Return whether a request of this owner waits."""
        return owner in self._owners

    def add(self, ticket: Ticket) -> None:
        """Let it wait behind those of equal rank."""
        self._arrivals += 1
        number = self._arrivals
        self._entries[ticket.id] = (number, ticket)
        self._counts[ticket.priority] += 1
        self._owners[ticket.owner] += 1
        line = self._lines.setdefault((ticket.priority, ticket.recallable), [])
        heapq.heappush(line, (ticket.rank, number, ticket.id))
        if ticket.start_by < math.inf:
            heapq.heappush(self._deadlines, (ticket.start_by, number, ticket.id))

    def remove(self, request_id: str) -> Ticket:
        """Take it out, wherever it stands."""
        _, ticket = self._entries.pop(request_id)
        self._counts[ticket.priority] -= 1
        self._owners[ticket.owner] -= 1
        if not self._owners[ticket.owner]:
            del self._owners[ticket.owner]
        self._gone += 1
        if self._gone > len(self._entries) + _SPARE_ENTRIES:
            self._tidy()
        return ticket

    def remove_all(self, wanted: Callable[[Ticket], bool] = lambda _: True) -> list[Ticket]:
        """Take out all that are `wanted`, in the order of their arrival."""
        gone = [ticket for _, ticket in self._entries.values() if wanted(ticket)]
        for ticket in gone:
            self.remove(ticket.id)
        return gone

    def heads(self) -> list[Ticket]:
        """Return the first of each line, in the order in which they are to be served."""
        firsts = [line[0] for line in self._lines.values() if self._is_alive(line)]
        return [self._entries[request_id][1] for _, _, request_id in sorted(firsts)]

    def expired(self, now: float) -> list[Ticket]:
        """Take out those whose time to start is over."""
        gone = []
        while self._is_alive(self._deadlines) and self._deadlines[0][0] <= now:
            gone.append(self.remove(heapq.heappop(self._deadlines)[2]))
        return gone

    def next_deadline(self) -> float:
        """Return when the first of them expires; infinite if none does."""
        return self._deadlines[0][0] if self._is_alive(self._deadlines) else math.inf

    def _is_alive(self, heap: list[tuple[float, int, str]]) -> bool:
        """Drop from the top of the heap what is gone; return whether anything is left."""
        while heap and self._entries.get(heap[0][2], (0,))[0] != heap[0][1]:
            heapq.heappop(heap)
        return bool(heap)

    def _tidy(self) -> None:
        """Make the heaps anew, without what is gone: so many are that each of them pays for a few steps of it."""
        self._gone = 0
        for heap in (self._deadlines, *self._lines.values()):
            heap[:] = [entry for entry in heap if self._entries.get(entry[2], (0,))[0] == entry[1]]
            heapq.heapify(heap)
