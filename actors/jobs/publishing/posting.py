"""Publish the decisions whose time has come, and settle what earlier attempts left in doubt."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from actors.domain.priority import Priority
from actors.errors import JournalError
from actors.job import After, Blocked, Done, JobContext, Nothing, Outcome, Snooze, job
from actors.ledger.permission import Lane, call_unknown_targets
from actors.ledger.publication import Result, obstacle_of, publish
from actors.ledger.publisher import other_publisher
from actors.ledger.recovery import recover
from actors.ledger.settlement import TimelineUnreadError, settle

if TYPE_CHECKING:
    from collections.abc import Iterable

_BATCH = 10
_LANES = ("content", "reply")
_ASIDE = ("adopted", "skipped", "taken", "stopped")
"""What makes no success of a run that met an obstacle."""

Row = dict[str, Any]


@job(
    priority=Priority.P0,
    uses=("browser", "database"),
    after=(After("plan", fresh=timedelta(minutes=45), patience=timedelta(minutes=10)),),
    covers=("posting",),
)
def posting(ctx: JobContext) -> Outcome:
    """Publish what is due, one durable intent and one click for each part, as fast as the caps of its lane allow.

    First the past: receipts that only the local journal has, claims whose run is gone, attempts past their commit point
    without an owner, and the doubts, which are looked for on our own timeline. Then the lanes, each by itself, so that
    neither holds up the other. A wall on the site ends the run as blocked; a decision that fails alone does not hold up
    the next one.
    """
    other = other_publisher(ctx)
    if other is not None:
        return other
    try:
        ctx.journal.verify()
        counts = {"published": 0, "parts": 0, "uncertain": 0, "skipped": 0, "replayed": recover(ctx), **settle(ctx)}
    except (JournalError, TimelineUnreadError) as error:
        return Blocked(str(error))
    obstacles: list[Outcome] = []
    for name in _LANES:
        obstacle, is_walled = _work_off(ctx, name, counts)
        if is_walled and obstacle is not None:
            return obstacle
        obstacles += [obstacle] if obstacle is not None else []
    if counts.get("stopped"):
        call_unknown_targets(ctx)
    if any(count for word, count in counts.items() if word not in _ASIDE):
        return Done(counts)
    if obstacles:
        return _worst(obstacles)
    return Done(counts) if any(counts.values()) else _idle(ctx)


def _work_off(ctx: JobContext, name: str, counts: dict[str, int]) -> tuple[Outcome | None, bool]:
    """Publish what is due in one lane; return what stood in the way last, and whether the whole site does."""
    settings, lane = ctx.config.publishing, Lane.read(ctx, name)
    due = ctx.database.all("due_decisions", lane=name, now=ctx.now(), approval=settings.approval, limit=_BATCH)
    obstacle: Outcome | None = None
    for decision in due:
        if lane.refuse(decision):
            counts["skipped"] += 1
            continue
        forbidden = lane.obstacle(is_begun=bool(decision["tweet_ids"]))
        if forbidden is not None:
            return forbidden, False
        result: Result = publish(ctx, decision, lane.caps)
        # Told apart, because replies do not end the silence of the other lane.
        is_reply = result.word == "published" and name == "reply"
        word = "replied" if is_reply else result.word
        counts["parts"] += 0 if is_reply else result.parts
        counts[word] = counts.get(word, 0) + 1
        if result.error is not None:
            obstacle, is_walled = obstacle_of(result.error)
            if is_walled:
                return obstacle, True
        lane.refresh()
    return obstacle, False


def _worst(obstacles: Iterable[Outcome]) -> Outcome:
    """Return the outcome of a run that published nothing: a failure before a block, and that before the first wait."""

    def rank(outcome: Outcome) -> tuple[int, float]:
        if isinstance(outcome, Snooze):
            return 2, outcome.until.timestamp()
        return int(isinstance(outcome, Blocked)), 0.0

    return min(obstacles, key=rank)


def _idle(ctx: JobContext) -> Outcome:
    if ctx.database.all("queue_state")[0]["queued"] == 0:
        ctx.jobs.trigger("plan")
        return Nothing("the queue is empty; plan is called")
    if ctx.config.publishing.approval:
        waiting = ctx.database.all("earliest_decision", lane="content", approval=True)[0]["unapproved"]
        return Nothing(f"no approved decision is due; {waiting} wait for approval")
    return Nothing("no decision is due")
