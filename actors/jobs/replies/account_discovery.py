"""Find accounts whose posts may be worth an answer, and read what they are worth."""

from __future__ import annotations

import logging
from dataclasses import asdict
from functools import partial
from typing import TYPE_CHECKING

from actors.domain.harvest.accounts import FRESH_S, quality_of, topic_query, visits, wants_no_bots
from actors.domain.harvest.funnel import Funnel, authors_of
from actors.domain.harvest.queries import LIMIT, answers_only_who_addressed_us
from actors.domain.pace import ending, is_wall
from actors.domain.priority import Priority
from actors.domain.rules import PLATFORMS
from actors.domain.tuning.knob import PROFILES
from actors.errors import PermanentError, TransientError
from actors.job import Done, JobContext, Nothing, Outcome, job
from actors.pages.profile import ReadProfile
from actors.pages.search import SearchPosts
from actors.sql.queries import Statement
from actors.tuning.knobs import value

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable

    from actors.pages.profile import ProfileReading

logger = logging.getLogger(__name__)

_CONSUMER = "account_discovery"
_SEARCHES = 3
_AUTHORS = 5
"""New authors taken of one search (domain.md 1.3, job 6)."""


@job(priority=Priority.P1, uses=("browser", "database"), covers=("account_discovery",))
def account_discovery(ctx: JobContext) -> Outcome:
    """Search the next topics for authors that nobody knows, and read profiles: new ones, and those with old figures.

    Of a profile only figures are kept. One that asks for no bots becomes an opt-out and nothing else; one that is gone
    is forgotten. Of more accounts than `replies.accounts` the best stay, and those that a post up for an answer refers
    to. On a live platform no stranger is looked for: only profiles of those who addressed us are read.
    """
    discovery = _Discovery(ctx)
    if not answers_only_who_addressed_us(PLATFORMS[ctx.config.platform.name]):
        discovery.search()
    discovery.read()
    dropped = ctx.database.all("drop_accounts", most=ctx.config.replies.accounts, now=ctx.now())
    counts = {**discovery.counts, "dropped": len(dropped)}
    if any(counts[name] for name in ("found", "read", "opted_out", "gone")):
        return Done(counts)
    if discovery.error is not None:
        return ending(discovery.error)
    return Nothing(f"{counts['searches']} searches showed nobody new, and no profile is due")


class _Discovery:
    """One run: what it came to, the last error, and whether a wall ended it."""

    def __init__(self, ctx: JobContext) -> None:
        self._ctx = ctx
        self._is_over = False
        self._errands = 0
        self.error: TransientError | PermanentError | None = None
        self.counts = {"searches": 0, "seen": 0, "found": 0, "read": 0, "opted_out": 0, "gone": 0}

    def search(self) -> None:
        """Search the topics whose turn it is; a search that fails loses its turn."""
        row = self._ctx.database.one("cursor_of", consumer=_CONSUMER)
        position = row["position"] if row else 0
        for place in range(position, position + _SEARCHES):
            self._attempt(partial(self._search, place), partial(self._move, place))

    def read(self) -> None:
        """Read the profiles that are due."""
        ctx, most = self._ctx, value(self._ctx, PROFILES)
        unread, stale = ctx.database.transact(
            [
                Statement("unread_accounts", {"limit": most}),
                Statement("stale_accounts", {"now": ctx.now(), "fresh_s": FRESH_S, "limit": most}),
            ]
        )
        for handle in visits([row["handle"] for row in unread], [row["handle"] for row in stale], most):
            self._attempt(partial(self._read, handle))

    def _attempt(self, errand: Callable[[], None], give_up: Callable[[], None] = lambda: None) -> None:
        """Do it if there is time and no wall; note what went wrong."""
        ctx = self._ctx
        if self._is_over or (self._errands and not ctx.has_time()):
            return
        self._errands += 1
        try:
            errand()
        except (TransientError, PermanentError) as raised:
            logger.warning("a look for accounts failed", extra={"action": "discovery_failed", "data": str(raised)})
            self.error, self._is_over = raised, is_wall(raised)
            if not self._is_over:
                give_up()

    def _search(self, place: int) -> None:
        ctx, account = self._ctx, self._ctx.config.platform.account
        topic, query = topic_query(place)
        reading = ctx.browser.visit(SearchPosts(query=query, latest=True, limit=LIMIT, account=account))
        authors = authors_of(reading.posts)
        known, opted_out = ctx.database.transact(
            [
                Statement("known_accounts", {"handles": list(authors)}),
                Statement("opted_out_among", {"handles": list(authors)}),
            ]
        )
        unfit = {row["handle"] for row in opted_out} | {account.casefold()}
        new = _without(authors, {row["handle"] for row in known})
        taken = _without(new, unfit)[:_AUTHORS]
        funnel = Funnel(reading.seen, len(new), len(unfit.intersection(new)), 0, len(taken))
        ctx.database.transact(
            [
                Statement("note_accounts", {"handles": taken, "found_by": "search", "now": ctx.now()}),
                Statement(
                    "insert_search",
                    {"consumer": _CONSUMER, "query": topic, "min_likes": 0, "now": ctx.now(), **asdict(funnel)},
                ),
                self._moved(place),
            ]
        )
        self.counts["searches"] += 1
        self.counts["seen"] += reading.seen
        self.counts["found"] += len(taken)

    def _read(self, handle: str) -> None:
        reading: ProfileReading = self._ctx.browser.visit(ReadProfile(handle))
        if reading.is_missing:
            self._ctx.database.run("forget_account", handle=handle)
            self._reject(handle, "gone: there is no such account any more")
            self.counts["gone"] += 1
        elif wants_no_bots(reading.bio):
            self._opt_out(handle)
            self.counts["opted_out"] += 1
        else:
            self._keep(handle, reading)
            self.counts["read"] += 1

    def _keep(self, handle: str, reading: ProfileReading) -> None:
        measures = self._ctx.database.one("account_measures", handle=handle) or {}
        quality = quality_of(
            reading.followers, measures.get("engagement"), measures.get("posts_per_day"), reading.bio
        )
        self._ctx.database.run(
            "record_profile",
            handle=handle,
            followers=reading.followers,
            following=reading.following,
            quality=quality,
            now=self._ctx.now(),
        )

    def _opt_out(self, handle: str) -> None:
        self._ctx.database.transact(
            [
                Statement("opt_out_by_profile", {"handle": handle, "now": self._ctx.now(), "by": _CONSUMER}),
                Statement("reject_author", {"handle": handle, "reason": "opted_out: the profile asks for no bots"}),
                Statement("forget_account", {"handle": handle}),
            ]
        )
        logger.info("@%s wants no bots", handle, extra={"action": "opted_out", "handle": handle})

    def _reject(self, handle: str, reason: str) -> None:
        self._ctx.database.run("reject_author", handle=handle, reason=reason)

    def _move(self, place: int) -> None:
        self._ctx.database.transact([self._moved(place)])

    def _moved(self, place: int) -> Statement:
        return Statement("move_cursor", {"consumer": _CONSUMER, "position": place + 1, "now": self._ctx.now()})


def _without(folded: Iterable[str], others: Collection[str]) -> list[str]:
    """Return the handles, all of them folded, that are none of the others."""
    return [each for each in folded if each not in others]
