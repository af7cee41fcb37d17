"""Which posts appear where, in which order: home, profiles, conversations, search."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from actors.sandbox.search_query import Query

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from datetime import datetime

    from actors.sandbox.post import Post, Repost

_INDEX_LAG = timedelta(seconds=10)
"""Schedule time until a new post appears anywhere but on its own page."""

_INDEX_LAG_REAL_S = 0.3
"""The same at least, in real seconds, so that a fast clock does not abolish the lag."""

_AD_EVERY = 14


@dataclass(frozen=True, slots=True)
class Entry:
    """One card of a timeline and the line above it."""

    post: Post
    context: str = ""
    is_focal: bool = False


def indexed(posts: Iterable[Post], now: datetime, speed: float) -> list[Post]:
    """Leave out what the timelines do not know yet."""
    known_until = now - max(_INDEX_LAG, timedelta(seconds=_INDEX_LAG_REAL_S * speed))
    return [post for post in posts if post.created_at <= known_until]


def home(posts: list[Post]) -> list[Entry]:
    """Everybody's posts, newest first, no replies, with a promoted one now and then."""
    roots = [Entry(post) for post in _newest_first(posts) if post.in_reply_to is None and not post.is_promoted]
    return _with_ads(roots, posts)


def profile(
    handle: str, name: str, posts: list[Post], reposts: Iterable[Repost], *, with_replies: bool = False
) -> list[Entry]:
    """List an account's pinned post, then its posts and reposts, newest first.

    With replies there is no pinned post, and each reply follows its parent.
    """
    by_id = {post.id: post for post in posts}
    own = [post for post in posts if post.author == handle and not post.is_promoted]
    dated = [(post.created_at, [Entry(post)]) for post in own if post.in_reply_to is None]
    if with_replies:
        dated += [(post.created_at, [*_parent(post, by_id), Entry(post)]) for post in own if post.in_reply_to]
    passed_on = [repost for repost in reposts if repost.by == handle and repost.of in by_id]
    dated += [(repost.at, [Entry(by_id[repost.of], f"{name} reposted")]) for repost in passed_on]
    dated.sort(key=lambda pair: pair[0], reverse=True)
    pinned = [] if with_replies else [Entry(post, "Pinned") for post in own if post.is_pinned]
    return pinned + [entry for _, entries in dated for entry in entries if with_replies or not _is_pinned(entry)]


def conversation(focal: Post, posts: list[Post]) -> list[Entry]:
    """The posts that one answers, from the first on, then itself, then the answers to it."""
    by_id = {post.id: post for post in posts}
    above: list[Entry] = []
    parent = by_id.get(focal.in_reply_to or "")
    while parent is not None:
        above.insert(0, Entry(parent))
        parent = by_id.get(parent.in_reply_to or "")
    below = [Entry(post) for post in posts if post.in_reply_to == focal.id]
    return [*above, Entry(focal, is_focal=True), *below]


def search(text: str, posts: list[Post], likes_of: Callable[[Post], int], *, is_latest: bool) -> list[Entry]:
    """What matches, newest first or most liked first, with a promoted post now and then, which matches nothing."""
    query = Query.parse(text)
    by_id: dict[str, Post] = {}

    def addressee(post: Post) -> str:
        if not by_id:
            by_id.update((other.id, other) for other in posts)
        parent = by_id.get(post.in_reply_to or "")
        return parent.author.lower() if parent else ""

    found = [post for post in posts if not post.is_promoted and query.fits(post, addressee)]
    if query.min_likes or not is_latest:
        likes = {post.id: likes_of(post) for post in found}
        found = [post for post in found if likes[post.id] >= query.min_likes]
    found = _newest_first(found)
    if not is_latest:
        found.sort(key=lambda post: likes[post.id], reverse=True)
    return _with_ads([Entry(post) for post in found], posts)


def _with_ads(entries: list[Entry], posts: list[Post]) -> list[Entry]:
    promoted = [Entry(post) for post in posts if post.is_promoted]
    for place in range(3, len(entries) if promoted else 0, _AD_EVERY):
        entries.insert(place, promoted[place % len(promoted)])
    return entries


def _newest_first(posts: Iterable[Post]) -> list[Post]:
    return sorted(posts, key=lambda post: post.created_at, reverse=True)


def _parent(post: Post, by_id: dict[str, Post]) -> list[Entry]:
    parent = by_id.get(post.in_reply_to or "")
    return [Entry(parent)] if parent else []


def _is_pinned(entry: Entry) -> bool:
    return entry.post.is_pinned and not entry.context
