"""One attempt at one part of a decision: the durable intent, the click's permission, and what came of it."""

from __future__ import annotations

import logging
import time
import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from actors.domain.caps import DAY
from actors.domain.evidence import TOLERANCE
from actors.domain.journal import Grant
from actors.errors import CommitRefusedError, ConflictError
from actors.ledger.receipt import Confirmation, confirm
from actors.sql.queries import Statement

if TYPE_CHECKING:
    from actors.domain.caps import Caps
    from actors.job import JobContext
    from actors.ledger.claim import Claim

logger = logging.getLogger(__name__)

CLICK_WITHIN_S = 5.0
"""Real seconds from the permission to the last moment at which the page may click, if the lease lasts that long."""
IN_FLIGHT_S = 15.0
"""Real seconds after which a create call is over: its page waits 10 s for evidence and is closed then."""


@dataclass(frozen=True, slots=True)
class Part:
    """What one attempt publishes: the part's number, its text, and the post that it answers, if any."""

    number: int
    text: str
    target_id: str | None


class Attempt:
    """One attempt at `part` of the decision that `claim` holds."""

    def __init__(self, ctx: JobContext, claim: Claim, part: Part, caps: Caps) -> None:
        self.id = uuid.uuid4()
        self.is_durable = False
        """Whether the intent may be in the ledger: from then on nothing but evidence leads on."""

        self.part = part
        self._ctx, self._claim, self._caps = ctx, claim, caps
        self._made_at = ctx.now()

    def commit(self, prepared: dict[str, Any]) -> float:
        """Make the intent durable and return the epoch milliseconds until which the page may click.

        Runs in the run's thread while the page waits. Lease, claim, kill switch, approval, opt-outs and caps are
        looked at in the same transaction, under the lane's lock.

        Raises:
            CommitRefusedError: one of them stands against it; nothing was clicked.
            JournalError: the local journal cannot be written; nothing was clicked, but the intent is durable.
        """
        if prepared["site_time"] is None:
            raise CommitRefusedError("the site did not tell its time, so a later look could prove nothing")
        ctx, part, decision = self._ctx, self.part, self._claim.decision
        site_time = datetime.fromisoformat(prepared["site_time"])
        asked_at, self._made_at = time.time(), ctx.now()
        # From the moment the site was asked for its time: a slow page must not push the click out of the window in
        # which it is looked for later.
        opened_s = asked_at + CLICK_WITHIN_S - prepared["site_time_asked_at"]
        click_until = site_time + timedelta(seconds=(opened_s + IN_FLIGHT_S) * ctx.speed) + TOLERANCE
        site_now = site_time + timedelta(seconds=(asked_at - prepared["site_time_asked_at"]) * ctx.speed)
        # What counts in a window carries the site's time, so the window must not begin later by the site's clock.
        intent = self._begin(site_time, click_until, min(self._made_at, site_now))
        # The write may have waited for long, and somebody may have stopped publishing meanwhile.
        self._insist_on_permission()
        grant = Grant(
            attempt_id=self.id,
            decision_id=decision["decision_id"],
            part=part.number,
            attempt=intent["attempt"],
            boot_id=ctx.boot_id,
            fence=intent["fence"],
            lane=decision["lane"],
            text=part.text,
            target_id=part.target_id,
            intent_at=self._made_at,
            site_time=site_time,
            click_until=click_until,
        )
        ctx.journal.grant(grant)
        logger.info(
            "intent of decision %s is durable",
            decision["decision_id"],
            extra={
                "action": "intent_durable",
                "decision": str(decision["decision_id"]),
                "part": part.number,
                "attempt": intent["attempt"],
            },
        )
        # The lease was looked at after `asked_at`, so it lasts at least so long by our own clock.
        left_s: float = intent["lease_left_s"]
        return (asked_at + min(CLICK_WITHIN_S, left_s)) * 1000

    def confirm(self, tweet_id: str, evidence: str) -> str:
        """Write the receipt, first to the journal; return the decision's new state."""
        decision_id = self._claim.decision["decision_id"]
        found = Confirmation(self.id, decision_id, self.part.number, tweet_id, evidence, self._made_at)
        return confirm(self._ctx, found)

    def doubt(self, reason: str) -> None:
        """Past the commit point without a receipt: only evidence leads on."""
        become_uncertain(self._ctx, self._claim.decision["decision_id"], self.id, reason)

    def _insist_on_permission(self) -> None:
        if self._ctx.holds():
            raise CommitRefusedError("at the commit point the kill switch was on")

    def _begin(self, site_time: datetime, click_until: datetime, moment: datetime) -> dict[str, Any]:
        ctx, part, decision = self._ctx, self.part, self._claim.decision
        windows = [] if part.number else self._caps.windows
        params = {
            "decision_id": decision["decision_id"],
            "attempt_id": self.id,
            "token": self._claim.token,
            "boot_id": ctx.boot_id,
            "part": part.number,
            "target_id": part.target_id,
            "now": self._made_at,
            "site_time": site_time,
            "click_until": click_until,
            "horizon": moment - self._caps.span - DAY,
            "approval": ctx.config.publishing.approval,
            "windows": [
                {"scope": each.scope, "since": (moment - each.span).isoformat(), "most": each.most}
                for each in windows
            ],
        }
        self._insist_on_permission()
        # Set before the write: if its answer is lost, the intent may be durable all the same.
        self.is_durable = True
        try:
            _, rows = ctx.database.transact(
                [Statement("lock_lane", {"lane": decision["lane"]}), Statement("begin_intent", params)]
            )
        except ConflictError:
            self.is_durable = False
            raise
        if not rows:
            self.is_durable = False
            raise CommitRefusedError(
                "at the commit point the claim or the publisher's lease was lost, the kill switch on, a cap reached, "
                "the approval gone or the author opted out"
            )
        return rows[0]


def become_uncertain(ctx: JobContext, decision_id: uuid.UUID, attempt_id: uuid.UUID, reason: str) -> None:
    """Note that an open attempt has come to nothing that is known."""
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
