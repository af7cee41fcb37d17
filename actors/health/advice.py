"""`autonomous_optimizer`: what of our own posts does clearly better or worse, told and not acted upon."""

from __future__ import annotations

import logging
from datetime import timedelta
from typing import TYPE_CHECKING

from actors.domain.duration import format_duration
from actors.domain.effects import Effect, Group, extremes, told
from actors.domain.health.symptom import Level, Symptom
from actors.health.chart import keep
from actors.job import Done, JobContext, Nothing, Outcome

if TYPE_CHECKING:
    from collections.abc import Sequence

logger = logging.getLogger(__name__)

_AGE, _LATE = timedelta(hours=6), timedelta(hours=3)
"""The reading that posts are compared by, and how late it may have been taken: those of `analytics`."""
_WINDOW = timedelta(days=14)
_FACTORS = ("generator", "format", "hour")


def autonomous_optimizer(ctx: JobContext) -> Outcome:
    """Suggest generators, formats and hours (of the day, UTC, four each) whose effect on reactions is clear.

    A suggestion is a note in the verdict's history. What is planned is the learner's to decide, from the same readings.
    """
    rows = ctx.database.all(
        "own_groups",
        checkpoint=format_duration(_AGE),
        oldest_s=(_AGE + _LATE).total_seconds(),
        since=ctx.now() - _WINDOW,
    )
    groups = [Group(**row) for row in rows]
    better, worse = extremes(groups)
    notes = [*_notes("prefer", better), *_notes("avoid", worse)]
    keep(ctx, "autonomous_optimizer", notes)
    posts = sum(each.posts for each in groups) // len(_FACTORS)
    if not posts:
        return Nothing(f"no post has been read at {format_duration(_AGE)} yet")
    return Done({"posts": posts, "groups": len(groups), "prefer": len(better), "avoid": len(worse)})


def _notes(word: str, effects: Sequence[Effect]) -> list[Symptom]:
    return [
        Symptom(f"{word}_{each.group.factor}_{each.group.value}", Level.HEALTHY, f"{word} {told(each)}")
        for each in effects
    ]
