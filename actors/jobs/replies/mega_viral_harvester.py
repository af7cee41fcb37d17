"""Find posts that are worth an answer, and keep why the others are not."""

from __future__ import annotations

import logging
import uuid
from dataclasses import asdict
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pydantic

from actors.domain.budget import MoneyLane
from actors.domain.harvest.funnel import Found, Funnel, Sieve, addresses, authors_of, kept_text, sift
from actors.domain.harvest.judgement import Judgement, judge_messages, judge_tokens, judgements
from actors.domain.harvest.queries import (
    LIMIT,
    YOUNG,
    Turn,
    Yield,
    answers_only_who_addressed_us,
    is_pool_low,
    min_likes,
    places,
    query_of,
    turns,
)
from actors.domain.harvest.tiers import score_of, tier_of
from actors.domain.pace import ending, is_wall
from actors.domain.priority import Priority
from actors.domain.recognition import topic_of
from actors.domain.rules import PLATFORMS
from actors.domain.tuning.knob import SEARCHES
from actors.errors import AppError, PermanentError, TransientError
from actors.job import Done, JobContext, Nothing, Outcome, job
from actors.pages.search import SearchPosts
from actors.sql.queries import Statement
from actors.tuning.knobs import value

if TYPE_CHECKING:
    from collections.abc import Sequence

    from actors.domain.harvest.funnel import Sifted
    from actors.pages.search import FoundPost

logger = logging.getLogger(__name__)

_CONSUMER = "mega_viral_harvester"
_MEMORY = timedelta(days=14)
"""How long the yield of a search says what the next one brings."""
_BEST_ACCOUNTS = 20
_DRY_RUNS = 3

Row = dict[str, Any]


class Score(pydantic.BaseModel):
    """The judge's word on one post."""

    model_config = pydantic.ConfigDict(extra="forbid")

    number: int
    score: float


class Scores(pydantic.BaseModel):
    """The judge's answer."""

    model_config = pydantic.ConfigDict(extra="forbid")

    scores: list[Score]


@job(priority=Priority.P1, uses=("browser", "database", "openai"), covers=("mega_viral_harvester",))
def mega_viral_harvester(ctx: JobContext) -> Outcome:
    """Fill the pool of posts to be answered by the next searches of an endless rotation, one errand each.

    Each search leaves its funnel, what it kept, what the model turned down, and the rotation's next place, all in one
    transaction. A search that fails loses its turn, so that none holds up those behind it; a wall ends the run. Overdue
    posts expire; a row that anything refers to is never deleted.
    """
    now, settings = ctx.now(), ctx.config.replies
    expired, _, (pool,) = ctx.database.transact(
        [
            Statement("expire_opportunities", {"now": now}),
            Statement("prune_opportunities", {"now": now}),
            Statement("pool_size", {"now": now, "young": now - YOUNG}),
        ]
    )
    usual = value(ctx, SEARCHES)
    searches = places(pool["pending"], pool["young"], usual, settings.pool_target)
    if not searches:
        return Nothing(f"{pool['pending']} posts are ready to be answered, {pool['young']} of them young")
    harvest = _Harvest(ctx)
    total, made = Funnel(), 0
    error: Exception | None = None
    for number, turn in enumerate(harvest.turns(pool["pending"], searches)):
        if number and not ctx.has_time():
            break
        try:
            total += harvest.search(turn)
            made += 1
        except (TransientError, PermanentError) as raised:
            logger.warning(
                "a search failed", extra={"action": "search_failed", "query": turn.name, "data": str(raised)}
            )
            error = raised
            if is_wall(raised):
                break
            harvest.pass_over(turn)
        if pool["pending"] + total.kept >= settings.pool_target:
            break
    if not made and error is not None:
        return ending(error)
    if not total.kept:
        harvest.warn_if_dry(usual * _DRY_RUNS)
        return Nothing(f"{made} searches found nothing to answer: {total}")
    return Done({"searches": made, **asdict(total), "by_words": harvest.by_words, "expired": len(expired)})


