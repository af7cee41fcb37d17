"""Keep replies ready: choose whom to answer and how, have it written, and queue what passed every gate."""

from __future__ import annotations

import logging
import uuid
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import pydantic

from actors.domain.budget import MoneyLane
from actors.domain.caps import Publication, allowed_at
from actors.domain.priority import Priority
from actors.domain.replies.brief import ReplyBrief, messages
from actors.domain.replies.choice import Choice, Rate, candidates, choose, tips
from actors.domain.replies.gates import judge_reply
from actors.domain.replies.snapshot import ReplyWeights, prior_weights
from actors.domain.replies.target import UNREAD, Bounds, Talks, Target, first_choice, forbidden, is_held_out, unfit
from actors.domain.rules import PLATFORMS
from actors.errors import ModelOutputError, PermanentError
from actors.job import After, Done, Failed, JobContext, Nothing, Outcome, job
from actors.ledger.permission import Lane
from actors.ledger.queue import enqueue
from actors.measurement.wishes import heed
from actors.sql.queries import Statement

if TYPE_CHECKING:
    from collections.abc import Mapping

    from actors.domain.gates import Verdict

logger = logging.getLogger(__name__)

_MOST_TRIES = 3
"""Texts asked for per target before it is given up."""
_MOST_TARGETS = 12
"""Targets of one run whose texts may fail: what fails that often is no matter of targets."""
_POOL_LIMIT = 300
_HISTORY = timedelta(days=60)
_HISTORY_LIMIT = 500

Row = dict[str, Any]


class Reply(pydantic.BaseModel):
    """The writer's answer."""

    model_config = pydantic.ConfigDict(extra="forbid")

    text: str


@job(
    priority=Priority.P1,
    uses=("database", "openai"),
    after=(After("mega_viral_harvester", fresh=timedelta(hours=5), patience=timedelta(minutes=5)),),
    covers=("reply_posting",),
)
def reply_posting(ctx: JobContext) -> Outcome:
    """Fill the queue up to `replies.queue_depth`, each reply due when the caps of its lane allow it.

    Whom nobody may answer is left out before anything is scored; of the others one is drawn with a strategy from the
    newest reply weights, whose version, slate and probabilities are stored with the decision. `replies.holdout` of the
    drawn ones are left alone by chance. With no target at all the harvester is called, and while nothing may go out
    nothing is written. A reply that nobody approved in time makes room for the next one.
    """
    if ctx.config.publishing.approval:
        ctx.database.run("cancel_unapproved_replies", before=ctx.now() - ctx.config.publishing.reply_stale)
    ctx.database.run("follow_decisions", now=ctx.now())
    lane = Lane.read(ctx, "reply")
    stop = lane.stop()
    if stop is not None:
        return stop
    waiting = ctx.database.all("waiting_replies")
    room = ctx.config.replies.queue_depth - len(waiting)
    if room <= 0:
        return Nothing(f"the queue holds {len(waiting)} replies")
    desk = _Desk(ctx, lane, waiting)
    if not desk.pool:
        ctx.jobs.trigger("mega_viral_harvester")
        return Nothing("nobody is left to answer; the harvester is called")
    while room > 0 and desk.counts["unwritten"] < _MOST_TARGETS and desk.answer_one():
        room = ctx.config.replies.queue_depth - len(waiting) - desk.counts["planned"]
    counts = desk.counts
    if counts["planned"] or counts["held_out"]:
        return Done(counts)
    if counts["unwritten"]:
        return Failed(f"none of {counts['rejected']} replies passed the gates")
    return Nothing(f"{len(desk.pool)} targets wait; {desk.obstacle}")


