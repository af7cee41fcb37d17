"""Stages: the parts of a merged job, each with its own interval, and which of them a run has to do."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
OPERATOR = "operator"
"""Who triggers what a person asked for."""
_SEPARATOR = ":"


@dataclass(frozen=True, slots=True)
class Stages:
    """How often each stage of a job is due, in schedule time, in the order in which they are done."""

    intervals: tuple[tuple[str, timedelta], ...] = ()

    @property
    def names(self) -> tuple[str, ...]:
        """Return the stages in their order."""
        return tuple(name for name, _ in self.intervals)

    def due(self, last: Mapping[str, datetime], slot: datetime, offset: timedelta, trigger: str) -> tuple[str, ...]:
        """Return the stages that a run has to do, in their order.

        A trigger for stages asks for them alone and an operator's for the job means all of them. Else a stage is due
        once in each cell of its own grid, which has the job's offset, so that a run out of turn moves nothing.

        Args:
            last: slot of the run in which each stage last succeeded; one that failed is due again with the next run.
            slot: of this run, schedule time.
            offset: of the job's grid.
            trigger: why the job runs (see `trigger_of`).
        """
        if asked := stages_of(trigger):
            return tuple(name for name in self.names if name in asked)
        if trigger == OPERATOR:
            return self.names
        origin = _EPOCH + offset
        return tuple(
            name
            for name, every in self.intervals
            # A last slot in the future is another clock's; believing it would silence the stage until then.
            if name not in last or last[name] > slot or (slot - origin) // every > (last[name] - origin) // every
        )


def trigger_of(who: str, *stages: str) -> str:
    """Return the trigger of a run that is to do these stages; none: whatever is due."""
    return _SEPARATOR.join((who, *stages))


def who_of(trigger: str) -> str:
    """Return who asked for the run, or the kind of its slot."""
    return trigger.split(_SEPARATOR, maxsplit=1)[0]


def stages_of(trigger: str) -> tuple[str, ...]:
    """Return the stages that this trigger asks for; none: whatever is due."""
    return tuple(trigger.split(_SEPARATOR)[1:])
