"""Cards: one post as a page shows it, bound to the id in the link that the card itself carries."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from actors.domain.counts import Count, parse_count, parse_label, parse_summary
from actors.domain.snowflake import TweetId, is_tweet_id
from actors.errors import PageChangedError, TargetError
from actors.pages import script, selectors

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from actors.pages.visit import Visit

METRICS = ("views", "likes", "reposts", "replies", "bookmarks")

_SELECTORS = {
    selector.name: selector.options
    for selector in selectors.REGISTRY.values()
    if selector.name.startswith("card") or selector in (selectors.MISSING, selectors.PROGRESS)
}
LONGEST = 1_000
"""Characters of what people wrote that are read: no post of ours has as many, and a stranger may write on and on."""

_REPOSTED = re.compile(r"\breposted$", re.IGNORECASE)
_PINNED = re.compile(r"^pinned\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Card:
    """What one article says of itself. A quoted post inside it has no part in this."""

    id: TweetId
    place: int
    """Its place among all cards of the document, 0 on top. What is promoted has none."""

    author: str
    text: str | None
    """Its first `LONGEST` characters; None when it shows none, as a picture that stands alone."""

    is_pinned: bool
    is_repost: bool
    replying_to: str | None
    """Handle of whom it answers, as far as the card says so."""

    counts: Mapping[str, Count]
    """By name of `METRICS`; what the card does not show is not in it."""


@dataclass(frozen=True, slots=True)
class Reading:
    """The cards in the document at one moment, in its order; those that carry no clear id are left out."""

    cards: tuple[Card, ...]
    nameless: frozenset[str]
    """What the cards that were left out can be told by: each of them may be anything."""

    promoted: frozenset[str]
    """The same of the cards that somebody paid for, which are left out as well."""

    is_missing: bool
    """Whether the page says in so many words that there is nothing (a deleted post, an empty profile)."""

    is_at_end: bool
    """Whether the end of the page is in sight and nothing says that more is on its way."""


async def read_cards(
    visit: Visit, known: Collection[str], seconds: float, *, scroll: bool = False, far: bool = False
) -> Reading:
    """Read the cards once one is there that is not in `known` and the page has come to rest.

    Without a new one it gives up after so many real seconds and returns what is there. All of a card is read in one
    task of the page, so an id never meets the numbers of another post. Timelines remove what scrolled away: a caller
    that scrolls must collect. With `far` a scroll goes on from the last card in `known`, and where the page seems to
    end there is no long wait for more: for lists of which nothing is proved by what is not there.

    Raises:
        SiteBusyError: the page says that it could not load them; RateLimitedError if we asked too often.
    """
    argument = {
        "selectors": _SELECTORS,
        "press": None,
        "known": list(known),
        "scroll": scroll,
        "far": far,
        **script.pace(seconds, is_brief_at_end=far),
    }
    raw = await script.run(visit.page, "cards", argument, seconds + script.SETTLE_S)
    visit.note_drift(*raw["drift"])
    visit.refuse_failure(raw["missing"], is_empty=not raw["cards"])
    cards = raw["cards"]
    return Reading(
        cards=tuple(_card(place, each) for place, each in enumerate(cards) if is_tweet_id(each["id"])),
        nameless=frozenset(each["mark"] for each in cards if not is_tweet_id(each["id"])),
        promoted=frozenset(raw["promoted"]),
        is_missing=raw["missing"] is not None,
        is_at_end=raw["atEnd"],
    )


async def press_reply(visit: Visit, tweet_id: TweetId) -> None:
    """Click the reply control of the very card that carries this id.

    Raises:
        TargetError: "not_shown": the card is not there any more, or nobody may answer it.
        PageChangedError: the card has no such control.
    """
    verdict = await script.run(visit.page, "cards", {"selectors": _SELECTORS, "press": tweet_id})
    if verdict == "bare":
        raise PageChangedError(selectors.CARD_REPLIES.name, visit.where)
    if verdict != "pressed":
        raise TargetError(f"post {tweet_id} on {visit.where} cannot be answered: {verdict}", "not_shown")


def _card(place: int, raw: Mapping[str, Any]) -> Card:
    context = raw["context"][:LONGEST]
    return Card(
        id=TweetId(raw["id"]),
        place=place,
        author=raw["author"],
        text=None if raw["text"] is None else raw["text"][:LONGEST],
        is_pinned=bool(_PINNED.search(context)),
        is_repost=bool(_REPOSTED.search(context)),
        replying_to=raw["replyingTo"],
        counts=_counts(raw["figures"], parse_summary(raw["summary"])),
    )


def _counts(figures: Mapping[str, Any], summary: Mapping[str, Count]) -> dict[str, Count]:
    """Choose for each metric the exact figure: the control's label, the bar's label, then what is visible."""
    chosen = {}
    for metric in METRICS:
        figure = figures[metric] or {"label": None, "text": None}
        offers = (
            parse_label(figure["label"], metric),
            summary.get(metric),
            parse_label(figure["text"], metric) if metric == "views" else parse_count(figure["text"]),
        )
        known = [offer for offer in offers if offer is not None]
        if known:
            chosen[metric] = next((offer for offer in known if offer.exact), known[0])
    return chosen