class _Desk:
    """What one run works with: the pool, the weights in force, and what the caps count already."""

    def __init__(self, ctx: JobContext, lane: Lane, waiting: list[Row]) -> None:
        self.counts = {"planned": 0, "held_out": 0, "rejected": 0, "unwritten": 0}
        self.obstacle = ""
        self._ctx = ctx
        known = [*lane.publications, *(Publication(r["scheduled_at"], r["author"], r["conversation"]) for r in waiting)]
        self._times = [one.at for one in known]
        settings = ctx.config
        spared = ctx.database.all("held_out_talks", since=ctx.now() - lane.caps.span)
        left_alone = [Publication(row["assigned_at"], row["author"], row["conversation"]) for row in spared]
        self._bounds = Bounds(
            PLATFORMS[settings.platform.name],
            settings.platform.account,
            lane.caps,
            Talks([*known, *left_alone]),
            settings.publishing.target_age,
            settings.replies.relevance,
        )
        self.pool = self._read_pool()
        self._weights = _weights(ctx)
        rates = ctx.database.all("rates_of_replies")
        self._tips = tips({(r["strategy"], r["tier"]): Rate(r["alpha"], r["beta"], r["replies"]) for r in rates})
        said = ctx.database.all("recent_reply_texts", since=ctx.now() - _HISTORY, limit=_HISTORY_LIMIT)
        self._recent = [row["text"] for row in said]

    def answer_one(self) -> bool:
        """Deal with one target, whatever comes of it; return False if there is no time or none to deal with."""
        now, settings = self._ctx.now(), self._ctx.config.replies
        at = allowed_at(self._times, self._bounds.caps, now)
        if at is None or at > now + settings.prefer_age:
            self.obstacle = f"the caps have room at {at:%H:%M}" if at else "a cap of the reply lane is zero"
            return False
        why = {target.tweet_id: unfit(target, self._bounds, at) for target in self.pool.values()}
        fit = [target for target in self.pool.values() if not why[target.tweet_id]]
        if not fit:
            if UNREAD in why.values():
                self._ctx.jobs.trigger("account_discovery")
            self.obstacle = f"none may be answered: {', '.join(sorted(set(why.values()))) or 'all are dealt with'}"
            return False
        decision_id = uuid.uuid4()
        every = candidates(first_choice(fit, at, settings.prefer_age), at, self._tips)
        exploration = self._ctx.config.learning.exploration
        choice = choose(self._weights, every, decision_id.bytes, exploration=exploration)
        target = choice.taken.target
        del self.pool[target.tweet_id]
        if is_held_out(target, settings.holdout):
            self._ctx.database.run("hold_out_opportunity", tweet_id=target.tweet_id, now=now)
            self._bounds.talks.add(Publication(now, target.author, target.conversation))
            self.counts["held_out"] += 1
            return True
        self._ctx.database.run("draw_opportunity", tweet_id=target.tweet_id, now=now)
        if self._write(decision_id, at, choice):
            self._times.append(at)
            self._bounds.talks.add(Publication(at, target.author, target.conversation))
            self.counts["planned"] += 1
        return True

    def _write(self, decision_id: uuid.UUID, at: datetime, choice: Choice) -> bool:
        """Have the reply written and queue it; return whether it waits now."""
        target = choice.taken.target
        notes: tuple[str, ...] = ()
        for attempt in range(1, _MOST_TRIES + 1):
            brief = ReplyBrief(decision_id.bytes, choice.taken.strategy, target.topic, target.text, notes)
            text, verdict = self._ask(brief)
            if verdict is not None and verdict.passed:
                return self._keep(decision_id, at, text, choice, verdict)
            self.counts["rejected"] += 1
            notes += tuple(f"attempt {attempt}: {why}" for why in _refusals(verdict))
        self.counts["unwritten"] += 1
        self._reject(target, f"unwritten: {notes[-1]}")
        return False

    def _ask(self, brief: ReplyBrief) -> tuple[str, Verdict | None]:
        try:
            reply = self._ctx.openai.complete(
                messages(brief), Reply, lane=MoneyLane.REPLIES, purpose="reply_posting", max_tokens=200
            )
        except ModelOutputError as error:
            logger.warning("the model's answer was no reply", extra={"action": "text_unusable", "data": str(error)})
            return "", None
        verdict = judge_reply(reply.text, brief, self._recent)
        if not verdict.passed:
            reasons = [f"{reason.gate}.{reason.code}" for reason in verdict.reasons]
            extra = {"action": "text_rejected", "reasons": reasons, "data": reply.text}
            logger.info("a reply did not pass the gates", extra=extra)
        return reply.text, verdict

    def _keep(self, decision_id: uuid.UUID, at: datetime, text: str, choice: Choice, verdict: Verdict) -> bool:
        target = choice.taken.target
        take = {"tweet_id": target.tweet_id, "decision_id": decision_id, "now": self._ctx.now()}
        is_new = enqueue(
            self._ctx,
            decision_id,
            "reply",
            [text],
            at,
            verdict.scores,
            beside=[Statement("take_opportunity", take, 1)],
            target_id=target.tweet_id,
            target_author=target.author,
            conversation_id=target.conversation,
            addressed_us=target.addressed_us,
            topic=target.topic or None,
            weight_version=choice.version,
            propensity=choice.propensity,
            choice=choice.record(),
        )
        if not is_new:
            # Another process has answered this post, or said this, since we looked.
            return False
        self._recent.insert(0, text)
        logger.info(
            "reply %s to %s is queued",
            decision_id,
            target.tweet_id,
            extra={
                "action": "reply_planned",
                "decision": str(decision_id),
                "target": target.tweet_id,
                "weights": choice.version,
                "strategy": choice.taken.strategy,
                "tier": target.tier,
                "due": at.isoformat(),
                "data": text,
            },
        )
        return True

    def _read_pool(self) -> dict[str, Target]:
        """Read the targets, and turn down for good those that nobody may answer."""
        now = self._ctx.now()
        fresh = now - self._ctx.config.replies.prefer_age
        pool = {}
        for row in self._ctx.database.all("answerable_opportunities", now=now, fresh=fresh, limit=_POOL_LIMIT):
            target = _target(row)
            reason = forbidden(target, self._bounds)
            if reason:
                heed(self._ctx, target.author, target.text, target.tweet_id, self._ctx.job)
                self._reject(target, reason)
            else:
                pool[target.tweet_id] = target
        return pool

    def _reject(self, target: Target, reason: str) -> None:
        self._ctx.database.run("reject_opportunity", tweet_id=target.tweet_id, reason=reason)
        extra = {"action": "target_rejected", "target": target.tweet_id, "reason": reason}
        logger.info("%s is not answered", target.tweet_id, extra=extra)


