"""Succession: who looks after what runs left while posting does not."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from actors.domain.silence import allowance, silent_jobs
from actors.ledger.attempt import become_uncertain
from actors.ledger.recovery import replay

if TYPE_CHECKING:
    from actors.job import JobContext

logger = logging.getLogger(__name__)

_PUBLISHER = "posting"


def stands_in(ctx: JobContext) -> bool:
    """Return whether posting neither runs nor has succeeded for longer than it may take, so that it does not recover.

    What this says may be over the next moment, so whoever stands in takes nothing from a run that lives: see
    `free_expired`.
    """
    view, settings = ctx.jobs.view(), ctx.config.jobs.get(_PUBLISHER)
    if _PUBLISHER in view.running:
        return False
    if settings is None or not settings.enabled:
        return True
    allowed = allowance(settings.every, settings.deadline, ctx.speed)
    return bool(silent_jobs({_PUBLISHER: allowed}, view.last_success, view.since, ctx.now()))


def recover_for(ctx: JobContext) -> dict[str, int]:
    """Do posting's recovery in its stead, as far as it takes nothing from a run of it that begins meanwhile.

    Raises:
        JournalError: the journal cannot be written.
    """
    ctx.journal.verify()
    return {"replayed": replay(ctx), **free_expired(ctx)}


def free_expired(ctx: JobContext) -> dict[str, int]:
    """Free the claims that have run out, and turn attempts past their commit point whose claim ran out into doubts.

    `recover` asks whose run a claim is, which only posting's own run may: every other run is over then. Here it is the
    claim's own lease that says so. The commit point refuses a claim that has run out, and an attempt's click is over
    seconds after its intent, so neither can lead to a click any more, whether its run lives or not; and a receipt that
    still comes is taken from a doubt as well.
    """
    freed = len(ctx.database.all("release_expired_claims"))
    doubted = ctx.database.all("expired_attempts")
    for row in doubted:
        become_uncertain(ctx, row["decision_id"], row["attempt_id"], "its claim ran out past the commit point")
    if freed or doubted:
        logger.warning(
            "%d claims of runs that are gone are free, %d attempts in doubt",
            *(freed, len(doubted)),
            extra={"action": "claims_expired", "freed": freed, "doubted": len(doubted)},
        )
    return {"freed": freed, "doubted": len(doubted)}
