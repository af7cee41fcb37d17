"""Random sets of jobs on random slots, and what a simulated life says of them."""

from __future__ import annotations

import math
import random
from dataclasses import dataclass
from datetime import timedelta

from actors.domain.feasibility import Capacity, Proof, Verdict, prove
from actors.domain.feasibility.outlook import strain
from actors.domain.priority import Priority
from actors.domain.workload import P0_LIMIT_S, JobLoad, Span
from actors.simulation.lives import lives_of
from actors.simulation.setting import FrontSize, Setting

EVERY_S = (60, 120, 300, 600, 900, 1200, 1800, 3600, 5400, 7200, 14400, 21600)
TICK_S = 1.0
LIVES = 3


def random_set(seed: int, kind: str) -> tuple[list[JobLoad], dict[str, Capacity]]:
    """Return 3 to 20 jobs and their slots, from light to overloaded.

    Up to three jobs are P0, of up to a minute; half of all use the browser and most the database; three quarters of the
    offsets are 0, so that many slots fall together, as they do in a configuration that says nothing of offsets.
    """
    chance = random.Random(f"{kind}/{seed}")
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
class Trial:
    """What was proven of a set, by the reckoning and by its lives, and what was seen of it in a life apart."""

    seed: int
    proof: Proof
    p0: dict[str, float]
    """The longest start delay of each P0 job in any of the lives."""
    is_kept: bool
    """Whether the life apart was kept to."""
    is_p0_late: bool

    @property
    def is_decided(self) -> bool:
        """Return whether the verdict is not that nobody can tell."""
        return self.proof.verdict is not Verdict.TIGHT


def tried(seed: int, slots: int, kind: str = "proof") -> Trial:
    """Prove a random set and live it, as `check` does, and once more with other lengths."""
    loads, fronts = random_set(seed, kind)
    setting = Setting({name: FrontSize(front.size, front.reserved, 10_000) for name, front in fronts.items()})
    *lives, apart = lives_of(loads, setting, slots, [f"{seed}/{number}" for number in range(LIVES + 1)])
    urgent = [load.name for load in loads if load.priority is Priority.P0]
    late = {name: max(life[name].latest_s for life in (*lives, apart)) for name in urgent}
    is_late = any(delay > P0_LIMIT_S for delay in late.values())
    return Trial(seed, prove(loads, fronts, TICK_S, lives), late, strain(apart) <= 1.0, is_late)
