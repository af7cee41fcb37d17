"""Wishes: whoever asks to be left alone, wherever we read it, is left alone from then on."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from actors.domain.optout import handle_of, wish_of

if TYPE_CHECKING:
    from actors.job import JobContext

logger = logging.getLogger(__name__)


def heed(ctx: JobContext, author: str, text: str, tweet_id: str, by: str) -> bool:
    """Note the wish of a post, if it is one; return whether it was, and new. `by` is who is written down for it."""
    wish, handle = wish_of(text), handle_of(author)
    if wish is None or not handle or author.lower() == ctx.config.platform.account.lower():
        return False
    if not ctx.database.all("heed_wish", handle=handle, reason=wish.value, now=ctx.now(), by=by):
        return False
    logger.info(
        "@%s has opted out and gets no replies",
        handle,
        extra={"action": "opted_out", "handle": handle, "wish": wish.value, "tweet": tweet_id},
    )
    return True
