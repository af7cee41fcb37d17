"""Each fault of the site, met by a part of a thread: no part twice, none lost, each under the one before it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.ledger.matrix import FAULTS, play, unfit

if TYPE_CHECKING:
    from tests.ledger.site_bench import SiteBench

LATER = FAULTS | {
    "wrong_author": unfit("wrong_author", "queued"),
    "target_deleted": unfit("deleted", "queued"),
}
"""Every part but the first answers a post of ours, which is looked at like any target."""


@pytest.mark.parametrize("fault", LATER)
def test_b12_b13_a_middle_part_meets_each_fault_and_the_thread_is_finished_in_order(
    bench: SiteBench, fault: str
) -> None:
    play(bench, fault, LATER[fault], kind="thread", part=1)


@pytest.mark.parametrize(("fault", "part"), [("response_lost", 0), ("text_dropped", 2)])
def test_b12_b13_the_first_or_last_part_meets_a_fault_and_the_thread_is_finished_in_order(
    bench: SiteBench, fault: str, part: int
) -> None:
    play(bench, fault, LATER[fault], kind="thread", part=part)
