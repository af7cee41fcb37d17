"""Share out who followed us among our posts and what comes without them."""

from __future__ import annotations

import logging
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from actors.domain.attribution import OPEN_FOR, POST_LIFE, WINDOW, Gain, Method, Post, Share, attribute
from actors.domain.followers import digest_of
from actors.domain.priority import Priority
from actors.job import After, Done, JobContext, Nothing, Outcome, job
from actors.sql.queries import Statement

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

logger = logging.getLogger(__name__)

# Ten days of half hours; a longer backlog is worked off by the next runs.
_LIMIT = 480
# In a transaction: a day of half hours.
_TOGETHER = 48


@job(
    priority=Priority.P2,
    uses=("database",),
    after=(After("sync_follower", fresh=timedelta(hours=2), patience=timedelta(minutes=15)),),
    covers=("attribution",),
)
def attribution(ctx: JobContext) -> Outcome:
    """Share out each interval's gross follows, and anew while readings of its posts may still change the shares.

    An interval is recomputed for 48 hours, whenever something was measured meanwhile; after that it is final. Credits
    and background of an interval are written together, and sum to its gross: a follow counts once, whatever number of
    posts was about (H6). The only writer of both tables.
    """
    now = ctx.now()
    rows = ctx.database.all("gains_to_attribute", open_since=now - OPEN_FOR, limit=_LIMIT)
    if not rows:
        return Nothing("every gain is shared out, and nothing new is known of its posts")
    wanted = {row["until"] for row in rows}
    since = min(now - WINDOW, min(wanted) - OPEN_FOR)
    gains = [Gain(**row) for row in ctx.database.all("follower_gains_between", since=since, until=now)]
    found = ctx.database.all("posts_to_attribute", since=since - POST_LIFE, until=now)
    method, shares = attribute(gains, [_post(row) for row in found], wanted, _known(ctx, gains))
    for together in _days(shares):
        ctx.database.transact([each for share in together for each in _statements(share, method, now)])
    credited = sum(sum(share.credits.values()) for share in shares)
    background = sum(share.background for share in shares)
    logger.info(
        "%.1f follows are credited to posts, %.1f to none",
        credited,
        background,
        extra={"action": "follows_attributed", "intervals": len(shares), "posts": len(found), "method": method.value},
    )
    return Done({"intervals": len(shares), "credits": sum(len(share.credits) for share in shares)})


def _known(ctx: JobContext, gains: Sequence[Gain]) -> dict[datetime, list[str]]:
    """Return the replies whose author was seen among our new followers, by the end of the interval he was seen in.

    Each author counts for the last reply that he had got by then, if that was within `replies.conversion_window`.
    """
    if not gains:
        return {}
    window, since, until = ctx.config.replies.conversion_window, gains[0].since, gains[-1].until
    replies = ctx.database.all("replies_by_author", since=since - window, until=until)
    digests = {row["author"]: digest_of(row["author"]) for row in replies}
    rows = ctx.database.all("first_seen", digests=sorted(set(digests.values())))
    seen = {row["digest"]: row["seen_at"] for row in rows}
    last: dict[str, tuple[datetime, str]] = {}
    for row in replies:
        at = seen.get(digests[row["author"]])
        if at is not None and row["posted_at"] < at <= row["posted_at"] + window:
            last[digests[row["author"]]] = (at, row["decision_id"])
    known: dict[datetime, list[str]] = {}
    for at, decision_id in last.values():
        for gain in gains:
            if gain.since < at <= gain.until:
                known.setdefault(gain.until, []).append(decision_id)
    return known


def _days(shares: list[Share]) -> list[list[Share]]:
    return [shares[start : start + _TOGETHER] for start in range(0, len(shares), _TOGETHER)]


def _post(row: Mapping[str, Any]) -> Post:
    readings = tuple(zip(row["ages"] or (), map(float, row["reactions"] or ()), strict=True))
    return Post(
        id=row["decision_id"],
        group="reply" if row["lane"] == "reply" else row["generator"],
        posted_at=row["posted_at"],
        readings=readings,
    )


def _statements(share: Share, method: Method, now: datetime) -> list[Statement]:
    credits = [{"decision_id": name, "credit": credit} for name, credit in share.credits.items()]
    background = {"until": share.until, "credit": share.background, "method": method.value, "computed_at": now}
    return [
        Statement("forget_credits", {"until": share.until}),
        Statement("insert_credits", {"until": share.until, "credits": credits}, len(credits)),
        Statement("put_background", background, 1),
    ]
