"""Each fault of the site, met by a reply to somebody's post."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.ledger.matrix import FAULTS, play, unfit

if TYPE_CHECKING:
    from tests.ledger.site_bench import SiteBench

MET = FAULTS | {
    "wrong_author": unfit("wrong_author", "skipped"),
    "target_deleted": unfit("deleted", "skipped"),
}


@pytest.mark.parametrize("fault", MET)
def test_b1_b4_b16_a_reply_meets_each_fault_and_is_published_once_or_skipped_with_its_reason(
    bench: SiteBench, fault: str
) -> None:
    play(bench, fault, MET[fault], kind="reply")
