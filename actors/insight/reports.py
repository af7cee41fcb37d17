"""Reports: what was made of the news, and that each of them is taken up by one post only."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from actors.domain.insight.news import (
    DAY,
    OLDEST,
    Report,
    credibility,
    findings_of,
    freshness,
    has_study,
    is_outlet,
    trends,
    viral_score,
)
from actors.insight.intelligence import statements
from actors.sql.queries import Statement

if TYPE_CHECKING:
    import uuid
    from collections.abc import Iterable
    from datetime import timedelta

    from actors.domain.insight.finding import Finding
    from actors.domain.insight.news import Trend
    from actors.job import JobContext

Row = dict[str, Any]


def score_of(row: Row) -> float:
    """Return the viral score of a post's row."""
    return viral_score(row["likes"], row["reposts"], row["replies"])


def curate(ctx: JobContext, rows: Iterable[Row]) -> int:
    """Keep labelled posts as reports and return how many are new; one that is known gets its newest figures.

    Of a post nothing is kept but its topic, its kind and numbers. Reports older than seven days are deleted.

    Args:
        ctx: of the run.
        rows: posts with `topic` and `kind`, as the query `news_labelled` gives them.
    """
    now = ctx.now()
    kept = []
    for row in rows:
        score = score_of(row)
        is_believed = credibility(score, is_outlet=is_outlet(row["author"]), has_study=has_study(row["text"]))
        item = {"tweet_id": row["tweet_id"], "topic": row["topic"], "kind": row["kind"], "credibility": is_believed}
        when = {"posted_at": row["posted_at"].isoformat(), "freshness": freshness(now - row["posted_at"])}
        kept.append({**item, **when, "score": score})
    found = ctx.database.all("keep_news", rows=kept, now=now)
    return sum(row["is_new"] for row in found)


def tell_trends(ctx: JobContext, *, lasts: timedelta) -> tuple[Trend, ...]:
    """Replace what the planner knows of the news by what is in the news now, and return that."""
    now = ctx.now()
    reports = [Report(**row) for row in ctx.database.all("news_since", since=now - 2 * DAY)]
    found = trends(reports, now)
    ctx.database.transact(statements("news", findings_of(found), ctx, lasts=lasts))
    return found


def taking_up(ctx: JobContext, decision_id: uuid.UUID, news: Finding) -> list[Statement]:
    """Return what is written with a decision that takes up the news of a topic.

    All reports of it that are to be believed are used by this decision, and the topic is in the news no longer: new
    ones have to bring it back.
    """
    topic = dict(news.kind)["topic"]
    used = {"decision_id": decision_id, "topic": topic, "since": ctx.now() - OLDEST}
    return [Statement("take_up_news", used), Statement("drop_finding", {"source": news.source, "key": news.key})]
