"""The tally: an observer of its own that believes no machine, and counts what was promised."""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from actors.domain.priority import Priority
from actors.domain.workload import P0_LIMIT_S
from actors.simulation.use import Use

if TYPE_CHECKING:
    from actors.domain.arbiter import Ticket
    from actors.domain.workload import JobLoad
    from actors.simulation.agenda import Agenda
    from actors.simulation.front import Place
    from actors.simulation.run import Run
    from actors.simulation.setting import Setting


@dataclass(slots=True)
class JobTally:
    """What became of a job's slots, by their places in its grid; waits and delays in seconds."""

    load: JobLoad
    due: int
    done: set[int] = field(default_factory=set)
    failed: set[int] = field(default_factory=set)
    missed: set[int] = field(default_factory=set)
    waits: list[float] = field(default_factory=list)
    delays: list[float] = field(default_factory=list)
    """Of P0: from the time a slot is due and its dependencies let it start to the beginning of its first errand."""
    gates: list[float] = field(default_factory=list)
    """Of P0: how long dependencies held a slot, where they did."""
    running: str = ""
    begun: set[int] = field(default_factory=set)
    late: set[int] = field(default_factory=set)
    excused: set[int] = field(default_factory=set)
    """Of P0: slots that began too late or never, and those for which what they needed was down meanwhile."""

    def close(self) -> None:
        """Let each slot count once: a run that was done makes up for a failure, any run for a miss."""
        self.failed -= self.done
        self.missed -= self.done | self.failed
        if self.load.priority is Priority.P0:
            self.late |= set(range(self.due)) - self.begun
            self.excused &= self.late


@dataclass(slots=True)
class Tally:
    """All counts of one life. `faults_end`: when the last injected fault is over; -inf without faults."""

    agenda: Agenda
    setting: Setting
    horizon_s: float
    jobs: dict[str, JobTally]
    faults_end: float = -math.inf
    double_runs: int = 0
    over_capacity: int = 0
    drained_after_s: float = 0.0
    counts: Counter[str] = field(default_factory=Counter)
    use: Use = field(default_factory=Use)
    downs: dict[str, float] = field(default_factory=dict)
    """When a resource or actor was last up again; infinite while it is down."""
    _held: dict[str, dict[int, tuple[Place, Priority, float]]] = field(default_factory=dict)

    def count(self, what: str) -> None:
        """Note that a rare path was taken."""
        self.counts[what] += 1

    def down(self, name: str) -> None:
        """A resource or an actor is away."""
        self.downs[name] = math.inf

    def up(self, name: str) -> None:
        """It is back; what waited meanwhile may still be late for a while."""
        self.downs[name] = self.agenda.now

    def places(self, front: str) -> list[Place]:
        """Return who holds a slot of this front."""
        return [place for place, _, _ in self._held.get(front, {}).values()]

    def took(self, front: str, place: Place, ticket: Ticket, now: float) -> None:
        """An errand got a slot."""
        held = self._held.setdefault(front, {})
        if place.slot in held or len(held) >= self.setting.fronts[front].size:
            self.over_capacity += 1
        held[place.slot] = (place, ticket.priority, now)

    def left(self, front: str, place: Place, now: float) -> None:
        """A slot is free again."""
        _, priority, since = self._held[front].pop(place.slot)
        if front == "browser":
            self.use.worked(priority, since, now)

    def front_died(self, front: str) -> None:
        """All its slots are gone."""
        for place, _, _ in list(self._held.get(front, {}).values()):
            self.left(front, place, self.agenda.now)

    def run_started(self, run: Run) -> None:
        """A run got its run slot."""
        job = self.jobs[run.load.name]
        if job.running or run.number in job.done:
            self.double_runs += 1
        job.running = run.id

    def run_began(self, run: Run) -> None:
        """A run does its first errand."""
        job, now = self.jobs[run.load.name], self.agenda.now
        if run.number in job.begun:
            return
        job.begun.add(run.number)
        # An attempt that failed before it may have been excused; this one is judged for itself.
        job.excused.discard(run.number)
        if run.load.priority is Priority.P0:
            delay = now - run.ready
            job.delays.append(delay)
            if run.ready > run.due:
                job.gates.append(run.ready - run.due)
            if delay > P0_LIMIT_S:
                job.late.add(run.number)
                self._excuse(job, run)

    def run_ended(self, run: Run, *, ok: bool) -> None:
        """A run is over."""
        job, now = self.jobs[run.load.name], self.agenda.now
        if job.running == run.id:
            job.running = ""
        if not ok:
            job.failed.add(run.number)
            if run.number not in job.begun:
                self._excuse(job, run)
            self._settled(run.due)
            return
        job.done.add(run.number)
        # Never below nothing by a rounding error.
        wait = max(0.0, now - run.due - run.length_s)
        job.waits.append(wait)
        if "browser" in run.load.uses and run.load.priority is not Priority.P0:
            self.use.waited(run.due, now, wait)
        self._settled(run.due)

    def missed(self, job: str, number: int, slots: int, due: float) -> None:
        """A slot passed, and so did the `slots - 1` before it."""
        self.jobs[job].missed.update(range(number - slots + 1, number + 1))
        self._settled(due)

    def lost(self) -> int:
        """Return how many slots ended as nothing at all; call `close` on each job first."""
        return sum(len(set(range(job.due)) - job.done - job.failed - job.missed) for job in self.jobs.values())

    def _settled(self, due: float) -> None:
        if due <= self.faults_end < self.agenda.now:
            self.drained_after_s = max(self.drained_after_s, self.agenda.now - self.faults_end)

    def _excuse(self, job: JobTally, run: Run) -> None:
        """Count it as no fault of ours, if what it needs was down until it could hardly have begun in time."""
        needs = (*run.load.uses, run.load.family, "clock", "runs")
        up = max(self.downs.get(name, -math.inf) for name in needs)
        if up >= run.due and self.agenda.now - up <= P0_LIMIT_S:
            job.excused.add(run.number)
