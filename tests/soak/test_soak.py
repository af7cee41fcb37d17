"""Ten minutes of random deaths at sixty times the speed: `SOAK=1 python -m pytest -s tests/soak`.

`SOAK_MINUTES` (10) sets the length, `SOAK_SEED` (1) the random numbers, `SOAK_PAUSE` (0.5) the mean seconds between
two kills. The outcome is printed as a table.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from tests.acceptance.engine import Engine
from tests.soak.chaos import PROGRAM, at_rest, environment, outlive
from tests.soak.invariants import Finding, show, trouble, wear

if TYPE_CHECKING:
    from pathlib import Path

MINUTES = float(os.environ.get("SOAK_MINUTES", "10"))
SEED = int(os.environ.get("SOAK_SEED", "1"))
PAUSE = float(os.environ.get("SOAK_PAUSE", "0.5"))
SPEED = 60


@pytest.mark.acceptance
@pytest.mark.soak
@pytest.mark.timeout(60 * MINUTES + 900)
def test_d10_ten_minutes_of_random_deaths_break_no_invariant_and_none_is_silent(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    seconds = 60 * MINUTES
    settings = environment(seconds, SEED, PAUSE)
    engine = Engine(tmp_path / "data", speed=SPEED, environment=settings, program=PROGRAM).start()
    again = Engine(engine.data, speed=SPEED, environment=settings)
    try:
        findings = outlive(engine, seconds, with_measures=True)
        findings += [trouble(engine.lines), wear(engine)]
        engine.kill()
        again.start().ready()
        again.wait_for("posted", 120)
        findings += [
            Finding("13", f"after kill -9 and a restart: {each.sentence}", each.holds, each.figures)
            for each in at_rest(again)
            if each.number in {"1", "2", "3", "4", "5"}
        ]
        with capsys.disabled():
            show(f"{MINUTES:g} minutes of chaos, seed {SEED}, a kill every {PAUSE:g} s", findings)
        assert [each for each in findings if not each.holds] == []
        assert again.stop() == 0
        assert again.processes() == []
    finally:
        for each in (engine, again):
            if each.is_running():
                each.kill()
        for process in again.processes():
            process.kill()
