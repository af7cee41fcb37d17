"""A claim: one decision in the hands of one run, before and between its attempts."""

from __future__ import annotations

import logging
import uuid
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from actors.errors import ComposerMismatchError, ConflictError, TargetError

if TYPE_CHECKING:
    from actors.errors import AppError
    from actors.job import JobContext

logger = logging.getLogger(__name__)

LEASE_S = 240.0
"""Real seconds that a claim holds, anew with each part; the deadline of the longest run that publishes."""
MOST_TRIES = 3
"""Failures of a decision's own before it fails for good."""
_BACKOFF = timedelta(minutes=5)
"""Wait after the first of them (schedule time), doubled after each further one."""

Row = dict[str, Any]


class Claim:
    """One decision for this run. Its row, as `due_decisions` gave it, is `decision`."""

    def __init__(self, ctx: JobContext, decision: Row) -> None:
        self.decision, self.token = decision, uuid.uuid4()
        self._ctx = ctx
        self._attempt = 0

    def take(self) -> bool:
        """Take the decision; False if somebody else was faster."""
        rows = self._ctx.database.all(
            "claim_decision",
            decision_id=self.decision["decision_id"],
            token=self.token,
            run_id=self._ctx.run_id,
            lease_s=LEASE_S,
        )
        self._attempt = rows[0]["attempt"] if rows else 0
        return bool(rows)

    def release(self, error: AppError) -> None:
        """Before the commit point nothing happened: the decision is free again, or it ends here.

        Only a failure of its own is a try: a wall or a dead browser would use up the tries of them all, and must not
        change when it was due, from which its staleness counts. A target that cannot be answered ends a reply at once.
        """
        status, not_before = "queued", self.decision["scheduled_at"]
        is_its_own_fault = isinstance(error, ComposerMismatchError | ConflictError | TargetError)
        if isinstance(error, TargetError) and self.decision["kind"] == "reply" and error.code != "not_shown":
            status = "skipped"
        elif is_its_own_fault:
            status = "failed" if self._attempt >= MOST_TRIES else "queued"
            not_before = self._ctx.now() + _BACKOFF * 2 ** (self._attempt - 1)
        self._ctx.database.run(
            "release_claim",
            decision_id=self.decision["decision_id"],
            token=self.token,
            status=status,
            tries=int(is_its_own_fault),
            not_before=not_before,
            reason=_reason(error),
        )
        logger.log(
            logging.ERROR if status == "failed" else logging.WARNING,
            "decision %s was not published",
            self.decision["decision_id"],
            extra={
                "action": "publish_stopped",
                "decision": str(self.decision["decision_id"]),
                "state": status,
                "data": str(error),
            },
        )


def _reason(error: AppError) -> str:
    code = getattr(error, "code", "")
    return (f"{code}: {error}" if code else str(error))[:500]
