"""A symptom: one thing that is not as it should be, or is worth a line."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable


class Level(StrEnum):
    """How the whole is, or how much one symptom says against it, the better first."""

    HEALTHY = "healthy"
    """Of a symptom: it is a note, and says nothing against the whole."""

    DEGRADED = "degraded"
    UNHEALTHY = "unhealthy"

    @property
    def rank(self) -> int:
        """Return 0 for the best."""
        return list(Level).index(self)


@dataclass(frozen=True, slots=True)
class Symptom:
    """What one stage found: a name for programs that stays the same as long as it lasts, how bad, and a sentence."""

    name: str
    level: Level
    text: str


def worst(symptoms: Iterable[Symptom]) -> Level:
    """Return the worst level there is; healthy without any symptom."""
    return max((each.level for each in symptoms), key=lambda level: level.rank, default=Level.HEALTHY)
