"""Read how many follow us, and who is new among them."""

from __future__ import annotations

import logging
from datetime import timedelta

from actors.domain.followers import digest_of, newcomers
from actors.domain.priority import Priority
from actors.job import Done, JobContext, Nothing, Outcome, job
from actors.pages.followers import ReadFollowers
from actors.pages.profile import ReadProfile
from actors.sql.queries import Statement

logger = logging.getLogger(__name__)

# Handles to a reading: half an hour of a good day many times over, in one page and a scroll or two.
_LIMIT = 60
# Who followed longer ago can no longer be what became of a post, and need not be known again.
_REMEMBERED_FOR, _ALWAYS_REMEMBERED = timedelta(days=30), 200


@job(priority=Priority.P2, uses=("browser", "database"), covers=("follower_snapshot",))
def follower_snapshot(ctx: JobContext) -> Outcome:
    """Append one reading of our follower count, with how many are new on the list since the reading before.

    Both pages are read or nothing is stored: a count without its list would let the next list count the follows of two
    intervals for one. The first reading only remembers who is there. If the list does not reach back to anybody known,
    how many came is unknown, which is not zero. Handles are kept as digests, for thirty days (the latest 200 longer).
    """
    account = ctx.config.platform.account
    profile = ctx.browser.visit(ReadProfile(account))
    if profile.followers is None:
        return Nothing("the profile shows no number of followers")
    listed = ctx.browser.visit(ReadFollowers(account, limit=_LIMIT))
    now = ctx.now()
    digests = [digest_of(handle) for handle in listed.handles]
    last = ctx.database.one("latest_follower_reading")
    known = {row["digest"] for row in ctx.database.all("known_followers", digests=digests)}
    # A page that stopped loading looks like the end of the list, too; the profile tells them apart.
    has_ended = listed.has_ended and len(digests) >= profile.followers
    found = newcomers(digests, known, has_ended=has_ended, is_first=last is None)
    reading = {
        "taken_at": now,
        "followers": profile.followers,
        "is_rounded": profile.is_abbreviated,
        "follows": found.follows,
    }
    ctx.database.transact(
        [
            Statement("insert_follower_reading", reading, 1),
            Statement("remember_followers", {"digests": list(found.counted), "seen_at": now, "is_counted": True}),
            Statement("remember_followers", {"digests": list(found.others), "seen_at": now, "is_counted": False}),
            Statement("forget_followers", {"before": now - _REMEMBERED_FOR, "keep": _ALWAYS_REMEMBERED}),
        ]
    )
    if last is not None and found.follows is None:
        logger.warning(
            "the list of followers does not reach back to the last reading",
            extra={"action": "follows_unknown", "listed": len(digests), "since": last["taken_at"].isoformat()},
        )
    return Done({"readings": 1, "follows": found.follows or 0, "unknown": int(found.follows is None)})
