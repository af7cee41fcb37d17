"""Posts of others that are studied: what is kept of them, and of whom nothing is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from actors.domain.harvest.funnel import authors_of
from actors.domain.harvest.queries import answers_only_who_addressed_us
from actors.domain.insight.features import clean, features_of
from actors.domain.insight.peers import named
from actors.domain.insight.reach import Figures
from actors.domain.rules import PLATFORMS
from actors.sql.queries import Statement

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from actors.job import JobContext
    from actors.pages.search import FoundPost

Lane = Literal["viral", "peer", "competitor", "news", "research"]


def is_among_strangers(ctx: JobContext) -> bool:
    """Say whether the platform is one on which nobody is looked at whom the operator does not name."""
    return answers_only_who_addressed_us(PLATFORMS[ctx.config.platform.name])


def keep(
    ctx: JobContext,
    lane: Lane,
    posts: Iterable[FoundPost],
    *,
    followers: Mapping[str, int | None] | None = None,
    beside: Iterable[Statement] = (),
) -> int:
    """Keep posts under a lane and return how many were new to it; one that is known gets its newest counts.

    Nothing is kept of ourselves, of whoever opted out, of a post without words, and on a live platform of anybody whom
    the operator does not name.

    Args:
        ctx: of the run.
        lane: by which way they were found.
        posts: as a page showed them.
        followers: of their authors by folded handle, as far as known.
        beside: further statements of the same transaction, such as a cursor's move.
    """
    found = [post for post in posts if clean(post.text).strip()]
    wanted = set(authors_of(found))
    opted_out = ctx.database.all("opted_out_among", handles=sorted(wanted))
    wanted -= {row["handle"] for row in opted_out} | {ctx.config.platform.account.casefold()}
    if is_among_strangers(ctx):
        studied = ctx.config.insight
        wanted &= set(named([*studied.peers, *studied.competitors], ctx.config.platform.account))
    folded = [(post.author.casefold(), post) for post in found]
    rows = [_row(post, followers or {}) for writer, post in folded if writer in wanted]
    kept, *_ = ctx.database.transact(
        [Statement("keep_external", {"lane": lane, "rows": rows, "now": ctx.now()}), *beside]
    )
    return sum(row["is_new"] for row in kept)


def _row(post: FoundPost, followers: Mapping[str, int | None]) -> dict[str, Any]:
    author, text = post.author.casefold(), clean(post.text)
    return {
        "tweet_id": str(post.id),
        "author": author,
        "followers": followers.get(author),
        "text": text,
        "features": features_of(text).record(),
        "posted_at": post.created_at.isoformat(),
        "views": post.views,
        "likes": post.likes,
        "reposts": post.reposts,
        "replies": post.replies,
    }


def figures_of(row: Mapping[str, Any]) -> Figures:
    """Return how a post did, by a row of its counts and of its author's followers."""
    return Figures(row["followers"], row["views"], row["likes"], row["reposts"], row["replies"])
