"""Knobs as jobs read them: the tuned value if there is one that still holds, and what is configured if not."""

from __future__ import annotations

from typing import TYPE_CHECKING

from actors.domain.tuning.knob import KNOBS, Knob, Setting, in_force

if TYPE_CHECKING:
    from actors.config import Config
    from actors.job import JobContext

_TUNER = "optimizer"


def value(ctx: JobContext, knob: Knob) -> int:
    """Return a knob's value in force, always within its bounds. With the optimizer off it is what is configured.

    Raises:
        AppError: the database does not answer.
    """
    usual = usual_of(ctx.config, knob)
    if not is_tuned(ctx.config):
        return usual
    row = ctx.database.one("knob_value", name=knob.name)
    return in_force(knob, usual, None if row is None else (row["value"], row["usual"]))


def settings(ctx: JobContext) -> tuple[Setting, ...]:
    """Return all knobs whose jobs are on, as they stand.

    Raises:
        AppError: the database does not answer.
    """
    stored = {row["name"]: (row["value"], row["usual"]) for row in ctx.database.all("knob_values")}
    found = []
    for knob in KNOBS.values():
        job = ctx.config.jobs.get(knob.job)
        if job is not None and job.enabled:
            usual = usual_of(ctx.config, knob)
            found.append(Setting(knob, in_force(knob, usual, stored.get(knob.name)), usual))
    return tuple(found)


def usual_of(config: Config, knob: Knob) -> int:
    """Return what is configured, or the usual value of a knob without a key."""
    if knob.usual is not None:
        return knob.usual
    section, _, key = knob.name.partition(".")
    configured: int = getattr(getattr(config, section), key)
    return configured


def is_tuned(config: Config) -> bool:
    """Tell whether the optimizer is on."""
    tuner = config.jobs.get(_TUNER)
    return tuner is not None and tuner.enabled
