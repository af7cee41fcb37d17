"""What kernel, fronts and log cost beside peers, a recall and a start in time, and a running supervisor in memory.

Run as `python -m tests.benchmarks.run [--json] [--starts 3] [--only PART]`. Start and memory are those of the real
program in a process of its own. Memory is PSS, from `/proc/*/smaps_rollup`, of its process tree without the embedded
servers, which an operator may bring himself; it is there on Linux only. Times are on the wall clock, from the moment
before the process is made. `--only day` lives a day of the 46 jobs that this program replaces, 60 times as fast; it
takes 26 minutes and is left out otherwise. `--only attribution` tells how well follows are told apart by their cause.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import math
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psutil
from rich.console import Console
from rich.table import Table

from tests.acceptance.engine import ROOT, Engine
from tests.benchmarks.attribution import attribution_tables, measure_attribution
from tests.benchmarks.day import day_table, measure_day

if TYPE_CHECKING:
    from collections.abc import Callable

CONTAINER_MB = 512
CRASH_LIMIT_MS = 5.0
RECALL_LIMIT_MS = 200.0
PARTS = ("kernel", "arbiter", "governor", "recall", "start", "memory", "day", "attribution")
PROCESSES = ("python", "node driver", "chromium")
SPEED = 240
POSTS = 3
IDLE_STOP_S = 8
SETTLE_S = 3
SAMPLE_EVERY_S = 0.1
STEP_S = 120.0

Megabytes = dict[str, float]


def measure_starts(count: int) -> dict[str, dict[str, float]]:
    """Return the best and the median seconds to `ready` and to the first admitted run, by what was there before."""
    taken: dict[str, list[tuple[float, float]]] = {"cold": [], "after a clean stop": [], "after kill -9": []}
    for _ in range(count):
        with tempfile.TemporaryDirectory(prefix="bench-") as folder:
            for kind, times in taken.items():
                engine = Engine(Path(folder) / "data")
                times.append(_time_start(engine))
                # The next start finds what this end leaves: nothing running, or the servers of a killed supervisor.
                if kind == "after a clean stop":
                    engine.kill()
                else:
                    engine.stop()
    results = {}
    for kind, times in taken.items():
        ready, admitted = zip(*times, strict=True)
        named = {"ready, best": min(ready), "ready": statistics.median(ready), "first run": statistics.median(admitted)}
        results[kind] = {name: round(seconds, 2) for name, seconds in named.items()}
    return results


def _time_start(engine: Engine) -> tuple[float, float]:
    began = time.time()
    engine.start()
    try:
        ready, admitted = (_epoch(engine.wait_for(action, STEP_S)) for action in ("ready", "run_admitted"))
    except BaseException:
        engine.stop()
        raise
    return ready - began, admitted - began


def _epoch(line: dict[str, Any]) -> float:
    return datetime.fromisoformat(line["time"]).timestamp()


def measure_memory() -> dict[str, Megabytes]:
    """Return the megabytes of each part without a browser, with an idle one, and at the peak of publishing."""
    environment = {"SUPERVISOR_BROWSER_IDLE_STOP": f"{IDLE_STOP_S}s", "SUPERVISOR_LOG_HEARTBEAT": f"{SETTLE_S}s"}
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        engine = Engine(Path(folder) / "data", speed=SPEED, environment=environment).start()
        try:
            engine.wait_for("browser_launched", STEP_S)
            busy = _sample(engine, lambda: engine.until(lambda: _has_posted(engine), STEP_S, f"no {POSTS} posts"))
            subprocess.run(
                [sys.executable, "supervisor.py", "send", "pause", "all", "--data", str(engine.data)],
                cwd=ROOT, check=True, capture_output=True, timeout=STEP_S,
            )
            idle = _sample(engine, lambda: engine.wait_for("browser_stopped", STEP_S, since=len(engine.lines)))
            # Two heartbeats: one may follow at once, the second leaves the time to settle.
            for _ in range(2):
                engine.wait_for("heartbeat", STEP_S, since=len(engine.lines))
            alone = _pss(engine)
        finally:
            engine.stop()
    return {"idle, no browser": alone, "idle browser": idle[len(idle) // 2], "errands (peak)": max(busy, key=_total)}


def _has_posted(engine: Engine) -> bool:
    return sum(line["action"] == "posted" for line in engine.lines) >= POSTS


def _sample(engine: Engine, wait: Callable[[], object]) -> list[Megabytes]:
    """Measure again and again until `wait` returns."""
    samples, done = [_pss(engine)], threading.Event()

    def measure() -> None:
        while not done.wait(SAMPLE_EVERY_S):
            samples.append(_pss(engine))

    thread = threading.Thread(target=measure)
    thread.start()
    try:
        wait()
    finally:
        done.set()
        thread.join(STEP_S)
    return samples


def _total(parts: Megabytes) -> float:
    return sum(parts.values())


def _pss(engine: Engine) -> Megabytes:
    servers = {line["pid"] for line in engine.lines if line["action"] == "server_started"}
    found: Counter[str] = Counter()
    waiting = [psutil.Process(engine.pid)]
    while waiting:
        process = waiting.pop()
        # A process may end between being listed and being read.
        with contextlib.suppress(psutil.Error, FileNotFoundError, ProcessLookupError):
            waiting += [child for child in process.children() if child.pid not in servers]
            found[_part(process)] += _pss_kilobytes(process.pid)
    return {part: round(found[part] / 1024, 1) for part in PROCESSES}


def _part(process: psutil.Process) -> str:
    name = process.name()
    if "python" in name:
        return "python"
    return "node driver" if name.startswith("node") else "chromium"


def _pss_kilobytes(pid: int) -> int:
    text = Path(f"/proc/{pid}/smaps_rollup").read_text(encoding="ascii")
    return next((int(line.split()[1]) for line in text.splitlines() if line.startswith("Pss:")), 0)


def measure_in_process(part: str) -> dict[str, Any]:
    """Return what `tests.benchmarks.<part>` says, from a process of its own."""
    words = [sys.executable, "-m", f"tests.benchmarks.{part}"]
    done = subprocess.run(words, cwd=ROOT, check=True, capture_output=True, text=True, timeout=2 * STEP_S)
    measured: dict[str, Any] = json.loads(done.stdout)
    return measured


def arbiter_tables(arbiter: dict[str, Any]) -> list[Table]:
    """Return the contestants beside each other, and the arbiter's own cost by how many wait."""
    clients = Table(title="46 clients on 3 slots, one of them P0's, errands of 2 ms", title_justify="left")
    columns = ("", "P0 waits p50", "to the heap", "p99", "to the heap", "processor per grant", "to plain Pykka")
    for name in columns:
        clients.add_column(name, justify="right" if name else "left")
    for name, found in arbiter["clients"].items():
        waits = (f"{found[part] / 1000:.2f} ms" for part in ("p50_us", "p99_us"))
        p50, p99, cpu = (f"{found[part]:.2f}" for part in ("p50_ratio", "p99_ratio", "cpu_ratio"))
        clients.add_row(name, next(waits), p50, next(waits), p99, f"{found['cpu_us']:.0f} us", cpu)
    clients.add_row("aim", "", "", "", "<= 2", "", "<= 1", style="dim")
    events = Table(title="The arbiter alone: an errand ends, one starts, one comes", title_justify="left")
    for name in ("who wait", "processor", "ratio", "log n"):
        events.add_column(name, justify="right")
    costs = {int(waiting): cost for waiting, cost in arbiter["event_us"].items()}
    least = min(costs)
    for waiting, cost in costs.items():
        growth = math.log(waiting) / math.log(least)
        events.add_row(f"{waiting:,}", f"{cost} us", f"{cost / costs[least]:.2f}", f"{growth:.2f}")
    return [clients, events]


