"""What the author of a post makes of a reply to it: a follow, an answer, a report, or nothing at all."""

from __future__ import annotations

import math
import tomllib
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from importlib import resources
from typing import TYPE_CHECKING

from actors.domain.randomness import keyed
from actors.sandbox.audience_career import shifted
from actors.sandbox.audience_impression import telling
from actors.sandbox.post import Counts, Post
from actors.sandbox.snowflake import encode, instant

if TYPE_CHECKING:
    from actors.sandbox.audience_profile import Profile
    from actors.sandbox.post import Answered, PublishedPost

MINUTE = 60.0

_MARK = 1 << 20
"""Marks the ids of these answers; the bits below are the reply's ordinal. Ids of create calls count up from zero in
their millisecond, so a million would have to come in one to meet them."""

_ASKED = 2.3
"""On the logits, in the reply's favour, when the author addressed us: ten times the odds."""

_SPREAD = 1.0
"""Of the logarithm of the time until the author takes notice."""

_HEARD = 0.02
"""Share of a post's readers who see what its author answers below it; one in fifty of them likes it."""


@dataclass(frozen=True, slots=True)
class Turn:
    """What the author does; instants in seconds since the epoch, None for what does not happen."""

    follows_at: float | None
    reports_at: float | None
    answer: Post | None


def turn_of(
    seed: int, post: PublishedPost, answered: Answered, profile: Profile, warmth: float, annoyance: float
) -> Turn:
    """Draw what the author does about a reply, by the key of seed and ordinal.

    `warmth` is on the logits of a follow and of an answer, beside the attitude; who opted out answers whatever it is.
    `annoyance` is on the logit of a report.
    """
    rng = keyed("author", seed, post.ordinal)
    asked = _ASKED if answered.is_addressed else 0.0
    is_final = answered.attitude == "opted_out"
    chances = (
        shifted(profile.author_follows.get(answered.attitude, 0.0), warmth + asked),
        shifted(profile.author_reports.get(answered.attitude, 0.0), annoyance - asked),
        shifted(profile.author_answers.get(answered.attitude, 0.0), 0.0 if is_final else warmth + asked),
    )
    luck, waits, words = rng.random(3), rng.normal(0.0, _SPREAD, 3), rng.random()
    at = post.created_at.timestamp()
    follows_at, reports_at, answers_at = (
        at + profile.author_minutes * MINUTE * math.exp(wait) if lot < chance else None
        for chance, lot, wait in zip(chances, luck.tolist(), waits.tolist(), strict=True)
    )
    answer = None if answers_at is None else _answer(post, answered, answers_at, words)
    return Turn(follows_at, reports_at, answer)


def _answer(post: PublishedPost, answered: Answered, at: float, choice: float) -> Post:
    post_id = str(encode(datetime.fromtimestamp(at, UTC)) | _MARK | post.ordinal)
    stock = _wordings()[answered.attitude if answered.attitude in _wordings() else "indifferent"]
    taken_up = telling(answered.text) & telling(post.text) or telling(post.text)
    # The longest word says most; of two that are as long, the first by the alphabet.
    word = min(taken_up, key=lambda each: (-len(each), each), default="that")
    text = stock[int(choice * len(stock))].format(word=word)
    views = int(answered.views * _HEARD)
    return Post(
        post_id, answered.author, text, instant(post_id), in_reply_to=post.id, popularity=Counts(views, views // 50)
    )


@cache
def _wordings() -> dict[str, list[str]]:
    text = (resources.files("actors.sandbox") / "words" / "answers.toml").read_text(encoding="utf-8")
    return tomllib.loads(text)
