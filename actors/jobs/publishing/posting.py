"""Publish the decisions whose time has come, and settle what earlier attempts left in doubt."""

from __future__ import annotations

import logging
import time
import uuid
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from actors.domain.duration import format_duration
from actors.domain.evidence import Scan, match
from actors.domain.ledger import Caps, Doubt, GiveUp, Requeue, Wait, allowed_at, resolve
from actors.domain.metrics import checkpoints_for
from actors.domain.priority import Priority
from actors.errors import (
    AppError,
    CommitRefusedError,
    ComposerMismatchError,
    ConflictError,
    LoggedOutError,
    PageChangedError,
    PermanentError,
    SiteBusyError,
)
from actors.job import After, Blocked, Done, Failed, JobContext, Nothing, Outcome, Snooze, job
from actors.pages.compose import Published, PublishPost
from actors.pages.timeline import ReadOwnTimeline
from actors.sql.queries import Statement

if TYPE_CHECKING:
    from actors.pages.timeline import TimelineReading

logger = logging.getLogger(__name__)

_LEASE_S = 240.0
_CLICK_WITHIN_S = 5.0
"""Real seconds from the permission to the last moment at which the page may click."""
_IN_FLIGHT_S = 15.0
"""Real seconds after which a create call is over: its page waits 10 s for evidence and is closed then."""
_TOLERANCE = timedelta(minutes=2)
_BATCH = 10
_MOST_REFUSALS = 3
_LANE = "content"

Row = dict[str, Any]


@job(
    priority=Priority.P0,
    uses=("browser", "database"),
    after=(After("plan", fresh=timedelta(minutes=45), patience=timedelta(minutes=10)),),
    covers=("posting",),
)
def posting(ctx: JobContext) -> Outcome:
    """Publish what is due, one durable intent and one click each, as fast as the caps allow.

    First the past: claims whose owner is gone are free again, and attempts past their commit point without an owner
    become uncertain and are looked for on our own timeline. Then the due decisions, oldest first. A wall on the site
    ends the run as blocked; a decision that fails alone does not hold up the next one.
    """
    _take_over(ctx)
    counts = _settle_doubts(ctx)
    obstacle: Outcome | None = None
    for decision in ctx.database.all("due_decisions", lane=_LANE, now=ctx.now(), limit=_BATCH):
        forbidden = _permission(ctx)
        if forbidden is not None:
            obstacle = forbidden
            break
        result = _publish(ctx, decision)
        if isinstance(result, AppError):
            if _is_wall(result):
                return Blocked(f"the site does not let us publish: {result}")
            obstacle = _stopped_by(result)
        elif result in counts:
            counts[result] += 1
    if any(counts.values()):
        return Done(counts)
    if obstacle is not None:
        return obstacle
    if ctx.database.all("queue_state")[0]["queued"] == 0:
        ctx.jobs.trigger("plan")
        return Nothing("the queue is empty; plan is called")
    return Nothing("no decision is due")


def _take_over(ctx: JobContext) -> None:
    ctx.database.run("release_dead_claims", run_id=ctx.run_id)
    for row in ctx.database.all("orphaned_attempts", run_id=ctx.run_id):
        _become_uncertain(ctx, row["decision_id"], row["attempt_id"], "its run ended past the commit point")


def _permission(ctx: JobContext) -> Outcome | None:
    """Return why nothing may be published now, or None. The commit point asks again, within its own transaction."""
    flag = ctx.database.one("get_flag", name="kill_switch")
    if flag is not None and flag["is_on"]:
        return Blocked("the kill switch is on")
    now = ctx.now()
    rows = ctx.database.all("recent_intents", lane=_LANE, since=now - timedelta(hours=24))
    if any(row["intent_at"] > now + _TOLERANCE for row in rows):
        return Blocked("the ledger knows intents of the future: schedule time went back, is clock.json lost?")
    settings = ctx.config.publishing
    caps = Caps(settings.content_per_hour, settings.content_per_day, settings.spacing)
    at = allowed_at([row["intent_at"] for row in rows], caps, now)
    if at is None:
        return Blocked("a cap of the content lane is zero")
    return Snooze(at, "the caps of the content lane") if at > now else None


def _is_wall(error: AppError) -> bool:
    """Return whether the next decision would meet the same."""
    is_walled = isinstance(error, LoggedOutError | SiteBusyError | PageChangedError)
    return is_walled and not isinstance(error, ComposerMismatchError)


def _stopped_by(error: AppError) -> Outcome:
    """Return what a run has come to that published nothing because of this error."""
    if isinstance(error, CommitRefusedError):
        return Blocked(str(error))
    return Failed(f"{type(error).__name__}: {error}", transient=not isinstance(error, PermanentError))


