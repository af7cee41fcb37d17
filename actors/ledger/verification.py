"""Verification: known ids are opened again, and those that are another post's are put right if ours can be found."""

from __future__ import annotations

import logging
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from actors.domain.pace import is_wall
from actors.domain.recovery.verdict import ABSENT, DOUBTS, REACH, is_deleted, judge, opened_again_at
from actors.domain.snowflake import created_at, parse_tweet_id
from actors.domain.text import normalise
from actors.errors import (
    AppError,
    ConflictError,
    ForeignPostError,
    GonePostError,
    NotFoundError,
    PermanentError,
    TransientError,
)
from actors.ledger.correction import correct, rejection
from actors.ledger.sight import reaches_back
from actors.pages.status import ReadPost
from actors.sql.queries import Statement

if TYPE_CHECKING:
    from collections.abc import Iterable

    from actors.domain.recovery.verdict import Page, Verdict
    from actors.job import JobContext
    from actors.ledger.sight import Sight

logger = logging.getLogger(__name__)

_LIMIT = 5
"""720 a day with a run each 10 minutes: a hundred posts a day are opened five times each within their month."""
_KNOWN_FOR = timedelta(days=30)
_NOTES = {
    "wrong": "another one",
    "differs": "ours with other words: it is opened again",
    "missing": "not there",
    "gone": "not there",
}

Row = dict[str, Any]


def verify_ids(ctx: JobContext, sight: Sight) -> dict[str, int]:
    """Open a few known ids, those in doubt first, then those never opened, and note what their pages show.

    A page that shows somebody else's post, or twice another text, is an error, and what was measured of it is rejected.
    One that shows nothing is an error, too; if it shows nothing an hour later either, and our timeline proves that the
    post is not there, then a person has deleted it, and it is measured no more; it is opened a few times yet. A page
    without a text that can be read says nothing. Nothing of all this changes what a decision is: it was posted.

    Raises:
        AppError: no page could be opened at all.
    """
    now, doubts = ctx.now(), sorted(DOUBTS)
    times = {"settled": now - ctx.config.publishing.index_lag, "since": now - _KNOWN_FOR, "now": now}
    counts = {"right": 0, "differs": 0, "wrong": 0, "missing": 0, "deleted": 0, "corrected": 0, "unread": 0}
    absent: list[Row] = []
    is_astray = False
    error: AppError | None = None
    for row in ctx.database.all("ids_to_verify", **times, doubts=doubts, limit=_LIMIT):
        if not ctx.has_time():
            break
        try:
            page, text = _open(ctx, row)
        except (TransientError, PermanentError) as raised:
            counts["unread"] += 1
            error = raised
            if is_wall(raised):
                break
            page, text = "unread", ""
        else:
            counts["missing" if page == "gone" else "wrong" if page == "foreign" else page] += 1
        verdict = judge(row["former"], page)
        _note(ctx, row, verdict, text)
        is_astray = is_astray or (page != "unread" and verdict in ("wrong", "differs"))
        if row["former"] in ABSENT and verdict in ABSENT and page != "unread":
            absent.append({**row, "verdict": verdict})
    if is_astray or absent:
        # Without time for it the doubts come first in another run.
        if ctx.has_time():
            _look_further(ctx, sight, absent, counts)
    elif error is not None and not any(count for word, count in counts.items() if word != "unread"):
        raise error
    return counts


def _open(ctx: JobContext, row: Row) -> tuple[Page, str]:
    """Return what the page shows, and what our post says there if it says something else."""
    try:
        reading = ctx.browser.visit(ReadPost(row["tweet_id"], ctx.config.platform.account))
    except ForeignPostError:
        return "foreign", ""
    except GonePostError:
        return "gone", ""
    except NotFoundError:
        return "missing", ""
    said = normalise(reading.text)
    if not said:
        return "unread", ""
    return ("right", "") if said == normalise(row["text"]) else ("differs", reading.text)


def _note(ctx: JobContext, row: Row, verdict: Verdict, text: str) -> None:
    """Note a verdict; what is wrong is said once, when it becomes so."""
    now, former = ctx.now(), row["former"]
    place = {"decision_id": row["decision_id"], "part": row["part"], "tweet_id": row["tweet_id"]}
    told = {"verdict": verdict, "shown": text, "now": now, "due_at": opened_again_at(verdict, row["minted_at"], now)}
    statements = [Statement("note_verification", {**place, **told})]
    if verdict == "wrong":
        statements.append(rejection(row["decision_id"], row["tweet_id"]))
    if (former, verdict) == ("deleted", "right") and row["part"] == 0:
        statements.append(Statement("reopen_gone_checkpoints", {"decision_id": row["decision_id"]}))
    ctx.database.transact(statements)
    if (former, verdict) == ("deleted", "right"):
        logger.warning(
            "post %s was not deleted, it stands there",
            row["tweet_id"],
            extra={
                "action": "post_returned",
                "decision": str(row["decision_id"]),
                "part": row["part"],
                "tweet": row["tweet_id"],
            },
        )
    if verdict not in _NOTES or verdict == former or {former, verdict} <= ABSENT:
        return
    word = "missing" if verdict in ABSENT else verdict
    logger.error(
        "post %s of decision %s is %s",
        *(row["tweet_id"], row["decision_id"], _NOTES[verdict]),
        extra={
            "action": f"id_{word}",
            "decision": str(row["decision_id"]),
            "part": row["part"],
            "tweet": row["tweet_id"],
        },
    )


def _look_further(ctx: JobContext, sight: Sight, absent: Iterable[Row], counts: dict[str, int]) -> None:
    """Ask our timeline for the right posts, and settle who was deleted; if it cannot be read all stays as it is."""
    since = ctx.now() - REACH
    try:
        reading = sight.look(since)
    except AppError as error:
        logger.warning(
            "our timeline could not be read, so no id could be put right",
            extra={"action": "scan_failed", "data": str(error)},
        )
        return
    shown = {post.id for post in reading.posts}
    absent = [row for row in absent if row["tweet_id"] not in shown]
    # The ledger has a receipt of each of them.
    is_conclusive = reaches_back(reading, has_receipts=True)
    proven = {
        (row["decision_id"], row["part"])
        for row in absent
        if is_conclusive and created_at(parse_tweet_id(row["tweet_id"])) > since
    }
    counts["corrected"] = correct(ctx, reading.posts, proven)
    for row in absent:
        place = row["decision_id"], row["part"]
        if is_deleted(row["former"], row["verdict"], is_proven_absent=place in proven) and _note_deletion(ctx, row):
            counts["missing"] -= 1
            counts["deleted"] += 1


def _note_deletion(ctx: JobContext, row: Row) -> bool:
    now = ctx.now()
    place = {"decision_id": row["decision_id"], "part": row["part"], "tweet_id": row["tweet_id"]}
    due_at = opened_again_at("deleted", row["minted_at"], now)
    statements = [Statement("note_deletion", {**place, "now": now, "due_at": due_at}, 1)]
    if row["part"] == 0:
        statements.append(Statement("end_checkpoints", {"decision_id": row["decision_id"], "now": now}))
    try:
        ctx.database.transact(statements)
    except ConflictError:
        return False  # it was put right just now
    logger.error(
        "post %s was deleted by hand; it is not measured any more, and not published again",
        row["tweet_id"],
        extra={"action": "post_deleted", "decision": str(row["decision_id"]), "tweet": row["tweet_id"]},
    )
    return True
