"""Matching: which posts of ours the parts of a decision became."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from actors.domain.evidence import TOLERANCE, match

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence

    from actors.domain.recovery.case import Case
    from actors.domain.snowflake import TweetId


class Standing(Protocol):
    """A post of ours in its place."""

    @property
    def id(self) -> str:
        """The tweet id."""

    @property
    def text(self) -> str:
        """The text as displayed."""

    @property
    def replying_to(self) -> str | None:
        """Handle of whom it answers; None or nothing for a post that stands alone."""


def find_parts(
    case: Case, posts: Sequence[Standing], taken: Collection[str], account: str, ids: dict[int, str] | None = None
) -> dict[int, TweetId]:
    """Find the posts of those parts that lack their id: the first one, then each next one down its chain.

    A post fits a part by its words, by whom it answers, and by its time: not before the part's attempts, after the part
    before it, and before the next one that is known. Where a part is not found the chain ends, for what follows would
    hang in the air.

    Args:
        case: the decision.
        posts: of our account.
        taken: ids that are other decisions' for good.
        account: our own handle, which each part but the first one answers.
        ids: of the parts that are known; the case's receipts by default.
    """
    known: dict[int, str] = {part: kept.tweet_id for part, kept in case.receipts.items()} if ids is None else ids
    found: dict[int, TweetId] = {}
    before = 0
    for part, text in enumerate(case.parts):
        if part in known:
            before = int(known[part])
            continue
        after = min((int(tweet_id) for number, tweet_id in known.items() if number > part), default=None)
        answered = account if part else case.target_author
        candidates = [
            post
            for post in posts
            if post.id not in taken
            and (post.replying_to or "").lower() == answered.lower()
            and int(post.id) > before
            and (after is None or int(post.id) < after)
        ]
        tweet_id = match(candidates, text, (case.earliest(part), None), TOLERANCE).tweet_id
        if tweet_id is None:
            break
        found[part] = tweet_id
        before = int(tweet_id)
    return found


def in_turn(cases: Iterable[Case]) -> list[Case]:
    """Put those that were clicked before those that were not, the older ones first: a post is the earliest's."""
    return sorted(cases, key=lambda case: (not case.is_clicked, case.created_at, str(case.decision_id)))
