"""Who reads what the account publishes, and what comes of it: views, reactions and followers.

Nothing here is random in sequence. All that is random about a post is drawn from a key of seed and ordinal when it is
published, the instants of its reactions included; a count at any instant is then a look-up. So pages, order of
questions, threads and restarts change no number, and the whole state comes back by publishing the same posts again.
"""

from __future__ import annotations

import math
import threading
from bisect import bisect_right, insort
from collections import deque
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import numpy as np

from actors.domain.randomness import keyed
from actors.domain.taxonomy import FACTORS
from actors.domain.text import similarity, words
from actors.errors import NotFoundError
from actors.sandbox.audience_profile import Profile, load_profile
from actors.sandbox.audience_taste import Array, draw_taste
from actors.sandbox.post import Counts, PublishedPost
from actors.sandbox.reader import Reading, read

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

HOUR = 3600.0
DAY = 24 * HOUR

_REACTIONS = ("likes", "reposts", "replies", "bookmarks")
# Up to this many the instant of each view is drawn; beyond, the law of large numbers spares the memory.
_DRAWN_VIEWS = 4096
# Up to eight posts a day each has its full reach; beyond twelve, followers leave for the crowding.
_UNCROWDED, _CROWDED = 8, 12
# Texts that share fewer words than this are never near-duplicates, which spares comparing them.
_FEWEST_SHARED = 0.4


@dataclass(frozen=True, slots=True)
class Moment:
    """The state of the audience when a post meets it.

    Args:
        weights: each segment's share among those who are there.
        reach: how many see a post that means nothing special to anybody.
        topic_fatigue: memory of recent posts by topic, in the order of the taxonomy; likewise `generator_fatigue`.
    """

    weights: Array
    reach: float
    topic_fatigue: Array
    generator_fatigue: Array


@dataclass(frozen=True, slots=True)
class _Career:
    """All that will ever happen to one post: views in order of time, and which of them reacted how."""

    start: float
    scale: float
    shape: float
    views: int
    shares: Array
    marks: Mapping[str, np.ndarray[Any, np.dtype[np.int64]]]

    def seen(self, at: float) -> int:
        if at <= self.start:
            return 0
        share = -math.expm1(-(((at - self.start) / self.scale) ** self.shape))
        if len(self.shares):
            return int(np.searchsorted(self.shares, share, side="right"))
        return int(self.views * share)

    def count(self, kind: str, at: float) -> int:
        return int(np.searchsorted(self.marks[kind], self.seen(at), side="left"))

    def instants(self, kind: str) -> Array:
        """Return when each reaction of a kind happens, in seconds since the epoch."""
        marks = self.marks[kind]
        shares = self.shares[marks] if len(self.shares) else (marks + 0.5) / max(1, self.views)
        instants: Array = self.start + self.scale * (-np.log1p(-shares)) ** (1 / self.shape)
        return instants


