"""Which slots of a job's grid nothing explains: no run, no recorded miss, and no process that died over them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime, timedelta

_COALESCED = re.compile(r"(\d+) slots coalesced")


def covered_by(slot: datetime, reason: str, every: timedelta) -> set[datetime]:
    """Return the slots that one row of the history speaks of: its own, and those that it counts before it."""
    found = _COALESCED.match(reason)
    return {slot - number * every for number in range(int(found[1]) if found else 1)}


def unexplained(
    rows: Iterable[tuple[datetime, str]], cut: Iterable[datetime], every: timedelta, anchor: datetime
) -> list[datetime]:
    """Return the grid's slots between the first and the last that is known, of which nobody knows what became.

    Args:
        rows: slot and reason of each run or miss in the history.
        cut: slots whose run was under way when its process died.
        every: the grid's interval.
        anchor: any slot of the grid.
    """
    rows = list(rows)
    known = {each for slot, reason in rows for each in covered_by(slot, reason, every)} | set(cut)
    # A trigger's moment is no slot.
    grid = sorted(slot for slot in known if (slot - anchor) % every == every * 0)
    if not grid:
        return []
    count = (grid[-1] - grid[0]) // every
    return [slot for slot in (grid[0] + number * every for number in range(count)) if slot not in known]
