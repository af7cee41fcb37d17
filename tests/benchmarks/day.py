"""A scenario's day lived twice: simulated, and by the whole program with a real browser and database, 60 times as fast.

The program starts two hours of schedule time before the day, so that the runs that catch up at its start are over.
"""

from __future__ import annotations

import json
import tempfile
import time
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.table import Table

from actors.commands.loading import load_all
from actors.domain.priority import Priority
from actors.simulation.house import House
from actors.simulation.scenario import read_scenario
from actors.simulation.setting import setting_of
from actors.simulation.summary import browser_waits, mean, percentile
from tests.acceptance.engine import ROOT, Engine

if TYPE_CHECKING:
    from collections.abc import Sequence

    from actors.simulation.setting import Setting

SCENARIO = ROOT / "tests" / "simulation" / "contended_day.csv"
DAY_S, BEFORE_S, MARGIN_S = 86400.0, 7200.0, 60.0
SPEED = 60.0
RUN_SLOTS = 48
"""One for each job of the scenario, which limits none."""
BEHIND = (Priority.P1, Priority.P2, Priority.P3)

Figures = dict[str, Any]


def measure_day(hours: float = 24.0) -> dict[str, Figures]:
    """Return the figures of the simulated and of the real day, in seconds of schedule time."""
    real = _live(hours)
    measured = replace(_setting(), setup_s=real["set-up of an errand"])
    return {"simulated": _simulate(_setting()), "simulated, set-up as measured": _simulate(measured), "real": real}


def _setting() -> Setting:
    config, _ = load_all()
    return setting_of(config).with_run_slots(RUN_SLOTS)


def _simulate(setting: Setting) -> Figures:
    house = House(read_scenario(SCENARIO), setting, days=1, seed=1)
    house.live()
    tallies = house.tally.jobs.values()
    delays = [delay for tally in tallies if tally.load.priority is Priority.P0 for delay in tally.delays]
    waits = {priority: browser_waits(tallies, priority) for priority in BEHIND}
    figures = _figures(delays, waits, sum(len(tally.missed) for tally in tallies))
    return {**figures, "set-up of an errand": setting.setup_s}


def _live(hours: float) -> Figures:
    with tempfile.TemporaryDirectory() as folder:
        data = Path(folder)
        wall = time.time()
        day = (wall // DAY_S + 1) * DAY_S
        anchor = {"wall": wall, "schedule": day - BEFORE_S, "speed": SPEED}
        (data / "clock.json").write_text(json.dumps(anchor), encoding="ascii")
        # Not until the full hour, whose many runs would only be cut off.
        seconds = (BEFORE_S + hours * 3600 - MARGIN_S) / SPEED
        environment = {"SCENARIO": str(SCENARIO), "SCENARIO_DAY": str(day), "SUPERVISOR_RUNS_SLOTS": str(RUN_SLOTS)}
        engine = Engine(data, speed=SPEED, environment=environment, program=("-m", "tests.benchmarks.contended"))
        engine.start("--for", f"{seconds:.0f}s")
        try:
            engine.ready()
            engine.wait_for("scenario_run", 60)
            code = engine.wait(seconds + 180)
        finally:
            if engine.is_running():
                engine.kill()
    runs = [line for line in engine.lines if line["action"] == "scenario_run" and line["slot"] >= 0]
    missed = [line for line in engine.lines if line["action"] == "slot_missed" and line["slot"] >= _as_text(day)]
    waits = {priority: _waits(runs, priority) for priority in BEHIND}
    figures = _figures([line["delay_s"] for line in runs if line["priority"] == 0], waits, len(missed))
    actions = Counter(line["action"] for line in engine.lines)
    cut = [line for line in runs if line["errands"] and line["priority"]]
    beside = sum(line["worked_s"] - line["length_s"] for line in cut) / sum(line["errands"] for line in cut)
    counts = {"runs failed": actions["run_failed"], "errands recalled": actions["errand_recalled"], "exit code": code}
    return {**figures, "set-up of an errand": beside, **counts}


def _as_text(epoch: float) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(epoch))


def _waits(runs: Sequence[dict[str, Any]], priority: Priority) -> list[float]:
    return [line["wait_s"] for line in runs if line["priority"] == priority and line["browser"]]


def _figures(delays: Sequence[float], waits: dict[Priority, list[float]], missed: int) -> Figures:
    everybody = [wait for each in waits.values() for wait in each]
    return {
        "P0 runs": len(delays),
        "P0 delay p50": percentile(delays, 0.5),
        "P0 delay p99": percentile(delays, 0.99),
        "P0 delay max": max(delays),
        "browser runs": len(everybody),
        "wait mean": mean(everybody),
        "wait p99": percentile(everybody, 0.99),
        "wait max": max(everybody),
        **{f"wait mean of {priority.name}": mean(each) for priority, each in waits.items()},
        "slots missed": missed,
    }


def day_table(days: dict[str, Figures]) -> Table:
    """Return both days side by side, in seconds of schedule time."""
    table = Table(title=f"The contended day, seconds of schedule time ({SPEED:g} in a real one)", title_justify="left")
    table.add_column("")
    for name in days:
        table.add_column(name, justify="right")
    for figure in days["real"]:
        cells = (each.get(figure) for each in days.values())
        table.add_row(figure, *("" if cell is None else f"{cell:.1f}".removesuffix(".0") for cell in cells))
    return table
