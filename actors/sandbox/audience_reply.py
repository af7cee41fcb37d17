"""What comes of a reply to somebody else: who of the target's readers sees it, what they do, and what its author does.

The equations are those of the replies' world in growth.md 3.1: the logit of a reaction is the author's attitude, how
much the reply has to do with the post and how early it came, less what it promotes.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from actors.domain.randomness import keyed
from actors.sandbox.audience_author import Turn, turn_of
from actors.sandbox.audience_career import Career, Pace, shifted
from actors.sandbox.audience_impression import impression

if TYPE_CHECKING:
    from actors.sandbox.audience_impression import Impression
    from actors.sandbox.audience_profile import Profile
    from actors.sandbox.post import Answered, PublishedPost

MINUTE, HOUR = 60.0, 3600.0


@dataclass(frozen=True, slots=True)
class Circumstances:
    """What a reply meets with.

    Args:
        reach: what the platform leaves of its reach.
        unasked: how many unsolicited ones the author got in the day given.
        penalty: for what the text is by itself, off the logit.
        has_same_topic: the reply is about what the target is about.
    """

    reach: float = 1.0
    unasked: int = 0
    penalty: float = 0.0
    has_same_topic: bool = False


@dataclass(frozen=True, slots=True)
class Outcome:
    """All that will ever come of a reply."""

    career: Career
    author: Turn


class Reception:
    """Draw the fate of replies, each by the key of seed and ordinal: what others had counts by circumstances alone."""

    def __init__(self, seed: int, profile: Profile) -> None:
        self._seed = seed
        self._profile = profile

    def of(self, post: PublishedPost, answered: Answered, given: Circumstances) -> Outcome:
        """Draw what comes of a reply to `answered`."""
        profile, at = self._profile, post.created_at.timestamp()
        pace = Pace(answered.created_at.timestamp(), profile.maturity_hours * HOUR, profile.maturity_shape, at)
        lateness = (at - pace.born) / (profile.reply_late_minutes * MINUTE)
        seen = impression(post.text, answered.text, lateness, has_same_topic=given.has_same_topic)
        rng = keyed("reply", self._seed, post.ordinal)
        worth = profile.relevance_weight * (seen.relevance - 0.5) - profile.promotion_weight * seen.promotion
        worth += rng.normal(0.0, profile.quality_sd) - given.penalty
        spread = profile.amplification_sd
        reach = given.reach * math.exp(0.5 * worth + rng.normal(-spread * spread / 2, spread))
        # One more than the onlookers: the author is told of it.
        views = 1 + int(rng.poisson(reach * self._onlookers(answered, pace, seen)))
        career = Career.drawn(pace, views, self._chances(answered, worth, seen), rng)
        warmth = worth + profile.early_weight * seen.earliness
        author = turn_of(self._seed, post, answered, profile, warmth, -worth + given.unasked)
        return Outcome(career, author)

    def _onlookers(self, answered: Answered, pace: Pace, seen: Impression) -> float:
        """Tell how many see a reply that means nothing special to anybody.

        A share of the target's readers still to come, less the later it is; under a post that many are still to read,
        many answers compete for them.
        """
        profile = self._profile
        coming = answered.views * pace.left
        competition: float = max(1.0, coming / profile.reply_crowd) ** profile.reply_crowding
        return coming / competition * profile.reply_share * max(profile.reply_late_floor, seen.earliness)

    def _chances(self, answered: Answered, worth: float, seen: Impression) -> dict[str, float]:
        profile = self._profile
        odds = profile.reply_odds.get(answered.attitude, 1.0)
        like = shifted(profile.reply_engagement, worth + profile.early_weight * seen.earliness, odds)
        like = min(profile.engagement_limit, like)
        return {
            "likes": like,
            "reposts": like * profile.repost_rate,
            "replies": like * profile.reply_rate,
            "bookmarks": like * profile.bookmark_rate,
            "follows": like * profile.reply_follow,
            "reports": min(profile.reply_report_limit, shifted(profile.reply_report, -worth)),
        }