class Audience:
    """The readers of one account: hidden segments with tastes, hours and a memory (growth.md 3.1).

    Safe to use from several threads; no method waits for anything but that.

    Args:
        seed: decides everything random.
        profile: a JSON file of `Profile`'s fields, or None for the usual audience.
        followers: how many at the first post, if not as the profile says.
        reader: how a text is understood.

    Raises:
        ConfigError: the profile is refused.
    """

    def __init__(
        self,
        seed: int,
        profile: Path | None = None,
        *,
        followers: int | None = None,
        reader: Callable[[str], Reading] = read,
    ) -> None:
        self.profile: Profile = load_profile(profile)
        self.taste = draw_taste(seed, self.profile)
        self._seed = seed
        self._reader = reader
        self._lock = threading.RLock()
        self._careers: dict[str, _Career] = {}
        self._posted: list[float] = []
        self._recent: deque[tuple[float, frozenset[str], str]] = deque()
        self._fatigue = {factor: np.zeros(len(FACTORS[factor])) for factor in ("topic", "generator")}
        self._tired_at = 0.0
        self._follows: list[float] = []
        self._reports: list[float] = []
        self._hours = [self.profile.followers if followers is None else followers]
        self._epoch: float | None = None

    def publish(self, post: PublishedPost) -> None:
        """Let the audience meet a post; posts come in the order of their ordinals, a second time changes nothing."""
        with self._lock:
            if post.id in self._careers:
                return
            at = post.created_at.timestamp()
            if self._epoch is None:
                self._epoch = at - at % HOUR
            # An hour already counted did not know of this post.
            del self._hours[max(1, math.ceil((at - self._epoch) / HOUR)) :]
            career = self._met(post, self._reader(post.text))
            self._careers[post.id] = career
            for instants, kind in ((self._follows, "follows"), (self._reports, "reports")):
                for instant in career.instants(kind):
                    insort(instants, float(instant))

    def counts(self, post_id: str, now: datetime) -> Counts:
        """Return the public numbers of a published post at an instant; they never fall.

        Raises:
            NotFoundError: it was never published.
        """
        career = self._careers.get(post_id)
        if career is None:
            message = f"the audience never met post {post_id}"
            raise NotFoundError(message, "publish it first")
        at = now.timestamp()
        return Counts(career.seen(at), **{kind: career.count(kind, at) for kind in _REACTIONS})

    def followers(self, now: datetime) -> int:
        """Return how many follow the account at an instant."""
        with self._lock:
            return self._followers(now.timestamp())

    def moment(self, at: datetime) -> Moment:
        """Return the state a post published now would meet; `at` is not before the last post."""
        with self._lock:
            instant = at.timestamp()
            rested = math.exp(-max(0.0, instant - self._tired_at) / (self.profile.fatigue_hours * HOUR))
            crowd = max(_UNCROWDED, self._posts_of_day(instant) + 1) / _UNCROWDED
            reach = self._followers(instant) * self.profile.reach * crowd**-self.profile.reach_exponent
            return Moment(
                weights=self.taste.weights(at),
                reach=reach * self.taste.presence(at),
                topic_fatigue=self._fatigue["topic"] * rested,
                generator_fatigue=self._fatigue["generator"] * rested,
            )

    def _met(self, post: PublishedPost, reading: Reading) -> _Career:
        moment = self.moment(post.created_at)
        at = post.created_at.timestamp()
        penalty = self.profile.claim_penalty * reading.is_unsourced_claim
        penalty += self.profile.duplicate_penalty * self._is_repeated(at, post.text)
        appeal = self.taste.appeal(reading) - self._tiredness(moment, reading) - penalty
        if post.in_reply_to is None:
            self._posted.append(at)
            self._tire(at, moment, reading)
        return self._career(post, appeal, moment, is_claim=reading.is_unsourced_claim)

    def _career(self, post: PublishedPost, appeal: Array, moment: Moment, *, is_claim: bool) -> _Career:
        profile = self.profile
        rng = keyed("post", self._seed, post.ordinal)
        appeal = appeal + rng.normal(0.0, profile.quality_sd)
        mean = float(moment.weights @ appeal)
        spread = profile.amplification_sd
        reach = moment.reach * (1.0 if post.in_reply_to is None else profile.reply_reach)
        reach *= math.exp(0.5 * mean + rng.normal(-spread * spread / 2, spread))
        luck, fame = rng.random(), rng.pareto(profile.viral_shape)
        if luck < min(profile.viral_limit, profile.viral * math.exp(mean)):
            reach *= 1 + min(profile.viral_cap, fame)
        scale = profile.maturity_hours * HOUR * math.exp(rng.normal(0.0, profile.maturity_sd))
        views = int(rng.poisson(reach))
        like = min(profile.engagement_limit, profile.engagement * float(moment.weights @ np.exp(appeal)))
        report = min(1.0, profile.report * math.exp(-mean) * (profile.claim_report_factor if is_claim else 1.0))
        chances = {
            "likes": like,
            "reposts": like * profile.repost_rate,
            "replies": like * profile.reply_rate,
            "bookmarks": like * profile.bookmark_rate,
            "follows": like * profile.follow_rate,
            "reports": report,
        }
        # Reactions are picked among the views, so that at no instant more liked a post than saw it.
        marks = {
            kind: np.sort(rng.permutation(views)[: rng.binomial(views, min(1.0, chance))])
            for kind, chance in chances.items()
        }
        shares = np.sort(rng.random(views)) if views <= _DRAWN_VIEWS else np.zeros(0)
        return _Career(post.created_at.timestamp(), scale, profile.maturity_shape, views, shares, marks)

    def _tiredness(self, moment: Moment, reading: Reading) -> float:
        tiredness = 0.0
        if reading.topic is not None:
            fatigue = moment.topic_fatigue[FACTORS["topic"].index(reading.topic)]
            tiredness += self.profile.fatigue_topic * math.log1p(fatigue)
        if reading.generator is not None:
            fatigue = moment.generator_fatigue[FACTORS["generator"].index(reading.generator)]
            tiredness += self.profile.fatigue_generator * math.log1p(fatigue)
        return tiredness

    def _tire(self, at: float, moment: Moment, reading: Reading) -> None:
        self._fatigue = {"topic": moment.topic_fatigue, "generator": moment.generator_fatigue}
        self._tired_at = at
        for factor, value in (("topic", reading.topic), ("generator", reading.generator)):
            if value is not None:
                self._fatigue[factor][FACTORS[factor].index(value)] += 1.0

    def _is_repeated(self, at: float, text: str) -> bool:
        while self._recent and self._recent[0][0] < at - self.profile.duplicate_days * DAY:
            self._recent.popleft()
        vocabulary = frozenset(words(text))
        is_repeated = any(
            len(vocabulary & known) >= _FEWEST_SHARED * max(1, len(vocabulary | known))
            and similarity(text, other) >= self.profile.duplicate_similarity
            for _, known, other in self._recent
        )
        self._recent.append((at, vocabulary, text))
        return is_repeated

    def _posts_of_day(self, at: float) -> int:
        return bisect_right(self._posted, at) - bisect_right(self._posted, at - DAY)

    def _followers(self, at: float) -> int:
        if self._epoch is None or at < self._epoch:
            return self._hours[0]
        hour = int((at - self._epoch) // HOUR)
        while len(self._hours) <= hour:
            self._hours.append(self._next_hour(len(self._hours) - 1))
        return self._hours[hour] + self._between(self._follows, self._epoch + hour * HOUR, at)

    def _next_hour(self, hour: int) -> int:
        profile, start, followers = self.profile, (self._epoch or 0.0) + hour * HOUR, self._hours[hour]
        rng = keyed("hour", self._seed, hour)
        middle = datetime.fromtimestamp(start + HOUR / 2, UTC)
        background = int(rng.poisson(profile.background_follows / 24 * self.taste.presence(middle)))
        crowding = max(0, self._posts_of_day(start) - _CROWDED) / _CROWDED
        reports = self._between(self._reports, start - DAY, start) / max(1, followers)
        churn = profile.churn + profile.crowding_churn * crowding + profile.report_churn * reports
        gone = int(rng.binomial(followers, min(1.0, churn / 24)))
        return followers + self._between(self._follows, start, start + HOUR) + background - gone

    @staticmethod
    def _between(instants: list[float], after: float, until: float) -> int:
        return bisect_right(instants, until) - bisect_right(instants, after)
