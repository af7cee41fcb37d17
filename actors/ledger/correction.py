"""Correction: receipts that bear another post's id get their own, with the past kept beside it."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from actors.domain.recovery.case import Case
from actors.domain.recovery.correction import Correction, corrections
from actors.domain.recovery.verdict import REACH, opened_again_at
from actors.domain.snowflake import created_at, parse_tweet_id
from actors.domain.text import content_hash
from actors.errors import ConflictError
from actors.ledger.adoption import REMEMBERED, adopt_seen, lane_of, unexplained
from actors.sql.queries import Statement

if TYPE_CHECKING:
    import uuid
    from collections.abc import Collection, Mapping, Sequence

    from actors.job import JobContext
    from actors.pages.timeline import OwnPost

logger = logging.getLogger(__name__)


def correct(ctx: JobContext, posts: Sequence[OwnPost], gone: Collection[tuple[uuid.UUID, int]]) -> int:
    """Give receipts with a wrong id the right one; return how many got it.

    Args:
        ctx: of the run.
        posts: our timeline, read in this run.
        gone: decision and part of each receipt whose post is proven not to be there.
    """
    now, ids = ctx.now(), [post.id for post in posts]
    # Those that are in the way are in `cases`; what is on its way is not theirs.
    unheld = unexplained(ctx, posts)
    free = {post.id for post in unheld}
    rows = ctx.database.all("cases_of_ids", tweet_ids=ids, since=now - REACH)
    cases = {case.decision_id: case for case in map(Case.of, rows)}
    held = {kept.tweet_id for case in cases.values() for kept in case.receipts.values()}
    told = {(row["decision_id"], row["part"]) for row in ctx.database.all("wrong_receipts")} | set(gone)
    receipted = {row["tweet_id"] for row in ctx.database.all("receipted_ids", since=now - REMEMBERED)}
    standing = [post for post in posts if post.id in free | held]
    found = corrections(cases.values(), standing, told, receipted, ctx.config.platform.account)
    right = {each.right_id for each in found}
    adopt_seen(ctx, [post for post in unheld if post.id not in right])
    # Together, as they may bear each other's id; if one stands against all, each that can do without the others.
    left = _left_over(ctx, found, cases, {post.id: post for post in posts}, gone)
    if not found or _write(ctx, found, cases, left):
        return len(found)
    return sum(_write(ctx, [each], cases, left) for each in found) if len(found) > 1 else 0


def _left_over(
    ctx: JobContext,
    found: Sequence[Correction],
    cases: Mapping[uuid.UUID, Case],
    shown: Mapping[str, OwnPost],
    gone: Collection[tuple[uuid.UUID, int]],
) -> dict[str, Statement]:
    """Return for each wrong id that is a post of ours, or was, what takes it into the caps and the duplicate check.

    The receipt counted it, and no longer does. Only what was seen to be somebody else's is left out.
    """
    said = {row["tweet_id"]: row["shown"] for row in ctx.database.all("shown_instead")} if found else {}
    left: dict[str, Statement] = {}
    for each in found:
        case, post = cases[each.decision_id], shown.get(each.wrong_id)
        lane, answered, text = case.lane, case.target_author.lower(), said.get(each.wrong_id, "")
        if post is not None:
            text, answered = post.text, (post.replying_to or "").lower()
            lane = lane_of(answered, ctx.config.platform.account)
        elif (each.decision_id, each.part) in gone:
            text = case.parts[each.part]
        if text or post is not None:
            words = {"text": text, "content_hash": content_hash(text), "replying_to": answered, "lane": lane}
            minted_at = created_at(parse_tweet_id(each.wrong_id))
            params = {**words, "tweet_id": each.wrong_id, "minted_at": minted_at, "now": ctx.now()}
            left[each.wrong_id] = Statement("adopt_post", params)
    return left


def _write(
    ctx: JobContext, found: Sequence[Correction], cases: Mapping[uuid.UUID, Case], left: Mapping[str, Statement]
) -> bool:
    now = ctx.now()
    rows = [
        {
            "decision_id": str(each.decision_id),
            "part": each.part,
            "wrong_id": each.wrong_id,
            "right_id": each.right_id,
            "minted_at": created_at(parse_tweet_id(each.right_id)).isoformat(),
        }
        for each in found
    ]
    statements = [
        Statement("hold_at_rest", {"decision_id": decision_id, "status": cases[decision_id].status}, 1)
        for decision_id in sorted({each.decision_id for each in found})
    ]
    statements += [
        Statement("record_corrections", {"rows": rows, "now": now}),
        Statement("correct_receipts", {"rows": rows}, len(rows)),
        Statement("correct_decisions", {"rows": rows}),
    ]
    for each in found:
        place = {"decision_id": each.decision_id, "part": each.part, "tweet_id": each.right_id}
        due_at = opened_again_at("right", created_at(parse_tweet_id(each.right_id)), now)
        statements += [
            Statement("disown_post", {"tweet_id": each.right_id}),
            Statement("note_verification", {**place, "verdict": "right", "shown": "", "now": now, "due_at": due_at}, 1),
            rejection(each.decision_id, each.wrong_id),
            *([left[each.wrong_id]] if each.wrong_id in left else []),
        ]
        if each.part == 0:
            statements.append(Statement("reopen_checkpoints", {"decision_id": each.decision_id}))
    try:
        ctx.database.transact(statements)
    except ConflictError as error:
        logger.warning("ids could not be put right now", extra={"action": "correction_refused", "data": str(error)})
        return False
    for each in found:
        logger.warning(
            "part %d of decision %s is post %s, not %s",
            *(each.part, each.decision_id, each.right_id, each.wrong_id),
            extra={"action": "id_corrected", "decision": str(each.decision_id), "tweet": each.right_id},
        )
    return True


def rejection(decision_id: object, tweet_id: str) -> Statement:
    """Return what rejects all that was measured of an id that is another post's."""
    reason = "the id was another post's"
    return Statement("reject_readings", {"decision_id": decision_id, "tweet_id": tweet_id, "reason": reason})
