"""The site's JSON API, the one its own pages use: operations by name under `/i/api/graphql/{hash}/`."""

from __future__ import annotations

import json
import logging
import re
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from actors.sandbox.cards import account_card, created, follower_card, path_of, post_card
from actors.sandbox.exchange import Request, Response, answer
from actors.sandbox.faults import Fault, FaultBoard, Occasion
from actors.sandbox.session import is_operated
from actors.sandbox.timelines import Entry, conversation, home, indexed, profile, search
from actors.sandbox.world import RATE_LIMITED, RefusedError, World

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping

    from actors.sandbox.post import Post

logger = logging.getLogger(__name__)

_PAGE_SIZE = 12
_FOLLOWERS_PAGE = 20

_CURSOR = re.compile(r"\d{10,14}-\d{1,9}")
"""Epoch milliseconds of the first page, and where the next one starts."""

_OCCASIONS = {"CreateTweet": Occasion.CREATE, "TweetDetail": Occasion.DETAIL}
"""All others are of the kind `API`."""

_MARKS = {
    "FavoriteTweet": ("like", True),
    "UnfavoriteTweet": ("like", False),
    "CreateRetweet": ("repost", True),
    "DeleteRetweet": ("repost", False),
    "CreateBookmark": ("bookmark", True),
    "DeleteBookmark": ("bookmark", False),
}

Variables = dict[str, Any]


