"""Random sets of jobs on random slots, and what a simulated life says of them."""

from __future__ import annotations

import math
import random
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from actors.domain.feasibility import Capacity, Proof, prove
from actors.domain.priority import Priority
from actors.domain.workload import P0_LIMIT_S, JobLoad, Span
from actors.simulation.house import DAY_S, House
from actors.simulation.setting import FrontSize, Setting

if TYPE_CHECKING:
    from collections.abc import Sequence

    from actors.simulation.tally import JobTally

EVERY_S = (60, 120, 300, 600, 900, 1200, 1800, 3600, 5400, 7200, 14400, 21600)
TICK_S = 1.0
_LOST, _BEHIND = 0.01, 0.1
_MOST_DAYS, _LEAST_DAYS = 5.0, 0.1


def random_set(seed: int) -> tuple[list[JobLoad], dict[str, Capacity]]:
    """Return 3 to 20 jobs and their slots, from light to overloaded.

    Up to three jobs are P0, of up to a minute; half of all use the browser and most the database; three quarters of the
    offsets are 0, so that many slots fall together, as they do in a configuration that says nothing of offsets.
    """
    chance = random.Random(f"proof/{seed}")
    contexts, connections, slots = chance.randint(1, 4), chance.randint(3, 10), chance.randint(8, 24)
    fronts = {
        "browser": Capacity(contexts, chance.randint(0, min(2, contexts - 1))),
        "database": Capacity(connections, chance.randint(0, 2)),
        "runs": Capacity(slots, chance.randint(0, 3)),
    }
    count = chance.randint(3, 20)
    urgent = chance.randint(0, min(3, count - 1))
    factor = math.exp(chance.uniform(math.log(0.5), math.log(3.0)))
    loads = [_random_job(number, chance, factor, is_urgent=number < urgent) for number in range(count)]
    chance.shuffle(loads)
    return loads, fronts


def _random_job(number: int, chance: random.Random, factor: float, *, is_urgent: bool) -> JobLoad:
    priority = Priority.P0 if is_urgent else Priority(chance.randint(1, 3))
    every = chance.choice(EVERY_S)
    offset = chance.choice([0, 0, 0, chance.randrange(0, every, 30)])
    greatest = chance.uniform(0.02, 0.4) * min(every, 1500)
    greatest = min(greatest, 60.0) if is_urgent else greatest * factor
    least = greatest * chance.uniform(0.1, 1.0)
    uses = frozenset(name for name, part in (("browser", 0.5), ("database", 0.7)) if chance.random() < part)
    return JobLoad(
        f"job_{number}",
        "family",
        priority,
        timedelta(seconds=every),
        timedelta(seconds=offset),
        uses,
        Span(least, greatest),
        None if is_urgent else 45.0,
    )


@dataclass(frozen=True, slots=True)
class Life:
    """What was proven of a set before, and what was seen when it was lived."""

    seed: int
    proof: Proof
    p0: dict[str, float]
    """The longest start delay of each P0 job."""
    lost: float
    """Part of the slots due in the second half that were lost."""
    behind: float
    """The same of the one job that lost the greatest part, if it lost two at least."""
    covers_p0: bool
    """Whether every front keeps as many slots for P0 as there are P0 jobs on it."""

    @property
    def is_kept(self) -> bool:
        """Return the simulation's verdict on all."""
        return not self.is_overloaded and not self.is_p0_late

    @property
    def is_overloaded(self) -> bool:
        """Return the simulation's verdict on the load."""
        return self.lost > _LOST or self.behind > _BEHIND

    @property
    def is_p0_late(self) -> bool:
        """Return the simulation's verdict on P0."""
        return any(delay > P0_LIMIT_S for delay in self.p0.values())


def live(seed: int, slots: int) -> Life:
    """Prove a random set, unroll it and live it until about so many slots were due, five days at most."""
    loads, fronts = random_set(seed)
    per_day = sum(DAY_S / load.every.total_seconds() for load in loads)
    days = min(_MOST_DAYS, max(_LEAST_DAYS, slots / per_day))
    setting = Setting({name: FrontSize(front.size, front.reserved, 10_000) for name, front in fronts.items()})
    tallies = House(loads, setting, days=days, seed=seed, length_key=f"{seed}/").live().jobs
    parts = [_lost_of(tally) for tally in tallies.values()]
    due, lost = sum(due for due, _ in parts), sum(lost for _, lost in parts)
    return Life(
        seed,
        prove(loads, fronts, TICK_S, days),
        {name: max(tally.delays, default=0.0) for name, tally in tallies.items() if tally.load.priority is Priority.P0},
        lost / due if due else 0.0,
        max((lost / due for due, lost in parts if lost > 1), default=0.0),
        _covers_p0(loads, fronts),
    )


def _lost_of(tally: JobTally) -> tuple[int, int]:
    """Return how many slots of the second half were due, and how many of those no run did the work of.

    Nothing fails by itself here: a run that failed was revoked because it waited too long for a connection.
    """
    first = tally.due // 2
    return tally.due - first, sum(number not in tally.done for number in range(first, tally.due))


def _covers_p0(loads: Sequence[JobLoad], fronts: dict[str, Capacity]) -> bool:
    urgent = [load for load in loads if load.priority is Priority.P0]
    return all(
        sum(name == "runs" or name in load.uses for load in urgent) <= front.reserved for name, front in fronts.items()
    )
