"""Boots: how long a process waits before it starts again after it kept dying young."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from actors.domain.backoff import Backoff

_FREE_DEATHS = 3
"""So many deaths in a row cost nothing: a new version, a kill by hand and a lost host may come together."""


class BootState(StrEnum):
    """How far a boot has come, as the file says that it left behind."""

    YOUNG = "young"
    STABLE = "stable"
    ENDED = "ended"


@dataclass(frozen=True, slots=True)
class Boot:
    """One boot of the process. `deaths` counts those right before it that died young, by whatever cause."""

    state: BootState = BootState.ENDED
    deaths: int = 0

    def next(self) -> Boot:
        """Return the boot that follows this one."""
        return Boot(BootState.YOUNG, self.deaths + 1 if self.state is BootState.YOUNG else 0)

    def delay(self, longest_s: float) -> float:
        """Return real seconds to wait before anything is started, at most `longest_s`; the first deaths cost none."""
        paid = self.deaths - _FREE_DEATHS
        return Backoff(5.0, longest_s, 0.0).delay(paid, 0.0) if paid >= 0 else 0.0
