"""Reading one post on its own page."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from actors.domain.snowflake import created_at, parse_tweet_id
from actors.errors import AppError, ForeignPostError, GonePostError, LoggedOutError, NotFoundError, PageChangedError
from actors.pages import selectors
from actors.pages.card import METRICS, read_cards
from actors.pages.visit import Visit
from actors.pages.wall import Wall, refuse_walls

if TYPE_CHECKING:
    from datetime import datetime

    from playwright.async_api import Page

    from actors.domain.snowflake import TweetId
    from actors.pages.card import Card
    from actors.pages.errand import Desk

_FIRST_CARD_S = 10.0
_NEXT_CARDS_S = 1.5
_SCROLLS = 5


@dataclass(frozen=True, slots=True)
class Answer:
    """A post that answers another one, as it stands below it; `text` is empty for a picture that stands alone."""

    id: TweetId
    author: str
    text: str


@dataclass(frozen=True, slots=True)
class PostReading:
    """The public numbers of a post; None is unknown, never zero."""

    tweet_id: TweetId
    author: str
    text: str
    views: int | None
    likes: int | None
    reposts: int | None
    replies: int | None
    bookmarks: int | None
    created_at: datetime
    site_time: datetime
    abbreviated: tuple[str, ...] = ()
    """Metrics of which the page showed a rounded number only ("1.2K")."""

    drift: tuple[str, ...] = ()
    answers: tuple[Answer, ...] = ()
    """Those that the page showed below the post without scrolling, anybody's; there may be more. Where the site leaves
    out whom a later card answers, it counts as an answer."""


@dataclass(frozen=True, slots=True)
class ReadPost:
    """Visit the page of the post `tweet_id` that `account` wrote, and read its counts and the answers in sight.

    Anybody may look at a post, so this needs no login; it only fails for the lack of one when the site shows a login
    wall in place of the post.
    """

    tweet_id: str
    account: str

    expected_s: ClassVar[float] = 2.0
    deadline_s: ClassVar[float] = 60.0
    needs_login: ClassVar[bool] = False
    recallable: ClassVar[bool] = True

    async def perform(self, page: Page, desk: Desk) -> PostReading:
        """Find the card that carries the id and return its reading.

        Raises:
            NotFoundError: the post is gone; a GonePostError if the page says so itself.
            ForeignPostError: it is somebody else's.
            LoggedOutError, ChallengeError, SiteBusyError: a wall stands before it.
            PageChangedError: the page shows no card at all.
        """
        tweet_id = parse_tweet_id(self.tweet_id)
        visit = await Visit.open(page, desk.site, f"/{self.account}/status/{tweet_id}")
        refuse_walls(visit.session, visit.where)
        sought = await find_card(visit, tweet_id)
        card = sought.card
        if card is None:
            raise _absence(visit, sought, tweet_id)
        if card.author.lower() != self.account.lower():
            raise ForeignPostError(f"post {tweet_id} was not written by {self.account}")
        values = {metric: count.value for metric, count in card.counts.items()}
        return PostReading(
            tweet_id,
            card.author,
            card.text or "",
            **{metric: values.get(metric) for metric in METRICS},
            created_at=created_at(tweet_id),
            site_time=visit.site_time,
            abbreviated=tuple(metric for metric, count in card.counts.items() if not count.exact),
            drift=visit.drift,
            answers=tuple(
                Answer(each.id, each.author, each.text or "") for each in sought.below if _answers(each, card)
            ),
        )


@dataclass(frozen=True, slots=True)
class Sought:
    """What came of looking for one card on its own page."""

    card: Card | None
    is_on_top: bool = False
    """Whether nothing stands above the card that it could answer."""

    below: tuple[Card, ...] = ()
    """What stands under it in the same look at the page."""

    saw_cards: bool = True
    is_missing: bool = False
    """Whether the page says in so many words that there is nothing."""


async def find_card(visit: Visit, tweet_id: TweetId) -> Sought:
    """Look for the card with this id, which need not be the first: the parents of a reply come before it.

    Raises:
        SiteBusyError: the page says that it could not load the posts.
    """
    known: set[str] = set()
    is_missing = False
    for attempt in range(_SCROLLS + 1):
        seconds = _NEXT_CARDS_S if attempt else _FIRST_CARD_S
        reading = await read_cards(visit, known, seconds, scroll=attempt > 0)
        for card in reading.cards:
            if card.id == tweet_id:
                below = tuple(each for each in reading.cards if each.place > card.place)
                return Sought(card, is_on_top=attempt == 0 and card.place == 0, below=below)
        known.update(card.id for card in reading.cards)
        is_missing = reading.is_missing
        if is_missing or not known:
            break
    return Sought(None, saw_cards=bool(known), is_missing=is_missing)


def _answers(card: Card, focal: Card) -> bool:
    is_later = int(card.id) > int(focal.id) and not card.is_repost and not card.is_pinned
    return is_later and (card.replying_to or focal.author).lower() == focal.author.lower()


def _absence(visit: Visit, sought: Sought, tweet_id: TweetId) -> AppError:
    if sought.is_missing and not sought.saw_cards:
        return GonePostError(f"the site says that there is nothing on {visit.where}")
    if sought.saw_cards:
        return NotFoundError(f"post {tweet_id} is not on its page {visit.where}")
    if visit.session.state is Wall.LOGGED_OUT:
        return LoggedOutError(f"a login wall stands before {visit.where}", "renew the session")
    return PageChangedError(selectors.CARD.name, visit.where)
