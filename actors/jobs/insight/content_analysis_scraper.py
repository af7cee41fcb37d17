"""Find out what is in the news about our topics, and by what the strongest posts of others work."""

from __future__ import annotations

import logging
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from actors.domain.insight.agreement import Standing
from actors.domain.insight.depth import FIELDS, Analysed, findings_of, strongest
from actors.domain.insight.news import KINDS, LEAST_FRESHNESS, LEAST_SCORE, OLDEST, freshness
from actors.domain.insight.news_searches import LIMIT, query_of, turns
from actors.domain.pace import ending, is_wall
from actors.domain.priority import Priority
from actors.domain.taxonomy import TOPICS
from actors.errors import AppError, PermanentError, TransientError
from actors.insight.intelligence import statements
from actors.insight.labels import MOST_TRIES, label, standings
from actors.insight.posts import figures_of, is_among_strangers, keep
from actors.insight.reports import curate, score_of, tell_trends
from actors.job import Done, JobContext, Nothing, Outcome, job
from actors.pages.search import SearchPosts
from actors.sql.queries import Statement
from actors.stages import run_stages

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from actors.domain.insight.news_searches import Search

logger = logging.getLogger(__name__)

_NEWS, _DEEP = "news_scraping", "vi_deep_analysis"
_NEWS_FIELDS = {"topic": tuple(TOPICS), "kind": KINDS}
_VERSION = 1
"""Of both vocabularies."""
_MOST_LABELLED = 40
"""Posts a run shows to the model, in two calls if none was put off."""
_NEWS_LAST, _DEPTH_LASTS = timedelta(hours=18), timedelta(hours=36)
"""Longer than until the stage looks again; old news is none."""
_CANDIDATES = 600
_MEMORY = timedelta(days=60)
_REMEMBERED = 2000

Row = dict[str, Any]


@job(priority=Priority.P3, uses=("browser", "database", "openai"), stages=(_NEWS, _DEEP))
def content_analysis_scraper(ctx: JobContext) -> Outcome:
    """Look for news (stage `news_scraping`) and look into strong posts (`vi_deep_analysis`), which needs no page."""
    return run_stages(ctx, {_NEWS: _scrape_news, _DEEP: _analyse})


def _scrape_news(ctx: JobContext) -> Outcome:
    """Make the next searches, have what they found labelled, and tell which topics are in the news.

    What an earlier run left is curated, too, even if no search can be made; what went wrong is told in the end.
    """
    if is_among_strangers(ctx):
        return Nothing("on a live platform no stranger is looked for")
    searches, found, trouble = _search(ctx)
    # Where no page can be read the day's news are unknown, but the labeller may still work, and the other way round.
    now = ctx.now()
    waiting = [
        row
        for row in ctx.database.all("news_to_label", consumer=_NEWS, since=now - OLDEST, tries=MOST_TRIES)
        if freshness(now - row["posted_at"]) >= LEAST_FRESHNESS and score_of(row) >= LEAST_SCORE
    ]
    chosen = sorted(waiting, key=lambda row: (-freshness(now - row["posted_at"]), -score_of(row)))[:_MOST_LABELLED]
    counts, error = _label(ctx, _NEWS, chosen, _NEWS_FIELDS)
    labelled: Iterable[Row] = ()
    if not _dropped(ctx, _NEWS, _NEWS_FIELDS):
        labelled = ctx.database.all("news_labelled", consumer=_NEWS, version=_VERSION, since=now - OLDEST)
    curated = curate(ctx, labelled)
    trending = tell_trends(ctx, lasts=_NEWS_LAST)
    logger.info(
        "%d topics are in the news",
        len(trending),
        extra={"action": "news_told", "topics": {each.topic: each.score for each in trending}},
    )
    if error is not None:
        raise error
    if trouble is not None and not searches:
        return ending(trouble)
    return Done({"searches": searches, "found": found, **counts, "curated": curated, "trending": len(trending)})


def _search(ctx: JobContext) -> tuple[int, int, Exception | None]:
    """Make the next searches; return how many were made, how many posts were new, and what kept the last one away."""
    cursor = ctx.database.one("cursor_of", consumer=_NEWS)
    made, found = 0, 0
    error: Exception | None = None
    for place, search in turns(cursor["position"] if cursor is not None else 0):
        if made and not ctx.has_time():
            break
        moved = Statement("move_cursor", {"consumer": _NEWS, "position": place + 1, "now": ctx.now()})
        try:
            found += _make(ctx, search, moved)
            made += 1
        except (TransientError, PermanentError) as raised:
            logger.warning(
                "a search failed", extra={"action": "search_failed", "query": search.name, "data": str(raised)}
            )
            error = raised
            if is_wall(raised):
                break
            ctx.database.transact([moved])
    return made, found, error


def _make(ctx: JobContext, search: Search, moved: Statement) -> int:
    oldest = ctx.now() - OLDEST
    query = query_of(search, oldest.date())
    account = ctx.config.platform.account
    reading = ctx.browser.visit(SearchPosts(query=query, latest=search.is_latest, limit=LIMIT, account=account))
    posts = [post for post in reading.posts if post.created_at > oldest and post.replying_to is None]
    return keep(ctx, search.lane, posts, beside=[moved])


def _analyse(ctx: JobContext) -> Outcome:
    """Have the strongest posts labelled that were not, and tell what those of a kind have in common.

    A post of which the model said nothing is not done: it is shown again with a later run.
    """
    since = ctx.now() - ctx.config.insight.text_kept
    rows = ctx.database.all("posts_to_analyse", consumer=_DEEP, since=since, tries=MOST_TRIES, limit=_CANDIDATES)
    waiting = {row["tweet_id"]: row for row in rows if not row["is_done"]}
    strong = strongest({row["tweet_id"]: figures_of(row) for row in rows})
    best = [waiting[tweet_id] for tweet_id in strong if tweet_id in waiting][:_MOST_LABELLED]
    counts, error = _label(ctx, _DEEP, best, FIELDS)
    known = ctx.database.all(
        "posts_analysed", consumer=_DEEP, version=_VERSION, since=ctx.now() - _MEMORY, limit=_REMEMBERED
    )
    findings = findings_of([Analysed(**row) for row in known], standings(ctx, _DEEP, FIELDS, _VERSION))
    ctx.database.transact(statements("deep", findings, ctx, lasts=_DEPTH_LASTS))
    if error is not None:
        raise error
    return Done({"strong": len(best), **counts, "findings": len(findings)})


def _label(
    ctx: JobContext, consumer: str, rows: Sequence[Row], fields: Mapping[str, Sequence[str]]
) -> tuple[dict[str, int], AppError | None]:
    """Have posts labelled; return counts, and what went wrong."""
    try:
        done = label(ctx, consumer, [(row["tweet_id"], row["author"], row["text"]) for row in rows], fields, _VERSION)
    except AppError as error:
        return {"labelled": 0, "refused": 0}, error
    return {"labelled": done.posts - done.blank, "refused": done.refused}, done.error


def _dropped(ctx: JobContext, consumer: str, fields: Mapping[str, Sequence[str]]) -> bool:
    """Tell whether the labeller does not agree with itself on one of the fields; nothing may rest on it then."""
    return Standing.DROPPED in standings(ctx, consumer, fields, _VERSION).values()
