"""Receipts: what is known for good, written to the local journal first and then to the ledger."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING

from actors.domain.duration import format_duration
from actors.domain.journal import Testimony
from actors.domain.metrics import checkpoints_for
from actors.domain.snowflake import created_at, parse_tweet_id
from actors.domain.text import content_hash
from actors.errors import JournalError
from actors.ledger.claim import LEASE_S
from actors.sql.queries import Statement

if TYPE_CHECKING:
    import uuid
    from datetime import datetime

    from actors.errors import ConflictError
    from actors.job import JobContext

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Confirmation:
    """An attempt at a part of a decision that became the post `tweet_id`, and how that is known."""

    attempt_id: uuid.UUID
    decision_id: uuid.UUID
    part: int
    tweet_id: str
    evidence: str
    posted_at: datetime
    """Schedule time of the intent."""


def confirm(ctx: JobContext, found: Confirmation) -> str:
    """Write the receipt, the state, and after the last part the checkpoints, in one transaction; return the new state.

    Raises:
        ConflictError: the attempt has a receipt already, or is closed.
        AppError: the database is away. The journal has the receipt, and a later run brings it in.
    """
    try:
        ctx.journal.receipt(Testimony(found.attempt_id, found.tweet_id, found.evidence, found.posted_at))
    except JournalError as error:
        # The database is the receipt's first home, and if it fails as well the timeline is left.
        logger.error("the journal did not take a receipt", extra={"action": "journal_failed", "data": str(error)})
    state = _write(ctx, found)
    ctx.journal.settle(found.attempt_id, has_receipt=True)
    logger.info(
        "decision %s is %s",
        found.decision_id,
        "posted" if state == "posted" else f"published up to part {found.part + 1}",
        extra={
            "action": "posted" if state == "posted" else "part_posted",
            "decision": str(found.decision_id),
            "part": found.part,
            "tweet": found.tweet_id,
            "evidence": found.evidence,
        },
    )
    return state


def adopt(ctx: JobContext, tweet_id: str, text: str, lane: str, answered: str = "") -> bool:
    """Take a post that no receipt explains into the duplicate check and the caps; return whether it was new.

    `lane` is "none" for an answer to ourselves, which counts in no cap; `answered` is whom it answers, if anybody.
    """
    rows = ctx.database.all(
        "adopt_post",
        tweet_id=tweet_id,
        text=text,
        content_hash=content_hash(text),
        replying_to=answered,
        lane=lane,
        minted_at=created_at(parse_tweet_id(tweet_id)),
        now=ctx.now(),
    )
    if rows:
        logger.info(
            "a post of ours that no receipt explains counts from now on",
            extra={"action": "post_adopted", "tweet": tweet_id, "lane": lane, "data": text},
        )
    return bool(rows)


def report_conflict(decision_id: uuid.UUID, text: str, error: ConflictError) -> None:
    """Call a person for what the ledger cannot take; everything else goes on."""
    logger.error(
        "the ledger cannot take what became of decision %s: compare it with the account",
        decision_id,
        extra={"action": "ledger_conflict", "decision": str(decision_id), "data": f"{error}: {text}"},
    )


def _write(ctx: JobContext, found: Confirmation) -> str:
    now, decision_id, attempt_id = ctx.now(), found.decision_id, found.attempt_id
    receipt = {
        "decision_id": decision_id,
        "part": found.part,
        "attempt_id": attempt_id,
        "tweet_id": found.tweet_id,
        "evidence": found.evidence,
        "posted_at": found.posted_at,
        "minted_at": created_at(parse_tweet_id(found.tweet_id)),
        "now": now,
    }
    checkpoints = [
        {"decision_id": decision_id, "kind": format_duration(each.age), "age_s": each.age.total_seconds()}
        for each in checkpoints_for(found.posted_at)
    ]
    _, _, _, _, rows, *_ = ctx.database.transact(
        [
            # The decision first, as everybody does who changes both: a late confirmation would else meet a deadlock.
            Statement("lock_decision", {"decision_id": decision_id}),
            Statement("close_attempt", {"attempt_id": attempt_id, "result": "posted", "reason": "", "now": now}, 1),
            Statement("insert_receipt", receipt, 1),
            Statement("disown_post", {"tweet_id": found.tweet_id}),
            Statement("confirm_part", {"decision_id": decision_id, "lease_s": LEASE_S}, 1),
            *(Statement("insert_checkpoint", each) for each in checkpoints),
        ]
    )
    return str(rows[0]["status"])
