"""The house: all machines of the program around one agenda, from the first due time to the end of the last run."""

from __future__ import annotations

import math
import random
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING

from actors.simulation.agenda import Agenda
from actors.simulation.clock import EPOCH, Clock
from actors.simulation.family import Family
from actors.simulation.faults import Faults, draw_faults
from actors.simulation.front import Front
from actors.simulation.journal import Journal
from actors.simulation.ledger import Ledger
from actors.simulation.tally import JobTally, Tally
from actors.simulation.tree import Tree

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime
    from typing import TextIO

    from actors.domain.workload import JobLoad
    from actors.simulation.setting import Setting

DAY_S = 86400.0
_RESOURCES = ("database", "redis", "openai", "browser")


@dataclass(slots=True)
class House:
    """One life under virtual time.

    Args:
        loads: the jobs; a job's `offset` is its first due time.
        setting: sizes, breakers, supervision and money.
        days: dues lie in [0, `days`), what is due by then is completed.
        seed: decides jitter and faults, and lengths unless `length_key` is empty.
        length_key: what the names of the lengths' draws begin with; empty in a scenario, whose lengths are fixed.
        with_faults: whether crashes, hangs, outages and failures are injected.
        log: where the journal's lines go, besides being hashed.
    """

    loads: Sequence[JobLoad]
    setting: Setting
    days: float = 1.0
    seed: int = 1
    length_key: str = ""
    with_faults: bool = False
    log: TextIO | None = None
    agenda: Agenda = field(default_factory=Agenda)
    journal: Journal = field(init=False)
    tally: Tally = field(init=False)
    faults: Faults = field(default_factory=Faults)
    fronts: dict[str, Front] = field(init=False)
    families: dict[str, Family] = field(init=False)
    clock: Clock = field(init=False)
    tree: Tree = field(init=False)
    last_slot: dict[str, datetime] = field(default_factory=dict)
    last_success: dict[str, datetime] = field(default_factory=dict)
    """What history knows of each job."""
    ledger: Ledger = field(default_factory=Ledger)

    def __post_init__(self) -> None:
        horizon, agenda = self.days * DAY_S, self.agenda
        self.journal = Journal(agenda, self.log)
        jobs = {load.name: JobTally(load, slots_before(load, horizon)) for load in self.loads}
        self.tally = Tally(agenda, self.setting, horizon, jobs)
        self.fronts = {
            name: Front(name, agenda, setting=self.setting, journal=self.journal, tally=self.tally)
            for name in self.setting.fronts
        }
        families = sorted({load.family for load in self.loads})
        self.families = {
            name: Family(name, agenda, house=self, loads={job.name: job for job in self.loads if job.family == name})
            for name in families
        }
        last = EPOCH + timedelta(seconds=horizon) - timedelta(microseconds=1)
        chance = random.Random(f"{self.seed}/jitter")
        self.clock = Clock(
            "clock", agenda, house=self, loads={load.name: load for load in self.loads}, last=last, chance=chance
        )
        self.tree = Tree(self, chance)
        if self.with_faults:
            actors = [*self.fronts, *self.families, "clock"]
            used = [name for name in _RESOURCES if any(name in load.uses for load in self.loads)]
            self.faults = draw_faults(self.seed, horizon, actors, used)
            self.tally.faults_end = self.faults.end
            self.tree.plan(self.faults)

    def live(self, progress: Callable[[float], None] | None = None) -> Tally:
        """Let all the time pass and return what was seen; `progress` hears of virtual seconds now and then."""
        about = f"days={self.days:g} seed={self.seed} jobs={len(self.loads)} faults={int(self.with_faults)}"
        self.journal.note("begins", about)
        self.agenda.at(0.0, self.clock.tell, self.clock.tick)
        steps = 0
        while self.agenda.step():
            steps += 1
            if progress is not None and steps % 2000 == 0:
                progress(self.agenda.now)
        for job in self.tally.jobs.values():
            job.close()
        return self.tally

    def length(self, load: JobLoad, number: int) -> float:
        """Return how long the run of this slot works, in seconds: the same for each of its attempts."""
        chance = random.Random(f"{self.length_key}{load.name}/{number}")
        return chance.uniform(load.length.least_s, load.length.greatest_s)

    def remember(self, job: str, slot: datetime, success_at: datetime | None) -> None:
        """Write a run, or a missed slot, into the history."""
        before = self.last_slot.get(job)
        self.last_slot[job] = slot if before is None else max(before, slot)
        if success_at is not None:
            self.last_success[job] = success_at


def slots_before(load: JobLoad, horizon_s: float) -> int:
    """Return how many slots of a job lie before the horizon."""
    first, every = load.offset.total_seconds(), load.every.total_seconds()
    return max(0, math.ceil((horizon_s - first) / every)) if load.enabled else 0
