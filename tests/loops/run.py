"""A day of the whole program: does every job do its work, are both loops closed, is nobody late?

Run as `python -m tests.loops.run [--for 26m] [--speed 60] [--json] [--log FILE]`: the shipped configuration on an empty
folder, with `viral_thread` switched on. At 60 times the clock's pace 26 minutes are 26 hours of schedule. The exit code
is 1 if a finding does not hold.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import signal
import sys
import tempfile
import threading
import time
from dataclasses import fields
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psutil
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from actors.domain.duration import parse_duration
from tests.acceptance.engine import Engine, get_json
from tests.loops.day import Day, JobDay
from tests.loops.inventory import NameDay
from tests.soak.invariants import Finding, show, trouble, wear

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

ENVIRONMENT = {"SUPERVISOR_JOBS_VIRAL_THREAD_ENABLED": "true"}
_READY_S = 120.0


def measure(given: argparse.Namespace, console: Console) -> tuple[list[Finding], list[JobDay], list[NameDay]]:
    """Return what a whole day of it found; nothing of it is left."""
    with tempfile.TemporaryDirectory(prefix="loops-") as folder, contextlib.ExitStack() as ends:
        engine = Engine(Path(folder) / "data", speed=given.speed, environment=ENVIRONMENT).start()
        ends.callback(_sweep, engine)
        if given.log is not None:
            ends.callback(lambda: given.log.write_text("".join(json.dumps(line) + "\n" for line in engine.lines)))
        engine.ready(_READY_S)
        since = _now(engine)
        _live(engine, given.lasting.total_seconds(), console)
        until = _now(engine)
        # What is under way may end, and then nothing moves any more while it is looked at.
        assert engine.send("pause", "all") == 0
        engine.until(lambda: not engine.query(Day.HELD), _READY_S, "nothing under way")
        day = Day(engine, since, until)
        findings, jobs, names = day.findings(), day.jobs(), day.names()
        findings += [trouble(engine.lines), wear(engine)]
        code = engine.stop()
        left = [process.name() for process in engine.processes()]
        sentence = "it ends as asked and leaves no process"
        findings.append(Finding("end", sentence, not code and not left, f"{code} {left}"))
        return findings, jobs, names


def _now(engine: Engine) -> datetime:
    return datetime.fromisoformat(get_json(engine.site + "/_health")["now"])


def _live(engine: Engine, seconds: float, console: Console) -> None:
    columns = (TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console) as progress:
        bar = progress.add_task("living", total=seconds)
        until = time.monotonic() + seconds
        while (left := until - time.monotonic()) > 0:
            assert engine.is_running(), "it ended:\n" + "\n".join(engine.tail())
            posted = sum(line["action"] == "posted" for line in engine.lines)
            progress.update(bar, description=f"{posted} publications", completed=seconds - left)
            threading.Event().wait(min(1.0, left))


def _sweep(engine: Engine) -> None:
    if engine.is_running():
        engine.kill()
    for process in engine.processes():
        with contextlib.suppress(psutil.Error):
            process.kill()


def job_table(jobs: Sequence[JobDay]) -> Table:
    """Return a row for each job: how its slots ended, how late it began, and what its runs came to in all."""
    table = Table(title="Jobs", title_justify="left")
    for name in ("job", "", "done", "nothing", "blocked", "failed", "missed", "late s, max", "came to"):
        table.add_column(name, overflow="fold")
    for each in jobs:
        counts = ", ".join(f"{name} {count}" for name, count in each.counts.items() if count)
        cells = (each.done, each.nothing, each.blocked, each.failed, each.missed)
        table.add_row(each.job, each.priority, *map(str, cells), f"{each.late_s:.1f}", counts)
    return table


def name_table(names: Sequence[NameDay]) -> Table:
    """Return a row for each name of the inventory: where it is done, how its results ended, what they came to."""
    table = Table(title="Inventory", title_justify="left")
    for title in ("name", "job", "results", "came to"):
        table.add_column(title, overflow="fold")
    for each in names:
        results = ", ".join(f"{count} {outcome}" for outcome, count in each.outcomes.most_common())
        counts = ", ".join(f"{name} {count}" for name, count in each.counts.items() if count)
        table.add_row(each.name, "" if each.name == each.job else each.job, results, counts)
    return table


def _rows(entries: Iterable[Any]) -> list[dict[str, Any]]:
    # Not `asdict`, which makes a counter of a counter's items.
    return [{field.name: getattr(each, field.name) for field in fields(each)} for each in entries]


def main() -> int:
    """Measure, print, and return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    lasting = parse_duration("26m")
    parser.add_argument("--for", dest="lasting", type=parse_duration, default=lasting, help="real time (26m)")
    parser.add_argument("--speed", type=float, default=60.0, help="schedule seconds in a real second (60)")
    parser.add_argument("--json", action="store_true", help="one JSON document instead of tables")
    parser.add_argument("--log", type=Path, help="where to keep the supervisor's log")
    given = parser.parse_args()
    # However it is ended, servers and supervisor end with it.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    findings, jobs, names = measure(given, Console(stderr=True))
    if given.json:
        document = {"findings": _rows(findings), "jobs": _rows(jobs), "names": _rows(names)}
        json.dump(document, sys.stdout, indent=2)
    else:
        Console(width=160).print(job_table(jobs), name_table(names))
        show(f"{given.lasting} at speed {given.speed:g}, load {psutil.getloadavg()[0]:.1f}", findings)
    return 0 if all(each.holds for each in findings) else 1


if __name__ == "__main__":
    sys.exit(main())
