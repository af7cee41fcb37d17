"""The proof against the simulation, over 500 random sets of jobs on random slots.

The simulation's verdict was laid down before any rate was looked at. A set is not kept if, without faults,

- a P0 run begins its work more than 30 s after its due time, because that is the promise; or
- more than 1 % of all slots due in the second half are lost (superseded, missed, or their run failed), because a slot
  now and then is coalesced by design, but what does not fit in the long run is lost again and again; the first half is
  left out because an overload needs time to show; or
- one job loses more than 10 % of its slots in the second half, two at least, because the frequent jobs' slots would
  hide it in the sum: with a buffer of one slot this is what a growing backlog looks like.

Two lives of one set that differ in the lengths of its runs alone get different verdicts in 15 of the 500 (97.0 % agree,
at 250 slots each): near the limits above one life is no measure, and no analysis can agree with it in 99 %.
"""

from __future__ import annotations

import os

import pytest

from actors.domain.feasibility import Kind
from tests.simulation.random_sets import Life, live

SETS = 500
SLOTS = 3000 if os.environ.get("SOAK") else 250
"""About so many slots are lived of each set. 3000 take ten minutes of processor time."""


@pytest.fixture(scope="module")
def lives() -> list[Life]:
    return [live(seed, SLOTS) for seed in range(SETS)]


def agreeing(pairs: list[tuple[bool, bool]]) -> float:
    return sum(said == seen for said, seen in pairs) / len(pairs)


@pytest.mark.timeout(1800)
def test_no_p0_run_starts_later_than_its_bound(lives: list[Life]) -> None:
    late = [
        (life.seed, name, delay, life.proof.p0[name])
        for life in lives
        for name, delay in life.p0.items()
        if delay > life.proof.p0[name]
    ]
    assert late == []


@pytest.mark.timeout(1800)
def test_where_the_promise_to_p0_is_proven_nothing_was_ever_late(lives: list[Life]) -> None:
    proven = [life for life in lives if life.proof.is_promise_kept]
    assert len(proven) > SETS / 3
    assert [life.seed for life in proven if life.is_p0_late] == []
    # The other sets keep too little for P0: there it is late in some, as it should be if the bound is to mean anything.
    assert any(life.is_p0_late for life in lives)


@pytest.mark.timeout(1800)
def test_what_is_expected_of_a_set_is_what_becomes_of_it_in_19_of_20(lives: list[Life]) -> None:
    """476 of 500 agree at 250 slots each, 472 at 3000.

    The others lose about as many slots as the limits allow, 0.5 to 2 % of all, or one or two of a job that is seldom
    due; or P0 is late once in thousands of starts, and the one life had that start and the other had not; or a job
    works as long as its interval in the mean, and loses hardly a slot because it may start late.
    """
    assert agreeing([(life.proof.is_expected_to_hold, life.is_kept) for life in lives]) >= 0.94


@pytest.mark.timeout(1800)
def test_utilisation_alone_foretells_fewer_of_the_sets_that_lose_slots(lives: list[Life]) -> None:
    by_utilisation = agreeing([(life.proof.is_sustainable, not life.is_overloaded) for life in lives])
    bursts = [any(found.kind is Kind.BURSTS for found in life.proof.complaints) for life in lives]
    pairs = [
        (life.proof.is_sustainable and not lost, not life.is_overloaded)
        for life, lost in zip(lives, bursts, strict=True)
    ]
    assert agreeing(pairs) > by_utilisation
