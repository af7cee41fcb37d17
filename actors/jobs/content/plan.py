"""Keep the queue filled to its target depth with decisions that passed every gate."""

from __future__ import annotations

import logging
import uuid
from dataclasses import asdict
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import pydantic

from actors.domain.brief import Brief, messages
from actors.domain.budget import MoneyLane
from actors.domain.effects import Group, extremes, told
from actors.domain.gates import judge
from actors.domain.insight.finding import advice_for, frame_for, preferences
from actors.domain.insight.news import taken_up
from actors.domain.learning.choice import Choice, choose
from actors.domain.learning.features import Context, Exposures, Played
from actors.domain.planning import Theme, advised, free_times, merged, theme_for
from actors.domain.priority import Priority
from actors.domain.randomness import keyed
from actors.errors import ModelOutputError
from actors.insight.intelligence import findings_in_force
from actors.insight.reports import taking_up
from actors.job import Done, Failed, JobContext, Nothing, Outcome, job
from actors.ledger.queue import enqueue
from actors.measurement.weights import weights_in_force

if TYPE_CHECKING:
    from actors.domain.gates import Verdict

logger = logging.getLogger(__name__)

_MOST_TRIES = 3
"""Texts asked for per decision before it is given up for this run (domain.md 1.3, job 2)."""
_HISTORY = timedelta(days=60)
_HISTORY_LIMIT = 500
_EFFECTS = timedelta(days=14)
_OPENER_WORDS = 4

Row = dict[str, Any]


class Post(pydantic.BaseModel):
    """The writer's answer."""

    model_config = pydantic.ConfigDict(extra="forbid")

    text: str


@job(priority=Priority.P0, uses=("database", "openai"), covers=("plan",))
def plan(ctx: JobContext) -> Outcome:
    """Fill the queue up to `publishing.queue_depth`; a full queue is nothing to do, however often this runs.

    Each decision's arm is drawn from the newest weight snapshot, whose version, propensity and slate are stored with
    it. The final text is what the gates judge, and what is stored.
    """
    state = ctx.database.all("queue_state")[0]
    room = ctx.config.publishing.queue_depth - state["queued"]
    if room <= 0:
        return Nothing(f"the queue holds {state['queued']} decisions")
    last = max((at for at in (state["last_scheduled"], state["last_publication"]) if at is not None), default=None)
    desk = _Desk(ctx)
    counts = {"planned": 0, "rejected": 0}
    for at in free_times(room, ctx.now(), last, ctx.config.publishing.spacing):
        planned, rejected = desk.plan_one(at)
        counts["planned"] += planned
        counts["rejected"] += rejected
    if not counts["planned"]:
        return Failed(f"none of {counts['rejected']} texts passed the gates")
    return Done(counts)


class _Desk:
    """What one run of `plan` works with: the weights in force, and what was said lately, newest first."""

    def __init__(self, ctx: JobContext) -> None:
        self._ctx = ctx
        self._weights = weights_in_force(ctx)
        self._recent = ctx.database.all("recent_decisions", since=ctx.now() - _HISTORY, limit=_HISTORY_LIMIT)
        totals = ctx.database.all("factor_totals", since=ctx.now() - _EFFECTS)
        better, worse = extremes([Group(**row) for row in totals])
        self._worked, self._fell_flat = tuple(map(told, better)), tuple(map(told, worse))
        self._findings = findings_in_force(ctx)

    def plan_one(self, at: datetime) -> tuple[int, int]:
        """Plan one decision due at `at`; return (planned, texts rejected)."""
        decision_id = uuid.uuid4()
        themes = [Theme(r["slot"], r["angle"], r["tone"]) for r in self._recent]
        theme = theme_for(at, themes, keyed("theme", decision_id.bytes))
        played = [Played(r["generator"], r["topic"], r["scheduled_at"]) for r in self._recent]
        context = Context(at, Exposures.of(played, at), merged(theme.preferred, preferences(self._findings)))
        exploration = self._ctx.config.learning.exploration
        choice = choose(self._weights, context, decision_id.bytes, exploration=exploration)
        tone, angle = frame_for(choice.arm, self._findings)
        theme = advised(theme, tone, angle, themes, keyed("advised_theme", decision_id.bytes))
        rejected = 0
        notes: tuple[str, ...] = ()
        while rejected < _MOST_TRIES:
            known = (self._openers(), notes, self._worked, self._fell_flat, advice_for(choice.arm, self._findings))
            text, verdict = self._write(Brief(choice.arm, theme.angle, theme.tone, theme.slot, *known))
            if verdict is not None and verdict.passed and self._keep(decision_id, at, text, theme, choice, verdict):
                return 1, rejected
            rejected += 1
            # Every refusal is told, so that no attempt sends the bytes of an earlier one.
            notes += tuple(f"attempt {rejected}: {why}" for why in _refusals(verdict))
        return 0, rejected

    def _write(self, brief: Brief) -> tuple[str, Verdict | None]:
        try:
            post = self._ctx.openai.complete(messages(brief), Post, lane=MoneyLane.CONTENT, purpose="plan")
        except ModelOutputError as error:
            logger.warning("the model's answer was no post", extra={"action": "text_unusable", "data": str(error)})
            return "", None
        verdict = judge(post.text, [part for row in self._recent for part in row["parts"]])
        if not verdict.passed:
            logger.info(
                "a text did not pass the gates",
                extra={
                    "action": "text_rejected",
                    "reasons": [f"{reason.gate}.{reason.code}" for reason in verdict.reasons],
                    "data": post.text,
                },
            )
        return post.text, verdict

    def _keep(
        self, decision_id: uuid.UUID, at: datetime, text: str, theme: Theme, choice: Choice, verdict: Verdict
    ) -> bool:
        row: Row = {**asdict(choice.arm), **asdict(theme)}
        news = taken_up(choice.arm, theme.slot, self._findings)
        is_new = enqueue(
            self._ctx,
            decision_id,
            "single",
            [text],
            at,
            verdict.scores,
            beside=taking_up(self._ctx, decision_id, news) if news is not None else (),
            weight_version=choice.version,
            propensity=choice.propensity,
            choice=choice.record(),
            **row,
        )
        if not is_new:
            # The same text waits or lives already, written by another process since we looked.
            return False
        self._findings = [each for each in self._findings if each is not news]
        self._recent.insert(0, {**row, "text": text, "parts": [text], "scheduled_at": at})
        logger.info(
            "decision %s is queued",
            decision_id,
            extra={
                "action": "planned",
                "decision": str(decision_id),
                "weights": choice.version,
                "arm": asdict(choice.arm),
                "due": at.isoformat(),
                "data": text,
            },
        )
        return True

    def _openers(self) -> tuple[str, ...]:
        return tuple(" ".join(row["text"].split()[:_OPENER_WORDS]) for row in self._recent[:5])


def _refusals(verdict: Verdict | None) -> list[str]:
    """Return why an attempt came to nothing, in our own words."""
    if verdict is None:
        return ["artefacts: no_post"]
    return [f"{reason.gate}: {reason.code}" for reason in verdict.reasons] or ["repetition: same_text"]
