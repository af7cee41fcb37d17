"""The outlook: what lives of a set of jobs come to, whose runs differ in length from life to life."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from actors.domain.workload import P0_LIMIT_S

LOST_SHARE, BEHIND_SHARE = 0.01, 0.1
"""Of all slots, and of one job's: so many may be lost in bursts; what piles up for good loses more of some job's."""
EDGE = 2.0
"""A life within this factor of a limit, on either side, is too near to it to tell how the next one ends."""


@dataclass(frozen=True, slots=True)
class Fate:
    """What became of a job's slots in the second half of a life, the first left out as its beginning.

    A slot is lost if no run does its work. `latest_s`: of P0, the longest from a slot's due time to its start.
    """

    due: int
    lost: int
    latest_s: float = 0.0


Life = Mapping[str, Fate]
"""By job."""


def strain(life: Life) -> float:
    """Return how near a life came to what may not be: at 1 it reached a limit, above it is not kept to.

    One slot alone is no share of a job that is seldom due.
    """
    due, lost = sum(fate.due for fate in life.values()), sum(fate.lost for fate in life.values())
    behind = max((fate.lost / fate.due for fate in life.values() if fate.lost > 1), default=0.0)
    latest = max((fate.latest_s for fate in life.values()), default=0.0)
    return max(lost / due / LOST_SHARE if due else 0.0, behind / BEHIND_SHARE, latest / P0_LIMIT_S)
