"""Lives of small houses and of the contended day, for the tests of the simulation."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

from actors.domain.priority import Priority
from actors.domain.workload import JobLoad, Span
from actors.simulation.house import House
from actors.simulation.scenario import read_scenario
from actors.simulation.setting import FrontSize, Setting

CONTENDED_DAY = Path(__file__).parent / "contended_day.csv"
SETTING = Setting(
    {
        "database": FrontSize(10, 2, 200),
        "redis": FrontSize(4, 1, 200),
        "openai": FrontSize(4, 1, 100),
        "browser": FrontSize(3, 1, 50),
        "runs": FrontSize(16, 2, 64),
    }
)


def contended_day(load: float = 1.0, *, sliced: bool = True, run_slots: int | None = None, **options: Any) -> House:
    """Live the contended day, with a run slot for each job unless told otherwise."""
    loads = read_scenario(CONTENDED_DAY, load, sliced=sliced)
    setting = SETTING.with_run_slots(len(loads)) if run_slots is None else SETTING
    house = House(loads, setting, **options)
    house.live()
    return house


def job(name: str, priority: Priority, every_s: float, length: tuple[float, float], **options: Any) -> JobLoad:
    """Return one job of a family of its own; without `uses` it works in the browser."""
    options = {"family": name, "uses": frozenset({"browser"}), "offset": timedelta(), "attempts": 3, **options}
    if priority is Priority.P0:
        options["errand_s"] = None
    every = timedelta(seconds=every_s)
    return JobLoad(name=name, priority=priority, every=every, length=Span(*length), **options)


def live(*loads: JobLoad, days: float = 1 / 24, setting: Setting = SETTING, **options: Any) -> House:
    """Live an hour, or as long as told, with these jobs."""
    house = House(loads, setting, days=days, **options)
    house.live()
    return house
