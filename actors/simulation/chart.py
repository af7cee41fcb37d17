"""The chart: the browser's use over the day as text, a line for each half hour and two of them side by side."""

from __future__ import annotations

from typing import TYPE_CHECKING

from actors.domain.priority import Priority
from actors.simulation.use import BIN_S, BINS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from actors.simulation.use import Use

MARKS = {Priority.P0: "█", Priority.P1: "▓", Priority.P2: "▒", Priority.P3: "░"}
IDLE = "·"
CELLS = 30
"""Cells of a bar; all of them are all contexts for all of the half hour."""
_HEIGHTS = " ▁▂▃▄▅▆▇█"


def bar(shares: Sequence[float], cells: int = CELLS) -> str:
    """Return a bar of these shares of the whole, one mark for each class; what is left is idle."""
    marks, end, drawn = "", 0.0, 0
    for mark, share in zip(MARKS.values(), shares, strict=True):
        end += share * cells
        # Rounded at its end, so that the bar as a whole is as long as its sum.
        marks += mark * (round(end) - drawn)
        drawn = max(drawn, round(end))
    return marks.ljust(cells, IDLE)


def chart(use: Use, contexts: int, days: float, columns: int = 2) -> list[str]:
    """Return the lines, the mean of all days: mornings left and afternoons right, or in one column of half the width.

    Each half hour has its bar, and beside it the height and the number of the runs that wait for the browser.
    """
    waiting = [seconds / BIN_S / days for seconds in use.wait]
    # A day on which nobody waits to speak of shall not look like one of queues.
    most = max(*waiting, 1.0)
    cells = []
    for index in range(BINS):
        shares = [use.work[priority][index] / (BIN_S * contexts * days) for priority in Priority]
        height = _HEIGHTS[round(waiting[index] / most * (len(_HEIGHTS) - 1))]
        hour, half = divmod(index, 2)
        cells.append(f"{hour:02d}:{30 * half:02d} {bar(shares)} {height}{waiting[index]:5.1f}")
    if columns == 1:
        return cells
    half_day = BINS // 2
    return [f"{left}    {right}" for left, right in zip(cells[:half_day], cells[half_day:], strict=True)]
