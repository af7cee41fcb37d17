"""Find out what answering comes to, for each target, strategy and author, and whether it does anything at all."""

from __future__ import annotations

import logging
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from actors.domain.conversion import FIRST_LOOK, Cell, belongs, bonus_of, effect_of, follows_of, prior_of
from actors.domain.followers import digest_of
from actors.domain.priority import Priority
from actors.job import After, Done, JobContext, Nothing, Outcome, job
from actors.sql.queries import Statement

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

logger = logging.getLogger(__name__)

_LIMIT = 500
MEMORY = timedelta(days=60)
"""What was settled longer ago says nothing of today's readers."""

Row = dict[str, Any]


@job(
    priority=Priority.P3,
    uses=("database",),
    after=(After("reply_metrics_scraper", fresh=timedelta(hours=1), patience=timedelta(minutes=20)),),
    covers=("reply_conversion_tracking",),
)
def reply_conversion_tracking(ctx: JobContext) -> Outcome:
    """Count what became of each target that was answered or held out, and renew rates, effect and priorities from that.

    A target counts from six hours after it was drawn, when most of what will come has come, and is counted anew by each
    run until `replies.conversion_window` is over; then it stands. Waiting for the end instead would leave a new account
    two days without an answer, and rates do not suffer, because views and follows are of the same age and so are
    answered and held out.
    """
    now = ctx.now()
    window = ctx.config.replies.conversion_window
    targets = ctx.database.all(
        "targets_to_count", until=now - FIRST_LOOK, window_s=window.total_seconds(), limit=_LIMIT
    )
    if not targets:
        return Nothing("no target was drawn that is six hours old and not settled")
    rows = _count(ctx, targets)
    ctx.database.run("put_conversions", rows=rows, now=now)
    settled = sum(target["until"] <= now for target in targets)
    rates = _renew_rates(ctx, now)
    _renew_effect(ctx, now)
    ranked = _rank_accounts(ctx, now)
    return Done({"counted": len(targets), "settled": settled, "rates": rates, "accounts": ranked})


def _count(ctx: JobContext, targets: Sequence[Row]) -> list[Row]:
    """Return the conversion of each target as it stands now."""
    digests = {target["author"]: digest_of(target["author"]) for target in targets}
    found = ctx.database.all("first_seen", digests=sorted(set(digests.values())))
    seen = {row["digest"]: row["seen_at"] for row in found}
    followed: dict[str, datetime | None] = {}
    for target in targets:
        at = seen.get(digests[target["author"]])
        is_ours = belongs(at, target["assigned_at"], target["until"], target["reassigned_at"])
        followed[target["tweet_id"]] = at if is_ours else None
    replies = [_asked(target, followed[target["tweet_id"]]) for target in targets if target["decision_id"] is not None]
    worth = {row["decision_id"]: row for row in ctx.database.all("worth_of_replies", replies=replies)}
    return [
        _conversion(target, worth.get(target["decision_id"]), is_follower=followed[target["tweet_id"]] is not None)
        for target in targets
    ]


def _asked(target: Row, followed_at: datetime | None) -> Row:
    return {
        "decision_id": str(target["decision_id"]),
        "until": target["until"].isoformat(),
        "followed_at": followed_at.isoformat() if followed_at else None,
    }


def _conversion(target: Row, worth: Row | None, *, is_follower: bool) -> Row:
    """Return the row of one target; without a reply that was posted there is nothing but its author's follow."""
    credit, then, views = (worth["credit"], worth["credit_then"], worth["views"]) if worth else (0.0, 0.0, None)
    return {
        "tweet_id": target["tweet_id"],
        "decision_id": str(target["decision_id"]) if worth else None,
        "assignment": target["assignment"],
        "strategy": target["strategy"],
        "tier": target["tier"],
        "author_followed": is_follower,
        "follows": follows_of(credit, then, author_followed=is_follower),
        "views": views,
    }


def _renew_rates(ctx: JobContext, now: datetime) -> int:
    rows = ctx.database.all("conversion_cells", since=now - MEMORY)
    cells = [Cell(row["views"], row["follows"]) for row in rows]
    prior = prior_of(cells)
    beliefs = [prior.after(cell) for cell in cells]
    rates = [
        {"strategy": row["strategy"], "tier": row["tier"], "replies": row["replies"],
         "alpha": belief.alpha, "beta": belief.beta}
        for row, belief in zip(rows, beliefs, strict=True)
    ]  # fmt: skip
    ctx.database.transact(
        [Statement("put_rates", {"rows": rates, "now": now}), Statement("drop_old_rates", {"now": now})]
    )
    return len(rates)


def _renew_effect(ctx: JobContext, now: datetime) -> None:
    found = {row["assignment"]: row for row in ctx.database.all("conversions_by_assignment", since=now - MEMORY)}
    nobody = {"targets": 0, "followed": 0}
    answered, held_out = found.get("reply", nobody), found.get("skip", nobody)
    effect = effect_of(answered["targets"], answered["followed"], held_out["targets"], held_out["followed"])
    if effect is None:
        return
    numbers = {"assigned": answered["targets"], "held_out": held_out["targets"]}
    values = {"effect": effect.value, "low": effect.low, "high": effect.high}
    ctx.database.transact([Statement("put_effect", {"now": now, **numbers, **values})])
    logger.info(
        "an answer changes the chance that its author follows by %+.3f (90 %%: %+.3f to %+.3f)",
        effect.value,
        effect.low,
        effect.high,
        extra={
            "action": "reply_effect",
            "effect": effect.value,
            "low": effect.low,
            "high": effect.high,
            "assigned": answered["targets"],
            "held_out": held_out["targets"],
        },
    )


def _rank_accounts(ctx: JobContext, now: datetime) -> int:
    rows = ctx.database.all("conversions_by_author", since=now - MEMORY)
    replies = sum(row["replies"] for row in rows)
    average = sum(row["follows"] for row in rows) / replies if replies else 0.0
    points = [{"handle": row["handle"], "points": bonus_of(row["replies"], row["follows"], average)} for row in rows]
    return len(ctx.database.all("rank_accounts", rows=points, points=bonus_of(0, 0.0, average), now=now))
