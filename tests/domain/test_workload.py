"""The workload: what is known of a run's length while it goes on."""

from __future__ import annotations

import pytest

from actors.domain.workload import Span


@pytest.mark.parametrize(
    ("done", "rest"),
    [(0.0, 270.0), (60.0, 210.0), (180.0, 150.0), (300.0, 90.0), (479.0, 0.5), (480.0, 0.0), (500.0, 0.0)],
)
def test_what_a_run_has_left_is_the_mean_of_the_lengths_that_are_still_possible(done: float, rest: float) -> None:
    assert Span(60.0, 480.0).remaining_s(done) == rest


def test_a_load_factor_makes_every_run_longer_alike() -> None:
    assert Span(60.0, 480.0).longer(1.8) == Span(108.0, 864.0)
    assert Span(60.0, 480.0).mean_s == 270.0
