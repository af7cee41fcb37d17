"""Settlement: one look at our own timeline settles every doubt that it can, and adopts what it cannot explain."""

from __future__ import annotations

import logging
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from actors.domain.caps import DAY
from actors.domain.evidence import TOLERANCE, Scan, match
from actors.domain.ledger import Doubt, GiveUp, Requeue, Wait, resolve
from actors.domain.snowflake import created_at, parse_tweet_id
from actors.errors import AppError, ConflictError
from actors.ledger.adoption import REMEMBERED, adopt_seen, unexplained
from actors.ledger.publisher import has_read_timeline
from actors.ledger.receipt import Confirmation, confirm, report_conflict
from actors.ledger.sight import Sight, reaches_back
from actors.sql.queries import Statement

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable
    from datetime import datetime

    from actors.job import JobContext
    from actors.pages.timeline import OwnPost, TimelineReading

logger = logging.getLogger(__name__)

_TICK = timedelta(milliseconds=1)

Row = dict[str, Any]


class TimelineUnreadError(AppError):
    """Our own timeline could not be read, so that nothing may be published yet."""


def settle(ctx: JobContext, *, is_in_stead: bool = False) -> dict[str, int]:
    """Look for all doubtful attempts with one visit; if the timeline cannot be read they stay as they are.

    The visit reaches back to the first of them and no further, for a card that is unclear on the way to it proves
    nothing, and neither does an account that is younger. The first look of a process that publishes reaches back a day,
    whether there is a doubt or not: what stands on the account counts in the caps and must not be said again.

    `is_in_stead` says that another asks than posting, so that it may publish at this moment: then what may be on its
    way is not adopted.

    Raises:
        TimelineUnreadError: that first look did not come about.
    """
    counts = {"found": 0, "absent": 0, "given_up": 0, "adopted": 0}
    attempts = ctx.database.all("uncertain_attempts", since=ctx.now() - DAY)
    # Not before something is due: a browser that nobody needs costs 250 MB.
    is_first = not has_read_timeline(ctx) and ctx.database.all("has_due", now=ctx.now())[0]["due"]
    if not is_first and not any(each["result"] == "uncertain" for each in attempts):
        return counts
    since = min([_earliest(each) for each in attempts] + [ctx.now() - DAY - TOLERANCE] * is_first)
    sight = Sight(ctx)
    try:
        reading = sight.look(since)
    except AppError as error:
        oldest = min((each["intent_at"] for each in attempts if each["result"] == "uncertain"), default=ctx.now())
        is_overdue = ctx.now() - oldest > ctx.config.publishing.uncertain_give_up
        logger.log(
            logging.ERROR if is_overdue else logging.WARNING,
            "our timeline could not be read, %d posts stay uncertain",
            len(attempts),
            extra={"action": "scan_failed", "data": str(error)},
        )
        if is_first:
            raise TimelineUnreadError(f"our own timeline could not be read: {error}") from error
        return counts
    known = _look_through(ctx, reading, attempts, counts)
    left = [post for post in reading.posts if post.id not in known]
    counts["adopted"] = adopt_seen(ctx, unexplained(ctx, left) if is_in_stead else left)
    if is_first:
        # An account that is younger than a day shows its end instead. That is no proof, but all that a page could hide
        # from the caps by loading no further is what a person wrote by hand.
        if not (reading.reached_back or reading.has_ended) and len(reading.posts) < sight.most:
            raise TimelineUnreadError("our own timeline did not show the last 24 hours, or a card on it was unclear")
        ctx.database.run("timeline_is_read", boot_id=ctx.boot_id)
    return counts


def _earliest(attempt: Row) -> datetime:
    """Return the time before which this attempt's post cannot have been minted.

    A part of a thread is younger than the part that it answers, which may be all that the account has.
    """
    earliest: datetime = attempt["first_site_time"] - TOLERANCE
    if not attempt["part"]:
        return earliest
    return max(earliest, created_at(parse_tweet_id(attempt["target_id"])) + _TICK)


def _look_through(ctx: JobContext, reading: TimelineReading, attempts: list[Row], counts: dict[str, int]) -> set[str]:
    """Settle what this reading settles; return the ids that have a receipt."""
    known = {row["tweet_id"] for row in ctx.database.all("receipted_ids", since=ctx.now() - REMEMBERED)}
    scan = Scan(reading.site_time, logged_in=True, reached_back=reaches_back(reading, has_receipts=bool(known)))
    for attempt in attempts:
        try:
            found = _find(attempt, reading.posts, known, ctx.config.platform.account)
            if found is not None:
                ids = attempt["attempt_id"], attempt["decision_id"]
                confirm(ctx, Confirmation(*ids, attempt["part"], found, "timeline", attempt["intent_at"]))
                known.add(found)
                counts["found"] += 1
            elif attempt["result"] == "uncertain" and (word := _settle_absence(ctx, attempt, scan)):
                counts[word] += 1
        except ConflictError as error:
            # One that the ledger cannot take must not hold up all others; its post, if any, is adopted below.
            report_conflict(attempt["decision_id"], attempt["text"], error)
    return known


def _find(attempt: Row, posts: Iterable[OwnPost], known: Collection[str], account: str) -> str | None:
    """Return the id of the post that this attempt became, if the timeline shows it."""
    answered = attempt["target_author"] or (account if attempt["part"] else "")
    candidates = [
        post for post in posts if post.id not in known and (post.replying_to or "").lower() == answered.lower()
    ]
    # Open at its upper end: a site that was slow to mint the id must not hide the post.
    return match(candidates, attempt["text"], (attempt["first_site_time"], None), TOLERANCE).tweet_id


def _settle_absence(ctx: JobContext, attempt: Row, scan: Scan) -> str:
    """Draw the conclusion from a scan that did not show the attempt; return it, or nothing if it stays uncertain."""
    settings = ctx.config.publishing
    decision_id = attempt["decision_id"]
    doubt = Doubt(
        attempt["attempts"], attempt["click_until"], tuple(attempt["conclusive_scans"]), attempt["first_look"]
    )
    gap, give_up, index_lag = settings.uncertain_scan_gap, settings.uncertain_give_up, settings.index_lag
    match resolve(doubt, scan, gap=gap, give_up=give_up, index_lag=index_lag, now=ctx.now()):
        case Requeue():
            _close(ctx, attempt, "requeue_absent", "absent", "proven absent by two scans")
            logger.info(
                "decision %s is proven absent and may be tried again",
                decision_id,
                extra={"action": "proven_absent", "decision": str(decision_id), "part": attempt["part"]},
            )
            return "absent"
        case GiveUp(reason):
            _close(ctx, attempt, "give_up_uncertain", "unresolved", reason)
            logger.error(
                "decision %s stays unresolved: look whether it is on the site",
                decision_id,
                extra={"action": "uncertain_given_up", "decision": str(decision_id), "data": reason},
            )
            return "given_up"
        case Wait(why):
            ctx.database.run(
                "insert_scan",
                attempt_id=attempt["attempt_id"],
                scanned_at=ctx.now(),
                site_time=scan.site_time,
                doubts=",".join(why),
            )
    return ""


def _close(ctx: JobContext, attempt: Row, query: str, result: str, reason: str) -> None:
    decision = {"decision_id": attempt["decision_id"], "reason": reason}
    closed = {"attempt_id": attempt["attempt_id"], "result": result, "reason": reason, "now": ctx.now()}
    ctx.database.transact([Statement(query, decision, 1), Statement("close_attempt", closed, 1)])
    ctx.journal.settle(attempt["attempt_id"])
