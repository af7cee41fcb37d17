"""What a measured post was worth: the target the learner predicts, and how much a reading counts."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING

from actors.domain.learning.features import Exposure, is_known
from actors.domain.learning.maturity import USUAL, Curve

if TYPE_CHECKING:
    from datetime import datetime

    from actors.domain.taxonomy import Arm

# Version of the formula below; a snapshot learned with another one is no predecessor.
REWARD_VERSION = 2
LIKE, REPOST, REPLY, BOOKMARK, FOLLOW = 1, 2, 3, 2, 10
MEASURED = "measured"

# The one-hour reading (26 %) is the first that counts, with that weight, until a later one takes its place: it lets a
# new account learn on its first day. What is read earlier is mostly zero.
LEAST_MATURITY = 0.25


@dataclass(frozen=True, slots=True)
class MeasuredOutcome:
    """The latest reading of one decision's post.

    Args:
        age: of the post when it was read.
        follows: those attributed to it (growth.md 2.1) up to that age, because they ripen as the reactions do.
        source: `measured`, or anything else for what was estimated or simulated.
        exposure: of the arm's topic and generator when it was posted.
    """

    decision_id: str
    arm: Arm
    posted_at: datetime
    age: timedelta
    views: int | None
    likes: int | None
    reposts: int | None
    replies: int | None
    bookmarks: int | None
    follows: float = 0.0
    source: str = MEASURED
    exposure: Exposure = field(default_factory=Exposure)


@dataclass(frozen=True, slots=True)
class Reward:
    """The target `z` of an outcome and its weight, the share of the final engagement that was visible."""

    z: float
    weight: float


def reward(outcome: MeasuredOutcome, curve: Curve = USUAL) -> Reward | None:
    """Return what the outcome was worth, or None if nothing may be learned from it.

    `curve` tells which share of its final engagement a post has at the age at which it was read.

    Unusable are values that were not measured, a count that is unknown (it is not zero), a reading too early to say
    anything, and an arm the taxonomy no longer has. The logarithm tames the few posts that go far.
    """
    likes, reposts, replies, bookmarks = outcome.likes, outcome.reposts, outcome.replies, outcome.bookmarks
    if outcome.source != MEASURED or likes is None or reposts is None or replies is None or bookmarks is None:
        return None
    share = curve.share(outcome.age)
    if share < LEAST_MATURITY or not is_known(outcome.arm):
        return None
    total = LIKE * likes + REPOST * reposts + REPLY * replies + BOOKMARK * bookmarks + FOLLOW * outcome.follows
    return Reward(z=math.log1p(total / share), weight=share)
