"""How many random traces the models are held to: some hundreds in `make test`, 20 parts of 500 each in `make soak`.

Each part has a seed of its own, which is its name: `make soak SEED=7` begins with the part named "seed 7".
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import hypothesis
import pytest
from hypothesis.stateful import RuleBasedStateMachine, run_state_machine_as_test

if TYPE_CHECKING:
    from collections.abc import Callable

_IS_SOAK = os.environ.get("SOAK", "") == "1"
_PARTS = 20 if _IS_SOAK else 1
_FIRST_SEED = int(os.environ.get("SOAK_SEED", "0"))
TRACES = 500 if _IS_SOAK else 150
"""How many of them each part plays."""
_SETTINGS = hypothesis.settings(
    max_examples=TRACES,
    stateful_step_count=25,
    database=None,
    suppress_health_check=list(hypothesis.HealthCheck),
)


def each_part(test: Callable[..., Any]) -> Callable[..., Any]:
    """Give the test a `seed`, once for each part."""
    seeds = range(_FIRST_SEED, _FIRST_SEED + _PARTS)
    return pytest.mark.parametrize("seed", seeds, ids=[f"seed {seed}" for seed in seeds])(test)


def compare(machine: type[RuleBasedStateMachine], seed: int) -> None:
    """Play one part's traces on the state machine and its model."""
    seeded = hypothesis.seed(seed)(type(machine.__name__, (machine,), {}))
    run_state_machine_as_test(seeded, settings=_SETTINGS)
