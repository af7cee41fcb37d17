"""Kill everything at random for a long time, and hold what the site has against what the ledger says.

Run as `python -m tests.torture.run [--kills 500] [--seeds 1,2,3] [--naive] [--json]`. Each seed is a world of its own
and gets so many kills: of the supervisor, Chromium, its driver, Postgres and Valkey, stops beyond the publisher's
lease, faults of the site, and a second supervisor. Exit code 1 if anything was published twice, lost, sent astray,
beyond a cap or left in doubt, or if nothing could be published any more at the end.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import random
import sys
import time
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

from actors.errors import AppError
from tests.torture.account import KINDS
from tests.torture.arena import SPEED, Arena
from tests.torture.nemesis import Nemesis
from tests.torture.verdict import ROWS, Fault, Verdict

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

WIDTH = 150
"""Columns of the tables at least: a log has no terminal to ask."""

_RECOVER_S = 180.0
_ENDS = 3


@dataclass
class Ordeal:
    """What came of one seed."""

    seed: int
    verdict: Verdict
    is_alive: bool
    """Whether decisions of every kind were published after the last kill."""

    longest_gap_s: float
    """Real seconds in which something was due and allowed and was not published."""

    seconds: float
    blows: Mapping[str, int]
    faults: Mapping[str, int]
    seen: Mapping[str, int]
    """How often each action stood in the logs."""

    evidence: Mapping[str, int] = field(default_factory=dict)
    """How the receipts came."""

    died_alone: int = 0

    @property
    def holds(self) -> bool:
        """Return whether nothing is wrong."""
        return self.verdict.holds and self.is_alive


def endure(
    seed: int, kills: int, *, speed: float = SPEED, is_naive: bool = False, tell: Callable[[int, str], None]
) -> Ordeal:
    """Let one world suffer so many blows, let it recover, and judge it."""
    began, arena = time.monotonic(), Arena(speed, is_naive=is_naive)
    try:
        arena.open()
        nemesis = Nemesis(arena, random.Random(seed), f"Seed {seed}")
        for number in range(1, kills + 1):
            tell(number, nemesis.strike())
        took = time.monotonic() - began
        tell(kills, "it recovers")
        is_alive = recover(arena, nemesis)
        verdict, gap = arena.account.judge(arena.limits)
        evidence = {} if is_naive else _evidence(arena)
        seen = arena.tally()
        return Ordeal(
            seed,
            verdict,
            is_alive,
            gap.total_seconds() / speed,
            took,
            nemesis.blows,
            nemesis.faults,
            seen,
            evidence,
            arena.died_alone,
        )
    finally:
        arena.close()


def recover(arena: Arena, nemesis: Nemesis) -> bool:
    """Take the faults away, see each kind published once more, and end at rest; return whether that came about."""
    for fault in arena.account.faults():
        arena.account.arm(fault, 0)
    arena.keep_alive()
    kinds = ("single",) if arena.is_naive else KINDS
    planted: list[str] = []

    def is_planted() -> bool:
        # The last blow may have been Postgres's.
        arena.keep_alive()
        with contextlib.suppress(AppError):
            planted.append(nemesis.plant(kinds[len(planted)]))
        return len(planted) == len(kinds)

    if not arena.until(is_planted, _RECOVER_S):
        return False

    def is_settled() -> bool:
        arena.keep_alive()
        with contextlib.suppress(AppError):
            return not arena.account.held() and all(arena.account.status_of(each) == "posted" for each in planted)
        return False

    is_alive = arena.until(is_settled, _RECOVER_S)
    if arena.is_naive:
        return is_alive
    for _ in range(_ENDS):
        arena.end()
        if not arena.account.held():
            break
        arena.keep_alive()
        arena.until(lambda: not arena.account.held(), _RECOVER_S / _ENDS)
    return is_alive


def _evidence(arena: Arena) -> dict[str, int]:
    rows = arena.account.sql("SELECT evidence, count(*) AS count FROM receipts GROUP BY evidence ORDER BY 1")
    return {row["evidence"]: row["count"] for row in rows}


def tables(ordeals: list[Ordeal]) -> list[Table]:
    """Return what was found for a person."""
    kills = Table(title="What was done", title_justify="left")
    kills.add_column("blow")
    for ordeal in ordeals:
        kills.add_column(f"seed {ordeal.seed}", justify="right")
    names = {blow: None for ordeal in ordeals for blow in ordeal.blows}
    for name in sorted(names, key=lambda name: -sum(ordeal.blows.get(name, 0) for ordeal in ordeals)):
        kills.add_row(name, *(str(ordeal.blows.get(name, 0)) for ordeal in ordeals))
    kills.add_section()
    kills.add_row("all", *(str(sum(ordeal.blows.values())) for ordeal in ordeals))
    kills.add_row("seconds each", *(f"{ordeal.seconds / max(1, sum(ordeal.blows.values())):.1f}" for ordeal in ordeals))
    found = Table(title="What came of it", title_justify="left")
    found.add_column("")
    for ordeal in ordeals:
        found.add_column(f"seed {ordeal.seed}", justify="right")

    def row(name: str, figure: Callable[[Ordeal], object]) -> None:
        found.add_row(name, *(str(figure(ordeal)) for ordeal in ordeals))

    row("posts on the site", lambda it: it.verdict.posts)
    row("intents", lambda it: it.seen.get("intent_durable", 0))
    row("doubts", lambda it: it.seen.get("uncertain", 0))
    row("proven absent", lambda it: it.seen.get("proven_absent", 0))
    row("receipts by evidence", lambda it: _words(it.evidence))
    row("decisions by state", lambda it: _words(it.verdict.decisions))
    for name in {name: None for ordeal in ordeals for name in ordeal.verdict.fullest}:
        row(f"most {name}", lambda it, name=name: it.verdict.fullest[name])
    row("longest due and allowed without a publish", lambda it: f"{it.longest_gap_s:.1f} s")
    row("publisher ended by itself", lambda it: it.died_alone)
    found.add_section()
    for name in ROWS:
        row(name, lambda it, name=name: _figure(it.verdict.counts[name]))
    row("publishes at the end", lambda it: "yes" if it.is_alive else "[bold red]NO[/]")
    wrong = [(ordeal.seed, fault) for ordeal in ordeals for fault in ordeal.verdict.faults]
    if not wrong:
        return [kills, found]
    detail = Table(title="What is wrong", title_justify="left")
    for name in ("seed", "", "what"):
        detail.add_column(name)
    for seed, fault in wrong:
        detail.add_row(str(seed), fault.row, fault.what)
    return [kills, found, detail]


def _words(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{count} {name}" for name, count in sorted(counts.items())) or "-"


def _figure(count: int) -> str:
    return f"[bold red]{count}[/]" if count else "0"


def document(ordeals: list[Ordeal]) -> dict[str, Any]:
    """Return the same as one JSON object."""

    def faults(found: tuple[Fault, ...]) -> list[dict[str, str]]:
        return [{"row": fault.row, "decision": fault.decision_id, "what": fault.what} for fault in found]

    return {
        "holds": all(ordeal.holds for ordeal in ordeals),
        "seeds": [
            {
                "seed": ordeal.seed,
                "seconds": round(ordeal.seconds, 1),
                "blows": dict(ordeal.blows),
                "faults_armed": dict(ordeal.faults),
                "posts": ordeal.verdict.posts,
                "intents": ordeal.seen.get("intent_durable", 0),
                "doubts": ordeal.seen.get("uncertain", 0),
                "proven_absent": ordeal.seen.get("proven_absent", 0),
                "evidence": dict(ordeal.evidence),
                "decisions": dict(ordeal.verdict.decisions),
                "fullest": dict(ordeal.verdict.fullest),
                "longest_gap_s": round(ordeal.longest_gap_s, 1),
                "died_alone": ordeal.died_alone,
                "publishes_at_the_end": ordeal.is_alive,
                "counts": ordeal.verdict.counts,
                "faults": faults(ordeal.verdict.faults),
                "log": dict(Counter(ordeal.seen).most_common()),
            }
            for ordeal in ordeals
        ],
    }


def _seeds(text: str) -> list[int]:
    try:
        return [int(word) for word in text.split(",")]
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r}: write whole numbers, such as 1,2,3") from None


def main() -> int:
    """Run the bench and print what it found."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--kills", type=int, default=500, help="kills for each seed (500)")
    parser.add_argument("--seeds", type=_seeds, default=[1], help="seeds, each a world of its own (1)")
    parser.add_argument("--naive", action="store_true", help="torture the naive publisher instead")
    parser.add_argument("--speed", type=float, default=SPEED, help=f"schedule seconds in a real one ({SPEED:g})")
    parser.add_argument("--json", action="store_true", help="one JSON document instead of tables")
    given = parser.parse_args()
    columns = (TextColumn("{task.description:<40}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    ordeals = []
    with Progress(*columns, console=Console(stderr=True)) as bar:
        for seed in given.seeds:
            task = bar.add_task(f"seed {seed}", total=given.kills)

            def tell(done: int, what: str, task: Any = task, seed: int = seed) -> None:
                bar.update(task, completed=done, description=f"seed {seed}: {what}")

            ordeals.append(endure(seed, given.kills, speed=given.speed, is_naive=given.naive, tell=tell))
    if given.json:
        sys.stdout.write(json.dumps(document(ordeals), indent=2) + "\n")
    else:
        console = Console(width=max(WIDTH, Console().width))
        for table in tables(ordeals):
            console.print(table)
    return 0 if all(ordeal.holds for ordeal in ordeals) else 1


if __name__ == "__main__":
    sys.exit(main())
