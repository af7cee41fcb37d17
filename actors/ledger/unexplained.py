"""The unexplained: posts of ours without a receipt, and decisions at rest that lack what they may have become.

Whatever is left of a look after that is adopted: it counts in the caps and is not said again.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

from actors.domain.caps import DAY
from actors.domain.evidence import TOLERANCE
from actors.domain.recovery.case import Case
from actors.domain.recovery.matching import Standing, find_parts, in_turn
from actors.domain.recovery.repair import Found
from actors.errors import ConflictError
from actors.ledger.adoption import REMEMBERED, adopt_seen, unexplained
from actors.ledger.healing import heal
from actors.sql.queries import Statement

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import timedelta

    from actors.job import JobContext
    from actors.ledger.sight import Sight

    AnyPost = TypeVar("AnyPost", bound=Standing)

logger = logging.getLogger(__name__)

_LIMIT = 500


@dataclass(frozen=True, slots=True)
class AdoptedPost:
    """A post of ours that the ledger has taken in without a receipt."""

    id: str
    text: str
    replying_to: str | None


def broken_cases(ctx: JobContext, age: timedelta) -> list[Case]:
    """Return the decisions at rest that are at odds with their own rows, or whose words stand on the account.

    `age` is how long ago they were due at most.
    """
    rows = ctx.database.all("broken_decisions", since=ctx.now() - age, limit=_LIMIT)
    return in_turn(map(Case.of, rows))


def look_up(ctx: JobContext) -> dict[str, int]:
    """Find lost ids and receipts in other rows of the ledger and in the local journal, without a look at the site."""
    counts = {"healed": 0, "left": 0}
    cases = broken_cases(ctx, REMEMBERED)
    if not cases:
        return counts
    adopted = [AdoptedPost(**row) for row in ctx.database.all("own_posts_since", since=ctx.now() - REMEMBERED)]
    free = unexplained(ctx, adopted)
    said = {each.attempt_id: each for each in ctx.journal.strays()}
    said |= {each.grant.attempt_id: each.testimony for each in ctx.journal.unsettled() if each.testimony is not None}
    for case in cases:
        found: dict[int, Found] = {}
        for tried in case.attempts:
            if tried.attempt_id in said and tried.part not in case.receipts:
                testimony = said[tried.attempt_id]
                found[tried.part] = Found(testimony.tweet_id, testimony.evidence, tried.attempt_id)
        if case.tweet_id is not None and 0 not in case.receipts:
            found.setdefault(0, Found(case.tweet_id, "ledger"))
        counts["healed" if _heal(ctx, case, free, found, "ledger") else "left"] += 1
    return counts


def look_for_lost(ctx: JobContext, sight: Sight) -> dict[str, int]:
    """Find lost ids of posted decisions and of half threads on our timeline; put aside what would block the queue.

    Raises:
        AppError: our timeline cannot be read.
    """
    counts = {"healed": 0, "put_aside": 0, "lost": 0}
    # Older ones are past what a page can be asked to show.
    oldest = DAY + ctx.config.publishing.content_stale
    cases = broken_cases(ctx, oldest)
    if not cases:
        return counts
    since = max(min(case.earliest(0) for case in cases), ctx.now() - oldest) - TOLERANCE
    free = unexplained(ctx, sight.look(since).posts)
    for case in cases:
        if _heal(ctx, case, free, {}, "timeline"):
            counts["healed"] += 1
        elif _put_aside(ctx, case):
            counts["put_aside"] += 1
        else:
            counts["lost"] += 1
            logger.warning(
                "decision %s is %s and the ledger lacks what it became: look whether it is on the site",
                *(case.decision_id, case.status),
                extra={"action": "id_lost", "decision": str(case.decision_id), "state": case.status},
            )
    adopt_seen(ctx, free)
    return counts


def look_for_phantoms(ctx: JobContext, sight: Sight) -> dict[str, int]:
    """Verify on our timeline that what was not published of late is not there; what is becomes posted.

    Raises:
        AppError: our timeline cannot be read.
    """
    counts = {"checked": 0, "found": 0}
    # What is published a day ago may have been due as long before as nothing goes stale.
    since = ctx.now() - DAY - ctx.config.publishing.content_stale
    cases = in_turn(map(Case.of, ctx.database.all("resting_decisions", since=since, limit=_LIMIT)))
    if not cases:
        return counts
    free = unexplained(ctx, sight.look(ctx.now() - DAY - TOLERANCE).posts)
    for case in cases:
        counts["checked"] += 1
        counts["found"] += _heal(ctx, case, free, {}, "timeline", only_found=True)
    adopt_seen(ctx, free)
    return counts


def _heal(
    ctx: JobContext,
    case: Case,
    free: list[AnyPost],
    found: dict[int, Found],
    evidence: str,
    *,
    only_found: bool = False,
) -> bool:
    """Heal a case by what is found among these posts; those that it takes are nobody else's any more."""
    account = ctx.config.platform.account
    known = {part: kept.tweet_id for part, kept in case.receipts.items()}
    known |= {part: each.tweet_id for part, each in found.items()}
    ids = find_parts(case, free, (), account, known)
    found |= {part: Found(tweet_id, evidence) for part, tweet_id in ids.items()}
    if only_found and not found:
        return False
    if ids and not known and not case.is_clicked and len(ids) < len(case.parts):
        _leave(ctx, case, ids)
        return False
    known |= ids
    is_followed = bool(known) and any(
        (post.replying_to or "").lower() == account.lower() and int(post.id) > max(map(int, known.values()))
        for post in free
    )
    is_healed = heal(ctx, case, found, is_followed=is_followed)
    if is_healed:
        taken = set(ids.values())
        free[:] = [post for post in free if post.id not in taken]
    return is_healed


