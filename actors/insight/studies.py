"""Accounts that are studied: chosen, read in turn, and given up if they cannot be."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Literal

from actors.domain.harvest.accounts import wants_no_bots
from actors.domain.insight.library import PAGE
from actors.domain.insight.peers import MOST_FAILURES, Candidate, tier_of
from actors.domain.pace import is_wall
from actors.errors import NotFoundError, PermanentError, TransientError
from actors.insight.posts import is_among_strangers, keep
from actors.pages.profile import ReadProfile
from actors.pages.search import SearchPosts
from actors.sql.queries import Statement

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from typing import TypeVar

    from actors.domain.insight.peers import Tier
    from actors.job import JobContext
    from actors.pages.profile import ProfileReading
    from actors.pages.search import SearchReading

    T = TypeVar("T")
    Choose = Callable[[Sequence[Candidate], Sequence[Tier]], Iterable[Candidate]]

Role = Literal["peer", "competitor"]

logger = logging.getLogger(__name__)


def attempt(
    ctx: JobContext, tasks: Iterable[T], work: Callable[[T], None], give_up: Callable[[T, Exception], None]
) -> tuple[int, Exception | None]:
    """Do what there is time for; return how much was done and the last error.

    A wall ends it, and is the fault of no task.
    """
    done, error = 0, None
    for number, task in enumerate(tasks):
        if number and not ctx.has_time():
            break
        try:
            work(task)
            done += 1
        except (TransientError, PermanentError) as raised:
            logger.warning("a look at others failed", extra={"action": "study_failed", "data": f"{task}: {raised}"})
            error = raised
            if is_wall(raised):
                break
            give_up(task, raised)
    return done, error


class Studies:
    """One look at the accounts of one role, and what it came to.

    Args:
        ctx: of the run; it must use browser and database.
        role: under which they are studied; the lane that their posts are kept in, too.
        names: whom the operator names, folded; then nobody else is studied.
        choose: fills the places that are free, given who could be studied and the tiers of those who are.
    """

    def __init__(self, ctx: JobContext, role: Role, names: Iterable[str], choose: Choose) -> None:
        self._ctx, self._role, self._names, self._choose = ctx, role, list(names), choose
        self.counts = {"seen": 0, "kept": 0, "opted_out": 0}

    def due(self, limit: int) -> list[Candidate]:
        """Fill the places that are free and return whose turn it is, those first who were not read for the longest."""
        ctx = self._ctx
        _, in_place, known = ctx.database.transact(
            [
                self._dropped(),
                Statement("studied_in_place", {"role": self._role, "failures": MOST_FAILURES}),
                Statement("study_candidates", {"named": self._names}),
            ]
        )
        needs_name = bool(self._names) or is_among_strangers(ctx)
        candidates = [
            Candidate(row["handle"], row["followers"], row["quality"])
            for row in known
            if row["is_named"] or not needs_name
        ]
        rows = [
            {"handle": each.handle, "tier": each.tier, "followers": each.followers}
            for each in self._choose(candidates, [row["tier"] for row in in_place])
        ]
        _, due = ctx.database.transact(
            [
                Statement("choose_studied", {"role": self._role, "rows": rows, "now": ctx.now()}),
                Statement("studies_due", {"role": self._role, "failures": MOST_FAILURES, "limit": limit}),
            ]
        )
        return [Candidate(row["handle"], row["followers"]) for row in due]

    def read(self, account: Candidate) -> None:
        """Read an account's newest posts, and first its profile if nobody knows how large it is.

        Raises:
            NotFoundError: there is no such account, or it shows no post.
        """
        ctx, ours, followers = self._ctx, self._ctx.config.platform.account, account.followers
        if followers is None:
            profile: ProfileReading = ctx.browser.visit(ReadProfile(account.handle))
            if profile.is_missing:
                raise NotFoundError(f"there is no @{account.handle}")
            if wants_no_bots(profile.bio):
                self._opt_out(account)
                return
            followers = profile.followers
            ctx.database.run("size_studied", handle=account.handle, followers=followers, tier=tier_of(followers))
        query = f"from:{account.handle} -filter:replies"
        reading: SearchReading = ctx.browser.visit(SearchPosts(query=query, latest=True, limit=PAGE, account=ours))
        own = [post for post in reading.posts if post.author.casefold() == account.handle.casefold()]
        if not own:
            raise NotFoundError(f"@{account.handle} shows no post")
        was_read = Statement("studied_was_read", {"handle": account.handle, "now": ctx.now()})
        self.counts["kept"] += keep(ctx, self._role, own, followers={account.handle: followers}, beside=[was_read])
        self.counts["seen"] += len(own)

    def fail(self, account: Candidate, error: Exception) -> None:
        """Let the others have their turns; only what is the account's own fault is counted against it."""
        database, now = self._ctx.database, self._ctx.now()
        if isinstance(error, NotFoundError):
            database.run("study_failed", handle=account.handle, now=now)
        else:
            database.run("study_passed_over", handle=account.handle, now=now)

    def _opt_out(self, account: Candidate) -> None:
        wish = {"handle": account.handle, "now": self._ctx.now(), "by": self._ctx.job}
        self._ctx.database.transact([Statement("opt_out_by_profile", wish), self._dropped()])
        self.counts["opted_out"] += 1
        logger.info("@%s wants no bots", account.handle, extra={"action": "opted_out", "handle": account.handle})

    def _dropped(self) -> Statement:
        asked = {"role": self._role, "named": self._names, "failures": MOST_FAILURES, "now": self._ctx.now()}
        return Statement("drop_studied", asked)