class _Harvest:
    """What one run works with: the rotation's place, the yields of earlier searches, and whom the platform allows."""

    def __init__(self, ctx: JobContext) -> None:
        self._ctx = ctx
        self._account = ctx.config.platform.account
        self._only_addressed = answers_only_who_addressed_us(PLATFORMS[ctx.config.platform.name])
        cursor, yields, accounts = ctx.database.transact(
            [
                Statement("cursor_of", {"consumer": _CONSUMER}),
                Statement("last_searches", {"consumer": _CONSUMER, "since": ctx.now() - _MEMORY}),
                Statement("best_accounts", {"limit": _BEST_ACCOUNTS}),
            ]
        )
        self._position = cursor[0]["position"] if cursor else 0
        self._yields = {row["query"]: Yield(row["min_likes"], row["seen"], row["kept"]) for row in yields}
        self._authors = [row["handle"] for row in accounts]
        self.by_words = 0

    def turns(self, pool: int, searches: int) -> tuple[Turn, ...]:
        """Return the searches of this run."""
        return turns(
            self._position,
            searches,
            is_low=is_pool_low(pool, self._ctx.config.replies.pool_minimum),
            authors=self._authors,
            only_addressed=self._only_addressed,
        )

    def search(self, turn: Turn) -> Funnel:
        """Make one search and keep what is worth it; return how many posts came how far."""
        ctx, settings = self._ctx, self._ctx.config.replies
        likes = min_likes(turn, self._yields)
        since = (ctx.now() - settings.opportunity_age).date()
        query = query_of(turn, likes, account=self._account, since=since)
        # The newest first: an early answer is worth most, and how much liked a post must be is in the query.
        reading = ctx.browser.visit(SearchPosts(query=query, latest=True, limit=LIMIT, account=self._account))
        sifted = self._sift(reading.posts)
        verdicts = self._judge([post.text for post in sifted.fit])
        rows = [self._row(post, verdict) for post, verdict in zip(sifted.fit, verdicts, strict=True)]
        kept = [row for row in rows if row["status"] == "pending"]
        funnel = Funnel(reading.seen, sifted.parsed, sifted.aged, len(rows) - len(kept), len(kept))
        # What the model turned down is not judged again. Words cost nothing, and the model may know better next time.
        stored = [row for row in rows if row["status"] == "pending" or row["judged_by"] == "model"]
        authors = [row["author"].casefold() for row in kept]
        ctx.database.transact(
            [
                Statement("insert_opportunities", {"rows": stored, "now": ctx.now(), "query": turn.name}),
                Statement("note_accounts", {"handles": authors, "found_by": "harvest", "now": ctx.now()}),
                Statement(
                    "insert_search",
                    {"consumer": _CONSUMER, "query": turn.name, "min_likes": likes, "now": ctx.now(), **asdict(funnel)},
                ),
                self._moved(turn),
            ]
        )
        self.by_words += sum(row["judged_by"] == "words" for row in kept)
        logger.info(
            "search %s: %s",
            turn.name,
            funnel,
            extra={
                "action": "harvested",
                "query": query,
                "seen": funnel.seen,
                "parsed": funnel.parsed,
                "aged": funnel.aged,
                "judged_out": funnel.judged_out,
                "kept": funnel.kept,
            },
        )
        return funnel

    def pass_over(self, turn: Turn) -> None:
        """Let the rotation go on behind a search that failed."""
        self._ctx.database.transact([self._moved(turn)])

    def warn_if_dry(self, many: int) -> None:
        """Say so when `many` searches in a row have kept nothing."""
        row = self._ctx.database.one("dry_searches", consumer=_CONSUMER)
        if row is not None and row["searches"] >= many:
            logger.warning(
                "%d searches in a row found nothing to answer",
                row["searches"],
                extra={"action": "harvest_dry", "searches": row["searches"]},
            )

    def _moved(self, turn: Turn) -> Statement:
        return Statement("move_cursor", {"consumer": _CONSUMER, "position": turn.place + 1, "now": self._ctx.now()})

    def _sift(self, posts: Sequence[FoundPost]) -> Sifted:
        known, opted_out = self._ctx.database.transact(
            [
                Statement("known_opportunities", {"tweet_ids": [post.id for post in posts]}),
                Statement("opted_out_among", {"handles": list(authors_of(posts))}),
            ]
        )
        sieve = Sieve(
            now=self._ctx.now(),
            age=self._ctx.config.replies.opportunity_age,
            account=self._account,
            opted_out={row["handle"] for row in opted_out},
            known={row["tweet_id"] for row in known},
            only_addressed=self._only_addressed,
        )
        return sift(posts, sieve)

    def _judge(self, texts: Sequence[str]) -> list[Judgement]:
        """Return the model's judgement of each text, or that of words where it gives none.

        It spends the replies' money, which is the family's: from the analysis' it would be the first to stop, and
        every answer after that would go to what words alone let through.
        """
        if not texts:
            return []
        try:
            answer = self._ctx.openai.complete(
                judge_messages(texts, uuid.uuid4().hex[:16]),
                Scores,
                lane=MoneyLane.REPLIES,
                purpose=_CONSUMER,
                temperature=0.0,
                max_tokens=judge_tokens(len(texts)),
            )
        except AppError as error:
            logger.warning("the judge gave no answer", extra={"action": "judge_failed", "data": str(error)})
            return judgements(texts, ())
        return judgements(texts, [(score.number, score.score) for score in answer.scores])

    def _row(self, post: Found, verdict: Judgement) -> Row:
        settings = self._ctx.config.replies
        is_to_us = addresses(post.text, self._account)
        # Who speaks to us is answered whatever he speaks of.
        is_kept = is_to_us or verdict.relevance >= settings.relevance
        reason = f"relevance {verdict.relevance:g} of at least {settings.relevance:g}, said by {verdict.judged_by}"
        return {
            "tweet_id": post.id,
            "author": post.author,
            "addressed_us": is_to_us,
            "text": kept_text(post.text) if is_kept else "",
            "topic": topic_of(post.text) or "",
            "posted_at": post.created_at.isoformat(),
            "views": post.views,
            "likes": post.likes,
            "replies": post.replies,
            "tier": tier_of(post.likes),
            "relevance": verdict.relevance,
            "judged_by": verdict.judged_by,
            "score": score_of(post.likes, post.replies, verdict.judged_by),
            "status": "pending" if is_kept else "rejected",
            "reason": "" if is_kept else reason,
            "expires_at": (post.created_at + settings.opportunity_age).isoformat(),
        }
