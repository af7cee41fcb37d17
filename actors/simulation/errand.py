"""An errand of a run: asks its fronts one after the other, works once it has a slot of each, and gives them back."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from actors.domain.arbiter import Ticket
from actors.simulation.ledger import COST_USD

if TYPE_CHECKING:
    from actors.domain.budget import Charge
    from actors.simulation.front import Front, Place
    from actors.simulation.run import Run

_LEAST_PATIENCE_S = 1.0
"""As the program's clients have it: an errand that could use all the time left gives up a second of it to waiting."""
_BROKEN_S = 1.0
"""How long an errand takes to find that its resource is away."""


@dataclass(slots=True, eq=False)
class Errand:
    """One errand. A recall makes it begin again; every other end is final and told to its run."""

    run: Run
    id: str
    fronts: tuple[Front, ...]
    work_s: float
    setup_s: float
    expected_s: float
    remaining_s: float
    limit_s: float
    recallable: bool
    charge: Charge | None = None
    try_: int = 0
    """Answers to an earlier try, and its end, are stale."""
    held: list[Place] = field(default_factory=list)

    def ask(self) -> None:
        """Send the next front its request."""
        front, run = self.fronts[len(self.held)], self.run
        start_by, limit = self._times(run.deadline_at - run.house.agenda.now)
        request_id = f"{self.id}~{self.try_}" if self.try_ else self.id
        ticket = Ticket(
            request_id,
            run.load.priority,
            start_by,
            limit,
            run.id,
            run.due,
            self.expected_s,
            # What holds a context must not wait behind what holds nothing: the context would stand idle.
            0.0 if self.held else self.remaining_s,
            self.recallable and front.name == "browser",
            self.charge if front.name == "openai" else None,
        )
        front.tell(front.request, ticket, self, self.try_)

    def granted(self, place: Place, try_: int) -> None:
        """It has one slot more."""
        if try_ != self.try_:
            place.give_back(spent=0.0)
            return
        self.held.append(place)
        if len(self.held) < len(self.fronts):
            self.ask()
            return
        self._work()

    def refused(self, front: Front, why: str, try_: int) -> None:
        """A front refuses it, takes its slot away, or has died."""
        if try_ == self.try_:
            self._fail(why, lost=front)

    def recalled(self, place: Place) -> int:
        """Its page closes: its work is lost, what else it holds goes back, and it waits again."""
        self._stop()
        for other in self.held:
            if other.front is not place.front:
                other.give_back()
        self.held.clear()
        return self.try_

    def broken(self, front: Front, try_: int) -> None:
        """The resource fails it."""
        if try_ == self.try_:
            self._fail(f"{front.name} is away", broken=front)

    def _times(self, left: float) -> tuple[float, float]:
        """Return the last moment to start and the longest time in the slot, as `Caller` reckons them."""
        if left == math.inf:
            return math.inf, self.limit_s
        patience = max(left - self.limit_s, min(_LEAST_PATIENCE_S, left / 2))
        return self.run.house.agenda.now + patience, min(self.limit_s, left - patience)

    def _work(self) -> None:
        house = self.run.house
        away = next((place.front for place in self.held if place.front.outages), None)
        if away is not None:
            house.agenda.at(house.agenda.now + _BROKEN_S, self.broken, away, self.try_)
            return
        # What fails in a dead resource has begun nothing.
        self.run.began()
        if house.faults.hangs(house.agenda.now):
            house.tally.count("hangs")
            house.journal.note("errand_hangs", f"errand={self.id}")
        else:
            house.agenda.at(house.agenda.now + self.setup_s + self.work_s, self._end, self.try_)

    def _end(self, try_: int) -> None:
        if try_ != self.try_:
            return
        self._stop()
        self._give_back()
        self.run.errand_done(self.work_s)

    def _fail(self, why: str, *, lost: Front | None = None, broken: Front | None = None) -> None:
        self._stop()
        for place in reversed(self.held):
            if place.front is not lost:
                place.give_back(failed=place.front is broken, answered=place.front is not broken)
        self.held.clear()
        self.run.errand_failed(why)

    def _stop(self) -> None:
        self.try_ += 1

    def _give_back(self) -> None:
        spent = None
        if self.charge is not None and self.held:
            self.run.house.ledger.paid(self.charge)
            spent = COST_USD
        for place in reversed(self.held):
            place.give_back(spent=spent)
        self.held.clear()
