"""Evidence joins and leaves a posterior."""

from __future__ import annotations

from datetime import UTC, datetime

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from actors.domain.learning.features import BLOCKS, DIMENSION
from actors.domain.learning.posterior import PRIOR, PRIOR_NOISE, Evidence, fit, prior
from actors.domain.randomness import keyed

AT = datetime(2026, 3, 1, 9, 30, tzinfo=UTC)


def evidence(seed: int, rows: int, noise: float = 0.5) -> Evidence:
    """Return rows of a linear world: the first feature after the intercept's block is worth 1.5."""
    rng = keyed("evidence", seed)
    x = (rng.random((rows, DIMENSION)) < 0.1).astype(float)
    x[:, 0] = 1.0
    return Evidence(
        x, 1.0 + 1.5 * x[:, BLOCKS["topic"].start] + rng.normal(0, noise, rows), rng.uniform(0.6, 1.0, rows)
    )


@settings(max_examples=25)
@given(seed=st.integers(0, 10_000), rows=st.integers(1, 30))
def test_what_was_added_and_removed_leaves_no_trace(seed: int, rows: int) -> None:
    before = prior().add(evidence(seed, 10))
    again = before.add(evidence(seed + 1, rows)).remove(evidence(seed + 1, rows))

    assert np.allclose(again.precision, before.precision, atol=1e-9)
    assert np.allclose(again.shift, before.shift, atol=1e-9)
    assert np.allclose(again.belief.mean, before.belief.mean, atol=1e-9)
    assert again.rows == before.rows


def test_a_later_reading_replaces_an_earlier_one() -> None:
    early, late, others = evidence(1, 1), evidence(1, 1), evidence(2, 10)
    late = Evidence(late.x, late.z + 2.0, np.ones(1))

    replaced = prior().add(early).add(others).remove(early).add(late)

    assert np.allclose(replaced.belief.mean, prior().add(late).add(others).belief.mean)


def test_one_row_at_a_time_is_the_same_as_all_at_once() -> None:
    rows = evidence(3, 12)
    single = prior()
    for i in range(12):
        single = single.add(rows.rows(slice(i, i + 1)))

    assert np.allclose(single.belief.mean, prior().add(rows).belief.mean)


def test_the_prior_believes_what_is_published() -> None:
    start = prior()
    deviation = np.sqrt(PRIOR_NOISE * np.diag(start.belief.root @ start.belief.root.T))

    for block, (mean, expected) in PRIOR.items():
        assert start.belief.mean[BLOCKS[block]] == pytest.approx(mean)
        assert deviation[BLOCKS[block]] == pytest.approx(expected)


def test_enough_evidence_finds_the_effect_and_the_noise() -> None:
    fitted = fit(evidence(4, 3000, noise=0.5))

    assert fitted.belief.mean[BLOCKS["topic"].start] == pytest.approx(1.5, abs=0.15)
    # Rows of weight 0.6 to 1 whose noise was not scaled up show less than the 0.25 of a whole observation.
    assert fitted.noise == pytest.approx(0.2, abs=0.05)
