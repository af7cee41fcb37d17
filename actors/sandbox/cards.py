"""Cards: everything a page shows of a post or an account, worded, so that the page's scripts only fill in templates."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from actors.sandbox.figures import abbreviated, age, api_date, counted, exact, full_date
from actors.sandbox.world import World, iso

if TYPE_CHECKING:
    from actors.sandbox.post import Account, Counts, Post
    from actors.sandbox.timelines import Entry

Card = dict[str, Any]

_FOLLOWERS_EXACT_BELOW = 10_000
"""Followers are written in full up to here, counts of posts only up to 1,000."""


def post_card(world: World, entry: Entry) -> Card:
    """Describe one card of a timeline; a quoted post comes inside, without counts."""
    post = entry.post
    counts = world.counts(post)
    quoted = world.post(post.quotes) if post.quotes else None
    return {
        **_face(world, post),
        "context": entry.context,
        "isFocal": entry.is_focal,
        "isPromoted": post.is_promoted,
        "replyingTo": _replying_to(world, post),
        "quoted": _face(world, quoted) if quoted else None,
        "actions": _actions(counts),
        "actionsLabel": _actions_label(counts),
        "viewsLabel": counted(counts.views, "view", "views"),
        "viewsLine": [abbreviated(counts.views), "View" if counts.views == 1 else "Views"],
        "isLiked": world.marked("like", post.id),
        "isReposted": world.marked("repost", post.id),
        "isBookmarked": world.marked("bookmark", post.id),
    }


def account_card(account: Account) -> Card:
    """Describe the head of a profile."""
    followers = account.followers or 0
    return {
        **_name(account),
        "bio": account.bio,
        "followers": abbreviated(followers, _FOLLOWERS_EXACT_BELOW),
        "followersNoun": "Follower" if followers == 1 else "Followers",
        "following": exact(account.following),
    }


def follower_card(account: Account) -> Card:
    """Describe one cell of a list of accounts."""
    return {**_name(account), "bio": account.bio}


def path_of(post: Post) -> str:
    """Tell the address of a post's own page."""
    return f"/{post.author}/status/{post.id}"


def created(post: Post) -> dict[str, Any]:
    """Answer a create call."""
    legacy = {
        "id_str": post.id,
        "full_text": post.text,
        "created_at": api_date(post.created_at),
        "in_reply_to_status_id_str": post.in_reply_to,
    }
    return {"data": {"create_tweet": {"tweet_results": {"result": {"rest_id": post.id, "legacy": legacy}}}}}


def _face(world: World, post: Post) -> Card:
    author = world.account_of(post.author)
    if author is None:
        raise LookupError(f"post {post.id} has no author")
    return {
        **_name(author),
        "id": post.id,
        "path": path_of(post),
        "text": post.text,
        "lang": post.lang,
        "datetime": iso(post.created_at),
        "age": age(post.created_at, world.now()),
        "date": full_date(post.created_at),
    }


def _name(account: Account) -> Card:
    return {
        "handle": account.handle,
        "name": account.name,
        "initial": account.name.removeprefix("The ")[0],
        "tone": sum(account.handle.encode()) % 8,
    }


def _replying_to(world: World, post: Post) -> str:
    parent = world.post(post.in_reply_to) if post.in_reply_to else None
    return parent.author if parent else ""


def _actions(counts: Counts) -> dict[str, list[str]]:
    """Label and visible number by action: the label is exact and has no digit for zero, the number is short."""
    nouns = {
        "reply": (counts.replies, "Reply", "Replies"),
        "repost": (counts.reposts, "Repost", "Reposts"),
        "like": (counts.likes, "Like", "Likes"),
        "bookmark": (counts.bookmarks, "Bookmark", "Bookmarks"),
        "views": (counts.views, "View", "Views"),
    }
    return {
        action: [f"{counted(number, one, many)}. {one}" if number else one, abbreviated(number) if number else ""]
        for action, (number, one, many) in nouns.items()
    }


def _actions_label(counts: Counts) -> str:
    """List all counts that are not zero in one string: "12 replies, 3 reposts, 40 likes, 900 views"."""
    parts = (
        (counts.replies, "reply", "replies"),
        (counts.reposts, "repost", "reposts"),
        (counts.likes, "like", "likes"),
        (counts.bookmarks, "bookmark", "bookmarks"),
        (counts.views, "view", "views"),
    )
    return ", ".join(counted(number, one, many) for number, one, many in parts if number)
