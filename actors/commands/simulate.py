"""`simulate`: live days in seconds under a virtual clock, and say what became of every job."""

from __future__ import annotations

import contextlib
import json
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

from actors.commands.lengths import read_lengths
from actors.commands.loading import load_all
from actors.commands.simulation_report import REPORT_WIDTH, print_report
from actors.errors import ConfigError
from actors.simulation.house import DAY_S, House
from actors.simulation.registry import measured_jobs, read_registry
from actors.simulation.scenario import read_scenario
from actors.simulation.setting import Setting, setting_of
from actors.simulation.summary import summarise

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable, Iterator
    from pathlib import Path
    from typing import TextIO

    from actors.domain.workload import JobLoad


@dataclass(frozen=True, slots=True)
class Workload:
    """What is to be lived: the jobs, what carries them, and where their lengths come from."""

    loads: tuple[JobLoad, ...]
    setting: Setting
    sources: dict[str, str]
    """Of each job: `scenario`, `history` or `config`."""
    length_key: str
    note: str


def simulate(given: argparse.Namespace) -> int:
    """Print the report; return 0, or 1 if a run was doubled, a slot forgotten or a capacity exceeded.

    Raises:
        ConfigError: the configuration or the scenario is refused, or the log cannot be written.
    """
    work = _workload(given)
    with _sink(given.log) as sink:
        house = House(
            work.loads,
            work.setting,
            days=given.days,
            seed=given.seed,
            length_key=work.length_key,
            with_faults=given.faults,
            log=sink,
        )
        with _progress(given.days) as progress:
            house.live(progress)
        document: dict[str, Any] = {
            **summarise(house),
            "scenario": str(given.scenario) if given.scenario is not None else None,
            "load": given.load,
            "sliced": not given.unsliced,
            "lengths": work.sources,
        }
    if given.json:
        json.dump(document, sys.stdout, indent=2)
        sys.stdout.write("\n")
    else:
        console = Console()
        # Into a file or a pipe the report goes as wide as it wants to be.
        print_report(console if console.is_terminal else Console(width=REPORT_WIDTH), house, document, work.note)
    broken = document["double_runs"] or document["over_capacity"] or document["lost_slots"]
    return 1 if broken else 0


def _workload(given: argparse.Namespace) -> Workload:
    config, jobs = load_all({"data.dir": str(given.data)} if given.data is not None else None)
    setting, sliced = setting_of(config), not given.unsliced
    if given.scenario is not None:
        loads = read_scenario(given.scenario, given.load, sliced=sliced)
        wider = setting.with_run_slots(len(loads))
        note = f"The scenario limits no run slots: each job has one, where config.toml has {config.runs.slots} for all."
        return Workload(loads, wider, {load.name: "scenario" for load in loads}, "", note)
    history, note = read_lengths(config, jobs)
    loads = read_registry(config, jobs.values(), history, given.load, sliced=sliced)
    measured = measured_jobs(history)
    sources = {load.name: "history" if load.name in measured else "config" for load in loads}
    if not note:
        told = ", ".join(measured) or "no job, for none has five measured runs"
        note = f"Lengths come from history for {told}" + ("." if not measured else "; for the others from config.toml.")
    return Workload(loads, setting, sources, f"{given.seed}/", note)


@contextlib.contextmanager
def _sink(log: Path | None) -> Iterator[TextIO | None]:
    """Open the file that the journal goes to, if one is named."""
    if log is None:
        yield None
        return
    try:
        file = log.open("w", encoding="utf-8")
    except OSError as error:
        raise ConfigError(f"{log} cannot be written: {error}", "name another file for --log") from error
    with file:
        yield file


@contextlib.contextmanager
def _progress(days: float) -> Iterator[Callable[[float], None] | None]:
    """Show on a terminal how far it is; the bar goes when it is done."""
    console = Console(stderr=True)
    if not console.is_terminal:
        yield None
        return
    columns = (TextColumn("day {task.fields[day]} of {task.fields[days]}"), BarColumn(), TaskProgressColumn())
    with Progress(*columns, TimeRemainingColumn(), console=console, transient=True) as progress:
        task = progress.add_task("", total=days * DAY_S, day=1, days=f"{days:g}")

        def show(now: float) -> None:
            day = int(min(now // DAY_S + 1, days))
            progress.update(task, completed=now, day=day)

        yield show
