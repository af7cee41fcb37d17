"""A few of the points at which `make crashpoints` kills the process, in every run of the tests."""

from __future__ import annotations

import pytest

from tests.crashpoints.run import bench
from tests.torture.account import KINDS

pytestmark = [pytest.mark.acceptance, pytest.mark.timeout(300)]

EACH, SEED = 4, 7


def test_b6_killed_at_a_dozen_steps_of_publishing_nothing_is_posted_twice_and_nothing_is_lost() -> None:
    results = bench(KINDS, ("publish",), sample=EACH, seed=SEED, lanes=3)
    assert [f"{fault.row}: {fault.what}" for fault in results.faults] == []
    assert [passed.point.name for passed in results.stuck] == []
    assert results.left == 0
    deaths = [passed.point.kind for passed in results.points if passed.outcome == "died"]
    assert set(deaths) == set(KINDS)
    assert sum(verdict.posts for verdict in results.verdicts) > len(results.points)