def _leave(ctx: JobContext, case: Case, ids: Mapping[int, str]) -> None:
    """Give up a thread that nobody is known to have begun and whose first parts stand there: a person wrote them.

    Or a restored copy forgot all of it, and then what is not seen of it may be there as well. It is a duplicate either
    way; its posts are adopted with all that is left of the look.
    """
    if case.status != "queued":
        return
    decision = {"decision_id": case.decision_id, "status": "skipped"}
    reason = f"duplicate: {len(ids)} of its {len(case.parts)} parts stand on the account, the first as {ids[0]}"
    if not _write(ctx, case, [Statement("skip_decision", {**decision, "reason": reason}, 1)]):
        return
    logger.warning(
        "decision %s was not begun by us and stands on the account in part: it is skipped",
        case.decision_id,
        extra={"action": "left_to_person", "decision": str(case.decision_id), "reason": reason},
    )


def _put_aside(ctx: JobContext, case: Case) -> bool:
    """Bring a decision whose attempt has no end that is known to a state that says so; return whether it was one.

    One that waits in the queue becomes a doubt again, which evidence settles. If the attempt was said to have posted,
    it fails for good instead: it must not go out, not even after a look that does not show it, for a person may have
    deleted it. Any other is at its end already, and so is its attempt.
    """
    lost = [each for each in case.attempts if each.result in ("open", "uncertain", "posted")]
    lost = [each for each in lost if each.part not in case.receipts]
    if not lost or case.status == "posted":
        return False
    decision = {"decision_id": case.decision_id}
    statements: list[Statement] = []
    reason = "its attempt has an end that the ledger lost"
    if case.status == "queued" and all(each.result != "posted" for each in lost):
        attempt = {"attempt_id": lost[-1].attempt_id}
        statements += [
            Statement("restore_claim", {**decision, **attempt, "attempt": lost[-1].number}, 1),
            Statement("restore_publishing", {**decision, **attempt}, 1),
            Statement("reopen_attempt", attempt, 1),
            Statement("decision_becomes_uncertain", {**decision, **attempt, "reason": reason}, 1),
            Statement("attempt_becomes_uncertain", {**attempt, "reason": reason}, 1),
        ]
    else:
        statements.append(Statement("unpost_attempts", {**decision, "reason": reason}))
        if case.status == "queued":
            statements.append(Statement("skip_decision", {**decision, "status": "failed", "reason": reason}, 1))
    if not _write(ctx, case, statements):
        return False
    logger.error(
        "decision %s was put aside: the ledger lost how its attempt ended",
        case.decision_id,
        extra={"action": "put_aside", "decision": str(case.decision_id), "was": case.status},
    )
    return True


def _write(ctx: JobContext, case: Case, statements: list[Statement]) -> bool:
    """Write what puts a decision aside, if it is still at rest as it was read; return whether it was."""
    rest = Statement("hold_at_rest", {"decision_id": case.decision_id, "status": case.status}, 1)
    try:
        ctx.database.transact([rest, *statements])
    except ConflictError as error:
        logger.warning(
            "decision %s could not be put aside now",
            case.decision_id,
            extra={"action": "put_aside_refused", "decision": str(case.decision_id), "data": str(error)},
        )
        return False
    return True
