"""A run under virtual time: waits for a run slot, does its errands one after the other, and ends with an outcome."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from actors.domain.arbiter import Ticket
from actors.domain.outcome import Done, Failed, Outcome
from actors.domain.priority import Priority
from actors.domain.workload import ERRAND_LIMIT_S, Span
from actors.simulation.errand import Errand
from actors.simulation.scenario import PUBLISHERS

if TYPE_CHECKING:
    from datetime import datetime

    from actors.domain.budget import Charge
    from actors.domain.workload import JobLoad
    from actors.simulation.front import Front, Place
    from actors.simulation.house import House

_CALL_SHARE, _CALL_S = 0.1, 15.0
"""Part of a browser run that each other resource but the database takes, and the longest model call."""
_ENDED_S = 1e-9


@dataclass(frozen=True, slots=True)
class Part:
    """A stretch of a run on the same resources: what share of its length it takes, and the longest errand in it."""

    resources: tuple[str, ...]
    share: float
    errand_s: float | None


def parts_of(load: JobLoad) -> tuple[Part, ...]:
    """Return a run's parts in their order.

    A browser run works in the browser, with a connection if it uses one, after a tenth on each other resource it uses.
    Any other run spends equal parts on each of its resources.
    """
    calls = [name for name in ("redis", "openai") if name in load.uses]
    if "browser" in load.uses:
        cut = load.errand_s if load.priority is not Priority.P0 else None
        page = ("browser", "database") if "database" in load.uses else ("browser",)
        rest = 1.0 - _CALL_SHARE * len(calls)
        return (*(Part((name,), _CALL_SHARE, _CALL_S) for name in calls), Part(page, rest, cut))
    names = [*(["database"] if "database" in load.uses else []), *calls]
    return tuple(Part((name,), 1 / len(names), _CALL_S if name == "openai" else None) for name in names)


@dataclass(slots=True, eq=False)
class Run:
    """One attempt at one slot. `number` is the slot's place in the grid, `length_s` what it takes without waiting."""

    house: House
    load: JobLoad
    parts: tuple[Part, ...]
    number: int
    slot: datetime
    attempt: int
    id: str
    due: float
    ready: float
    """When it fell due and its dependencies let it start."""
    length_s: float
    deadline_at: float = math.inf
    fails_after_s: float = math.inf
    is_over: bool = False
    place: Place | None = None
    errands: int = 0
    _part: int = 0
    _done_s: float = 0.0
    """Work done in this part, and in all."""
    _worked_s: float = 0.0
    _has_begun: bool = False
    _spans: tuple[Span, ...] = field(init=False)

    def __post_init__(self) -> None:
        self._spans = tuple(self.load.length.longer(part.share) for part in self.parts)

    def ask(self) -> None:
        """Send for a run slot."""
        limit = math.inf if self.load.deadline_s is None else self.load.deadline_s
        now, runs, mean = self.house.agenda.now, self.house.fronts["runs"], self.load.length.mean_s
        ticket = Ticket(self.id, self.load.priority, now + limit, limit, self.id, self.due, 0.0, mean)
        runs.tell(runs.request, ticket, self, 0)

    def granted(self, place: Place, try_: int) -> None:
        """It has a run slot."""
        self.place = place
        if self.load.deadline_s is not None:
            self.deadline_at = self.house.agenda.now + self.load.deadline_s
        self.house.tally.run_started(self)
        self.house.journal.note("run_started", f"job={self.load.name} run={self.id}")
        self._next()

    def refused(self, front: Front, why: str, try_: int) -> None:
        """It gets no run slot, or ran past its deadline in it."""
        if not self.is_over:
            self.place = None
            self._finish(Failed(why))

    def recalled(self, place: Place) -> int:
        """Run slots are never lent, so none is called back."""
        raise AssertionError(self.id)

    def broken(self, front: Front, try_: int) -> None:
        """Run slots have no outages."""
        raise AssertionError(self.id)

    def began(self) -> None:
        """An errand of it works."""
        if not self._has_begun:
            self._has_begun = True
            self.house.tally.run_began(self)

    def errand_done(self, work_s: float) -> None:
        """An errand ended well."""
        if self.is_over:
            return
        self._done_s += work_s
        self._worked_s += work_s
        if self._worked_s >= self.fails_after_s:
            self._finish(Failed("injected failure"))
            return
        self._next()

    def errand_failed(self, why: str) -> None:
        """An errand failed, and with it the run."""
        if not self.is_over:
            self._finish(Failed(why))

    def _next(self) -> None:
        """Begin the next errand, or end."""
        if not self.parts and not self._has_begun:
            self.began()
            self.house.agenda.at(self.house.agenda.now + self.length_s, self.errand_done, self.length_s)
            return
        while self._part < len(self.parts):
            part = self.parts[self._part]
            rest = self.length_s * part.share - self._done_s
            if rest > _ENDED_S or (self.length_s == 0 and self.errands <= self._part):
                self._send(part, self._spans[self._part], max(rest, 0.0))
                return
            self._part, self._done_s = self._part + 1, 0.0
        self._finish(Done({"work": 1}))

    def _send(self, part: Part, span: Span, rest_s: float) -> None:
        self.errands += 1
        is_page, is_p0 = "browser" in part.resources, self.load.priority is Priority.P0
        longest = math.inf if part.errand_s is None else part.errand_s
        setup = self.house.setting.setup_s if is_page and not is_p0 else 0.0
        expected = min(longest, max(span.greatest_s - self._done_s, rest_s)) + setup
        errand = Errand(
            run=self,
            id=f"{self.id}#{self.errands}",
            fronts=tuple(self.house.fronts[name] for name in part.resources),
            work_s=min(longest, rest_s),
            setup_s=setup,
            expected_s=expected,
            remaining_s=span.remaining_s(self._done_s),
            limit_s=max(ERRAND_LIMIT_S, 2 * expected),
            recallable=is_page and not is_p0 and self.load.name not in PUBLISHERS,
            charge=self._charge() if "openai" in part.resources else None,
        )
        errand.ask()

    def _charge(self) -> Charge:
        return self.house.ledger.charge(self.load.family, self.house.clock.time().date())

    def _finish(self, outcome: Outcome) -> None:
        self.is_over = True
        if self.place is not None:
            self.place.give_back()
        family = self.house.families[self.load.family]
        family.tell(family.ended, self, outcome)
