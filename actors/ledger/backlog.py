"""Backlog: receipts that the local journal has and the ledger has not, brought in beside a publisher that may run."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from actors.domain.recovery.repair import AT_REST, Found
from actors.errors import ConflictError
from actors.ledger.healing import case_of, heal
from actors.ledger.receipt import Confirmation, confirm

if TYPE_CHECKING:
    from uuid import UUID

    from actors.domain.journal import Grant, Testimony
    from actors.job import JobContext

logger = logging.getLogger(__name__)


def bring_in(ctx: JobContext) -> dict[str, int]:
    """Write every receipt that the site has confirmed and the database refused or missed; return how many of which.

    "written": they are in the ledger now; "known": they were, and the journal had not heard of it; "left": they are in
    the hands of a run, or the ledger cannot take them, and stay in the journal.

    Safe at any moment: what posting holds at this moment is left to it (its claim has not run out), what it let go of
    is taken with the ledger's own compare-and-set, so that of two who bring in one receipt the second is refused. An
    intent of which the site said nothing is not touched; that is posting's doubt.
    """
    counts = {"written": 0, "known": 0, "left": 0}
    entries: list[tuple[Testimony, Grant | None]] = [
        *((each.testimony, each.grant) for each in ctx.journal.unsettled() if each.testimony is not None),
        *((testimony, None) for testimony in ctx.journal.strays()),
    ]
    for testimony, grant in entries:
        counts[_bring_in(ctx, testimony, grant)] += 1
    if counts["written"]:
        logger.warning(
            "%d receipts came into the ledger from the local journal",
            counts["written"],
            extra={
                "action": "backlog_written",
                "written": counts["written"],
                "known": counts["known"],
                "left": counts["left"],
            },
        )
    return counts


def _bring_in(ctx: JobContext, said: Testimony, grant: Grant | None) -> str:
    row = ctx.database.one("attempt_hands", attempt_id=said.attempt_id)
    if row is None:
        return _heal(ctx, said, grant.decision_id, grant.part) if grant is not None else "left"
    if row["tweet_id"] == said.tweet_id and row["result"] == "posted":
        # Whoever wrote it counts it among those that a restored database is recognised by.
        ctx.journal.settle(said.attempt_id)
        return "known"
    if row["is_held"]:
        return "left"
    if row["status"] in AT_REST:
        return _heal(ctx, said, row["decision_id"], row["part"])
    found = Confirmation(said.attempt_id, row["decision_id"], row["part"], said.tweet_id, said.evidence, said.posted_at)
    try:
        confirm(ctx, found)
    except ConflictError as error:
        logger.warning(
            "a receipt of decision %s stays in the journal for now",
            row["decision_id"],
            extra={"action": "backlog_left", "decision": str(row["decision_id"]), "data": str(error)},
        )
        return "left"
    return "written"


def _heal(ctx: JobContext, said: Testimony, decision_id: UUID, part: int) -> str:
    case = case_of(ctx, decision_id)
    found = Found(said.tweet_id, said.evidence, said.attempt_id, said.posted_at)
    return "written" if case is not None and heal(ctx, case, {part: found}) else "left"
