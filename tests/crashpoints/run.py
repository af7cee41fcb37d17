"""Kill the process at every step of publishing, and hold what the site has against what the ledger says.

Run as `python -m tests.crashpoints.run [--json] [--kinds single,thread,reply] [--phases ...] [--sample N --seed S]`.
First each kind is published without a bomb, which names the steps; then the process dies at each of them. Exit code 1
if anything was published twice, lost, sent astray, beyond a cap or left in doubt, or if a point could not be passed.
"""

from __future__ import annotations

import argparse
import json
import os
import queue
import random
import sys
import time
from collections import Counter, defaultdict
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

from tests.crashpoints.lane import PHASES, SPEED, Lane, Passed, Point, in_lanes
from tests.torture.account import KINDS
from tests.torture.verdict import ROWS, Fault, Verdict

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

# Where the click was allowed and may never have come, absence has to be proven, which takes real time: it passes while
# the later points are worked off.
_SLOW = (
    "lock_lane",
    "journal.grant",
    "page.permission",
    "page.click",
    "page.answer",
    "page.toast",
    "requeue_absent",
    "conclusive_scan",
)
WIDTH = 150
"""Columns of the tables at least: a log has no terminal to ask."""


@dataclass
class Results:
    """What the bench found."""

    points: list[Passed] = field(default_factory=list)
    verdicts: list[Verdict] = field(default_factory=list)
    left: int = 0
    """Decisions that the last process did not decide in two minutes."""
    seconds: float = 0.0

    @property
    def faults(self) -> list[Fault]:
        """Return all that is wrong."""
        return [fault for verdict in self.verdicts for fault in verdict.faults]

    @property
    def stuck(self) -> list[Passed]:
        """Return the points at which neither the process died nor its decision was published."""
        return [passed for passed in self.points if passed.outcome == "stuck"]

    @property
    def holds(self) -> bool:
        """Return whether every point was passed and nothing is wrong."""
        return not self.faults and not self.stuck and not self.left


def bench(
    kinds: Sequence[str],
    phases: Sequence[str],
    *,
    speed: float = SPEED,
    sample: int | None = None,
    seed: int = 1,
    lanes: int = 2,
    tell: Callable[[int, int, str], None] = lambda _done, _all, _what: None,
) -> Results:
    """Pass all points of these kinds and phases, or `sample` of each kind, in so many lanes; blocks for minutes."""
    began, results = time.monotonic(), Results()
    places = [Lane(number, speed) for number in range(1, lanes + 1)]
    try:
        tell(0, 0, "servers start")
        in_lanes(places, Lane.open)
        points = _enumerate(places, kinds, phases, tell)
        if sample is not None:
            points = _sample(points, sample, random.Random(seed))
        points.sort(key=lambda point: not point.step.startswith(_SLOW))
        _pass_all(places, points, tell)
        tell(len(points), len(points), "what is open is settled")
        in_lanes(places, Lane.settle)
        for place in places:
            results.points += place.passed
            results.verdicts.append(place.judge())
            results.left += place.left
    finally:
        in_lanes(places, Lane.close)
    results.seconds = time.monotonic() - began
    return results


def _enumerate(
    places: list[Lane], kinds: Sequence[str], phases: Sequence[str], tell: Callable[[int, int, str], None]
) -> list[Point]:
    found: list[Point] = []
    work: queue.SimpleQueue[tuple[str, str]] = queue.SimpleQueue()
    # Proving absence takes longest, so it begins first.
    for phase in sorted(phases, key=lambda each: each != "absent"):
        for kind in kinds:
            work.put((kind, phase))

    def trace(lane: Lane) -> None:
        for kind, phase in _until_empty(work):
            tell(0, 0, f"steps of {kind} {phase}")
            found.extend(lane.steps_of(kind, phase))

    in_lanes(places, trace)
    return sorted(found, key=lambda point: (kinds.index(point.kind), phases.index(point.phase)))


def _sample(points: list[Point], size: int, rng: random.Random) -> list[Point]:
    by_kind = defaultdict(list)
    for point in points:
        by_kind[point.kind].append(point)
    return [point for kind in by_kind.values() for point in rng.sample(kind, min(size, len(kind)))]


def _pass_all(places: list[Lane], points: list[Point], tell: Callable[[int, int, str], None]) -> None:
    work: queue.SimpleQueue[Point] = queue.SimpleQueue()
    for point in points:
        work.put(point)
    done: list[Passed] = []

    def pass_points(lane: Lane) -> None:
        for point in _until_empty(work):
            done.append(lane.die_at(point))
            tell(len(done), len(points), point.name)

    in_lanes(places, pass_points)


def _until_empty(work: queue.SimpleQueue[Any]) -> Iterator[Any]:
    while True:
        try:
            yield work.get_nowait()
        except queue.Empty:
            return


