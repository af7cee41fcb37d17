"""The proof against lives of random sets of jobs on random slots: 500 of them at length (`make soak`), 120 else.

Each set is judged as `check` judges it, by the reckoning and three lives, and then lived once more with runs of other
lengths. That life apart is not kept to if, without faults,

- a P0 run begins its work more than 30 s after its due time, because that is the promise; or
- more than 1 % of all slots due in its second half are lost (superseded, missed, or their run failed), because a slot
  now and then is coalesced by design, but what does not fit in the long run is lost again and again; the first half is
  left out because an overload needs time to show; or
- one job loses more than 10 % of its slots in the second half, two at least, because the frequent jobs' slots would
  hide it in the sum: with a buffer of one slot this is what a growing backlog looks like.

Two lives of one set, alike but for the lengths of runs, end differently in about 3 of 100: near the limits no verdict
of two values can agree with the next life in 99 %, which is why there is a third, `tight`.
"""

from __future__ import annotations

import os

import pytest

from actors.domain.feasibility import Verdict
from tests.simulation.random_sets import Trial, tried

SETS, SLOTS = (500, 2000) if os.environ.get("SOAK") else (120, 250)
"""About so many slots are lived of each set, in each of four lives."""


@pytest.fixture(scope="module")
def trials() -> list[Trial]:
    return [tried(seed, SLOTS) for seed in range(SETS)]


@pytest.mark.timeout(1800)
def test_no_p0_run_starts_later_than_its_bound(trials: list[Trial]) -> None:
    late = [
        (trial.seed, name, delay, trial.proof.p0[name])
        for trial in trials
        for name, delay in trial.p0.items()
        if delay > trial.proof.p0[name]
    ]
    assert late == []


@pytest.mark.timeout(1800)
def test_where_the_promise_to_p0_is_proven_nothing_was_ever_late(trials: list[Trial]) -> None:
    proven = [trial for trial in trials if trial.proof.is_promise_kept]
    assert len(proven) > SETS / 3
    assert [trial.seed for trial in proven if trial.is_p0_late] == []
    # The other sets keep too little for P0: there it is late in some, as it should be if the bound is to mean anything.
    assert any(trial.is_p0_late for trial in trials)


@pytest.mark.timeout(1800)
def test_a_verdict_agrees_with_the_next_life_in_99_of_100_and_is_seldom_withheld(trials: list[Trial]) -> None:
    """Of 500, 413 of 414 agree and 86 are on the edge; of 500 sets of another generator 418 of 419, and 81."""
    decided = [trial for trial in trials if trial.is_decided]
    wrong = [trial.seed for trial in decided if (trial.proof.verdict is Verdict.FEASIBLE) is not trial.is_kept]
    assert len(wrong) <= 0.01 * len(decided), wrong
    assert len(decided) >= 0.75 * SETS
    # Both verdicts are there to be wrong.
    assert {trial.proof.verdict for trial in decided} == {Verdict.FEASIBLE, Verdict.INFEASIBLE}
