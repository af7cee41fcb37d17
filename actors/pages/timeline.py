"""Reading our own timeline, as evidence of what was published."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, ClassVar

from actors.domain.snowflake import created_at
from actors.errors import PageChangedError
from actors.pages import selectors
from actors.pages.card import read_cards
from actors.pages.visit import Visit
from actors.pages.wall import require_account

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from playwright.async_api import Page

    from actors.domain.snowflake import TweetId
    from actors.pages.card import Card, Reading
    from actors.pages.errand import Desk

_FIRST_CARD_S = 10.0
_NEXT_CARDS_S = 2.0
_SCROLLS = 12
_POSTS_A_SCROLL = 2
"""At least so many new posts come with a scroll, parents beside them."""
_FRUITLESS_SCROLLS = 2


@dataclass(frozen=True, slots=True)
class OwnPost:
    """A post of ours in its place in the timeline; `created_at` is the time that its id carries."""

    id: TweetId
    text: str
    created_at: datetime
    replying_to: str | None
    """Handle of whom it answers, our own for an answer to ourselves; None for a post that stands alone."""


@dataclass(frozen=True, slots=True)
class TimelineReading:
    """What a scan saw, newest first."""

    posts: tuple[OwnPost, ...]
    reached_back: bool
    """Whether the scan saw an own post older than `since` in its place, or the site said that there is none at all, and
    every card on the way could be read. Otherwise a post that is not here may still exist."""

    site_time: datetime
    drift: tuple[str, ...] = ()
    has_ended: bool = False
    """Whether scrolling brought nothing more, and every card on the way could be read. No proof by itself: a page that
    stops loading looks the same."""


@dataclass(frozen=True, slots=True)
class ReadOwnTimeline:
    """Collect what `account` published since a time, scrolling down to it; reposts and the pinned place are left out.

    `since` is the platform's time. `replies` reads the tab that holds the replies as well. With `limit`
    posts it scrolls no further.
    """

    account: str
    since: datetime
    replies: bool = False
    limit: int = 40

    expected_s: ClassVar[float] = 4.0
    deadline_s: ClassVar[float] = 75.0
    needs_login: ClassVar[bool] = True
    recallable: ClassVar[bool] = True

    async def perform(self, page: Page, desk: Desk) -> TimelineReading:
        """Scroll until the timeline reaches back past `since`, or brings nothing new any more.

        Raises:
            LoggedOutError, ChallengeError, SiteBusyError: a wall stands before it.
            PageChangedError: the page shows neither a card nor that there is none.
        """
        path = f"/{self.account}/with_replies" if self.replies else f"/{self.account}"
        visit = await Visit.open(page, desk.site, path)
        require_account(visit.session, self.account, visit.where)
        known: set[str] = set()
        posts: dict[str, OwnPost] = {}
        reached_back, has_ended, unclear, fruitless = False, False, False, 0
        in_place: set[TweetId] = set()
        for attempt in range(max(_SCROLLS, self.limit // _POSTS_A_SCROLL) + 1):
            seconds = _NEXT_CARDS_S if attempt else _FIRST_CARD_S
            reading = await read_cards(visit, known, seconds, scroll=attempt > 0)
            is_empty = reading.is_missing and not reading.cards and not known
            if attempt == 0 and not reading.cards and not is_empty:
                raise PageChangedError(selectors.CARD.name, visit.where)
            ids = {card.id for card in reading.cards}
            fruitless = 0 if ids - known else fruitless + 1
            known |= ids
            posts.update((post.id, post) for post in self._own(reading.cards))
            is_end = fruitless >= _FRUITLESS_SCROLLS
            in_place |= _in_place(reading.cards, is_end=is_end)
            unclear = unclear or self._is_unclear(reading)
            is_past = any(post.created_at < self.since for post in posts.values() if post.id in in_place)
            reached_back = (is_empty or is_past) and not unclear
            has_ended = is_end and not unclear and not visit.is_throttled
            if is_empty or is_past or len(posts) >= self.limit or is_end:
                break
        newest_first = sorted(posts.values(), key=lambda post: post.created_at, reverse=True)
        # None is left out, for one that is not here counts as not there.
        return TimelineReading(tuple(newest_first), reached_back, visit.site_time, visit.drift, has_ended)

    def _is_unclear(self, reading: Reading) -> bool:
        """Say whether a card could not be read that may be the very post that is looked for."""
        return bool(reading.nameless) or any(not card.text and self._is_ours(card) for card in reading.cards)

    def _is_ours(self, card: Card) -> bool:
        return card.author.lower() == self.account.lower()

    def _own(self, cards: Sequence[Card]) -> list[OwnPost]:
        """Keep our posts: a pinned or reposted one says nothing of how far back the page reaches."""
        above = {card.place: card for card in cards}
        return [
            OwnPost(card.id, card.text or "", created_at(card.id), _answered(card, above.get(card.place - 1)))
            for card in cards
            if self._is_ours(card) and not card.is_pinned and not card.is_repost
        ]


def _answered(card: Card, above: Card | None) -> str | None:
    """Return whom a card answers.

    A timeline goes back in time from card to card, but for an answer, which stands below its older parent; there the
    site may leave out the line that says whom it answers.
    """
    if card.replying_to is not None or above is None or above.is_pinned or above.is_repost:
        return card.replying_to
    return above.author if int(above.id) < int(card.id) else None


def _in_place(cards: Sequence[Card], *, is_end: bool) -> set[TweetId]:
    """Return the cards that stand where their time puts them, which parents above their answers do not.

    The last one may be such a parent for all that is known, unless the timeline ends with it.
    """
    placed = {card.id for card, below in pairwise(cards) if int(card.id) > int(below.id)}
    return placed | {cards[-1].id} if is_end and cards else placed
