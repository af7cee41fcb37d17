"""Which target is answered with which strategy, and with which probability."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta

import numpy as np
import pytest

from actors.domain.learning.posterior import Posterior
from actors.domain.replies.choice import LARGEST_TIP, Candidate, Rate, candidates, choose, probabilities_of, tips
from actors.domain.replies.features import SPACE, STRATEGIES, TIERS, vector
from actors.domain.replies.snapshot import ReplyWeights, prior_weights
from tests.domain.replies.targets import NOW, target

TARGETS = [target(n, tier=TIERS[n % 8], posted_at=NOW - timedelta(minutes=7 * n)) for n in range(1, 17)]
EVERY = candidates(TARGETS, NOW, {})
EXPLORATION = 0.05


def convinced(block: str, place: int = 0, version: int = 1) -> ReplyWeights:
    """Return weights that are sure of one parameter and know all others to be nothing."""
    start = prior_weights(version)
    shift = np.zeros(SPACE.dimension)
    shift[SPACE.blocks[block].start + place] = 1000.0
    return replace(start, posterior=Posterior(500.0 * np.eye(SPACE.dimension), shift, 500, 0.3))


def chosen(weights: ReplyWeights, every: list[Candidate] = EVERY, turns: int = 100) -> list[Candidate]:
    return [choose(weights, every, b"%d" % turn, exploration=EXPLORATION).taken for turn in range(turns)]


def test_the_probabilities_of_a_slate_sum_to_one_and_every_strategy_has_its_floor() -> None:
    for weights in (prior_weights(), convinced("strategy")):
        for turn in range(25):
            choice = choose(weights, EVERY, b"%d" % turn, exploration=EXPLORATION)

            assert sum(choice.probabilities) == pytest.approx(1.0)
            assert min(choice.probabilities) >= EXPLORATION / len(choice.slate)
            assert len(choice.slate) <= 12
            assert {one.strategy for one in choice.slate} == set(STRATEGIES)
            assert choice.propensity == choice.probabilities[choice.slate.index(choice.taken)]


def test_candidates_are_taken_as_often_as_their_propensities_say() -> None:
    weights, taken, expected = convinced("strategy", 2), np.zeros(5), np.zeros(5)
    for turn in range(500):
        choice = choose(weights, EVERY, b"%d" % turn, exploration=0.5)
        taken[list(STRATEGIES).index(choice.taken.strategy)] += 1
        for one, probability in zip(choice.slate, choice.probabilities, strict=True):
            expected[list(STRATEGIES).index(one.strategy)] += probability

    assert float(((taken - expected) ** 2 / expected).sum()) < 20


def test_a_choice_is_drawn_again_from_what_was_recorded() -> None:
    weights = convinced("strategy", 1)
    choice = choose(weights, EVERY, b"\x01key", exploration=EXPLORATION)
    stored = json.loads(json.dumps(choice.record()))
    thawed = ReplyWeights.from_dict(json.loads(json.dumps(weights.to_dict())))
    slate = [(np.array(one["features"]), one["tip"]) for one in stored["slate"]]

    again = probabilities_of(thawed, slate, bytes.fromhex(stored["key"]), stored["exploration"])

    assert again.tolist() == stored["probabilities"]
    assert stored["slate"][stored["chosen"]]["tweet_id"] == choice.taken.target.tweet_id
    assert stored["slate"][stored["chosen"]]["features"] == stored["features"]
    assert stored["propensity"] == stored["probabilities"][stored["chosen"]]
    assert choose(thawed, list(EVERY), b"\x01key", exploration=EXPLORATION) == choice


def test_the_order_in_which_targets_are_found_changes_nothing() -> None:
    again = candidates(reversed(TARGETS), NOW, {})

    assert [one.target for one in again] == [one.target for one in EVERY]


def test_h8_a_change_of_reply_weights_changes_whom_and_how_we_answer() -> None:
    by_strategy = [one.strategy for one in chosen(convinced("strategy", 3))]
    by_tier = [one.target.tier for one in chosen(convinced("tier", 2))]
    untaught = chosen(prior_weights())

    assert by_strategy.count("contrast") > 85
    assert by_tier.count("TRENDING") > 85
    assert sum(one.strategy == "contrast" for one in untaught) < 50
    assert sum(one.target.tier == "TRENDING" for one in untaught) < 40


def test_untaught_the_larger_the_younger_and_the_better_author_wins() -> None:
    def share(**better: object) -> float:
        pair = [target(1), replace(target(2), **better)]
        taken = chosen(prior_weights(), candidates(pair, NOW, {}))
        return sum(one.target.tweet_id == pair[1].tweet_id for one in taken) / len(taken)

    even = share()
    assert share(tier="MEGA+") > share(tier="FRESH") + 0.15
    assert share(posted_at=NOW) > even + 0.02
    assert share(priority=100.0) > even + 0.2
    assert share(relevance=10.0) > even + 0.1


def test_h8_a_change_of_conversion_rates_changes_how_we_answer() -> None:
    rates = {(name, tier): Rate(1.0, 1000.0, 40) for name in STRATEGIES for tier in TIERS}
    loved = {**rates, **{("story", tier): Rate(9.0, 1000.0, 40) for tier in TIERS}}

    even = chosen(prior_weights(), candidates(TARGETS, NOW, tips(rates)))
    told = chosen(prior_weights(), candidates(TARGETS, NOW, tips(loved)))

    assert sum(one.strategy == "story" for one in told) > 1.5 * sum(one.strategy == "story" for one in even)


def test_a_tip_counts_within_the_slate_as_well() -> None:
    x = EVERY[0].features

    even, tipped = probabilities_of(prior_weights(), [(x, 0.0), (x, 0.1)], b"key", EXPLORATION)

    assert (even, tipped) == (EXPLORATION / 2, 1 - EXPLORATION / 2)


def test_h11_a_cell_of_few_replies_tips_little_and_none_tips_without_end() -> None:
    usual = {("question", "VIRAL"): Rate(10.0, 10_000.0, 500)}
    lucky = tips({**usual, ("story", "MEGA"): Rate(50.0, 100.0, 1)})
    proven = tips({**usual, ("story", "MEGA"): Rate(50.0, 100.0, 500)})

    assert 0 < lucky["story", "MEGA"] < LARGEST_TIP
    assert proven["story", "MEGA"] == LARGEST_TIP
    assert tips(usual) == {("question", "VIRAL"): pytest.approx(0.0)}
    assert tips({}) == {}


def test_what_is_not_known_of_an_author_counts_as_usual() -> None:
    unknown = vector(target(followers=None, engagement=None, priority=None), "story", NOW)
    usual = vector(target(followers=10_000, engagement=0.03, priority=0.0), "story", NOW)

    assert np.array_equal(unknown, usual)
    with pytest.raises(KeyError):
        vector(target(tier="TITAN"), "story", NOW)
