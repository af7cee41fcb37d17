"""Reach: how much a post of somebody else is worth to look at, and whether it did well for an account of its size."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol, TypeVar

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime

MICRO, GROWTH = 20_000, 100_000
"""Followers up to which an account is of that tier (domain.md 5.5)."""
SHARE_REACHED = 0.05
"""Share of its followers that a post is expected to reach."""
OUTSIZE = 20.0
"""Viral multiplier from which a small account's post is a viral unknown: more views than it has followers."""
SUCCESS_RATE, SUCCESS_MULTIPLIER = 0.02, 0.3
"""Engagement rate and viral multiplier of which either makes a success (domain.md 5.5)."""
AUTHORS_SHARE = 0.1
"""Share of the examples that anything is told from that any one author may have (growth.md 5.6): a single account that
is out to teach us something has no more of a say than that."""
_VIRAL_UNKNOWN, _MICRO, _GROWTH, _ESTABLISHED = 3.0, 2.0, 1.0, 0.5


@dataclass(frozen=True, slots=True)
class Figures:
    """What was read of a post and its author; None is unknown, which is not zero."""

    followers: int | None
    views: int | None
    likes: int | None
    reposts: int | None
    replies: int | None

    @property
    def multiplier(self) -> float | None:
        """Return its views as a multiple of those that are expected of an account of its size."""
        if not self.followers or self.views is None:
            return None
        return self.views / (SHARE_REACHED * self.followers)

    @property
    def engagement(self) -> int | None:
        """Return likes, reposts and replies together; None if one is unknown."""
        if self.likes is None or self.reposts is None or self.replies is None:
            return None
        return self.likes + self.reposts + self.replies

    @property
    def rate(self) -> float | None:
        """Return the share of its views that made somebody act; None, too, if more acted than saw it."""
        events = self.engagement
        return events / self.views if events is not None and self.views and events <= self.views else None

    @property
    def per_follower(self) -> float | None:
        """Return the engagement of each follower of its author."""
        events = self.engagement
        return events / self.followers if events is not None and self.followers else None

    @property
    def weight(self) -> float:
        """Return how much it teaches (domain.md 5.5): the less by the fame of its author, the more."""
        if self.followers is None:
            return _GROWTH
        if self.followers <= MICRO:
            is_outsize = self.multiplier is not None and self.multiplier >= OUTSIZE
            return _VIRAL_UNKNOWN if is_outsize else _MICRO
        return _GROWTH if self.followers <= GROWTH else _ESTABLISHED

    @property
    def is_success(self) -> bool | None:
        """Tell whether it did well; None if nobody can know."""
        rate, multiplier = self.rate, self.multiplier
        if rate is None and multiplier is None:
            return None
        return (rate or 0.0) >= SUCCESS_RATE or (multiplier or 0.0) >= SUCCESS_MULTIPLIER


class Authored(Protocol):
    """Anything with an author."""

    @property
    def author(self) -> str:
        """Return whose it is."""


Example = TypeVar("Example", bound=Authored)


@dataclass(frozen=True, slots=True)
class Candidate:
    """A post that could be labelled."""

    tweet_id: str
    author: str
    text: str
    posted_at: datetime
    figures: Figures


def best_first(candidates: Iterable[Candidate], limit: int) -> list[Candidate]:
    """Return up to `limit` posts to be labelled, by weight, then the newest; no author has more than a tenth of it."""
    ranked = sorted(candidates, key=lambda each: (-each.figures.weight, -each.posted_at.timestamp(), each.tweet_id))
    return _at_most(ranked, max(1, int(AUTHORS_SHARE * limit)))[:limit]


def without_loud_authors(examples: Sequence[Example]) -> list[Example]:
    """Return the examples with as many of each author as keep every share at a tenth, the first ones; one at least.

    Among fewer than ten authors nobody can keep to a tenth: each then has one voice.
    """
    counts = Counter(example.author for example in examples)
    most = max(counts.values(), default=1)
    while most > 1 and most > AUTHORS_SHARE * sum(min(count, most) for count in counts.values()):
        most -= 1
    return _at_most(examples, most)


def _at_most(examples: Iterable[Example], most: int) -> list[Example]:
    taken: dict[str, int] = defaultdict(int)
    kept = []
    for example in examples:
        if taken[example.author] < most:
            taken[example.author] += 1
            kept.append(example)
    return kept
