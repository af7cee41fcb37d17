"""How much of what could be gained the learner gains: learner, uniform play and an oracle before the same audiences.

Run as `python -m tests.benchmarks.learning [--days 20] [--posts 48] [--seeds 0-2]`. The score is
(learner - uniform) / (oracle - uniform) in true expected engagement. The oracle is myopic and knows everything, fatigue
included. The reader is bypassed: the audience is told the arm, so no text mistakes weaken the signal.
"""

from __future__ import annotations

import argparse
import hashlib
import math
import time
from dataclasses import asdict, astuple
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from actors.domain.learning.choice import choose
from actors.domain.learning.cycle import learn
from actors.domain.learning.features import Context, Exposure, Exposures, Played
from actors.domain.learning.reward import MeasuredOutcome
from actors.domain.learning.snapshot import prior_snapshot
from actors.domain.randomness import keyed
from actors.domain.taxonomy import FACTORS, Arm
from actors.sandbox.audience import Audience
from actors.sandbox.post import PublishedPost
from actors.sandbox.reader import Reading

if TYPE_CHECKING:
    from collections.abc import Sequence

START = datetime(2026, 1, 5, tzinfo=UTC)
Values = np.ndarray[Any, np.dtype[np.float64]]
SIZES = [len(values) for values in FACTORS.values()]
READ_AT = (timedelta(hours=24), timedelta(hours=6))
LEARN_EVERY = timedelta(hours=6)
# Posts that still tire the audience: five days at the highest cadence.
REMEMBERED = 240
WEEKS = ((0, 7), (7, 14), (14, 30), (30, 60))


class Player(Protocol):
    """Chooses each post's arm and sees nothing but what a live account would see, the oracle excepted."""

    def play(self, audience: Audience, at: datetime) -> Arm:
        """Return the arm of the post due now."""


def written(arm: Arm, ordinal: int) -> str:
    """Return a text that says its arm and is like no other."""
    digest = hashlib.sha512(b"%d" % ordinal).hexdigest()
    return ",".join(astuple(arm)) + "|" + " ".join(digest[i : i + 8] for i in range(0, 128, 8))


def told(text: str) -> Reading:
    """Read what `written` wrote."""
    generator, topic, hook, layout, length = text.partition("|")[0].split(",")
    return Reading(generator, topic, hook, layout, length)


def values(audience: Audience, at: datetime) -> Values:
    """Return the true expected engagement of every arm now, the luck of single posts left out."""
    taste, profile, now = audience.taste, audience.profile, audience.moment(at)
    topic = profile.fatigue_topic * np.log1p(now.topic_fatigue)
    generator = profile.fatigue_generator * np.log1p(now.generator_fatigue)
    factors = taste.factors
    pairs = (factors["generator"] - generator)[:, :, None] + (factors["topic"] - topic)[:, None] + taste.generator_topic
    frames = factors["hook"][:, :, None] + factors["format"][:, None] + taste.hook_format
    frames = frames[..., None] + factors["length"][:, None, None]
    liking = np.einsum("k,kgt,khfl->gthfl", now.weights, np.exp(pairs), np.exp(frames))
    mean = np.add.outer(np.tensordot(now.weights, pairs, 1), np.tensordot(now.weights, frames, 1))
    viral = np.minimum(profile.viral_limit, profile.viral * np.exp(mean))
    # A Lomax(a) capped at c has the mean (1 - (1 + c)^(1 - a)) / (a - 1).
    fame = (1 - (1 + profile.viral_cap) ** (1 - profile.viral_shape)) / (profile.viral_shape - 1)
    like = np.minimum(profile.engagement_limit, profile.engagement * liking)
    per_like = 1 + 2 * profile.repost_rate + 3 * profile.reply_rate + 2 * profile.bookmark_rate
    value: Values = now.reach * np.exp(0.5 * mean) * (1 + viral * fame) * like * per_like
    return value


class Uniform:
    """Plays every arm equally often."""

    def __init__(self, seed: int) -> None:
        self._rng = keyed("uniform player", seed)

    def play(self, audience: Audience, at: datetime) -> Arm:
        """Return any arm."""
        return Arm(*(every[self._rng.integers(len(every))] for every in FACTORS.values()))


