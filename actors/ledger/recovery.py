"""Recovery: what earlier runs left in the local journal and in the ledger, brought in before anything new begins."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from actors.errors import ConflictError
from actors.ledger.attempt import become_uncertain
from actors.ledger.receipt import Confirmation, adopt, confirm, report_conflict
from actors.sql.queries import Statement

if TYPE_CHECKING:
    import uuid

    from actors.domain.journal import Grant, Testimony, Unsettled
    from actors.job import JobContext

logger = logging.getLogger(__name__)

_OVER = ("posted", "absent")


def recover(ctx: JobContext) -> int:
    """Replay the journal, free the claims of runs that are gone, and turn their open attempts into doubts.

    Only for the holder of the publisher's lease: whose claim is another run's, that run is over or fenced. Returns how
    many receipts came in from the journal.
    """
    receipts = replay(ctx)
    ctx.database.run("release_dead_claims", run_id=ctx.run_id)
    for row in ctx.database.all("orphaned_attempts", run_id=ctx.run_id):
        become_uncertain(ctx, row["decision_id"], row["attempt_id"], "its run ended past the commit point")
    return receipts


def replay(ctx: JobContext) -> int:
    """Bring in all that the local journal knows; return how many receipts came of it."""
    _look_for_a_restored_database(ctx)
    receipts = sum(_replay_safely(ctx, entry) for entry in ctx.journal.unsettled())
    return receipts + sum(_replay_stray(ctx, testimony) for testimony in ctx.journal.strays())


def _look_for_a_restored_database(ctx: JobContext) -> None:
    """Have the account read anew, before anything is published, if the database has forgotten receipts of this process.

    After a fail-over to a copy that was behind, decisions that are published wait in the queue again.
    """
    ids = [str(attempt_id) for attempt_id in ctx.journal.confirmed()]
    if not ids:
        return
    known = ctx.database.all("count_receipts", attempt_ids=ids)[0]["known"]
    if known == len(ids):
        return
    ctx.database.run("timeline_is_unread", boot_id=ctx.boot_id)
    ctx.journal.forget_confirmed()
    logger.error(
        "the database has forgotten %d receipts, as if it were restored: our account is read before anything goes out",
        len(ids) - known,
        extra={"action": "database_restored", "forgotten": len(ids) - known},
    )


def _replay_safely(ctx: JobContext, entry: Unsettled) -> bool:
    """Replay one attempt; one that the ledger cannot take is told and kept out of the way of all others."""
    try:
        return _replay(ctx, entry)
    except ConflictError as error:
        report_conflict(entry.grant.decision_id, entry.grant.text, error)
        _let_go(ctx, entry)
        return False


def _let_go(ctx: JobContext, entry: Unsettled) -> None:
    """Forget an attempt that has no place in the ledger; a post that it became still counts and is not said again."""
    grant, testimony = entry.grant, entry.testimony
    if testimony is not None:
        lane = "none" if grant.part else grant.lane
        adopt(ctx, testimony.tweet_id, grant.text, lane)
    ctx.journal.settle(grant.attempt_id)


def _replay(ctx: JobContext, entry: Unsettled) -> bool:
    """Bring the ledger up to what the journal knows of one attempt; return whether a receipt came of it."""
    grant, testimony = entry.grant, entry.testimony
    attempt = ctx.database.one("attempt_state", attempt_id=grant.attempt_id)
    if attempt is None:
        if not _restore(ctx, grant):
            _let_go(ctx, entry)
            return False
    elif attempt["result"] in _OVER:
        if attempt["result"] == "absent" and testimony is not None:
            error = ConflictError(f"proven absent, and yet it became {testimony.tweet_id}")
            report_conflict(grant.decision_id, grant.text, error)
        _let_go(ctx, entry)
        return False
    if testimony is None:
        return False
    _confirm(ctx, grant.decision_id, grant.part, testimony)
    return True


def _replay_stray(ctx: JobContext, testimony: Testimony) -> bool:
    """Bring in a receipt whose grant was lost with a damaged line: the ledger knows the attempt."""
    attempt = ctx.database.one("attempt_state", attempt_id=testimony.attempt_id)
    if attempt is None or attempt["result"] in _OVER:
        ctx.journal.settle(testimony.attempt_id)
        return False
    try:
        _confirm(ctx, attempt["decision_id"], attempt["part"], testimony)
    except ConflictError as error:
        report_conflict(attempt["decision_id"], testimony.tweet_id, error)
        ctx.journal.settle(testimony.attempt_id)
        return False
    return True


def _confirm(ctx: JobContext, decision_id: uuid.UUID, part: int, said: Testimony) -> None:
    confirm(ctx, Confirmation(said.attempt_id, decision_id, part, said.tweet_id, said.evidence, said.posted_at))


def _restore(ctx: JobContext, grant: Grant) -> bool:
    """Write an intent that the database has lost, as after a fail-over to a copy that was behind."""
    decision = {"decision_id": grant.decision_id}
    intent = {
        "attempt_id": grant.attempt_id,
        **decision,
        "part": grant.part,
        "attempt": grant.attempt,
        "boot_id": grant.boot_id,
        "fence": grant.fence,
        "lane": grant.lane,
        "target_id": grant.target_id,
        "intent_at": grant.intent_at,
        "site_time": grant.site_time,
        "click_until": grant.click_until,
    }
    try:
        ctx.database.transact(
            [
                Statement("restore_claim", {**decision, "attempt_id": grant.attempt_id, "attempt": grant.attempt}),
                Statement("restore_publishing", {**decision, "attempt_id": grant.attempt_id}, 1),
                Statement("restore_intent", intent, 1),
            ]
        )
    except ConflictError as error:
        logger.error(
            "the journal knows an intent of decision %s that the database cannot take: look whether its post is there",
            grant.decision_id,
            extra={"action": "intent_lost", "decision": str(grant.decision_id), "data": f"{error}: {grant.text}"},
        )
        return False
    logger.warning(
        "an intent of decision %s came back from the journal",
        grant.decision_id,
        extra={"action": "intent_restored", "decision": str(grant.decision_id), "part": grant.part},
    )
    return True
