"""How much of the browser is in use, and what that asks for."""

from __future__ import annotations

from dataclasses import replace

import pytest

from actors.domain.tuning.load import LONGEST_WAIT_S, JobFigures, Load, Pressure, at_work, pressure_of

FIGURES = JobFigures("", 10, 10, 0, 1.0, 2.0, 1.0, 2.0, 0.0, 0.0, 0.0)
SLACK = Load(at_work=0.5, contexts=3, waited_p95=2.0, guarded_runs=30)


def test_contexts_in_use_are_the_rate_of_runs_times_their_time_at_work() -> None:
    runs = [replace(FIGURES, runs=30, browser_s=1800.0), replace(FIGURES, runs=6, browser_s=3600.0)]

    assert at_work(runs, 3600.0) == pytest.approx(1.5)
    assert at_work([], 3600.0) == 0.0
    assert at_work(runs, 0.0) == 0.0


@pytest.mark.parametrize(
    ("load", "pressure"),
    [
        (SLACK, Pressure.SLACK),
        (replace(SLACK, waited_p95=LONGEST_WAIT_S / 2), Pressure.STEADY),
        (replace(SLACK, waited_p95=LONGEST_WAIT_S + 1), Pressure.CONGESTED),
        (replace(SLACK, at_work=1.8), Pressure.STEADY),
        (replace(SLACK, at_work=2.7), Pressure.CONGESTED),
        (replace(SLACK, waited_p95=None), Pressure.STEADY),
        (replace(SLACK, waited_p95=LONGEST_WAIT_S + 1, guarded_runs=5), Pressure.STEADY),
    ],
)
def test_a_load_asks_for_more_only_if_nobody_waits_and_for_less_only_if_enough_was_seen(
    load: Load, pressure: Pressure
) -> None:
    assert pressure_of(load) is pressure
