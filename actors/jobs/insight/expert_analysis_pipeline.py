"""Ask the expert which values are worth a try, and settle by our own posts what came of it."""

from __future__ import annotations

import logging
import zlib
from collections import Counter
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

import pydantic

from actors.domain.budget import MoneyLane
from actors.domain.insight.effects_table import advise_messages, own_effects, table_of
from actors.domain.insight.hypotheses import LASTS, Claim, findings_of, hypothesis_of, sift, verdicts
from actors.domain.learning.snapshot import WeightSnapshot
from actors.domain.priority import Priority
from actors.errors import PermanentError
from actors.insight.intelligence import findings_in_force, statements
from actors.job import Done, JobContext, Nothing, Outcome, job
from actors.sql.queries import Statement
from actors.stages import run_stages

if TYPE_CHECKING:
    from actors.domain.insight.effects_table import EffectRow, Value
    from actors.domain.insight.hypotheses import Standing

logger = logging.getLogger(__name__)

_EXPERT, _AGGREGATOR = "expert_analysis", "expert_insights_aggregator"
_MEMORY = timedelta(days=30)
"""How far back posts of ours are counted."""
_EVER = timedelta(days=365)
"""The same for what is new since a hypothesis was raised: of a count that forgets, a new post would be no more."""
_FINDINGS_LAST = timedelta(hours=36)
"""Three times as long as until the aggregator looks again, so that one that fails takes no advice away."""
_TEMPERATURE = 0.4


class Insight(pydantic.BaseModel):
    """One claim of the expert."""

    model_config = pydantic.ConfigDict(extra="forbid")

    factor: str
    value: str
    cites: list[str]
    mean: float


class Insights(pydantic.BaseModel):
    """The expert's answer."""

    model_config = pydantic.ConfigDict(extra="forbid")

    insights: list[Insight]


@job(priority=Priority.P3, uses=("database", "openai"), stages=(_EXPERT, _AGGREGATOR))
def expert_analysis_pipeline(ctx: JobContext) -> Outcome:
    """Have hypotheses raised from a table of effects (`expert_analysis`), settle them (`expert_insights_aggregator`).

    The expert never sees a post: structure may reach the planner and sentences may not, so posts of others count
    through the numbers that other jobs found of them, and no text is analysed one by one. What it answers becomes a
    hypothesis, a value worth a try in the exploring half of the slate, and never a weight.
    """
    return run_stages(ctx, {_EXPERT: _analyse, _AGGREGATOR: _aggregate})


def _analyse(ctx: JobContext) -> Outcome:
    """Show the expert the table, if it is another one than last time, and keep what its answer rests on."""
    ours, posted = _own_effects(ctx)
    table = table_of(ours, findings_in_force(ctx))
    if not table:
        return Nothing("no effect is known yet, neither of our posts nor of others")
    messages = advise_messages(table)
    seen = zlib.crc32(messages[-1]["content"].encode())
    cursor = ctx.database.one("cursor_of", consumer=_EXPERT)
    if cursor is not None and cursor["position"] == seen:
        return Nothing(f"the table of {len(table)} effects is the one that the expert has seen")
    answer: Insights = ctx.openai.complete(
        messages, Insights, lane=MoneyLane.ANALYSIS, purpose=_EXPERT, temperature=_TEMPERATURE
    )
    claims = [Claim(each.factor, each.value, tuple(each.cites), each.mean) for each in answer.insights]
    raised, dropped = sift(claims, table, ours)
    rows = [
        {
            "factor": each.factor,
            "value": each.value,
            "cited": [row.record() for row in each.cited],
            "posts": posted.get((each.factor, each.value), 0),
        }
        for each in raised
    ]
    kept, _ = ctx.database.transact(
        [
            Statement("raise_hypotheses", {"rows": rows, "now": ctx.now(), "lasts_s": LASTS.total_seconds()}),
            Statement("move_cursor", {"consumer": _EXPERT, "position": seen, "now": ctx.now()}),
        ]
    )
    if dropped:
        logger.info(
            "%d insights of the expert were dropped",
            dropped.total(),
            extra={"action": "insights_dropped", "reasons": dict(dropped)},
        )
    new = sum(row["is_new"] for row in kept)
    counts = {"effects": len(table), "insights": len(claims), "raised": new, "again": len(kept) - new}
    return Done({**counts, "dropped": dropped.total(), **dropped})


def _aggregate(ctx: JobContext) -> Outcome:
    """Settle the open hypotheses that our own posts have decided, and tell plan which are to be tried."""
    now, (ours, posted) = ctx.now(), _own_effects(ctx)
    known = [hypothesis_of(row) for row in ctx.database.all("every_hypothesis")]
    if not known:
        return Nothing("no hypothesis was raised yet")
    decided = verdicts(known, ours, posted, now)
    rows = [{"factor": each.factor, "value": each.value, "held": held} for each, held in decided]
    verdict = {(each.factor, each.value): held for each, held in decided}
    after = [
        replace(each, held=verdict[each.factor, each.value], settled_at=now)
        if (each.factor, each.value) in verdict
        else each
        for each in known
    ]
    findings = findings_of(after, ours, now)
    told = [{"factor": factor, "value": value} for finding in findings for factor, value in finding.kind]
    ctx.database.transact(
        [
            Statement("settle_hypotheses", {"rows": rows, "now": now}, len(rows)),
            Statement("hypotheses_were_told", {"rows": told, "now": now}, len(told)),
            *statements("expert", findings, ctx, lasts=_FINDINGS_LAST),
        ]
    )
    standings = Counter(each.standing(now) for each in after)
    ended = standings["held"] + standings["refuted"]
    logger.info(
        "%d of %d hypotheses that our posts decided have held",
        standings["held"],
        ended,
        extra={
            "action": "hypotheses_settled",
            "hit_rate": round(standings["held"] / ended, 3) if ended else None,
            "settled": {f"{factor}={value}": held for (factor, value), held in verdict.items()},
        },
    )
    words: tuple[Standing, ...] = ("open", "held", "refuted", "expired")
    return Done({"settled": len(rows), **{word: standings[word] for word in words}, "findings": len(findings)})


def _own_effects(ctx: JobContext) -> tuple[dict[Value, EffectRow], dict[Value, int]]:
    """Return what our own posts say, and how many of each value there ever were.

    They say nothing before the learner has learned, or if it starts anew.
    """
    weights, totals, ever = ctx.database.transact(
        [
            Statement("latest_weights", {}),
            Statement("factor_totals", {"since": ctx.now() - _MEMORY}),
            Statement("factor_totals", {"since": ctx.now() - _EVER}),
        ]
    )
    posted = {(row["factor"], row["value"]): row["posts"] for row in ever}
    if not weights:
        return {}, posted
    try:
        snapshot = WeightSnapshot.from_dict(weights[0]["body"])
    except PermanentError as error:
        logger.info("our own effects are unknown: %s", error, extra={"action": "weights_outdated"})
        return {}, posted
    return own_effects(snapshot, {(row["factor"], row["value"]): row["posts"] for row in totals}), posted
