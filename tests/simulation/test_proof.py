"""The proof against the simulation: what is proven must be seen, and what is seen must have been foretold."""

from __future__ import annotations

import os

import pytest

from actors.domain.workload import P0_LIMIT_S
from tests.simulation.random_sets import Life, live

SETS = 500
SLOTS = 3000 if os.environ.get("SOAK") else 500


@pytest.fixture(scope="module")
def lives() -> list[Life]:
    return [live(seed, SLOTS) for seed in range(SETS)]


def seeds(lives: list[Life]) -> list[int]:
    return [life.seed for life in lives]


def test_no_p0_run_of_500_sets_starts_later_than_its_bound(lives: list[Life]) -> None:
    late = [
        (life.seed, name, delay, life.proof.p0[name])
        for life in lives
        for name, delay in life.p0.items()
        if delay > life.proof.p0[name]
    ]
    assert late == []
    assert sum(P0_LIMIT_S < bound for life in lives for bound in life.proof.p0.values()) > 10
