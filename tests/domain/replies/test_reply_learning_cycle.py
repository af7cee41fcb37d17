"""What a reply was worth, and what follows from many of them."""

from __future__ import annotations

import json
import math
from dataclasses import replace
from datetime import timedelta
from typing import Any

import numpy as np
import pytest

from actors.domain.replies.choice import candidates, choose
from actors.domain.replies.cycle import learn
from actors.domain.replies.features import STRATEGIES, vector
from actors.domain.replies.reward import ReplyOutcome, reward
from actors.domain.replies.snapshot import SCHEMA, ReplyWeights, prior_weights
from actors.errors import PermanentError
from tests.domain.replies.targets import NOW, target

DAY = timedelta(days=1)
NAMES = list(STRATEGIES)


def outcome(number: int, strategy: str, likes: int | None = 0, **changes: Any) -> ReplyOutcome:
    row: dict[str, Any] = {
        "decision_id": f"decision-{number:03}",
        "strategy": strategy,
        "schema": SCHEMA,
        "features": tuple(vector(target(number), strategy, NOW).tolist()),
        "posted_at": NOW + timedelta(minutes=10 * number),
        "age": 3 * DAY,
        "likes": likes,
        "reposts": 0,
        "replies": 0,
        "bookmarks": 0,
    }
    return ReplyOutcome(**{**row, **changes})


def taught(outcomes: list[ReplyOutcome]) -> ReplyWeights:
    weights = learn(prior_weights(), outcomes, NOW, minimum=10, exploration=0.05)
    assert weights is not None
    return weights


def test_follows_count_ten_each_and_a_stop_takes_two_off_the_logarithm() -> None:
    plain = reward(outcome(1, "story", 4, reposts=1, replies=2, bookmarks=1))
    followed = reward(outcome(1, "story", 4, follows=1.5))
    stopped = reward(outcome(1, "story", 4, was_told_to_stop=True))

    assert plain is not None
    assert followed is not None
    assert stopped is not None
    assert plain.z == pytest.approx(math.log1p(4 + 2 + 6 + 2), abs=1e-3)
    assert followed.z == pytest.approx(math.log1p(4 + 15), abs=1e-3)
    assert stopped.z == pytest.approx(math.log1p(4) - 2, abs=1e-3)


@pytest.mark.parametrize(
    "doubt",
    [{"likes": None}, {"replies": None}, {"source": "estimated"}, {"source": "simulated"}, {"age": DAY / 100}],
)
def test_h4_a_reply_that_was_not_surely_measured_teaches_nothing(doubt: dict[str, Any]) -> None:
    assert reward(replace(outcome(1, "story"), **doubt)) is None


def test_below_the_minimum_nothing_is_learned_and_the_same_outcomes_make_no_second_version() -> None:
    outcomes = [outcome(n, NAMES[n % 5], n % 3) for n in range(10)]
    weights = taught(outcomes)

    assert learn(prior_weights(), outcomes[:9], NOW, minimum=10, exploration=0.05) is None
    assert learn(weights, reversed(outcomes), NOW, minimum=10, exploration=0.05) is None
    assert (weights.version, weights.outcomes, weights.source) == (1, 10, "learned")


def test_h5_order_and_earlier_readings_change_nothing() -> None:
    outcomes = [outcome(n, NAMES[n % 5], n % 7) for n in range(20)]
    early = [replace(one, age=DAY / 2, likes=99) for one in outcomes]

    assert taught(outcomes).to_dict() == taught([*outcomes[::-1], *early]).to_dict()


def test_features_of_another_meaning_teach_nothing() -> None:
    outcomes = [outcome(n, "story", 3, schema="old") for n in range(30)]

    assert learn(prior_weights(), outcomes, NOW, minimum=10, exploration=0.05) is None


def test_h8_measured_replies_change_how_the_next_ones_are_written() -> None:
    outcomes = [outcome(n, NAMES[n % 5], 300 if n % 5 == 3 else 0) for n in range(60)]
    weights, every = taught(outcomes), candidates([target(n) for n in range(100, 110)], NOW, {})
    chosen = [choose(weights, every, b"%d" % n, exploration=0.05).taken.strategy for n in range(200)]

    assert max(weights.strategy_weights, key=lambda name: weights.strategy_weights[name]) == NAMES[3]
    assert chosen.count(NAMES[3]) > 120
    assert min(weights.strategy_weights.values()) >= 0.05 / len(NAMES), "no strategy is ever without its floor"


def test_h11_one_lucky_reply_takes_no_strategy_over_and_an_unseen_one_keeps_its_floor() -> None:
    quiet = [outcome(n, NAMES[n % 4], n % 2) for n in range(1, 16)]
    lucky = taught([outcome(0, NAMES[0], 50_000), *quiet])

    assert sum(lucky.strategy_weights.values()) == pytest.approx(1.0)
    assert max(lucky.strategy_weights.values()) < 0.5
    assert lucky.strategy_weights[NAMES[4]] >= 0.05 / len(NAMES)
    assert lucky.strategy_weights[NAMES[0]] < 0.4


def test_weights_are_stored_bit_for_bit_and_others_meaning_is_refused() -> None:
    weights = taught([outcome(n, NAMES[n % 5], n) for n in range(12)])
    thawed = ReplyWeights.from_dict(json.loads(json.dumps(weights.to_dict())))

    assert thawed.to_dict() == weights.to_dict()
    assert np.array_equal(thawed.posterior.precision, weights.posterior.precision)
    with pytest.raises(PermanentError):
        ReplyWeights.from_dict({**weights.to_dict(), "schema": "old"})
