"""From measured outcomes to the next version of the weights."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from actors.domain.learning.choice import EXPLORATION
from actors.domain.learning.cycle import MINIMUM_OUTCOMES, learn
from actors.domain.learning.reward import MeasuredOutcome
from actors.domain.learning.snapshot import WeightSnapshot, prior_snapshot
from actors.domain.randomness import keyed
from actors.domain.taxonomy import FACTORS, Arm
from actors.errors import PermanentError

START = datetime(2026, 3, 1, tzinfo=UTC)
NOW = START + timedelta(days=30)


def outcomes(number: int, *, favourite: str = "", seed: int = 0) -> list[MeasuredOutcome]:
    """Return measured posts of all arms alike, those of the favourite generator liked more."""
    rng = keyed("outcomes", seed)
    measured = []
    for i in range(number):
        arm = Arm(*(values[rng.integers(len(values))] for values in FACTORS.values()))
        likes = int(rng.poisson(30 if arm.generator == favourite else 2))
        at = START + timedelta(minutes=30 * i)
        measured.append(MeasuredOutcome(f"d{i:05d}", arm, at, timedelta(hours=24), 100, likes, 0, 0, 0))
    return measured


def learned(measured: list[MeasuredOutcome], previous: WeightSnapshot | None = None) -> WeightSnapshot:
    """Return the next snapshot, which must exist."""
    snapshot = learn(previous or prior_snapshot(), measured, NOW)
    assert snapshot is not None
    return snapshot


def same_weights(first: WeightSnapshot, second: WeightSnapshot) -> bool:
    """Tell whether two snapshots believe the same, bit for bit."""
    one, other = first.posterior, second.posterior
    return np.array_equal(one.precision, other.precision) and np.array_equal(one.shift, other.shift)


def test_below_twenty_measured_outcomes_the_prior_stays() -> None:
    assert learn(prior_snapshot(), outcomes(MINIMUM_OUTCOMES - 1), NOW) is None
    assert learned(outcomes(MINIMUM_OUTCOMES)).version == 1


def test_the_favourite_of_the_audience_gains_the_largest_share() -> None:
    snapshot = learned(outcomes(300, favourite="historian"))

    assert snapshot.source == "learned"
    assert snapshot.outcomes == 300
    assert max(snapshot.generator_weights, key=snapshot.generator_weights.__getitem__) == "historian"
    assert sum(snapshot.generator_weights.values()) == pytest.approx(1.0)


def test_h4_estimated_rows_do_not_change_weights() -> None:
    measured = outcomes(40)
    estimated = [replace(row, decision_id=f"e{i}", likes=900, source="estimated") for i, row in enumerate(measured)]
    unknown = [replace(row, decision_id=f"u{i}", likes=None) for i, row in enumerate(measured)]

    assert same_weights(learned(measured + estimated + unknown), learned(measured))
    assert learn(prior_snapshot(), estimated + unknown, NOW) is None


def test_h5_the_order_of_the_outcomes_does_not_matter() -> None:
    measured = outcomes(60, favourite="coach")
    shuffled = [measured[i] for i in keyed("shuffle").permutation(60)]

    first, second = learned(measured), learned(shuffled)

    assert first.to_dict() == second.to_dict()


def test_h5_an_older_reading_beside_a_newer_one_changes_nothing() -> None:
    measured = outcomes(40)
    earlier = [replace(row, age=timedelta(hours=6), likes=0) for row in measured]

    assert same_weights(learned(earlier + measured), learned(measured))
    assert same_weights(learned(measured + earlier), learned(measured))


def test_learning_the_same_again_makes_no_new_version() -> None:
    measured = outcomes(40)
    first = learned(measured)

    assert learn(first, measured, NOW + timedelta(hours=1)) is None
    assert learned([*measured, *[replace(measured[0], age=timedelta(hours=72), likes=50)]], first).version == 2


def test_learning_again_starts_from_the_prior_and_never_counts_twice() -> None:
    measured = outcomes(60)
    by_steps = learned(measured, learned(measured[:30]))

    assert by_steps.version == 2
    assert same_weights(by_steps, learned(measured))


@pytest.mark.parametrize("seed", range(4))
def test_h11_one_lucky_post_does_not_decide(seed: int) -> None:
    measured = outcomes(MINIMUM_OUTCOMES, seed=seed)
    lucky = replace(measured[-1], likes=40_000)

    snapshot = learned([*measured[:-1], lucky])

    assert snapshot.generator_weights[lucky.arm.generator] < 0.4


def test_h11_a_generator_never_played_keeps_its_floor() -> None:
    measured = [row for row in outcomes(300, favourite="coach") if row.arm.generator != "historian"]

    weights = learned(measured).generator_weights

    assert min(weights.values()) >= EXPLORATION / len(weights)
    assert weights["historian"] >= EXPLORATION / len(weights)


def test_a_snapshot_survives_storage_bit_for_bit_and_is_small() -> None:
    snapshot = learned(outcomes(400))
    stored = json.dumps(snapshot.to_dict())

    thawed = WeightSnapshot.from_dict(json.loads(stored))

    assert len(stored) < 200_000
    assert same_weights(thawed, snapshot)
    assert thawed.to_dict() == snapshot.to_dict()


def test_a_snapshot_of_another_taxonomy_is_refused() -> None:
    stored = {**prior_snapshot().to_dict(), "schema": "0123", "version": 9}

    with pytest.raises(PermanentError, match="snapshot 9"):
        WeightSnapshot.from_dict(stored)


def test_the_prior_favours_no_generator() -> None:
    assert len(set(prior_snapshot().generator_weights.values())) == 1
    assert prior_snapshot().version == 0
    assert prior_snapshot(5).version == 5
