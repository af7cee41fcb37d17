"""A family under virtual time: admits one run per job, and tells the clock how it ended."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from actors.domain.admission import Admission
from actors.domain.outcome import Blocked, Failed, Outcome
from actors.simulation.agenda import Actor
from actors.simulation.run import Run, parts_of

if TYPE_CHECKING:
    from datetime import datetime

    from actors.domain.timetable import Fire, Miss
    from actors.domain.workload import JobLoad
    from actors.simulation.house import House
    from actors.simulation.run import Part


@dataclass(slots=True, eq=False)
class Family(Actor):
    """State of one family; the admission outlives a crash, as the program's does."""

    house: House = field(kw_only=True)
    loads: dict[str, JobLoad] = field(kw_only=True)
    admission: Admission = field(init=False)
    _parts: dict[str, tuple[Part, ...]] = field(init=False)
    _runs: int = 0

    def __post_init__(self) -> None:
        self.admission = Admission(frozenset(self.loads))
        self._parts = {name: parts_of(load) for name, load in self.loads.items()}

    def due(self, fire: Fire, ready: float) -> None:
        """A job is due: admit it and send for a run slot, or say why not."""
        house, load = self.house, self.loads[fire.job]
        self._runs += 1
        number, due = house.clock.number(fire.job, fire.slot), house.clock.seconds(fire.slot)
        run_id = f"{fire.job}-{self._runs}"
        refusal = self.admission.admit(fire.job, run_id)
        if refusal:
            house.tally.count("slots_refused")
            house.tally.missed(fire.job, number, 1, due)
            house.journal.note("slot_refused", f"job={fire.job} slot={number} why={refusal.replace(' ', '_')}")
            house.remember(fire.job, fire.slot, None)
            house.clock.tell(house.clock.settled, fire.job, fire.slot, fire.attempt, Blocked(refusal))
            return
        length = house.length(load, number)
        fails_after = house.faults.failure(house.agenda.now, length)
        run = Run(
            house=house,
            load=load,
            parts=self._parts[fire.job],
            number=number,
            slot=fire.slot,
            attempt=fire.attempt,
            id=run_id,
            due=due,
            ready=ready,
            length_s=length,
            fails_after_s=fails_after,
        )
        house.journal.note("run_admitted", f"job={fire.job} slot={number} attempt={fire.attempt} run={run_id}")
        run.ask()

    def missed(self, miss: Miss) -> None:
        """A slot passes without a run."""
        house = self.house
        number = house.clock.number(miss.job, miss.slot)
        house.tally.count("slots_coalesced" if miss.superseded else "slots_refused")
        house.tally.missed(miss.job, number, miss.slots, house.clock.seconds(miss.slot))
        house.journal.note("slot_missed", f"job={miss.job} slot={number} slots={miss.slots}")
        house.remember(miss.job, miss.slot, None)

    def ended(self, run: Run, outcome: Outcome) -> None:
        """A run is over: let go of it, record it, and tell the clock."""
        house = self.house
        self.admission.ended(run.load.name, run.id)
        if isinstance(outcome, Failed) and run.fails_after_s < math.inf and house.faults.is_for_good():
            outcome = Failed(outcome.error, transient=False)
        ok = not isinstance(outcome, Failed)
        house.tally.run_ended(run, ok=ok)
        why = "" if ok else f" why={outcome.error.replace(' ', '_')}"  # type: ignore[union-attr]
        house.journal.note("run_done" if ok else "run_failed", f"job={run.load.name} run={run.id}{why}")
        ended_at: datetime = house.clock.time()
        house.remember(run.load.name, run.slot, ended_at if ok else None)
        house.clock.tell(house.clock.settled, run.load.name, run.slot, run.attempt, outcome)
