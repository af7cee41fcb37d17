"""Queue a thread now and then, in the manner that past threads did best in."""

from __future__ import annotations

import logging
import uuid
from dataclasses import asdict
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import pydantic

from actors.domain.brief import Brief
from actors.domain.budget import MoneyLane
from actors.domain.learning.choice import choose
from actors.domain.learning.features import Context, Exposures, Played
from actors.domain.learning.reward import reward
from actors.domain.planning import Theme, theme_for
from actors.domain.priority import Priority
from actors.domain.randomness import keyed
from actors.domain.threads.brief import TEMPERATURE, TOKENS, thread_messages
from actors.domain.threads.judgement import judge_thread
from actors.domain.threads.manner import Manner, Told, bounds, choose_manner
from actors.errors import ModelOutputError
from actors.job import Done, Failed, JobContext, Nothing, Outcome, job
from actors.ledger.queue import enqueue
from actors.measurement.outcomes import outcome_of
from actors.measurement.weights import weights_in_force
from actors.sql.queries import Statement

if TYPE_CHECKING:
    from actors.domain.gates import Verdict
    from actors.domain.learning.choice import Choice
    from actors.domain.threads.manner import MannerChoice

logger = logging.getLogger(__name__)

_MOST_TRIES = 3
_DUE_AFTER = timedelta(minutes=5)
"""Schedule time in which a person may still stop it (domain.md 1.3, job 45)."""
_HISTORY = timedelta(days=60)
_HISTORY_LIMIT = 500
_OPENER_WORDS = 4

Row = dict[str, Any]


class Thread(pydantic.BaseModel):
    """The writer's answer."""

    model_config = pydantic.ConfigDict(extra="forbid")

    parts: list[str]


@job(priority=Priority.P2, uses=("database", "openai"), covers=("viral_thread",))
def viral_thread(ctx: JobContext) -> Outcome:
    """Queue one thread, due in five minutes, unless one is on its way already.

    Its manner is drawn by what past threads were measured to be worth, its arm from the weights in force among those
    that fit the manner. A thread comes from the writer and passes every gate, or there is none.
    """
    if ctx.database.all("waiting_threads")[0]["waiting"]:
        return Nothing("a thread is on its way already")
    return _Order(ctx, uuid.uuid4(), ctx.now() + _DUE_AFTER).carry_out()


class _Order:
    """One thread to be: everything about it but the words is chosen here, by the id of its decision."""

    def __init__(self, ctx: JobContext, decision_id: uuid.UUID, at: datetime) -> None:
        self._ctx, self._id, self._at = ctx, decision_id, at
        self._recent = ctx.database.all("recent_decisions", since=ctx.now() - _HISTORY, limit=_HISTORY_LIMIT)
        self._threads = [row for row in self._recent if row["kind"] == "thread"]
        self._theme = theme_for(
            at, [Theme(r["slot"], r["angle"], r["tone"]) for r in self._recent], keyed("theme", decision_id.bytes)
        )
        self._chosen: MannerChoice = choose_manner(_told(ctx.database.all("thread_outcomes")), decision_id.bytes)
        self._choice = self._choose()

    def carry_out(self) -> Outcome:
        """Ask for texts until one passes and is queued."""
        notes: tuple[str, ...] = ()
        for rejected in range(_MOST_TRIES):
            parts, verdict = self._write(notes)
            if verdict is not None and verdict.passed and self._keep(parts, verdict):
                return Done({"threads": 1, "parts": len(parts), "rejected": rejected})
            # Every refusal is told, so that no attempt sends the bytes of an earlier one.
            notes += tuple(f"attempt {rejected + 1}: {why}" for why in _refusals(verdict))
        return Failed(f"none of {_MOST_TRIES} threads passed the gates")

    def _choose(self) -> Choice:
        played = [Played(row["generator"], row["topic"], row["scheduled_at"]) for row in self._recent]
        allowed = bounds(
            self._chosen.manner, [row["topic"] for row in self._recent], [row["topic"] for row in self._threads]
        )
        context = Context(self._at, Exposures.of(played, self._at), self._theme.preferred, allowed)
        exploration = self._ctx.config.learning.exploration
        return choose(weights_in_force(self._ctx), context, self._id.bytes, exploration=exploration)

    def _write(self, notes: tuple[str, ...]) -> tuple[list[str], Verdict | None]:
        theme = self._theme
        openers = tuple(" ".join(row["text"].split()[:_OPENER_WORDS]) for row in self._threads[:5])
        order = thread_messages(
            Brief(self._choice.arm, theme.angle, theme.tone, theme.slot, openers, notes), self._chosen.manner
        )
        try:
            thread = self._ctx.openai.complete(
                order,
                Thread,
                lane=MoneyLane.CONTENT,
                purpose="viral_thread",
                temperature=TEMPERATURE,
                max_tokens=TOKENS,
            )
        except ModelOutputError as error:
            logger.warning("the model's answer was no thread", extra={"action": "text_unusable", "data": str(error)})
            return [], None
        said = [part for row in self._recent for part in row["parts"]]
        verdict = judge_thread(thread.parts, said, [row["text"] for row in self._threads])
        if not verdict.passed:
            logger.info(
                "a thread did not pass the gates",
                extra={
                    "action": "text_rejected",
                    "reasons": [f"{reason.gate}.{reason.code}" for reason in verdict.reasons],
                    "data": "\n\n".join(thread.parts),
                },
            )
        return thread.parts, verdict

    def _keep(self, parts: list[str], verdict: Verdict) -> bool:
        """Queue it; return False if exactly this was said already, by another process since we looked."""
        choice, manner = self._choice, self._chosen.manner
        attempt = {"decision_id": self._id, **asdict(manner), "score": verdict.scores["thread"]}
        is_new = enqueue(
            self._ctx,
            self._id,
            "thread",
            parts,
            self._at,
            verdict.scores,
            beside=[Statement("insert_thread_attempt", attempt, 1)],
            weight_version=choice.version,
            propensity=choice.propensity,
            choice={**choice.record(), "thread": {**asdict(manner), "propensity": self._chosen.propensity}},
            **asdict(choice.arm),
            **asdict(self._theme),
        )
        if is_new:
            logger.info(
                "thread %s is queued",
                self._id,
                extra={
                    "action": "planned",
                    "decision": str(self._id),
                    "weights": choice.version,
                    "arm": asdict(choice.arm),
                    "manner": asdict(manner),
                    "due": self._at.isoformat(),
                    "data": "\n\n".join(parts),
                },
            )
        return is_new


def _told(rows: list[Row]) -> list[Told]:
    """Return what past threads were worth, those left out of which nothing may be learned."""
    worth = [(Manner(row["style"], row["emotion"]), reward(outcome_of(row))) for row in rows]
    return [Told(manner, value) for manner, value in worth if value is not None]



def _refusals(verdict: Verdict | None) -> list[str]:
    """Return why an attempt came to nothing, in our own words."""
    if verdict is None:
        return ["artefacts: no_thread"]
    return [f"{reason.gate}: {reason.code}" for reason in verdict.reasons] or ["repetition: same_text"]
