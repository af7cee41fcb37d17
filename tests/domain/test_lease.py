"""The lease as one process knows it: what is said of each answer, once, and how long an answer is believed."""

from __future__ import annotations

import pytest

from actors.domain.lease import Lease, LeaseAction, LeaseRow

LENGTH = 30.0
TAKEN, LOST = LeaseAction.TAKEN, LeaseAction.LOST
OTHER, UNKNOWN = LeaseAction.HELD_BY_OTHER, LeaseAction.UNKNOWN


def ours(fence: int = 1, left_s: float = LENGTH) -> LeaseRow:
    return LeaseRow("we", fence, is_ours=True, left_s=left_s)


def others(fence: int = 1, holder: str = "they", left_s: float = LENGTH) -> LeaseRow:
    return LeaseRow(holder, fence, is_ours=False, left_s=left_s)


AWAY = None
"""Stands for a try that nobody answered."""


@pytest.mark.parametrize(
    ("answers", "said"),
    [
        # Every answer comes ten seconds after the one before it, at once after its question.
        ([ours(), ours(), ours()], [[TAKEN], [], []]),
        ([others(), others(), others()], [[OTHER], [], []]),
        ([others(1), others(2, "third")], [[OTHER], [OTHER]]),
        ([others(1), ours(2)], [[OTHER], [TAKEN]]),
        ([ours(1), others(2)], [[TAKEN], [LOST]]),
        ([ours(1), others(2), others(2), ours(3)], [[TAKEN], [LOST], [], [TAKEN]]),
        ([ours(1), ours(3)], [[TAKEN], [LOST, TAKEN]]),
        ([AWAY, AWAY, ours()], [[UNKNOWN], [], [TAKEN]]),
        ([AWAY, others(), others()], [[UNKNOWN], [OTHER], []]),
        ([ours(), AWAY, AWAY, ours()], [[TAKEN], [], [], [UNKNOWN, TAKEN]]),
        ([ours(), AWAY, AWAY, AWAY, AWAY, ours()], [[TAKEN], [], [], [UNKNOWN], [], [TAKEN]]),
        ([ours(), AWAY, AWAY, AWAY, others(2)], [[TAKEN], [], [], [UNKNOWN], [LOST]]),
        ([ours(), AWAY, AWAY, AWAY, ours(3)], [[TAKEN], [], [], [UNKNOWN], [LOST, TAKEN]]),
        ([others(), AWAY, AWAY, AWAY, others()], [[OTHER], [], [], [UNKNOWN], [OTHER]]),
        # Another's that is about to end is not unknown when it has: the next question tells.
        ([others(left_s=1), ours(2)], [[OTHER], [TAKEN]]),
    ],
)
def test_b7_each_change_is_said_once(answers: list[LeaseRow | None], said: list[list[LeaseAction]]) -> None:
    lease, now, heard = Lease(LENGTH), 0.0, []
    for answer in answers:
        changes = lease.looked(now)
        changes += lease.failed(now) if answer is AWAY else lease.answered(answer, now, now)
        heard.append([change.action for change in changes])
        now += lease.pace_s
    assert heard == said


def test_b7_a_change_names_the_holder_and_its_fence() -> None:
    lease = Lease(LENGTH)
    lease.answered(ours(1), 0.0, 0.0)
    (change,) = lease.answered(others(2), 10.0, 10.0)
    assert (change.holder, change.fence) == ("they", 2)


def test_b7_an_answer_counts_from_when_it_was_asked_for() -> None:
    lease = Lease(LENGTH)
    lease.answered(ours(), asked_at=100.0, now=120.0)
    assert lease.is_ours(129.9)
    assert not lease.is_ours(130.0)


def test_b5_an_answer_that_ran_out_on_its_way_makes_nobody_the_publisher() -> None:
    lease = Lease(LENGTH)
    assert [change.action for change in lease.answered(ours(), asked_at=100.0, now=130.0)] == [UNKNOWN]
    assert not lease.is_ours(130.0)


def test_b5_who_was_frozen_longer_than_the_lease_knows_that_it_holds_nothing_before_it_asks() -> None:
    lease = Lease(LENGTH)
    lease.answered(ours(), 0.0, 0.0)
    assert lease.is_ours(29.9)
    assert not lease.is_ours(31.0)
    assert [change.action for change in lease.looked(31.0)] == [UNKNOWN]
    assert lease.looked(32.0) == []


def test_b7_a_servers_clock_that_was_set_back_is_not_believed_longer_than_a_lease_lasts() -> None:
    lease = Lease(LENGTH)
    lease.answered(ours(left_s=3600.0), 0.0, 0.0)
    assert [change.action for change in lease.looked(30.0)] == [UNKNOWN]
    assert not lease.is_ours(30.0)


def test_b7_what_was_given_back_is_ours_no_more_and_was_not_lost() -> None:
    lease = Lease(LENGTH)
    lease.answered(ours(), 0.0, 0.0)
    lease.released()
    assert not lease.is_ours(1.0)
    assert lease.looked(100.0) == []
    assert [change.action for change in lease.answered(others(2), 100.0, 100.0)] == [OTHER]
