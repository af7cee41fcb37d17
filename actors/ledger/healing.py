"""Healing: a decision at rest gets the receipts that it lost, and becomes posted by them alone."""

from __future__ import annotations

import logging
import uuid
from typing import TYPE_CHECKING, Any

from actors.domain.duration import format_duration
from actors.domain.evidence import TOLERANCE
from actors.domain.metrics import checkpoints_for
from actors.domain.recovery.case import Case
from actors.domain.recovery.repair import Found, Repair, repair
from actors.domain.snowflake import created_at, parse_tweet_id
from actors.errors import ConflictError
from actors.sql.queries import Statement

if TYPE_CHECKING:
    from collections.abc import Mapping

    from actors.job import JobContext

logger = logging.getLogger(__name__)


def heal(ctx: JobContext, case: Case, found: Mapping[int, Found], *, is_followed: bool = False) -> bool:
    """Write all that was found of a decision, in one transaction; return whether it was taken.

    It is taken only while the decision is at rest in the very state that was read, so a run that claims it meanwhile
    goes before, and one that comes later finds a decision that is posted or in doubt. Nothing here queues anything, and
    the ledger's own rules decide at the end of the transaction.

    A thread in the queue that is found in part is not left there, for that a part was not found proves nothing of it:
    its next part becomes a doubt, which two conclusive looks settle as any other. If it `is_followed` by something of
    ours that may be its next part in other words, it fails and a person is called.
    """
    plan = repair(case, found)
    if plan is None:
        return False
    rest = _rest(ctx, case, plan, is_followed=is_followed)
    try:
        ctx.database.transact([*_statements(ctx, case, plan), *rest])
    except ConflictError as error:
        # Somebody was faster, or the rows are at odds in more than this. If so, id_health_monitor goes on saying it.
        logger.warning(
            "decision %s could not be healed now",
            case.decision_id,
            extra={"action": "heal_refused", "decision": str(case.decision_id), "data": str(error)},
        )
        return False
    for each in plan.receipts:
        ctx.journal.settle(each.attempt_id, has_receipt=True)
    state = "posted" if plan.is_whole else case.status if not rest else "failed" if is_followed else "uncertain"
    logger.log(
        logging.ERROR if rest and is_followed else logging.WARNING,
        "decision %s got %d lost receipts and is %s",
        *(case.decision_id, len(plan.receipts), state),
        extra={
            "action": "healed",
            "decision": str(case.decision_id),
            "was": case.status,
            "receipts": [each.tweet_id for each in plan.receipts],
        },
    )
    return True


def case_of(ctx: JobContext, decision_id: uuid.UUID) -> Case | None:
    """Return what the ledger knows of a decision, if it knows it."""
    row = ctx.database.one("decision_case", decision_id=decision_id)
    return None if row is None else Case.of(row)


def _statements(ctx: JobContext, case: Case, plan: Repair) -> list[Statement]:
    now, decision_id = ctx.now(), case.decision_id
    held = {"decision_id": decision_id, "status": case.status}
    statements = [Statement("hold_at_rest", held, 1)]
    statements += [Statement("revive_attempt", {"attempt_id": each, "now": now}, 1) for each in plan.revived]
    statements += [Statement("insert_lost_attempt", row, 1) for row in _attempts(ctx, case, plan)]
    for each in plan.receipts:
        receipt = {
            "decision_id": decision_id,
            "part": each.part,
            "attempt_id": each.attempt_id,
            "tweet_id": each.tweet_id,
            "evidence": each.evidence,
            "posted_at": each.posted_at,
            "minted_at": each.minted_at,
            "now": now,
        }
        statements += [
            Statement("insert_receipt", receipt, 1),
            Statement("disown_post", {"tweet_id": each.tweet_id}),
        ]
    named = {**held, "tweet_id": plan.first_id, "posted_at": plan.posted_at}
    if not plan.is_whole:
        return [*statements, Statement("name_first_part", named, 1)]
    statements.append(Statement("become_posted", named, 1))
    for point in checkpoints_for(plan.posted_at):
        row = {"decision_id": decision_id, "kind": format_duration(point.age), "age_s": point.age.total_seconds()}
        statements.append(Statement("insert_lost_checkpoint", row))
    return statements


def _rest(ctx: JobContext, case: Case, plan: Repair, *, is_followed: bool) -> list[Statement]:
    """Return what takes a thread that was found in part out of the queue: its next part is a doubt, or it fails.

    The doubt is about its next attempt's, or about one that may have been and was lost as well.
    """
    if plan.is_whole or case.status != "queued":
        return []
    if is_followed:
        reason = "found in part, and what follows there is not its next part: look what is missing on the site"
        failed = {"decision_id": case.decision_id, "status": "failed", "reason": reason}
        return [Statement("skip_decision", failed, 1)]
    part, now = len(case.receipts) + len(plan.receipts), ctx.now()
    tries = case.tries_at(part)
    unended = [each for each in tries if each.result in ("open", "uncertain")]
    supposed = {
        "attempt_id": unended[-1].attempt_id if unended else uuid.uuid4(),
        "decision_id": case.decision_id,
        "part": part,
        "attempt": max((each.number for each in tries), default=max(case.attempt, 1) - 1) + 1,
        "boot_id": ctx.boot_id,
        "fence": 0,
        "lane": case.lane,
        "target_id": plan.last_id,
        "intent_at": now,
        "site_time": created_at(parse_tweet_id(plan.last_id)),
        "click_until": now + TOLERANCE,
    }
    reason = "the part before it was found; whether it was published is not known"
    attempt = {name: supposed[name] for name in ("attempt_id", "decision_id")}
    return [
        Statement("restore_claim", {**attempt, "attempt": supposed["attempt"]}, 1),
        Statement("restore_publishing", attempt, 1),
        Statement("reopen_attempt", attempt, 1) if unended else Statement("restore_intent", supposed, 1),
        Statement("decision_becomes_uncertain", {**attempt, "reason": reason}, 1),
        Statement("attempt_becomes_uncertain", {**attempt, "reason": reason}, 1),
    ]


def _attempts(ctx: JobContext, case: Case, plan: Repair) -> list[dict[str, Any]]:
    return [
        {
            "attempt_id": each.attempt_id,
            "decision_id": case.decision_id,
            "part": each.part,
            "attempt": each.number,
            "boot_id": ctx.boot_id,
            "lane": case.lane,
            "target_id": each.target_id,
            "intent_at": each.intent_at,
            "site_time": each.site_time,
            "now": ctx.now(),
        }
        for each in plan.attempts
    ]
