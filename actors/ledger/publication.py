"""Publication: one decision carried from queued as far as it gets, part by part."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from actors.domain.caps import Caps
from actors.domain.text import content_hash
from actors.errors import (
    AppError,
    CommitRefusedError,
    ComposerMismatchError,
    ConflictError,
    LoggedOutError,
    PageChangedError,
    PermanentError,
    PlatformClosedError,
    SiteBusyError,
)
from actors.job import Blocked, Failed, Outcome
from actors.ledger.attempt import Attempt, Part
from actors.ledger.claim import Claim
from actors.ledger.receipt import report_conflict
from actors.pages.compose import PublishPost
from actors.pages.publication import Published
from actors.pages.reply import PublishReply, Target

if TYPE_CHECKING:
    from actors.job import JobContext

Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Result:
    """How far a decision came: "published", "uncertain", "stopped" before a click, or "taken" by somebody else.

    `parts` is how many of its parts have got their receipt now; `error` is what stopped it.
    """

    word: str
    parts: int = 0
    error: AppError | None = None


def publish(ctx: JobContext, decision: Row, caps: Caps) -> Result:
    """Carry one due decision on from its last confirmed part: each part one intent, one click, one receipt."""
    claim = Claim(ctx, decision)
    if not claim.take():
        return Result("taken")
    ids, done = list(decision["tweet_ids"]), 0
    for number in range(len(ids), len(decision["parts"])):
        twin = _twin(ctx, decision["parts"][number]) if number else None
        if twin is not None:
            claim.release(twin)
            return Result("stopped", done, twin)
        target_id = ids[-1] if ids else decision["target_id"]
        attempt = Attempt(ctx, claim, Part(number, decision["parts"][number], target_id), caps)
        try:
            published: Published = ctx.browser.visit(_errand(ctx, decision, attempt.part), attempt.commit)
        except AppError as error:
            if attempt.is_durable:
                attempt.doubt(f"{type(error).__name__}: {error}")
                return Result("uncertain", done, error)
            claim.release(error)
            return Result("stopped", done, error)
        if published.tweet_id is None or published.evidence not in ("response", "toast"):
            attempt.doubt(f"evidence: {published.evidence} {published.detail}".strip())
            return Result("uncertain", done, published.wall)
        try:
            attempt.confirm(published.tweet_id, published.evidence)
        except ConflictError as error:
            report_conflict(decision["decision_id"], attempt.part.text, error)
            attempt.doubt(f"the ledger did not take {published.tweet_id}")
            return Result("uncertain", done, error)
        ids.append(published.tweet_id)
        done += 1
    return Result("published", done)


def _twin(ctx: JobContext, text: str) -> ConflictError | None:
    """Return what stands against a further part of a thread: it is on the account already, and the ledger forgot it."""
    row = ctx.database.one("twin_of", content_hash=content_hash(text))
    return None if row is None else ConflictError(f"this part stands on the account already, as {row['tweet_id']}")


def obstacle_of(error: AppError) -> tuple[Outcome, bool]:
    """Return what a run came to that published nothing for this reason, and whether the next would meet the same."""
    code = getattr(error, "code", "")
    reason = f"{code}: {error}" if code else str(error)
    is_walled = isinstance(error, LoggedOutError | SiteBusyError | PageChangedError | PlatformClosedError)
    if is_walled and not isinstance(error, ComposerMismatchError):
        return Blocked(f"the site does not let us publish: {reason}"), True
    if isinstance(error, CommitRefusedError):
        return Blocked(reason), False
    return Failed(f"{type(error).__name__}: {error}", transient=not isinstance(error, PermanentError)), False


def _errand(ctx: JobContext, decision: Row, part: Part) -> PublishPost | PublishReply:
    decision_id = str(decision["decision_id"])
    if part.target_id is None:
        return PublishPost(part.text, decision_id)
    if part.number:
        target = Target(part.target_id, ctx.config.platform.account, must_be_root=False, max_age=None)
    else:
        oldest = ctx.config.publishing.target_age
        # Whoever addresses us may do so in the middle of a conversation.
        is_root = not decision["addressed_us"]
        target = Target(part.target_id, decision["target_author"], must_be_root=is_root, max_age=oldest)
    return PublishReply(part.text, decision_id, target)
