"""Searching the site for posts."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, ClassVar
from urllib.parse import urlencode

from actors.domain.snowflake import created_at
from actors.errors import PageChangedError
from actors.pages import selectors
from actors.pages.card import read_cards
from actors.pages.descent import Descent
from actors.pages.visit import Visit
from actors.pages.wall import require_account

if TYPE_CHECKING:
    from datetime import datetime

    from playwright.async_api import Page

    from actors.domain.snowflake import TweetId
    from actors.pages.card import Card, Reading
    from actors.pages.errand import Desk


@dataclass(frozen=True, slots=True)
class FoundPost:
    """A post as the result shows it; a count of None is unknown, never zero. `created_at` is the time in its id."""

    id: TweetId
    author: str
    text: str
    created_at: datetime
    replying_to: str | None
    """Handle of whom it answers, as far as the card says so."""

    views: int | None
    likes: int | None
    reposts: int | None
    replies: int | None


@dataclass(frozen=True, slots=True)
class SearchReading:
    """What a search found, in the site's order. No post at all is an answer, not an error."""

    posts: tuple[FoundPost, ...]
    seen: int
    """How many different cards were looked at, with those that are no posts here: promoted ones, reposts, those
    without a text and those that could not be read."""

    site_time: datetime
    drift: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class SearchPosts:
    """Search for `query`, in the site's own operators, and scroll until `limit` posts are there.

    `latest` asks for the newest first, otherwise for the site's own choice. `account` is ours: a search is answered
    only to somebody.
    """

    query: str
    latest: bool
    limit: int = 50
    account: str = field(kw_only=True)

    expected_s: ClassVar[float] = 4.0
    deadline_s: ClassVar[float] = 60.0
    needs_login: ClassVar[bool] = True
    recallable: ClassVar[bool] = True

    async def perform(self, page: Page, desk: Desk) -> SearchReading:
        """Collect what the result shows; after 45 real seconds it scrolls no further.

        Raises:
            LoggedOutError, ChallengeError, SiteBusyError: a wall stands before it.
            PageChangedError: the page shows neither cards nor that there are none, or not one with its link.
        """
        descent = Descent()
        sort = "live" if self.latest else "top"
        address = urlencode({"q": self.query, "src": "typed_query", "f": sort})
        visit = await Visit.open(page, desk.site, f"/search?{address}")
        require_account(visit.session, self.account, visit.where)
        posts: dict[str, FoundPost] = {}
        left_out: set[str] = set()
        while True:
            is_first = descent.is_first
            reading = await read_cards(visit, descent.known, descent.seconds, scroll=not is_first, far=True)
            if is_first:
                _require_cards(reading, visit)
            descent.note((card.id for card in reading.cards), is_at_end=reading.is_at_end)
            left_out |= reading.nameless | reading.promoted
            posts.update((card.id, _found(card)) for card in reading.cards if card.text and not card.is_repost)
            if reading.is_missing or len(posts) >= self.limit or descent.is_over:
                break
        found = tuple(posts.values())[: self.limit]
        return SearchReading(found, len(descent.known) + len(left_out), visit.site_time, visit.drift)


def _require_cards(reading: Reading, visit: Visit) -> None:
    if reading.cards or reading.is_missing:
        return
    if reading.nameless:
        raise PageChangedError(selectors.CARD_LINK.name, visit.where)
    if not reading.promoted:
        raise PageChangedError(selectors.CARD.name, visit.where)


def _found(card: Card) -> FoundPost:
    counts = {metric: count.value for metric, count in card.counts.items()}
    return FoundPost(
        id=card.id,
        author=card.author,
        text=card.text or "",
        created_at=created_at(card.id),
        replying_to=card.replying_to,
        views=counts.get("views"),
        likes=counts.get("likes"),
        reposts=counts.get("reposts"),
        replies=counts.get("replies"),
    )
