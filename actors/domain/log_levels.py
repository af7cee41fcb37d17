"""The levels of the log: from which on each logger's lines are written."""

from __future__ import annotations

import logging
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, slots=True)
class Levels:
    """Levels (numbers of `logging`) by logger. One that has none has its parent's; without any, every line passes."""

    by_name: Mapping[str, int] = field(default_factory=dict)

    def with_level(self, name: str, level: int) -> Levels:
        """Return these with another level for one logger."""
        return replace(self, by_name={**self.by_name, name: level})

    def admits(self, name: str, level: int) -> bool:
        """Return whether a line of this logger and level is written."""
        while name and name not in self.by_name:
            name = name.rpartition(".")[0]
        return level >= self.by_name.get(name, logging.NOTSET)
