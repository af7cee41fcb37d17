"""The checkpoints of one lane: read on the site, judged, and stored one snapshot each."""

from __future__ import annotations

import logging
from datetime import timedelta
from itertools import groupby
from typing import TYPE_CHECKING, Any

from actors.domain.duration import parse_duration
from actors.domain.metrics import Checkpoint, Metrics, Quality, is_late, judge_metrics
from actors.domain.text import normalise
from actors.errors import LoggedOutError, NotFoundError, PermanentError, PlatformClosedError, TransientError
from actors.job import Blocked, Done, Failed, JobContext, Nothing, Outcome
from actors.pages.status import PostReading, ReadPost
from actors.sql.queries import Statement

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime

logger = logging.getLogger(__name__)

_LIMIT = 60
_GIVE_UP = timedelta(days=3)
"""After so long a post that cannot be read must not stand before those that can."""

Row = dict[str, Any]


def measure(ctx: JobContext, lane: str, heed: Callable[[PostReading], None] | None = None) -> Outcome:
    """Visit every post of a lane with a checkpoint due, oldest first, and append one snapshot per checkpoint.

    A checkpoint may be late, and is flagged then, but never skipped: what cannot be read or stored now is due again
    at the next run, for three days. One visit settles all of a post's due checkpoints. A post that is gone settles them
    without numbers; a login wall ends the run, because it stands before every other post, too. No visit begins without
    time for it (`JobContext.has_time`).

    Args:
        ctx: of a run that uses browser and database.
        lane: content or reply.
        heed: called with each reading before it is stored; if that fails the post counts as unread, and the next run
            shows it again.
    """
    due = ctx.database.all("due_checkpoints", lane=lane, now=ctx.now(), limit=_LIMIT)
    if not due:
        return Nothing("no checkpoint is due")
    counts = {"snapshots": 0, "late": 0, "gone": 0, "unread": 0}
    error: Exception | None = None
    by_post = sorted(due, key=lambda row: (row["posted_at"], row["decision_id"]))
    for visits, (_, group) in enumerate(groupby(by_post, key=lambda row: row["decision_id"])):
        if visits and not ctx.has_time():
            break
        rows = list(group)
        try:
            reading = ctx.browser.visit(ReadPost(rows[0]["tweet_id"], ctx.config.platform.account))
            if heed is not None:
                heed(reading)
            counts["late"] += _store(ctx, rows, reading)
            counts["snapshots"] += len(rows)
        except NotFoundError:
            counts["late"] += _give_up(ctx, rows, "gone")
            counts["gone"] += len(rows)
        except (TransientError, PermanentError) as raised:
            logger.warning(
                "a post could not be measured",
                extra={"action": "reading_failed", "tweet": rows[0]["tweet_id"], "data": str(raised)},
            )
            overdue = [row for row in rows if ctx.now() - row["due_at"] > _GIVE_UP]
            counts["late"] += _give_up(ctx, overdue, "unreadable")
            counts["unread"] += len(rows)
            error = raised
            if isinstance(raised, LoggedOutError | PlatformClosedError):
                break
    if counts["snapshots"] or counts["gone"]:
        return Done(counts)
    is_worth_a_retry = isinstance(error, TransientError) and not isinstance(error, PlatformClosedError)
    return Failed(str(error)) if is_worth_a_retry else Blocked(str(error))


def _store(ctx: JobContext, rows: Sequence[Row], reading: PostReading) -> int:
    """Append the reading once for each of the post's due checkpoints; return how many of them were late."""
    now, first = ctx.now(), rows[0]
    current = Metrics(reading.views, reading.likes, reading.reposts, reading.replies, reading.bookmarks)
    last = ctx.database.one("previous_snapshot", decision_id=first["decision_id"])
    judgement = judge_metrics(Metrics(**last) if last else None, current)
    quality, reason = judgement.quality, judgement.reason
    if normalise(reading.text) != normalise(first["text"]):
        quality, reason = Quality.REJECTED, "the post on the page has another text"
    elif reading.abbreviated and quality is Quality.OK:
        quality, reason = Quality.SUSPECT, f"rounded on the page: {', '.join(reading.abbreviated)}"
    snapshots = [_snapshot(row, now, current, quality, reason) for row in rows]
    ctx.database.transact([*snapshots, *(_finish(row, now, "read") for row in rows)])
    return sum(_is_late(row, now) for row in rows)


def _give_up(ctx: JobContext, rows: Sequence[Row], result: str) -> int:
    """Settle checkpoints without numbers; return how many of them were late."""
    now = ctx.now()
    ctx.database.transact([_finish(row, now, result) for row in rows])
    return sum(_is_late(row, now) for row in rows)


def _snapshot(row: Row, now: datetime, current: Metrics, quality: Quality, reason: str) -> Statement:
    return Statement(
        "insert_snapshot",
        {
            "decision_id": row["decision_id"],
            "tweet_id": row["tweet_id"],
            "checkpoint": row["kind"],
            "taken_at": now,
            "age_s": max(0.0, (now - row["posted_at"]).total_seconds()),
            "views": current.views,
            "likes": current.likes,
            "reposts": current.reposts,
            "replies": current.replies,
            "bookmarks": current.bookmarks,
            "quality": quality.value,
            "reason": reason,
        },
        1,
    )


def _finish(row: Row, now: datetime, result: str) -> Statement:
    params = {"decision_id": row["decision_id"], "kind": row["kind"], "now": now, "result": result}
    return Statement("finish_checkpoint", {**params, "late": _is_late(row, now)}, 1)


def _is_late(row: Row, now: datetime) -> bool:
    return is_late(Checkpoint(parse_duration(row["kind"]), row["due_at"]), now)
