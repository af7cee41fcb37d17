"""The grace between TERM and KILL."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from actors.domain.grace import drain_s, lease_s, reserve_s, servers_s, summary_s, tree_s

SECONDS = st.floats(0, 600)


def test_without_any_grace_nothing_is_waited_for() -> None:
    assert (drain_s(0.0), reserve_s(0.0)) == (0.0, 0.0)


def test_of_a_minute_of_grace_the_runs_have_52_s_less_what_has_passed() -> None:
    assert (drain_s(60.0), drain_s(60.0, used_s=10.0), drain_s(60.0, used_s=60.0)) == (52.0, 42.0, 0.0)


def test_of_a_short_grace_half_is_kept_for_what_follows() -> None:
    assert (drain_s(6.0), reserve_s(6.0)) == (3.0, 3.0)


@given(SECONDS, SECONDS)
def test_what_was_used_what_runs_get_and_what_is_kept_never_exceed_the_grace(grace_s: float, used_s: float) -> None:
    drain = drain_s(grace_s, used_s)
    assert drain >= 0.0
    assert drain == 0.0 or used_s + drain + reserve_s(grace_s) <= grace_s + 1e-6


@given(st.floats(12, 600), SECONDS)
def test_d11_what_follows_the_drain_ends_within_the_grace_even_if_each_part_takes_all_of_its_time(
    grace_s: float, used_s: float
) -> None:
    left_s = grace_s - used_s - drain_s(grace_s, used_s)
    for share_s in (lease_s, summary_s, tree_s, servers_s):
        left_s -= share_s(left_s)
    assert left_s >= 0.0 or used_s > grace_s - reserve_s(grace_s)


@given(st.floats(-100, 1))
def test_a_grace_that_is_over_leaves_a_moment_for_everything_but_the_figures(left_s: float) -> None:
    assert summary_s(left_s) == 0.0
    assert min(lease_s(left_s), tree_s(left_s), servers_s(left_s)) > 0.0
