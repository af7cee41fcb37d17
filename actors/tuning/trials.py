"""Trials: a knob is turned for a day, judged by how runs went before and since, and turned back if they went worse."""

from __future__ import annotations

import logging
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from actors.domain.tuning.judgement import FEWEST_PAIRS, TRIAL, Hour, Judgement, Verdict, judge
from actors.domain.tuning.knob import GUARDED, KNOBS
from actors.domain.tuning.load import Pressure
from actors.sql.queries import Statement
from actors.tuning.knobs import usual_of

if TYPE_CHECKING:
    from datetime import datetime

    from actors.domain.tuning.aimd import Change
    from actors.job import JobContext

logger = logging.getLogger(__name__)

_REFUSED_FOR = timedelta(days=7)
"""Schedule time for which what was taken back is not tried again."""
_WHOLE_DAY = 18
"""Hours with runs, of the 24 before a raise, with which the day counts as seen."""

Row = dict[str, Any]


def refused(ctx: JobContext) -> set[tuple[str, int]]:
    """Return the knobs with values that were tried lately and taken back."""
    rows = ctx.database.all("reverted_changes", since=ctx.now() - _REFUSED_FOR)
    return {(row["knob"], row["new"]) for row in rows}


def is_open(ctx: JobContext) -> bool:
    """Tell whether a change is on trial; then nothing else is turned, so that the cause stays known."""
    return ctx.database.one("open_trial") is not None


def begin(ctx: JobContext, change: Change) -> bool:
    """Turn a knob on trial; return False if the day before is not known well enough to judge it by."""
    now = ctx.now()
    before = _hours(ctx, now - TRIAL, now)
    if len(before) < (_WHOLE_DAY if change.is_raise else FEWEST_PAIRS):
        return False
    record = {str(hour): [each.waited_s, each.failed] for hour, each in before.items()}
    what = {"knob": change.knob, "old": change.old, "new": change.new, "usual": change.usual}
    ctx.database.transact(
        [
            Statement("begin_trial", {**what, "reason": change.reason, "before": record, "now": now}, 1),
            _turned(change.knob, change.new, change.usual, now),
        ]
    )
    logger.info(
        "%s goes from %d to %d on trial: %s",
        change.knob,
        change.old,
        change.new,
        change.reason,
        extra={
            "action": "knob_turned",
            "knob": change.knob,
            "old": change.old,
            "new": change.new,
            "usual": change.usual,
        },
    )
    return True


def settle(ctx: JobContext, pressure: Pressure) -> Verdict | None:
    """Judge the open trial, and end it if its time has come; return the verdict, or None if there is none.

    A raise ends at once when the browser gets congested, and any trial when the operator has turned the key himself.
    """
    trial = ctx.database.one("open_trial")
    if trial is None:
        return None
    judgement = _judgement(ctx, trial, pressure)
    if judgement.verdict is not Verdict.WAIT:
        _end(ctx, trial, judgement)
    return judgement.verdict


def _judgement(ctx: JobContext, trial: Row, pressure: Pressure) -> Judgement:
    knob, now, began = KNOBS.get(trial["knob"]), ctx.now(), trial["began_at"]
    if knob is None or usual_of(ctx.config, knob) != trial["usual"]:
        return Judgement(Verdict.REVERT, "what is configured has changed meanwhile")
    is_raise = trial["new"] > trial["old"]
    if is_raise and pressure is Pressure.CONGESTED:
        return Judgement(Verdict.REVERT, "runs of P1 wait for the browser")
    before = {int(hour): Hour(*figures) for hour, figures in trial["before"].items()}
    return judge(is_raise=is_raise, age=now - began, before=before, after=_hours(ctx, began, min(now, began + TRIAL)))


def _end(ctx: JobContext, trial: Row, judgement: Judgement) -> None:
    now, state = ctx.now(), judgement.verdict.value
    ended = {"change_id": trial["change_id"], "state": state, "verdict": judgement.reason, "now": now}
    statements = [Statement("end_trial", ended, 1)]
    if judgement.verdict is Verdict.REVERT:
        statements.append(_turned(trial["knob"], trial["old"], trial["usual"], now))
    ctx.database.transact(statements)
    logger.log(
        logging.WARNING if judgement.verdict is Verdict.REVERT else logging.INFO,
        "%s at %d is %s: %s",
        trial["knob"],
        trial["new"],
        state,
        judgement.reason,
        extra={"action": f"knob_{state}", "knob": trial["knob"], "old": trial["old"], "new": trial["new"]},
    )


def _turned(knob: str, to: int, usual: int, now: datetime) -> Statement:
    return Statement("turn_knob", {"name": knob, "value": to, "usual": usual, "now": now}, 1)


def _hours(ctx: JobContext, origin: datetime, until: datetime) -> dict[int, Hour]:
    rows = ctx.database.all("waiting_by_hour", origin=origin, until=until, jobs=list(GUARDED))
    return {row["hour"]: Hour(row["waited_s"], row["failed"]) for row in rows}
