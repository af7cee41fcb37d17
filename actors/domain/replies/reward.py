"""What a measured reply was worth: the target that the model of replies predicts, and how much a reading counts."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from actors.domain.learning.maturity import USUAL
from actors.domain.learning.reward import BOOKMARK, FOLLOW, LEAST_MATURITY, LIKE, MEASURED, REPLY, REPOST, Reward

if TYPE_CHECKING:
    from datetime import datetime

# Version of the formula below; what was learned with another one is no predecessor.
REWARD_VERSION = 1
# What an answer that asks us to stop takes from the logarithm: the worth of a reply that went seven times as far
# (growth.md 4, reply_learning: minus lambda times a report or block).
STOP = 2.0


@dataclass(frozen=True, slots=True)
class ReplyOutcome:
    """The latest reading of one reply, by the reply's own id.

    Args:
        schema: what the features mean.
        features: of its target, strategy and hour, as they were when it was chosen.
        age: of the reply when it was read.
        follows: that it brought, as far as they are settled; until then 0, and a later reading takes its place.
        was_told_to_stop: whether its author answered that he wants no more.
        source: `measured`, or anything else for what was estimated or simulated.
    """

    decision_id: str
    strategy: str
    schema: str
    features: tuple[float, ...]
    posted_at: datetime
    age: timedelta
    likes: int | None
    reposts: int | None
    replies: int | None
    bookmarks: int | None
    follows: float = 0.0
    was_told_to_stop: bool = False
    source: str = MEASURED


def reward(outcome: ReplyOutcome) -> Reward | None:
    """Return what the reply was worth, or None if nothing may be learned from it.

    As a post's (growth.md 2.1): what was not measured or not counted teaches nothing, nor what was read too early.
    """
    likes, reposts, replies, bookmarks = outcome.likes, outcome.reposts, outcome.replies, outcome.bookmarks
    if outcome.source != MEASURED or likes is None or reposts is None or replies is None or bookmarks is None:
        return None
    share = USUAL.share(outcome.age)
    if share < LEAST_MATURITY:
        return None
    total = LIKE * likes + REPOST * reposts + REPLY * replies + BOOKMARK * bookmarks
    worth = math.log1p(total / share + FOLLOW * outcome.follows)
    return Reward(z=worth - STOP * outcome.was_told_to_stop, weight=share)
