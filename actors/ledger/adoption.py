"""Adoption: posts of ours that no receipt explains, and how to be certain that none of them is on its way.

What is on its way belongs to the run that publishes it: a post that says the words of a decision which is claimed,
being published or in doubt is nobody else's. The order in which one looks is what makes that certain: first at the
posts, then at what is on its way, then at the receipts. A post that was seen was clicked before; when one looks for its
decision after that, it is still on its way or its receipt is written.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, TypeVar

from actors.domain.recovery.matching import Standing
from actors.domain.text import normalise
from actors.ledger.receipt import adopt

if TYPE_CHECKING:
    from collections.abc import Iterable

    from actors.job import JobContext

    AnyPost = TypeVar("AnyPost", bound=Standing)

REMEMBERED = timedelta(days=60)
"""How far back receipts are compared with posts."""


def unexplained(ctx: JobContext, posts: Iterable[AnyPost]) -> list[AnyPost]:
    """Return those posts, read before this call, that no receipt explains and that are not on their way."""
    under_way = {normalise(part) for row in ctx.database.all("live_texts") for part in row["parts"]}
    receipted = {row["tweet_id"] for row in ctx.database.all("receipted_ids", since=ctx.now() - REMEMBERED)}
    return [post for post in posts if post.id not in receipted and normalise(post.text) not in under_way]


def adopt_seen(ctx: JobContext, posts: Iterable[Standing]) -> int:
    """Take posts that our timeline shows and no receipt explains into the checks; return how many were new.

    Beside a run that publishes only those of `unexplained`.
    """
    return sum(_adopt(ctx, post) for post in posts)


def lane_of(answered: str, account: str) -> str:
    """Return the lane whose caps a post of ours counts in, by whom it answers: "none" for an answer to ourselves."""
    if not answered:
        return "content"
    return "none" if answered.lower() == account.lower() else "reply"


def _adopt(ctx: JobContext, post: Standing) -> bool:
    answered = (post.replying_to or "").lower()
    return adopt(ctx, post.id, post.text, lane_of(answered, ctx.config.platform.account), answered)
