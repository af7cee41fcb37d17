"""Depth: by what the strongest posts of others work, and what that means for ours."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

from actors.domain.insight.agreement import Standing
from actors.domain.insight.finding import Advice, Finding, confidence_of
from actors.domain.insight.reach import without_loud_authors
from actors.domain.insight.vocabulary import DEVICES
from actors.domain.taxonomy import ANGLES, FACTORS, TONES

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

FIELDS: dict[str, tuple[str, ...]] = {"device": tuple(DEVICES), "tone": tuple(TONES), "angle": tuple(ANGLES)}
"""What is asked about a post, and the words that may be said."""
LEAST_POSTS = 5
"""Posts of a kind from which on something is said of it (domain.md 5.5)."""

_STRONG = 0.02
_BEST = 0.1
_COMMON = 0.4
"""Share of the posts of a kind that have to show a value."""


@dataclass(frozen=True, slots=True)
class Figures:
    """How a post did; a count of None is unknown."""

    tweet_id: str
    followers: int | None
    views: int | None
    likes: int | None
    reposts: int | None
    replies: int | None

    @property
    def engagement(self) -> int | None:
        """Return likes, reposts and replies together; None if one is unknown, for unknown is not zero."""
        if self.likes is None or self.reposts is None or self.replies is None:
            return None
        return self.likes + self.reposts + self.replies

    @property
    def rate(self) -> float | None:
        """Return the engagement of each view; None if it is unknown or cannot be."""
        events = self.engagement
        return events / self.views if events is not None and self.views and events <= self.views else None

    @property
    def reach(self) -> float | None:
        """Return the engagement of each follower of the author, None if it is unknown."""
        events = self.engagement
        return events / self.followers if events is not None and self.followers else None


@dataclass(frozen=True, slots=True)
class Analysed:
    """A post that was looked into: its author, its kind, and the label; hook and format are empty if unknown."""

    author: str
    hook: str
    format: str
    label: Mapping[str, str]


def strongest(posts: Sequence[Figures]) -> list[str]:
    """Return the ids of the posts worth looking into, the strongest first.

    Those with at least 2 % engagement of their views, and the best tenth by engagement of each follower: a large
    account is not strong for its size. Posts that were looked into already belong among `posts`, or the weak ones would
    be the best of what is left.
    """
    reached = sorted((post for post in posts if post.reach is not None), key=lambda post: post.reach or 0, reverse=True)
    best = {post.tweet_id for post in reached[: int(len(reached) * _BEST)]}
    found = [post for post in posts if (post.rate or 0) >= _STRONG or post.tweet_id in best]
    found.sort(key=lambda post: (post.tweet_id not in best, -(post.rate or 0), post.tweet_id))
    return [post.tweet_id for post in found]


def findings_of(posts: Iterable[Analysed], standings: Mapping[str, Standing]) -> list[Finding]:
    """Return what is advised for posts of each hook, each format, and each pair of them.

    A kind needs five posts, of which one author has a tenth at most, or one (see `reach.without_loud_authors`). A value
    is advised if at least four in ten of them show it and no other is as common. A field that the labeller does not
    agree with itself on is left out, and with one that is unproven the confidence is low.

    Args:
        posts: the newest first: of an author with too many those are kept.
        standings: of the fields.
    """
    kinds: dict[tuple[tuple[str, str], ...], list[Analysed]] = defaultdict(list)
    for post in posts:
        shown = [
            (factor, value)
            for factor, value in (("format", post.format), ("hook", post.hook))
            if value in FACTORS[factor]
        ]
        for kind in {tuple(shown), *((each,) for each in shown)} - {()}:
            kinds[kind].append(post)
    usable = [field for field in FIELDS if standings.get(field, Standing.UNPROVEN) is not Standing.DROPPED]
    found = []
    for kind, members in sorted(kinds.items()):
        counted = without_loud_authors(members)
        if len(counted) < LEAST_POSTS:
            continue
        advice = {field: value for field in usable if (value := _common(field, counted)) is not None}
        if advice:
            is_proven = all(standings.get(field) is Standing.PROVEN for field in advice)
            confidence = confidence_of(len(counted)) if is_proven else "low"
            found.append(Finding("deep", kind, Advice.from_record(advice), len(counted), confidence))
    return found


def _common(field: str, posts: Sequence[Analysed]) -> str | None:
    said = Counter(value for post in posts if (value := post.label.get(field)) in FIELDS[field])
    (value, count), (_, next_count) = [*said.most_common(2), ("", 0), ("", 0)][:2]
    return value if count >= _COMMON * len(posts) and count > next_count else None
