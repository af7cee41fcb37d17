"""Which arm is played, with which probability."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import product

import numpy as np
import pytest

from actors.domain.learning.choice import EXPLORATION, Choice, choose
from actors.domain.learning.features import BLOCKS, DIMENSION, Context, Exposures, Played, best_arm, is_known, vector
from actors.domain.learning.posterior import Posterior
from actors.domain.learning.snapshot import WeightSnapshot, prior_snapshot
from actors.domain.randomness import keyed
from actors.domain.taxonomy import FACTORS, Arm

AT = datetime(2026, 3, 1, 15, 30, tzinfo=UTC)
PLAYED = [Played("coach", "sleep", AT - timedelta(hours=2)), Played("teacher", "sleep", AT - timedelta(hours=20))]
CONTEXT = Context(AT, Exposures.of(PLAYED, AT))


def convinced(generator: str, version: int = 1) -> WeightSnapshot:
    """Return a snapshot that is sure that one generator is better than all others."""
    start = prior_snapshot()
    shift = np.zeros(DIMENSION)
    shift[BLOCKS["generator"].start + FACTORS["generator"].index(generator)] = 500.0
    precision = start.posterior.precision + 200.0 * np.eye(DIMENSION)
    return replace(start, version=version, posterior=Posterior(precision, shift, 500, 0.5))


def chi_square(counts: np.ndarray, expected: np.ndarray) -> float:
    """Return how many standard deviations a chi-square statistic lies above its mean."""
    statistic, freedom = float(((counts - expected) ** 2 / expected).sum()), len(counts) - 1
    return (statistic - freedom) / float(np.sqrt(2 * freedom))


def test_the_probabilities_of_a_slate_sum_to_one_and_none_falls_below_the_floor() -> None:
    snapshot = prior_snapshot()
    for turn in range(50):
        choice = choose(snapshot, CONTEXT, b"%d" % turn)

        assert sum(choice.probabilities) == pytest.approx(1.0)
        assert min(choice.probabilities) >= EXPLORATION / len(choice.slate)
        assert choice.propensity == choice.probabilities[choice.slate.index(choice.arm)]
        assert len(set(choice.slate)) == len(choice.slate)
        assert all(map(is_known, choice.slate))


def test_arms_are_played_as_often_as_their_propensities_say() -> None:
    snapshot, ranked, expected = convinced("coach"), np.zeros(6), np.zeros(6)
    for turn in range(3000):
        choice = choose(snapshot, CONTEXT, b"%d" % turn)
        order = sorted(range(len(choice.slate)), key=lambda i: -choice.probabilities[i])
        place = order.index(choice.slate.index(choice.arm))
        ranked[min(place, 5)] += 1
        for rank, candidate in enumerate(order):
            expected[min(rank, 5)] += choice.probabilities[candidate]

    assert chi_square(ranked, expected) < 4


def test_a_choice_is_replayed_from_what_was_recorded() -> None:
    snapshot, choice = (
        convinced("coach"),
        choose(convinced("coach"), replace(CONTEXT, preferred={"generator": ("teacher",)}), b"\x01key"),
    )
    stored = json.loads(json.dumps(choice.record()))
    thawed = WeightSnapshot.from_dict(json.loads(json.dumps(snapshot.to_dict())))

    again = choose(
        thawed, Context.from_record(stored["context"]), bytes.fromhex(stored["key"]), exploration=stored["exploration"]
    )

    assert again == choice
    assert again.record() == stored


def test_another_key_or_another_version_is_another_draw() -> None:
    slates = {choose(convinced("coach", version), CONTEXT, key).slate for version, key in product((1, 2), (b"a", b"b"))}

    assert len(slates) == 4


def test_h8_a_change_of_weights_changes_what_is_chosen() -> None:
    def played(snapshot: WeightSnapshot) -> np.ndarray:
        chosen = [choose(snapshot, CONTEXT, b"%d" % turn).arm.generator for turn in range(600)]
        return np.array([chosen.count(name) + 0.5 for name in FACTORS["generator"]])

    untaught, coach, teacher = played(prior_snapshot()), played(convinced("coach")), played(convinced("teacher"))

    assert chi_square(coach, untaught) > 50
    assert chi_square(teacher, coach) > 50
    assert FACTORS["generator"][int(coach.argmax())] == "coach"
    assert FACTORS["generator"][int(teacher.argmax())] == "teacher"


def test_a_preference_leans_the_exploring_half_and_shuts_nobody_out() -> None:
    snapshot = prior_snapshot()

    def explored(context: Context) -> list[str]:
        slates = [choose(snapshot, context, b"%d" % turn).slate[:6] for turn in range(600)]
        return [arm.generator for slate in slates for arm in slate]

    free, leaning = explored(CONTEXT), explored(replace(CONTEXT, preferred={"generator": ("coach", "teacher")}))
    share = sum(name in ("coach", "teacher") for name in leaning) / len(leaning)

    assert share == pytest.approx(0.3 + 0.7 * 2 / 22, abs=0.03)
    assert sum(name in ("coach", "teacher") for name in free) / len(free) == pytest.approx(2 / 22, abs=0.03)
    assert set(leaning) == set(FACTORS["generator"])


def test_the_best_arm_is_the_best_of_all_vectors() -> None:
    rng = keyed("best arm")
    arms = [Arm(*values) for values in product(*FACTORS.values())]
    vectors = np.array([vector(arm, AT, CONTEXT.exposures.on(arm)) for arm in arms])

    for theta in rng.standard_normal((20, DIMENSION)):
        assert best_arm(theta, CONTEXT) == arms[int(np.argmax(vectors @ theta))]


def test_only_what_the_context_allows_is_chosen_and_its_propensity_stays_exact() -> None:
    allowed = {"hook": ("myth",), "format": ("plain",), "topic": ("sleep", "focus"), "length": ("short", "medium")}
    bound = replace(CONTEXT, preferred={"topic": ("stress", "focus")}, allowed=allowed)
    for turn in range(40):
        choice = choose(convinced("coach"), bound, b"%d" % turn)

        assert all(getattr(arm, name) in values for arm in choice.slate for name, values in allowed.items())
        assert sum(choice.probabilities) == pytest.approx(1.0)
        assert choice.propensity == choice.probabilities[choice.slate.index(choice.arm)]
        again = Context.from_record(json.loads(json.dumps(choice.record()))["context"])
        assert choose(convinced("coach"), again, choice.key) == choice


def test_the_best_allowed_arm_is_the_best_of_the_allowed_vectors() -> None:
    allowed = {"hook": ("myth", "story"), "topic": ("sleep", "focus", "walking"), "generator": ("coach", "teacher")}
    bound = replace(CONTEXT, allowed=allowed)
    arms = [Arm(*values) for values in product(*(bound.values(name) for name in FACTORS))]
    vectors = np.array([vector(arm, AT, CONTEXT.exposures.on(arm)) for arm in arms])

    for theta in keyed("best allowed arm").standard_normal((20, DIMENSION)):
        assert best_arm(theta, bound) == arms[int(np.argmax(vectors @ theta))]


def test_a_decision_from_before_there_were_bounds_is_replayed_without_any() -> None:
    record = {name: value for name, value in CONTEXT.record().items() if name != "allowed"}
    assert Context.from_record(record) == CONTEXT


def test_exposure_fades_with_age_and_ignores_what_is_still_to_come() -> None:
    exposures = Exposures.of([*PLAYED, Played("coach", "sleep", AT + timedelta(minutes=1))], AT)
    arm = Arm("coach", "sleep", *(FACTORS[name][0] for name in ("hook", "format", "length")))

    assert exposures == CONTEXT.exposures
    exposure = exposures.on(arm)
    assert exposure.topic_short == pytest.approx(np.exp(-2 / 6) + np.exp(-20 / 6))
    assert exposure.generator_long == pytest.approx(np.exp(-2 / 24))
    assert Exposures().on(arm).vector().tolist() == [0, 0, 0, 0]


def test_a_vector_names_its_arm_and_hour() -> None:
    arm = Arm("coach", "sleep", *(FACTORS[name][0] for name in ("hook", "format", "length")))
    x = vector(arm, AT, CONTEXT.exposures.on(arm))

    for block in (*FACTORS, "generator_topic", "hook_format", "quarter_topic", "intercept"):
        assert x[BLOCKS[block]].sum() == 1.0
    assert np.array_equal(x[BLOCKS["exposure"]], CONTEXT.exposures.on(arm).vector())
    assert not np.array_equal(x, vector(arm, AT + timedelta(hours=3), CONTEXT.exposures.on(arm)))


def test_a_choice_carries_the_exposure_of_its_arm() -> None:
    choice: Choice = choose(prior_snapshot(), CONTEXT, b"exposure")

    assert choice.exposure == CONTEXT.exposures.on(choice.arm)
