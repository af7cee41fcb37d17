"""Read what is liked and what our peers post, and learn how posts are made that do well."""

from __future__ import annotations

from dataclasses import asdict
from datetime import timedelta
from typing import TYPE_CHECKING

from actors.domain.harvest.funnel import Funnel
from actors.domain.harvest.queries import Turn, Yield
from actors.domain.insight.library import PAGE, places, search_of, searches
from actors.domain.insight.peers import MOST, PER_TIER, chosen, named
from actors.domain.pace import ending
from actors.domain.priority import Priority
from actors.insight.observed import learn_patterns
from actors.insight.posts import is_among_strangers, keep
from actors.insight.studies import Studies, attempt
from actors.job import Done, JobContext, Nothing, Outcome, job
from actors.pages.search import SearchPosts
from actors.sql.queries import Statement
from actors.stages import run_stages

if TYPE_CHECKING:
    from collections.abc import Iterator

    from actors.pages.search import SearchReading

_LIBRARY = "viral_scraper"
_MEMORY = timedelta(days=14)
"""How long the yield of a search says what the next one brings."""
_PEERS_A_RUN = 4


@job(
    priority=Priority.P3,
    uses=("browser", "database"),
    stages=("viral_scraper", "peer_scraper"),
    covers=("viral_scraper", "peer_scraper"),
)
def format_learning_scraper(ctx: JobContext) -> Outcome:
    """Fill the library of much liked posts, read the next peers, and learn from both how posts are made.

    Only structure is learned (see `domain.insight.patterns`); the words of others are cut, kept for a few days and read
    by nobody here. On a live platform no stranger is looked for: only peers that the operator names are read.
    """
    return run_stages(ctx, {"viral_scraper": _viral_scraper, "peer_scraper": _peer_scraper})


def _viral_scraper(ctx: JobContext) -> Outcome:
    """Add the most liked posts of the next searches of an endless rotation; one that fails loses its turn."""
    if is_among_strangers(ctx):
        return Nothing("on a live platform no stranger is looked for")
    library = _Library(ctx)
    done, error = attempt(ctx, library.turns(), library.search, library.pass_over)
    findings = learn_patterns(ctx)
    if library.counts["kept"]:
        return Done({"searches": done, **library.counts, "findings": findings})
    if error is not None and not done:
        return ending(error)
    return Nothing(f"{done} searches showed {library.counts['seen']} posts, none of them new")


def _peer_scraper(ctx: JobContext) -> Outcome:
    """Read the newest posts of the peers that were not read for the longest; one that fails thrice is passed over."""
    names = named(ctx.config.insight.peers, ctx.config.platform.account)
    peers = Studies(ctx, "peer", names, lambda known, taken: chosen(known, taken, MOST if names else PER_TIER))
    due = peers.due(_PEERS_A_RUN)
    done, error = attempt(ctx, due, peers.read, peers.fail)
    findings = learn_patterns(ctx)
    if peers.counts["seen"] or peers.counts["opted_out"]:
        return Done({"read": done, **peers.counts, "findings": findings})
    if error is not None and not done:
        return ending(error)
    return Nothing(f"{len(due)} peers showed no post" if due else "no account is known yet that could be a peer")


class _Library:
    """One run of the searches: what it may add yet, and what it came to."""

    def __init__(self, ctx: JobContext) -> None:
        self._ctx = ctx
        cursor, yields, size = ctx.database.transact(
            [
                Statement("cursor_of", {"consumer": _LIBRARY}),
                Statement("last_searches", {"consumer": _LIBRARY, "since": ctx.now() - _MEMORY}),
                Statement("library_size", {}),
            ]
        )
        self._position = cursor[0]["position"] if cursor else 0
        self._yields = {row["query"]: Yield(row["min_likes"], row["seen"], row["kept"]) for row in yields}
        self._places = places(size[0]["posts"])
        self.counts = {"seen": 0, "kept": 0}

    def turns(self) -> Iterator[Turn]:
        """Yield the searches of this run; with its places filled it makes no other, which then has the next turn."""
        for turn in searches(self._position):
            if self.counts["kept"] < self._places:
                yield turn

    def search(self, turn: Turn) -> None:
        """Make one search and keep the first of what it shows, as far as there are places."""
        ctx, account = self._ctx, self._ctx.config.platform.account
        query, likes = search_of(turn, self._yields, account, ctx.now().date())
        reading: SearchReading = ctx.browser.visit(SearchPosts(query=query, latest=False, limit=PAGE, account=account))
        posts = reading.posts[: self._places - self.counts["kept"]]
        kept = keep(ctx, "viral", posts, beside=[self._moved(turn)])
        funnel = Funnel(reading.seen, len(reading.posts), 0, 0, kept)
        row = {"consumer": _LIBRARY, "query": turn.name, "min_likes": likes, "now": ctx.now(), **asdict(funnel)}
        ctx.database.transact([Statement("insert_search", row)])
        self.counts["seen"] += reading.seen
        self.counts["kept"] += kept

    def pass_over(self, turn: Turn, _: Exception) -> None:
        """Let the rotation go on behind a search that failed."""
        self._ctx.database.transact([self._moved(turn)])

    def _moved(self, turn: Turn) -> Statement:
        return Statement("move_cursor", {"consumer": _LIBRARY, "position": turn.place + 1, "now": self._ctx.now()})