def _publish(ctx: JobContext, decision: Row) -> str | AppError:
    """Carry one decision from queued to posted or uncertain, or back to queued for the error that is returned."""
    intent = _Intent(ctx, decision)
    if not intent.claim():
        return "taken"
    try:
        published: Published = ctx.browser.visit(
            PublishPost(decision["text"], str(decision["decision_id"])), intent.commit
        )
    except AppError as error:
        if intent.is_durable:
            intent.doubt(f"{type(error).__name__}: {error}")
            return "uncertain"
        intent.release(error)
        return error
    if published.tweet_id is not None and published.evidence in ("response", "toast"):
        _post(ctx, decision["decision_id"], intent.attempt_id, published.tweet_id, published.evidence, intent.made_at)
        return "published"
    intent.doubt(f"evidence: {published.evidence} {published.detail}".strip())
    return "uncertain"


class _Intent:
    """One attempt at one decision: the claim, the durable intent, and what to do when it comes to nothing."""

    def __init__(self, ctx: JobContext, decision: Row) -> None:
        self.attempt_id = uuid.uuid4()
        self.is_durable = False
        self.made_at = ctx.now()
        self._ctx, self._decision, self._token = ctx, decision, uuid.uuid4()
        self._attempt = 0

    def claim(self) -> bool:
        """Take the decision for this run; False if somebody else was faster."""
        rows = self._ctx.database.all(
            "claim_decision",
            decision_id=self._decision["decision_id"],
            token=self._token,
            run_id=self._ctx.run_id,
            lease_s=_LEASE_S,
        )
        self._attempt = rows[0]["attempt"] if rows else 0
        return bool(rows)

    def commit(self, prepared: Row) -> float:
        """Make the intent durable and return the epoch milliseconds until which the page may click.

        Runs in the run's thread while the page waits. Claim, kill switch and caps are looked at in the same
        transaction, under the lane's lock.

        Raises:
            CommitRefusedError: one of them stands against it; nothing was clicked.
        """
        ctx, settings = self._ctx, self._ctx.config.publishing
        if prepared["site_time"] is None:
            raise CommitRefusedError("the site did not tell its time, so a later look could prove nothing")
        site_time = datetime.fromisoformat(prepared["site_time"])
        not_after, self.made_at = time.time() + _CLICK_WITHIN_S, ctx.now()
        # From the moment the site was asked for its time: a slow page must not push the click out of the window in
        # which it is looked for later.
        opened_s = not_after - prepared["site_time_asked_at"]
        click_until = site_time + timedelta(seconds=(opened_s + _IN_FLIGHT_S) * ctx.speed) + _TOLERANCE
        # Set before the write: if its answer is lost, the intent may be durable all the same.
        self.is_durable = True
        try:
            _, rows = ctx.database.transact(
                [
                    Statement("lock_lane", {"lane": _LANE}),
                    Statement(
                        "begin_intent",
                        {
                            "decision_id": self._decision["decision_id"],
                            "attempt_id": self.attempt_id,
                            "token": self._token,
                            "boot_id": ctx.boot_id,
                            "now": self.made_at,
                            "site_time": site_time,
                            "click_until": click_until,
                            "hour_ago": self.made_at - timedelta(hours=1),
                            "day_ago": self.made_at - timedelta(hours=24),
                            "per_hour": settings.content_per_hour,
                            "per_day": settings.content_per_day,
                        },
                    ),
                ]
            )
        except ConflictError:
            self.is_durable = False
            raise
        if not rows:
            self.is_durable = False
            raise CommitRefusedError("claim lost, kill switch on or cap reached at the commit point")
        logger.info(
            "intent of decision %s is durable",
            self._decision["decision_id"],
            extra={
                "action": "intent_durable",
                "decision": str(self._decision["decision_id"]),
                "attempt": self._attempt,
            },
        )
        return not_after * 1000

    def doubt(self, reason: str) -> None:
        """Past the commit point without a receipt: only evidence leads on."""
        _become_uncertain(self._ctx, self._decision["decision_id"], self.attempt_id, reason)

    def release(self, error: AppError) -> None:
        """Before the commit point nothing happened: the decision is free again, or fails after too many tries alone.

        Only a failure of its own is a try: a wall or a dead browser would use up the tries of them all.
        """
        is_its_own_fault = isinstance(error, ComposerMismatchError | ConflictError)
        failed = is_its_own_fault and self._attempt >= _MOST_REFUSALS
        self._ctx.database.run(
            "release_claim",
            decision_id=self._decision["decision_id"],
            token=self._token,
            status="failed" if failed else "queued",
            tries=int(is_its_own_fault),
            reason=str(error)[:500],
        )
        logger.warning(
            "decision %s was not published",
            self._decision["decision_id"],
            extra={"action": "publish_stopped", "decision": str(self._decision["decision_id"]), "data": str(error)},
        )