def tables(results: Results) -> list[Table]:
    """Return what was found for a person: the points by kind, then what is wrong, point by point."""
    wrong = defaultdict(list)
    for fault in results.faults:
        wrong[fault.decision_id].append(fault)
    overview = Table(title="Killed at every step of publishing", title_justify="left")
    for name in ("kind", "phase", "points", "died", "not reached", "stuck", "seconds each", *ROWS):
        overview.add_column(name, justify="left" if name in ("kind", "phase") else "right")
    for (kind, phase), points in _grouped(results.points).items():
        outcomes = Counter(passed.outcome for passed in points)
        faults = Counter(fault.row for passed in points for fault in wrong[passed.decision_id])
        mean = sum(passed.seconds for passed in points) / len(points)
        counts = (str(outcomes[outcome]) for outcome in ("died", "not reached", "stuck"))
        overview.add_row(kind, phase, str(len(points)), *counts, f"{mean:.1f}", *(_figure(faults[row]) for row in ROWS))
    total = Counter(fault.row for fault in results.faults)
    overview.add_section()
    posts = sum(verdict.posts for verdict in results.verdicts)
    words = ("all", f"{posts} posts", str(len(results.points)), "", "", "", f"{results.seconds:.0f} in all")
    overview.add_row(*words, *(_figure(total[row]) for row in ROWS))
    if results.holds:
        return [overview]
    names = {passed.decision_id: passed.point.name for passed in results.points}
    detail = Table(title="What is wrong", title_justify="left")
    for name in ("point", "", "what"):
        detail.add_column(name)
    for fault in results.faults:
        detail.add_row(names.get(fault.decision_id, "none of the points"), fault.row, fault.what)
    for passed in results.stuck:
        detail.add_row(passed.point.name, "stuck", f"neither died nor published within {passed.seconds:.0f} s")
    if results.left:
        detail.add_row("at the end", "open", f"{results.left} decisions were not decided in two minutes")
    return [overview, detail]


def _grouped(points: list[Passed]) -> dict[tuple[str, str], list[Passed]]:
    groups: dict[tuple[str, str], list[Passed]] = {}
    for passed in sorted(points, key=lambda it: (KINDS.index(it.point.kind), PHASES.index(it.point.phase))):
        groups.setdefault((passed.point.kind, passed.point.phase), []).append(passed)
    return groups


def _figure(count: int) -> str:
    return f"[bold red]{count}[/]" if count else "0"


def document(results: Results) -> dict[str, Any]:
    """Return the same as one JSON object."""
    return {
        "holds": results.holds,
        "seconds": round(results.seconds, 1),
        "posts": sum(verdict.posts for verdict in results.verdicts),
        "left": results.left,
        "points": [
            {
                "kind": passed.point.kind,
                "phase": passed.point.phase,
                "step": passed.point.step,
                "decision": passed.decision_id,
                "outcome": passed.outcome,
                "seconds": round(passed.seconds, 2),
            }
            for passed in results.points
        ],
        "counts": {row: sum(fault.row == row for fault in results.faults) for row in ROWS},
        "faults": [{"row": it.row, "decision": it.decision_id, "what": it.what} for it in results.faults],
    }


@contextmanager
def progress_bar() -> Iterator[Callable[[int, int, str], None]]:
    """Yield a function that shows on stderr how far it is."""
    columns = (
        TextColumn("{task.description:<48}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=Console(stderr=True)) as bar:
        task = bar.add_task("", total=None)
        yield lambda done, of, what: bar.update(task, completed=done, total=of or None, description=what[:48])


def _words(known: Sequence[str]) -> Callable[[str], tuple[str, ...]]:
    def read(text: str) -> tuple[str, ...]:
        words = tuple(word.strip() for word in text.split(","))
        if not set(words) <= set(known):
            raise argparse.ArgumentTypeError(f"{text!r}: known are {', '.join(known)}")
        return words

    return read


def main() -> int:
    """Run the bench and print what it found."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--json", action="store_true", help="one JSON document instead of tables")
    parser.add_argument("--kinds", type=_words(KINDS), default=KINDS, help=f"some of {','.join(KINDS)} (all)")
    parser.add_argument("--phases", type=_words(PHASES), default=PHASES, help=f"some of {','.join(PHASES)} (all)")
    parser.add_argument("--sample", type=int, help="so many points of each kind, by chance (all)")
    parser.add_argument("--seed", type=int, default=1, help="decides the sample (1)")
    parser.add_argument("--speed", type=float, default=SPEED, help=f"schedule seconds in a real one ({SPEED:g})")
    parser.add_argument("--lanes", type=int, default=min(4, os.cpu_count() or 2), help="points at the same time")
    given = parser.parse_args()
    with progress_bar() as tell:
        results = bench(
            given.kinds,
            given.phases,
            speed=given.speed,
            sample=given.sample,
            seed=given.seed,
            lanes=given.lanes,
            tell=tell,
        )
    console = Console(width=max(WIDTH, Console().width))
    if given.json:
        sys.stdout.write(json.dumps(document(results), indent=2) + "\n")
    else:
        for table in tables(results):
            console.print(table)
    return 0 if results.holds else 1


if __name__ == "__main__":
    sys.exit(main())