class Oracle:
    """Plays the arm with the highest true expectation."""

    def play(self, audience: Audience, at: datetime) -> Arm:
        """Return the best arm."""
        best = np.unravel_index(int(values(audience, at).argmax()), SIZES)
        return Arm(*(every[i] for every, i in zip(FACTORS.values(), best, strict=True)))


class Learner:
    """Plays as `plan` does, from snapshots learned as `learn` does, from readings at 6 and at 24 hours."""

    def __init__(self, seed: int) -> None:
        self._seed = seed
        self._snapshot = prior_snapshot()
        self._learned_at = START
        self._played: list[tuple[Arm, datetime, Exposure]] = []
        self.learning_took = 0.0

    def play(self, audience: Audience, at: datetime) -> Arm:
        """Learn when it is time, then choose."""
        if at - self._learned_at >= LEARN_EVERY:
            self._learned_at = at
            began = time.perf_counter()
            self._snapshot = learn(self._snapshot, self._measured(audience, at), at) or self._snapshot
            self.learning_took = time.perf_counter() - began
        recent = self._played[-REMEMBERED:]
        exposures = Exposures.of((Played(arm.generator, arm.topic, then) for arm, then, _ in recent), at)
        choice = choose(self._snapshot, Context(at, exposures), b"%d:%d" % (self._seed, len(self._played)))
        self._played.append((choice.arm, at, choice.exposure))
        return choice.arm

    def _measured(self, audience: Audience, now: datetime) -> Sequence[MeasuredOutcome]:
        outcomes = []
        for ordinal, (arm, at, exposure) in enumerate(self._played):
            age = next((age for age in READ_AT if at + age <= now), None)
            if age is not None:
                counts = asdict(audience.counts(str(ordinal), at + age))
                outcomes.append(MeasuredOutcome(f"{ordinal:06d}", arm, at, age, **counts, exposure=exposure))
        return outcomes


def engagement(player: Player, seed: int, days: int, posts: int) -> Values:
    """Return the true expected engagement of each post that the player publishes before the audience of this seed."""
    audience = Audience(seed, reader=told)
    gained = []
    for ordinal in range(days * posts):
        at = START + ordinal * timedelta(days=1) / posts
        arm = player.play(audience, at)
        place = tuple(every.index(value) for every, value in zip(FACTORS.values(), astuple(arm), strict=True))
        gained.append(values(audience, at)[place])
        audience.publish(PublishedPost(str(ordinal), ordinal, written(arm, ordinal), at, None))
    return np.array(gained)


def seeds(text: str) -> list[int]:
    """Parse `0-2` or `0,4`."""
    return [seed for part in text.split(",") for seed in range(int(part.split("-")[0]), int(part.split("-")[-1]) + 1)]


def main() -> None:
    """Run the comparison and print it."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--days", type=int, default=20)
    parser.add_argument("--posts", type=int, default=48, help="per day")
    parser.add_argument("--seeds", type=seeds, default=seeds("0-2"), help="of the audiences, such as 0-2 or 0,4")
    given = parser.parse_args()
    spans = [(first, min(last, given.days)) for first, last in WEEKS if first < given.days] + [(0, given.days)]
    print("audience " + "".join(f"{f'd{first + 1}-{last}':>9}" for first, last in spans) + "  oracle/uniform  took")
    rows = []
    for seed in given.seeds:
        began = time.perf_counter()
        players = Learner(seed), Uniform(seed), Oracle()
        learner, uniform, oracle = (engagement(player, seed, given.days, given.posts) for player in players)
        parts = [slice(first * given.posts, last * given.posts) for first, last in spans]
        score = [100 * (learner[p] - uniform[p]).sum() / (oracle[p] - uniform[p]).sum() for p in parts]
        rows.append(score)
        took = f"{time.perf_counter() - began:.0f} s, last cycle {players[0].learning_took * 1000:.0f} ms"
        shown = "".join(f"{s:>8.0f}%" for s in score)
        print(f"{seed:>8} {shown}{oracle.sum() / uniform.sum():>16.1f}  {took}", flush=True)
    mean, error = np.mean(rows, axis=0), np.std(rows, axis=0, ddof=min(1, len(rows) - 1)) / math.sqrt(len(rows))
    print("    mean " + "".join(f"{m:>8.0f}%" for m in mean))
    print("    s.e. " + "".join(f"{e:>8.0f}%" for e in error))


if __name__ == "__main__":
    main()
