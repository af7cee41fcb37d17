"""The one verdict on the whole: it goes from level to level by single steps, and not at every gust.

Legal steps are healthy <-> degraded <-> unhealthy; nothing goes from healthy to unhealthy, or back, in one look. The
way down is quick where it costs nothing (a first bad look degrades) and needs a second opinion where somebody is woken;
the way up needs two good looks for each step, so that an illness that comes and goes is one illness.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TYPE_CHECKING

from actors.domain.health.symptom import Level

if TYPE_CHECKING:
    from datetime import datetime

LEGAL = frozenset(
    {
        (Level.HEALTHY, Level.DEGRADED),
        (Level.DEGRADED, Level.UNHEALTHY),
        (Level.UNHEALTHY, Level.DEGRADED),
        (Level.DEGRADED, Level.HEALTHY),
    }
)
"""All steps there are."""

LOOKS = {step: 1 if step == (Level.HEALTHY, Level.DEGRADED) else 2 for step in LEGAL}
"""How many looks in a row have to want a step before it is taken."""

LAPSE = timedelta(hours=1)
"""Looks further apart are not in a row: four intervals of `health_monitor`."""

NEXT_LOOK = timedelta(minutes=5)
"""A look sooner than that is the same look: asking three times in a row is no second opinion."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """Level and the memory that the next look needs; times are schedule time.

    Args:
        level: how the whole is.
        since: when this level was reached.
        judged_at: the last look.
        seen: what that look saw.
        looks: how many looks in a row have wanted the step that `seen` points to.
        ill_since: when it was healthy last; None while it is.
    """

    level: Level
    since: datetime
    judged_at: datetime
    seen: Level = Level.HEALTHY
    looks: int = 0
    ill_since: datetime | None = None


def judge(before: Verdict | None, seen: Level, now: datetime) -> Verdict:
    """Return the verdict after a look that saw the whole at this level. The first one begins with healthy."""
    if before is None:
        before = Verdict(Level.HEALTHY, now, now)
    elif timedelta() <= now - before.judged_at < NEXT_LOOK:
        return before
    if seen is before.level:
        return replace(before, judged_at=now, seen=seen, looks=0)
    step = _towards(before.level, seen)
    is_in_a_row = before.seen is not before.level and _towards(before.level, before.seen) is step
    is_in_a_row = is_in_a_row and timedelta() <= now - before.judged_at <= LAPSE
    looks = before.looks + 1 if is_in_a_row else 1
    if looks < LOOKS[before.level, step]:
        return replace(before, judged_at=now, seen=seen, looks=looks)
    ill_since = None if step is Level.HEALTHY else before.ill_since or now
    return Verdict(step, now, now, seen, 0, ill_since)


def _towards(level: Level, wanted: Level) -> Level:
    """Return the neighbour of a level on the way to another one."""
    levels = list(Level)
    return levels[level.rank + (1 if wanted.rank > level.rank else -1)]
