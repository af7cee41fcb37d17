"""Depth: by what the strongest posts of others work, and what that means for ours."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

from actors.domain.insight.agreement import Standing
from actors.domain.insight.finding import Advice, Finding, confidence_of
from actors.domain.insight.reach import Figures, without_loud_authors
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
class Analysed:
    """A post that was looked into: its author, its kind, and the label; hook and format are empty if unknown."""

    author: str
    hook: str
    format: str
    label: Mapping[str, str]


def strongest(posts: Mapping[str, Figures]) -> list[str]:
    """Return the ids of the posts worth looking into, the strongest first.

    Those with at least 2 % engagement of their views, and the best tenth by engagement of each follower: a large
    account is not strong for its size. Posts that were looked into already belong among `posts`, or the weak ones would
    be the best of what is left.

    Args:
        posts: how each did, by its id.
    """
    share = {tweet_id: each.per_follower for tweet_id, each in posts.items() if each.per_follower is not None}
    best = set(sorted(share, key=lambda tweet_id: share[tweet_id], reverse=True)[: int(len(share) * _BEST)])
    rates = {tweet_id: each.rate or 0.0 for tweet_id, each in posts.items()}
    found = [tweet_id for tweet_id, rate in rates.items() if rate >= _STRONG or tweet_id in best]
    return sorted(found, key=lambda tweet_id: (tweet_id not in best, -rates[tweet_id], tweet_id))


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