class Api:
    """Serve the operations; the hash in their path is not looked at, as it changes with every release of a site."""

    def __init__(self, world: World, faults: FaultBoard, speed: float) -> None:
        self._world = world
        self._faults = faults
        self._speed = speed
        self._queries: dict[str, Callable[[Variables], dict[str, Any]]] = {
            "HomeTimeline": self._home,
            "UserTweets": self._profile,
            "UserTweetsAndReplies": self._profile_with_replies,
            "SearchTimeline": self._search,
            "Followers": self._followers,
        }
        self._for_members = {"HomeTimeline", "SearchTimeline", "Followers", "CreateTweet", *_MARKS}

    def serve(self, operation: str, request: Request) -> Response:
        """Answer one operation of the API."""
        is_member = is_operated(request)
        faults = self._faults.spend(_OCCASIONS.get(operation, Occasion.API)) if is_member else {}
        if "http_429" in faults:
            return _errors(RATE_LIMITED, "Rate limit exceeded", 429)
        is_member = is_member and "logged_out" not in faults
        if operation in self._for_members and not is_member:
            return _errors(32, "Could not authenticate you.", 401)
        try:
            variables = _variables(request)
        except ValueError:
            return _errors(214, "Bad request.", 400)
        if operation == "TweetDetail" and request.method == "GET":
            return answer({"data": self._detail(variables, faults)})
        if operation in self._queries and request.method == "GET":
            return answer({"data": self._queries[operation](variables)})
        if operation == "CreateTweet" and request.method == "POST":
            return self._create(variables, faults)
        if operation in _MARKS and request.method == "POST":
            return self._mark(operation, variables)
        return _errors(34, "Sorry, that page does not exist.", 404)

    def _create(self, variables: Variables, faults: dict[str, Fault]) -> Response:
        if "hang" in faults:
            return Response(held_s=faults["hang"].seconds)
        if "duplicate_refused" in faults:
            return _errors(187, "Status is a duplicate.")
        reply = variables.get("reply")
        parent = reply.get("in_reply_to_tweet_id") if isinstance(reply, dict) else None
        try:
            post = self._world.create(str(variables.get("tweet_text", "")), str(parent) if parent else None)
        except RefusedError as refusal:
            return _errors(refusal.code, refusal.message, 429 if refusal.code == RATE_LIMITED else 200)
        logger.info(
            "The operated account published a post",
            extra={"action": "post_stored", "post": post.id, "faults": sorted(faults)},
        )
        if "response_lost" in faults:
            return Response(held_s=faults["response_lost"].seconds)
        late_s = faults["slow"].seconds if "slow" in faults else 0.0
        return replace(_announced(post, faults), late_s=late_s)

    def _mark(self, operation: str, variables: Variables) -> Response:
        kind, is_on = _MARKS[operation]
        try:
            self._world.mark(kind, str(variables.get("tweet_id", "")), is_on=is_on)
        except RefusedError as refusal:
            return _errors(refusal.code, refusal.message)
        post = self._world.post(str(variables["tweet_id"]))
        return answer({"data": {"done": True, "card": post_card(self._world, Entry(post)) if post else None}})

    def _home(self, variables: Variables) -> dict[str, Any]:
        return self._page(variables, lambda now: home(indexed(self._world.posts(), now, self._speed)))

    def _search(self, variables: Variables) -> dict[str, Any]:
        text, is_latest = str(variables.get("q", "")), variables.get("f") == "live"

        def found(now: datetime) -> list[Entry]:
            return search(text, indexed(self._world.posts(), now, self._speed), self._world.likes, is_latest=is_latest)

        return self._page(variables, found)

    def _profile(self, variables: Variables, *, with_replies: bool = False) -> dict[str, Any]:
        account = self._world.account_of(str(variables.get("handle", "")))
        if account is None:
            return {"account": None, "entries": [], "cursor": None}

        def listed(now: datetime) -> list[Entry]:
            posts = indexed(self._world.posts(), now, self._speed)
            return profile(account.handle, account.name, posts, self._world.reposts(), with_replies=with_replies)

        return {"account": account_card(account), **self._page(variables, listed)}

    def _profile_with_replies(self, variables: Variables) -> dict[str, Any]:
        return self._profile(variables, with_replies=True)

    def _followers(self, variables: Variables) -> dict[str, Any]:
        """Give who follows the operated account, the newest first; of all others the site tells nobody.

        Whoever came since the first page was asked for shifts the list, so a later page may repeat one.
        """
        account = self._world.account_of(str(variables.get("handle", "")))
        if account is None:
            return {"account": None, "entries": [], "cursor": None}
        asked, start = self._place(variables)
        is_shown = account.handle == self._world.account
        end = start + _FOLLOWERS_PAGE
        newest = self._world.followers(end + 1)[start:] if is_shown else []
        return {
            "account": account_card(account),
            "isShown": is_shown,
            "entries": [follower_card(each) for each in newest[:_FOLLOWERS_PAGE]],
            "cursor": f"{asked}-{end}" if len(newest) > _FOLLOWERS_PAGE else None,
        }

    def _detail(self, variables: Variables, faults: Collection[str]) -> dict[str, Any]:
        post = self._world.post(str(variables.get("id", "")))
        if post and "wrong_author" in faults:
            post = replace(post, author=self._world.somebody_but(post.author))
        if "target_deleted" in faults:
            post = None
        entries = conversation(post, self._world.thread_of(post)) if post else []
        return {"entries": [post_card(self._world, entry) for entry in entries], "cursor": None}

    def _place(self, variables: Variables) -> tuple[int, int]:
        """Read from the cursor when the first page was asked for (epoch milliseconds), and where the next starts."""
        first = f"{int(self._world.now().timestamp() * 1000)}-0"
        asked_ms, start = str(variables.get("cursor") or first).split("-")
        return int(asked_ms), int(start)

    def _page(self, variables: Variables, listed: Callable[[datetime], list[Entry]]) -> dict[str, Any]:
        """Give the next entries of a list as it was when its first page was asked for."""
        asked_ms, start = self._place(variables)
        entries = listed(datetime.fromtimestamp(asked_ms / 1000, UTC))
        end = start + _PAGE_SIZE
        cursor = f"{asked_ms}-{end}" if end < len(entries) else None
        return {"entries": [post_card(self._world, entry) for entry in entries[start:end]], "cursor": cursor}


def _announced(post: Post, faults: Mapping[str, Fault]) -> Response:
    """Answer a create call, and tell the page by a header what to say of it: by default its toast, at once."""
    if "no_toast" in faults:
        return answer(created(post), headers={"X-Notice": "none"})
    if "toast_late" in faults:
        late = {"X-Notice": f"after {faults['toast_late'].seconds:g} s", "X-Notice-Link": path_of(post)}
        return answer({"data": {"create_tweet": {"tweet_results": {}}}}, headers=late)
    return answer(created(post))


def _variables(request: Request) -> Variables:
    """Read an operation's variables from the body or the query.

    Raises:
        ValueError: they are no JSON object, or the cursor is none that was given out.
    """
    if request.body:
        body = json.loads(request.body)
        source = body["variables"] if isinstance(body, dict) and "variables" in body else None
    else:
        source = json.loads(request.query.get("variables", "{}"))
    if not isinstance(source, dict):
        raise ValueError("variables must be an object")  # noqa: TRY004 - what came from outside is a value
    if source.get("cursor") and not _CURSOR.fullmatch(str(source["cursor"])):
        raise ValueError("no such cursor")
    return source


def _errors(code: int, message: str, status: int = 200) -> Response:
    return answer({"errors": [{"code": code, "message": message}], "data": {}}, status)
