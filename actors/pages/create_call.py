"""The call by which the site's own client creates a post, overheard.

The one call that counts is bound by the operation's name, by our text and by the post that it answers, so that no other
traffic of the page can be taken for it: not a timeline that arrives first, not a post from elsewhere.
"""

from __future__ import annotations

import asyncio
import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from actors.domain.snowflake import TweetId, is_tweet_id
from actors.pages.visit import date_of

if TYPE_CHECKING:
    from datetime import datetime

    from playwright.async_api import Page, Response

_OPERATION = re.compile(r"/i/api/graphql/[^/]+/CreateTweet")
_ID_PATHS = (("rest_id",), ("legacy", "id_str"), ("tweet", "rest_id"))
_DUPLICATE = 187
_SERVER_ERROR = 500


@dataclass(frozen=True, slots=True)
class CreateAnswer:
    """What the site answered: an id, or the codes of its refusal, or neither."""

    tweet_id: TweetId | None
    error_codes: tuple[int, ...]
    site_time: datetime | None

    @property
    def is_duplicate(self) -> bool:
        """Whether the site says that this text is already there."""
        return self.tweet_id is None and _DUPLICATE in self.error_codes


class CreateCall:
    """Listen on a page for the answer to the call that creates a post with `text`. Make it before the click.

    `in_reply_to` is the id of the post that it must answer, None for a post that stands alone.
    """

    def __init__(self, page: Page, text: str, in_reply_to: TweetId | None = None) -> None:
        self.has_strayed = False
        """Whether our text was sent as the answer to another post than it should: then no other evidence counts."""

        self._text = text.strip()
        self._in_reply_to = in_reply_to
        self._response: asyncio.Future[Response] = asyncio.get_running_loop().create_future()
        page.on("response", self._notice)

    async def answer(self) -> CreateAnswer:
        """Wait for the answer; the caller sets the deadline. Not to be called twice."""
        response = await self._response
        return read_answer(response.status, await response.text(), date_of(response.headers))

    def _notice(self, response: Response) -> None:
        request = response.request
        if self._response.done() or request.method != "POST":
            return
        if not _OPERATION.fullmatch(urlsplit(request.url).path):
            return
        variables = _dig(_json(request.post_data or ""), "variables")
        if _text_of(variables) != self._text:
            return
        if _parent_of(variables) == self._in_reply_to:
            self._response.set_result(response)
        else:
            self.has_strayed = True


def read_answer(status: int, body: str, site_time: datetime | None) -> CreateAnswer:
    """Read an answer; what does not have the known form holds neither id nor codes.

    The codes of a server that failed (5xx) are dropped: it may have stored the post before it did.
    """
    answer = _json(body)
    result = _dig(answer, "data", "create_tweet", "tweet_results", "result")
    ids = [found for path in _ID_PATHS if is_tweet_id(found := _dig(result, *path))]
    errors = answer.get("errors") if isinstance(answer, dict) else None
    refusals = errors if isinstance(errors, list) and status < _SERVER_ERROR else []
    codes = [_dig(error, "code") for error in refusals]
    return CreateAnswer(
        tweet_id=TweetId(ids[0]) if ids else None,
        error_codes=tuple(code for code in codes if isinstance(code, int)),
        site_time=site_time,
    )


def _text_of(variables: Any) -> str | None:
    text = _dig(variables, "tweet_text")
    return text.strip() if isinstance(text, str) else None


def _parent_of(variables: Any) -> str | None:
    parent = _dig(variables, "reply", "in_reply_to_tweet_id")
    return None if parent is None else str(parent)


def _json(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return None


def _dig(value: Any, *keys: str) -> Any:
    for key in keys:
        value = value.get(key) if isinstance(value, dict) else None
    return value
