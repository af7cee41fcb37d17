"""AIMD: which knob is turned next, if any: a step up while there is room, and half while there is none.

Additive increase with multiplicative decrease is the one of the four linear controls that comes to a fair and efficient
point from wherever it starts (Chiu and Jain 1989). Here several knobs share the browser, and one is turned at a time.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from actors.domain.tuning.load import Pressure

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from actors.domain.tuning.knob import Setting
    from actors.domain.tuning.load import JobFigures

_BUSY_SHARE = 0.8
"""A job of whose runs fewer found something to do gains nothing by doing more."""
_FEWEST_RUNS = 3
IDLE_RUNS = 6
"""Runs in a row without anything new after which a job that only looks does less."""


@dataclass(frozen=True, slots=True)
class Change:
    """A knob that is to be turned, and why."""

    knob: str
    old: int
    new: int
    usual: int
    reason: str

    @property
    def is_raise(self) -> bool:
        """Tell whether it asks for more of the browser."""
        return self.new > self.old


def by_pressure(
    pressure: Pressure,
    settings: Sequence[Setting],
    figures: Mapping[str, JobFigures],
    refused: Collection[tuple[str, int]],
) -> Change | None:
    """Return the change that the load asks for, or None.

    Less: of the knob whose job was at the browser for longest. More: of the busy job that is furthest below its usual
    value, and then of the one that uses the browser least.

    Args:
        pressure: what the load asks for.
        settings: all knobs as they stand.
        figures: of the jobs in the same while, by job.
        refused: knobs with values that were tried lately and taken back.
    """
    known = [each for each in settings if each.knob.job in figures]
    if pressure is Pressure.CONGESTED:
        for each in sorted(known, key=lambda each: -figures[each.knob.job].browser_s):
            new = each.knob.less(each.value, each.usual)
            if new < each.value and (each.knob.name, new) not in refused:
                return Change(each.knob.name, each.value, new, each.usual, "runs of P1 wait for the browser")
    if pressure is Pressure.SLACK:
        busy = [each for each in known if _is_busy(figures[each.knob.job])]
        for each in sorted(busy, key=lambda each: (each.value / each.usual, figures[each.knob.job].browser_s)):
            new = each.knob.more(each.value, each.usual)
            if new > each.value and (each.knob.name, new) not in refused:
                return Change(each.knob.name, each.value, new, each.usual, "the browser has room, and the job has work")
    return None


def by_idleness(
    settings: Sequence[Setting], streaks: Mapping[str, int], refused: Collection[tuple[str, int]]
) -> Change | None:
    """Return the change for a job that only looks and has found nothing new for `IDLE_RUNS` runs, or None.

    Args:
        settings: all knobs as they stand.
        streaks: runs in a row without anything new, by job.
        refused: knobs with values that were tried lately and taken back.
    """
    for each in sorted(settings, key=lambda each: -streaks.get(each.knob.job, 0)):
        new = each.knob.slower(each.value, each.usual)
        is_idle = each.knob.slows and streaks.get(each.knob.job, 0) >= IDLE_RUNS
        if is_idle and new < each.value and (each.knob.name, new) not in refused:
            return Change(each.knob.name, each.value, new, each.usual, "its job finds nothing new")
    return None


def _is_busy(figures: JobFigures) -> bool:
    return figures.runs >= _FEWEST_RUNS and figures.done >= _BUSY_SHARE * figures.runs
