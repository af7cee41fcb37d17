"""The bench of random kills can fail: a naive publisher posts twice under it, and the verdict says so."""

from __future__ import annotations

import pytest

from tests.torture.run import endure

pytestmark = [pytest.mark.acceptance, pytest.mark.timeout(300)]


def test_b4_a_naive_publisher_under_a_few_kills_posts_twice_and_forgets_and_the_verdict_finds_both() -> None:
    ordeal = endure(1, kills=6, is_naive=True, tell=lambda _done, _what: None)
    assert ordeal.faults, "no fault of the site was armed, so nothing was at stake"
    assert ordeal.verdict.counts["duplicate"] > 0
    assert ordeal.verdict.counts["lost"] > 0