def _target(row: Mapping[str, Any]) -> Target:
    return Target(
        tweet_id=row["tweet_id"],
        author=row["author"],
        conversation=row["conversation_id"],
        text=row["text"],
        posted_at=row["posted_at"],
        tier=row["tier"],
        relevance=row["relevance"],
        topic=row["topic"],
        addressed_us=row["addressed_us"],
        followers=row["followers"],
        priority=row["priority"],
        engagement=row["engagement"],
        has_opted_out=row["has_opted_out"],
        is_read=row["is_read"],
    )


def _refusals(verdict: Verdict | None) -> list[str]:
    """Return why an attempt came to nothing, in our own words."""
    if verdict is None:
        return ["artefacts: no_reply"]
    return [f"{reason.gate}: {reason.code}" for reason in verdict.reasons]


def _weights(ctx: JobContext) -> ReplyWeights:
    """Return the newest weights; the prior, stored as version 0, when there is none or they no longer mean anything."""
    row = ctx.database.one("latest_reply_weights")
    if row is not None:
        try:
            return ReplyWeights.from_dict(row["body"])
        except PermanentError as error:
            logger.warning("the reply weights start anew", extra={"action": "weights_outdated", "data": str(error)})
    prior = prior_weights(0 if row is None else row["version"] + 1)
    ctx.database.run(
        "insert_reply_weights",
        version=prior.version,
        created_at=ctx.now(),
        source=prior.source,
        outcomes=prior.outcomes,
        body=prior.to_dict(),
    )
    return prior
