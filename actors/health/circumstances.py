"""`autonomous_health_monitor`: whether anything stands between the jobs and their work."""

from __future__ import annotations

import logging
from datetime import UTC, timedelta
from typing import TYPE_CHECKING, Any

from actors.domain.budget import Budget, MoneyLane
from actors.domain.health.circumstances import Circumstances, symptoms
from actors.domain.health.remedies import Hands
from actors.errors import ActorUnavailableError
from actors.health.chart import keep
from actors.job import Done, JobContext, Outcome

if TYPE_CHECKING:
    from collections.abc import Mapping

logger = logging.getLogger(__name__)

_UNSETTLED = timedelta(minutes=5)
"""How long receipts may be known without their decision being posted (domain.md 7.7, truth gap)."""
_RESTING = timedelta(hours=2)
"""How long a thread may wait for its next part."""
_SCANNED = timedelta(minutes=15)
"""How much longer than it may last a doubt is left to `posting`, which settles it every five minutes."""


def autonomous_health_monitor(ctx: JobContext) -> Outcome:
    """Look at switches, the model's money, breakers, the platform's state, memory, the lease and claims.

    Claims are stuck by the time of the claim, and are not released here: `posting` is called, whose recovery asks the
    ledger and the site first. Without an answer of the board the rest is told.
    """
    board = _board(ctx)
    stuck = stuck_work(ctx)
    found = _circumstances(ctx, board, stuck)
    issues = keep(ctx, "autonomous_health_monitor", symptoms(found))
    called = 0
    if (found.stuck or found.publishing) and found.publisher is None and hands(ctx, board).can_call("posting"):
        ctx.jobs.trigger("posting")
        called = 1
    checked = len(board.get("fronts", {})) + len(MoneyLane) + stuck["live"]
    return Done({"checked": checked, "issues": issues, "stuck": found.stuck + found.publishing, "called": called})


def stuck_work(ctx: JobContext) -> dict[str, int]:
    """Return how much of the ledger's work is stuck, by kind, and how many decisions are live."""
    now = ctx.now()
    doubtful = now - ctx.config.publishing.uncertain_give_up - _SCANNED
    (row,) = ctx.database.all("stuck_work", doubtful=doubtful, resting=now - _RESTING, unsettled=now - _UNSETTLED)
    return row


def hands(ctx: JobContext, board: Mapping[str, Any]) -> Hands:
    """Return which jobs can be called; none that publishes unless this process is the publisher."""
    known = {name for name, settings in ctx.config.jobs.items() if settings.enabled}
    lease = board.get("lease")
    if lease is None or not lease["is_ours"]:
        known -= {"posting"}
    paused = {job for family in board.get("families", {}).values() for job in family["paused"]}
    return Hands(known, {*board.get("running", {}), *board.get("waiting", {}), *paused})


def _board(ctx: JobContext) -> Mapping[str, Any]:
    try:
        return ctx.jobs.board()
    except ActorUnavailableError as error:
        logger.warning("the board does not answer", extra={"action": "board_silent", "data": str(error)})
        return {}


def _circumstances(ctx: JobContext, board: Mapping[str, Any], stuck: Mapping[str, int]) -> Circumstances:
    fronts: Mapping[str, Mapping[str, Any]] = board.get("fronts", {})
    lease, flag = board.get("lease"), ctx.database.one("get_flag", name="kill_switch")
    return Circumstances(
        answers=bool(board),
        is_stopped=bool(flag and flag["is_on"]),
        is_shadow=ctx.config.publishing.shadow,
        broken=tuple(name for name, front in fronts.items() if front["breaker"] != "closed"),
        platform=fronts.get("browser", {}).get("condition", ""),
        memory=(board.get("memory") or {}).get("level", ""),
        publisher=None if not board or (lease and lease["is_ours"]) else str((lease or {}).get("holder") or ""),
        paused=tuple(sorted(job for family in board.get("families", {}).values() for job in family["paused"])),
        abandoned=sum(front["abandoned"] for front in fronts.values()),
        per_day=ctx.config.openai.budget_usd_per_day,
        left=_left(ctx),
        stuck=stuck["claims"],
        publishing=stuck["attempts"],
    )


def _left(ctx: JobContext) -> dict[str, float]:
    """Return what each lane may still spend today, by the same rules that its calls are held against."""
    day = ctx.now().astimezone(UTC).date()
    settings = ctx.config.openai
    budget = Budget(settings.budget_usd_per_day, settings.shares)
    budget.seed(day, {row["lane"]: row["spent"] for row in ctx.database.all("usage_today", day=day)})
    return {lane.value: budget.left(lane) for lane in MoneyLane}