def kernel_table(kernel: dict[str, Any]) -> Table:
    """Return the kernel's figures as ratios to its peers and limits, with what is aimed at."""
    asks, tells, crash = kernel["ask_us"], kernel["tell_per_s"], kernel["crash_ms"]
    bare, plain, ours = asks["bare queue"], asks["plain Pykka"], asks["ours"]
    table = Table(title="The kernel on one core", title_justify="left")
    for name in ("", "measured", "ratio", "aim"):
        table.add_column(name, justify="right" if name else "left")
    for part, aim in (("p50", 1.3), ("p99", 2.0)):
        table.add_row(f"ask {part}, to a bare queue", f"{ours[part]} us", f"{ours[part] / bare[part]:.2f}", f"<= {aim}")
        ratio = f"{plain[part] / bare[part]:.2f}"
        table.add_row(f"  plain Pykka's {part}, to a bare queue", f"{plain[part]} us", ratio, "")
    rate = tells["ours"] / tells["plain Pykka"]
    table.add_row("tell, to plain Pykka", f"{tells['ours']:,}/s", f"{rate:.2f}", ">= 2")
    limit = CRASH_LIMIT_MS
    table.add_row("crash to next message p99", f"{crash['p99']} ms", f"{crash['p99'] / limit:.2f}", f"<= {limit:g} ms")
    return table