def _post(
    ctx: JobContext, decision_id: uuid.UUID, attempt_id: uuid.UUID, tweet_id: str, evidence: str, posted_at: datetime
) -> None:
    """Write receipt, state and checkpoints in one transaction."""
    now = ctx.now()
    ctx.database.transact(
        [
            Statement("post_decision", {"decision_id": decision_id, "tweet_id": tweet_id, "posted_at": posted_at}, 1),
            Statement("close_attempt", {"attempt_id": attempt_id, "result": "posted", "reason": "", "now": now}, 1),
            Statement(
                "insert_receipt",
                {
                    "decision_id": decision_id,
                    "attempt_id": attempt_id,
                    "tweet_id": tweet_id,
                    "evidence": evidence,
                    "posted_at": posted_at,
                    "now": now,
                },
                1,
            ),
            *(
                Statement(
                    "insert_checkpoint",
                    {"decision_id": decision_id, "kind": format_duration(checkpoint.age), "due_at": checkpoint.at},
                )
                for checkpoint in checkpoints_for(posted_at)
            ),
        ]
    )
    logger.info(
        "decision %s is posted",
        decision_id,
        extra={"action": "posted", "decision": str(decision_id), "tweet": tweet_id, "evidence": evidence},
    )


def _become_uncertain(ctx: JobContext, decision_id: uuid.UUID, attempt_id: uuid.UUID, reason: str) -> None:
    moved, _ = ctx.database.transact(
        [
            Statement(
                "decision_becomes_uncertain",
                {"decision_id": decision_id, "attempt_id": attempt_id, "reason": reason[:500]},
            ),
            Statement("attempt_becomes_uncertain", {"attempt_id": attempt_id, "reason": reason[:500]}),
        ]
    )
    if not moved:
        # The intent's own write was in doubt, and the database never had it: the claim is all there is.
        return
    logger.warning(
        "decision %s is uncertain",
        decision_id,
        extra={"action": "uncertain", "decision": str(decision_id), "data": reason},
    )


def _settle_doubts(ctx: JobContext) -> dict[str, int]:
    """Look for all uncertain attempts with one visit to our timeline; if it cannot be read they stay as they are."""
    counts = {"published": 0, "uncertain": 0, "found": 0, "absent": 0, "given_up": 0}
    attempts = ctx.database.all("uncertain_attempts")
    if not attempts:
        return counts
    since = min(attempt["first_site_time"] for attempt in attempts) - _TOLERANCE
    try:
        reading: TimelineReading = ctx.browser.visit(ReadOwnTimeline(ctx.config.platform.account, since))
    except AppError as error:
        logger.warning(
            "our timeline could not be read, %d posts stay uncertain",
            len(attempts),
            extra={"action": "scan_failed", "data": str(error)},
        )
        return counts
    known = {row["tweet_id"] for row in ctx.database.all("receipted_ids", since=since - timedelta(days=1))}
    # An empty page is no word for an account that has receipts.
    is_plausible = bool(reading.posts) or not known
    scan = Scan(reading.site_time, logged_in=True, reached_back=reading.reached_back and is_plausible)
    for attempt in attempts:
        found = _find(ctx, attempt, reading, known)
        if found is not None:
            known.add(found)
            counts["found"] += 1
            continue
        word = _settle_absence(ctx, attempt, scan)
        if word:
            counts[word] += 1
    return counts


def _find(ctx: JobContext, attempt: Row, reading: TimelineReading, known: set[str]) -> str | None:
    """Give the attempt its receipt if the timeline shows its post, and return the post's id."""
    posts = [post for post in reading.posts if post.id not in known]
    # Open at its upper end: a site that was slow to mint the id must not hide the post.
    found = match(posts, attempt["text"], (attempt["first_site_time"], None), _TOLERANCE)
    if found.tweet_id is not None:
        decision_id, attempt_id = attempt["decision_id"], attempt["attempt_id"]
        _post(ctx, decision_id, attempt_id, found.tweet_id, "timeline", attempt["intent_at"])
    return found.tweet_id


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
            extra = {"action": "proven_absent", "decision": str(decision_id)}
            logger.info("decision %s is proven absent", decision_id, extra=extra)
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
    now = ctx.now()
    params = {"decision_id": attempt["decision_id"]}
    params |= {"now": now} if query == "requeue_absent" else {"reason": reason}
    ctx.database.transact(
        [
            Statement(query, params, 1),
            Statement(
                "close_attempt",
                {"attempt_id": attempt["attempt_id"], "result": result, "reason": reason, "now": now},
                1,
            ),
        ]
    )
