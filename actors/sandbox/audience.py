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
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from operator import attrgetter
from typing import TYPE_CHECKING

import numpy as np

from actors.domain.randomness import keyed
from actors.domain.taxonomy import FACTORS
from actors.domain.text import similarity, words
from actors.errors import NotFoundError
from actors.sandbox.audience_career import Career, Pace
from actors.sandbox.audience_followers import Followers
from actors.sandbox.audience_patience import Patience
from actors.sandbox.audience_people import Occasion, reader_handle
from actors.sandbox.audience_profile import Profile, load_profile
from actors.sandbox.audience_reply import Circumstances, Reception
from actors.sandbox.audience_taste import Array, draw_taste
from actors.sandbox.post import Answered, Counts, Follow, Post, PublishedPost
from actors.sandbox.reader import Reading, read

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

HOUR = 3600.0
DAY = 24 * HOUR

_REACTIONS = ("likes", "reposts", "replies", "bookmarks")
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
        self._careers: dict[str, Career] = {}
        self._posted: list[float] = []
        self._recent: deque[tuple[float, frozenset[str], str]] = deque()
        self._fatigue = {factor: np.zeros(len(FACTORS[factor])) for factor in ("topic", "generator")}
        self._tired_at = 0.0
        count = self.profile.followers if followers is None else followers
        self._followers = Followers(seed, self.profile, self.taste, count, self._crowding)
        self._reception = Reception(seed, self.profile)
        self._patience = Patience(self.profile)
        self._answers: list[Post] = []

    def publish(self, post: PublishedPost) -> None:
        """Let the audience meet a post; posts come in the order of their ordinals, a second time changes nothing."""
        with self._lock:
            if post.id in self._careers:
                return
            self._followers.prepare(post.created_at.timestamp())
            reading = self._reader(post.text)
            if post.answered is None:
                self._careers[post.id] = career = self._met(post, reading)
                for at in career.instants("reports"):
                    self._followers.report(float(at))
            else:
                self._careers[post.id] = career = self._answered(post, post.answered, reading)
            for number, at in enumerate(career.instants("follows")):
                self._followers.add(float(at), reader_handle(self._seed, Occasion.POST, post.ordinal, number), post.id)

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
            return self._followers.count(now.timestamp())

    def new_followers(self, until: datetime, limit: int) -> list[Follow]:
        """List who came to follow by an instant, the newest first, at most `limit`.

        Those who followed before the first post come last, under dates of long ago; who has left again is still listed.
        """
        with self._lock:
            return self._followers.newest(until.timestamp(), limit)

    def follows(self, until: datetime) -> list[Follow]:
        """List all who came since the first post, the oldest first: with `unfollows` they make up the count."""
        with self._lock:
            return self._followers.since_first(until.timestamp())

    def unfollows(self, until: datetime) -> list[datetime]:
        """List when somebody left, the oldest first."""
        with self._lock:
            return [datetime.fromtimestamp(at, UTC) for at in self._followers.left(until.timestamp())]

    def answers(self, until: datetime) -> list[Post]:
        """List what authors answered to the account's replies by an instant, the oldest first."""
        with self._lock:
            return self._answers[: bisect_right(self._answers, until, key=attrgetter("created_at"))]

    def takes_posts(self, at: datetime) -> bool:
        """Tell whether the platform, after all that the account did, still takes posts from it."""
        with self._lock:
            return not self._patience.is_lost(at.timestamp())

    def moment(self, at: datetime) -> Moment:
        """Return the state a post published now would meet; `at` is not before the last post."""
        with self._lock:
            instant = at.timestamp()
            rested = math.exp(-max(0.0, instant - self._tired_at) / (self.profile.fatigue_hours * HOUR))
            crowd = max(_UNCROWDED, self._posts_of_day(instant) + 1) / _UNCROWDED
            reach = self._followers.ranked(instant) * self.profile.reach * crowd**-self.profile.reach_exponent
            if self._patience.is_strained(instant):
                reach *= self.profile.spam_reach
            return Moment(
                weights=self.taste.weights(at),
                reach=reach * self.taste.presence(at),
                topic_fatigue=self._fatigue["topic"] * rested,
                generator_fatigue=self._fatigue["generator"] * rested,
            )

    def _answered(self, post: PublishedPost, answered: Answered, reading: Reading) -> Career:
        """Meet a reply to somebody else: its readers are that author's, its reports try the platform's patience."""
        at, profile = post.created_at.timestamp(), self.profile
        unasked = self._patience.reply(answered, at)
        if not answered.is_addressed and self._patience.is_pestered(answered.author, at):
            answered = replace(answered, attitude="opted_out" if answered.attitude == "opted_out" else "hostile")
        reach = profile.spam_reach if self._patience.is_strained(at) else 1.0
        has_same_topic = reading.topic is not None and reading.topic == self._reader(answered.text).topic
        given = Circumstances(reach, unasked, self._penalty(post, reading), has_same_topic)
        outcome = self._reception.of(post, answered, given)
        author = outcome.author
        reports = outcome.career.instants("reports").tolist()
        for report in reports if author.reports_at is None else [*reports, author.reports_at]:
            self._followers.report(report)
            self._patience.report(report)
        if author.follows_at is not None:
            self._followers.add(author.follows_at, answered.author, post.id)
        if author.answer is not None:
            insort(self._answers, author.answer, key=attrgetter("created_at"))
        return outcome.career

    def _penalty(self, post: PublishedPost, reading: Reading) -> float:
        penalty = self.profile.claim_penalty * reading.is_unsourced_claim
        return penalty + self.profile.duplicate_penalty * self._is_repeated(post.created_at.timestamp(), post.text)

    def _met(self, post: PublishedPost, reading: Reading) -> Career:
        moment = self.moment(post.created_at)
        at = post.created_at.timestamp()
        appeal = self.taste.appeal(reading) - self._tiredness(moment, reading) - self._penalty(post, reading)
        if post.in_reply_to is None:
            self._posted.append(at)
            self._tire(at, moment, reading)
        return self._career(post, appeal, moment, is_claim=reading.is_unsourced_claim)

    def _career(self, post: PublishedPost, appeal: Array, moment: Moment, *, is_claim: bool) -> Career:
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
        at = post.created_at.timestamp()
        return Career.drawn(Pace(at, scale, profile.maturity_shape, at), views, chances, rng)

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

    def _crowding(self, at: float) -> float:
        return max(0, self._posts_of_day(at) - _CROWDED) / _CROWDED