def governor_table(governor: dict[str, Any]) -> Table:
    """Return what an event of a storm costs beside `logging` that writes nothing."""
    title = f"The log in a storm: of {governor['events']:,} events {governor['lines']:,.0f} lines went out"
    table = Table(title=title, title_justify="left")
    for name in ("", "processor per event", "ratio"):
        table.add_column(name, justify="right" if name else "left")
    for name, cost in governor["event_us"].items():
        table.add_row(name, f"{cost} us", f"{governor['ratio'] if name == 'ours' else 1:.2f}")
    return table


def recall_table(recall: dict[str, dict[str, float]]) -> Table:
    """Return how soon P0 has the lent context, by what its page was doing, with what is aimed at."""
    table = Table(title=f"Recall of a lent context in ms (aim: p99 <= {RECALL_LIMIT_MS:g})", title_justify="left")
    for name in ("the lent page", *recall["all"]):
        table.add_column(name, justify="left" if name == "the lent page" else "right")
    for mood, figures in recall.items():
        table.add_row(mood, *(f"{figure:.1f}" for figure in figures.values()))
    return table


def print_tables(results: dict[str, Any]) -> None:
    """Print what was measured for a person."""
    console = Console()
    if kernel := results.get("kernel"):
        console.print(kernel_table(kernel))
    if arbiter := results.get("arbiter"):
        for each in arbiter_tables(arbiter):
            console.print(each)
    if governor := results.get("governor"):
        console.print(governor_table(governor))
    if recall := results.get("recall_ms"):
        console.print(recall_table(recall))
    if day := results.get("day"):
        console.print(day_table(day))
    for each in attribution_tables(results.get("attribution", {})):
        console.print(each)
    if starts := results.get("start_s"):
        table = Table(title="Seconds from process start (medians)", title_justify="left")
        table.add_column("data folder")
        for name in starts["cold"]:
            table.add_column(name, justify="right")
        for kind, times in starts.items():
            table.add_row(kind, *(f"{seconds:.2f}" for seconds in times.values()))
        console.print(table)
        console.print(f"load average {results['load_average']} on {psutil.cpu_count()} cores")
    if memory := results.get("memory_mb"):
        table = Table(title="Memory: PSS in MB, embedded servers left out", title_justify="left")
        table.add_column("state")
        for name in (*PROCESSES, "all", f"of {CONTAINER_MB} MB"):
            table.add_column(name, justify="right")
        for state, parts in memory.items():
            total = _total(parts)
            shares = (f"{part:.0f} ({part / total:.0%})" for part in parts.values())
            table.add_row(state, *shares, f"{total:.0f}", f"{total / CONTAINER_MB:.0%}")
        console.print(table)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--json", action="store_true", help="one JSON document instead of tables")
    parser.add_argument("--starts", type=int, default=3, help="starts of each kind (3)")
    parser.add_argument("--only", choices=PARTS, help="one part of it")
    given = parser.parse_args()
    results: dict[str, Any] = {"load_average": round(psutil.getloadavg()[0], 1)}
    if given.only in (None, "kernel"):
        results["kernel"] = measure_in_process("kernel")
    if given.only in (None, "arbiter"):
        results["arbiter"] = measure_in_process("arbiter")
    if given.only in (None, "governor"):
        results["governor"] = measure_in_process("governor")
    if given.only in (None, "recall"):
        results["recall_ms"] = measure_in_process("recall")
    if given.only == "day":
        results["day"] = measure_day()
    if given.only == "attribution":
        results["attribution"] = measure_attribution()
    if given.only in (None, "start"):
        results["start_s"] = measure_starts(given.starts)
    if given.only in (None, "memory") and Path("/proc/self/smaps_rollup").exists():
        results["memory_mb"] = measure_memory()
    if given.json:
        print(json.dumps(results, indent=2))
    else:
        print_tables(results)


if __name__ == "__main__":
    main()
