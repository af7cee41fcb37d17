"""Read what became of our posts, at the checkpoints each of them owns."""

from __future__ import annotations

import logging
from itertools import groupby
from typing import TYPE_CHECKING, Any

from actors.domain.duration import parse_duration
from actors.domain.metrics import Checkpoint, Metrics, Quality, is_late, judge_metrics
from actors.domain.priority import Priority
from actors.domain.text import normalise
from actors.errors import LoggedOutError, NotFoundError, PermanentError, PlatformClosedError, TransientError
from actors.job import Blocked, Done, Failed, JobContext, Nothing, Outcome, job
from actors.pages.status import PostReading, ReadPost
from actors.sql.queries import Statement

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

logger = logging.getLogger(__name__)

_LIMIT = 60

Row = dict[str, Any]


@job(priority=Priority.P1, uses=("browser", "database"), covers=("metrics_scraper",))
def metrics_scraper(ctx: JobContext) -> Outcome:
    """Visit every post with a checkpoint due, oldest first, and append one snapshot per checkpoint.

    A checkpoint may be late, and is flagged then, but never skipped: what cannot be read or stored now is due again
    at the next run. One visit settles all of a post's due checkpoints. A post that is gone settles them without
    numbers; a login wall ends the run, because it stands before every other post, too.
    """
    due = ctx.database.all("due_checkpoints", now=ctx.now(), limit=_LIMIT)
    if not due:
        return Nothing("no checkpoint is due")
    counts = {"snapshots": 0, "late": 0, "gone": 0, "unread": 0}
    error: Exception | None = None
    by_post = sorted(due, key=lambda row: (row["posted_at"], row["decision_id"]))
    for _, group in groupby(by_post, key=lambda row: row["decision_id"]):
        rows = list(group)
        try:
            reading = ctx.browser.visit(ReadPost(rows[0]["tweet_id"], ctx.config.platform.account))
            counts["late"] += _store(ctx, rows, reading)
            counts["snapshots"] += len(rows)
        except NotFoundError:
            _finish(ctx, rows, "gone")
            counts["gone"] += len(rows)
        except (TransientError, PermanentError) as raised:
            logger.warning(
                "a post could not be measured",
                extra={"action": "reading_failed", "tweet": rows[0]["tweet_id"], "data": str(raised)},
            )
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
    statements, late = [], 0
    for row in rows:
        statements.append(_snapshot(row, now, current, quality, reason))
        is_overdue = is_late(Checkpoint(parse_duration(row["kind"]), row["due_at"]), now)
        statements.append(_checkpoint(row, now, "read", late=is_overdue))
        late += is_overdue
    ctx.database.transact(statements)
    return late


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


def _checkpoint(row: Row, now: datetime, result: str, *, late: bool) -> Statement:
    params = {"decision_id": row["decision_id"], "kind": row["kind"], "now": now, "late": late, "result": result}
    return Statement("finish_checkpoint", params, 1)


def _finish(ctx: JobContext, rows: Sequence[Row], result: str) -> None:
    ctx.database.transact([_checkpoint(row, ctx.now(), result, late=False) for row in rows])
