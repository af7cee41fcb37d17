"""Faults: what goes wrong, when, all drawn from the seed; none in the last part of the time, so that recovery shows."""

from __future__ import annotations

import math
import random
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

HANGS = 1 / 400
"""Part of the errands that never end."""
FAILS, FAILS_FOR_GOOD = 1 / 60, 1 / 600
"""Part of the runs that fail, and of those that fail in a way that no further attempt would mend."""
CRASHES_A_DAY = 0.7
"""Crashes of each actor in a day; each kills it once, or up to `_MOST_DEATHS` times in a row."""
OUTAGES_A_DAY = 1.5
"""Outages of each resource in a day, of `_OUTAGE_S` seconds."""
START_FAILS = 0.25
"""Part of the restarts that fail and have to be tried again."""
_MOST_DEATHS, _DEATHS_APART_S = 5, 1.0
_OUTAGE_S = (5.0, 900.0)
_QUIET_SHARE, _QUIET_MOST_S = 0.25, 6 * 3600.0


@dataclass(frozen=True, slots=True)
class Crash:
    """An actor dies at this time."""

    at: float
    actor: str


@dataclass(frozen=True, slots=True)
class Outage:
    """A resource fails every errand between the two."""

    at: float
    until: float
    front: str


@dataclass(slots=True)
class Faults:
    """The faults of one life, and the chance of those that are drawn as it goes. Virtual seconds."""

    end: float = -math.inf
    """No fault begins or lasts after it."""
    crashes: tuple[Crash, ...] = ()
    outages: tuple[Outage, ...] = ()
    chance: random.Random = field(default_factory=random.Random)

    def hangs(self, now: float) -> bool:
        """Return whether an errand that begins now never ends."""
        return now < self.end and self.chance.random() < HANGS

    def failure(self, now: float, length_s: float) -> float:
        """Return after how much work a run that begins now fails; infinite if it does not."""
        if now >= self.end or self.chance.random() >= FAILS:
            return math.inf
        return self.chance.uniform(0.0, length_s)

    def is_for_good(self) -> bool:
        """Return whether a failure is one that no further attempt would mend."""
        return self.chance.random() < FAILS_FOR_GOOD / FAILS

    def start_fails(self, now: float) -> bool:
        """Return whether a restart that is tried now fails."""
        return now < self.end and self.chance.random() < START_FAILS


def draw_faults(seed: int, horizon_s: float, actors: Sequence[str], resources: Sequence[str]) -> Faults:
    """Return the faults of so many seconds; the last quarter of the time, at most six hours, is free of them."""
    chance = random.Random(f"{seed}/faults")
    end = horizon_s - min(_QUIET_SHARE * horizon_s, _QUIET_MOST_S)
    crashes, outages = [], []
    for actor in actors:
        at = chance.expovariate(CRASHES_A_DAY / 86400)
        while at < end:
            deaths = chance.choice((1, 1, 1, chance.randint(1, _MOST_DEATHS)))
            crashes += [Crash(at + n * _DEATHS_APART_S, actor) for n in range(deaths)]
            at += chance.expovariate(CRASHES_A_DAY / 86400)
    for front in resources:
        at = chance.expovariate(OUTAGES_A_DAY / 86400)
        while at < end:
            until = min(at + chance.uniform(*_OUTAGE_S), end)
            outages.append(Outage(at, until, front))
            at += chance.expovariate(OUTAGES_A_DAY / 86400)
    crashes = [crash for crash in crashes if crash.at < end]
    return Faults(end, tuple(crashes), tuple(outages), random.Random(f"{seed}/chance"))
