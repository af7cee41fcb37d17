"""Deploy again and again, by TERM and KILL, one after the other and overlapping, and count what stands on the site.

Run as `python -m tests.deployments.run [--deployments 50] [--seed 1] [--json]`. Exit code 1 if anything was published
twice, lost, astray or beyond a cap, if nobody knows what became of a slot of posting, or if after any handover the new
process had to wait for the lease longer than the lease and two seconds.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import random
import statistics
import sys
import time
from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

from actors.errors import AppError
from tests.deployments.rollout import LIMIT_S, Rollout
from tests.deployments.slots import unexplained
from tests.torture.verdict import ROWS

if TYPE_CHECKING:
    from collections.abc import Callable

EVERY = timedelta(minutes=1)
"""Of the grid of posting, as the arena configures it."""
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_BESIDE_S, _SETTLE_S = 20.0, 120.0


def bench(seed: int, deployments: int, tell: Callable[[int, str], None]) -> dict[str, Any]:
    """Deploy so often, let two live side by side, let it settle, and return the findings."""
    began, rollout = time.monotonic(), Rollout(random.Random(seed))
    try:
        rollout.open()
        handovers = []
        for number in range(deployments):
            _feed(rollout, f"Seed {seed}, {number}")
            handovers.append(rollout.deploy())
            tell(number + 1, handovers[-1].how)
        _feed(rollout, f"Seed {seed}, beside")
        rollout.beside(_BESIDE_S)
        is_alive = _settle(rollout, f"Seed {seed}, last")
        rollout.finish()
        verdict, longest = rollout.account.judge(rollout.limits)
        rows = rollout.account.sql("SELECT slot, reason FROM job_runs WHERE job = 'posting'")
        lost = unexplained([(row["slot"], row["reason"]) for row in rows], rollout.cut, EVERY, _EPOCH)
        gaps = [each.gap_s for each in handovers if each.gap_s is not None]
        slow = [each.how for each in handovers if each.gap_s is None or each.gap_s > LIMIT_S]
        return {
            "seed": seed,
            "seconds": round(time.monotonic() - began, 1),
            "deployments": Counter(each.how.partition(",")[0] + each.how[each.how.rindex(",") :] for each in handovers),
            "exit_codes": Counter(str(code) for code in rollout.codes),
            "posts": verdict.posts,
            "intents": rollout.seen["intent_durable"],
            "counts": verdict.counts,
            "faults": [fault.what for fault in verdict.faults],
            "slots": len(rows),
            "slots_cut_by_a_death": len(rollout.cut),
            "slots_unexplained": [slot.isoformat() for slot in lost],
            "gap_median_s": round(statistics.median(gaps), 2) if gaps else None,
            "gap_longest_s": round(max(gaps), 2) if gaps else None,
            "gap_limit_s": LIMIT_S,
            "too_slow": slow,
            "longest_due_and_allowed_s": round(longest.total_seconds() / rollout.speed, 1),
            "publishes_at_the_end": is_alive,
            "holds": verdict.holds and not lost and not slow and is_alive,
        }
    finally:
        rollout.close()


def _feed(rollout: Rollout, mark: str) -> None:
    """Keep two decisions waiting: something is due whenever a process dies."""
    account = rollout.account
    with contextlib.suppress(AppError):
        waiting = sum(each.status == "queued" for each in account.decisions())
        for number in range(2 - waiting):
            account.plant("single", f"{mark}, {number}")


def _settle(rollout: Rollout, mark: str) -> bool:
    """Return whether one more is published and nothing is in doubt any more."""
    account = rollout.account
    planted = account.plant("single", mark)

    def is_settled() -> bool:
        with contextlib.suppress(AppError):
            return account.status_of(planted) == "posted" and not account.held()
        return False

    return rollout.until(is_settled, _SETTLE_S)


def table_of(found: dict[str, Any]) -> Table:
    """Return what was found for a person."""
    table = Table(title=f"{sum(found['deployments'].values())} deployments, seed {found['seed']}", title_justify="left")
    table.add_column("")
    table.add_column("", justify="right")
    for how, count in sorted(found["deployments"].items()):
        table.add_row(how, str(count))
    table.add_section()
    for name in ("exit_codes", "posts", "intents", "slots", "slots_cut_by_a_death"):
        value = found[name]
        told = ", ".join(f"{code}: {count}" for code, count in value.items()) if isinstance(value, dict) else str(value)
        table.add_row(name.replace("_", " "), told)
    for row in ROWS:
        table.add_row(row, str(found["counts"][row]))
    table.add_row("unexplained slots", str(len(found["slots_unexplained"])))
    table.add_row("lease after a handover, median", f"{found['gap_median_s']} s")
    table.add_row(f"longest (limit {found['gap_limit_s']:g} s)", f"{found['gap_longest_s']} s")
    table.add_row("longest due and allowed without a publish", f"{found['longest_due_and_allowed_s']} s")
    table.add_row("publishes at the end", "yes" if found["publishes_at_the_end"] else "[bold red]NO[/]")
    return table


def main() -> int:
    """Run the bench and print what it found."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--deployments", type=int, default=50, help="how many (50)")
    parser.add_argument("--seed", type=int, default=1, help="decides moments, signals and graces (1)")
    parser.add_argument("--json", action="store_true", help="one JSON document instead of a table")
    given = parser.parse_args()
    columns = (TextColumn("{task.description:<50}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True)) as bar:
        task = bar.add_task("it begins", total=given.deployments)
        found = bench(
            given.seed, given.deployments, lambda done, what: bar.update(task, completed=done, description=what)
        )
    if given.json:
        sys.stdout.write(json.dumps(found, indent=2) + "\n")
    else:
        console = Console(width=max(100, Console().width))
        console.print(table_of(found))
        for what in (*found["faults"], *found["slots_unexplained"], *found["too_slow"]):
            console.print(what, style="bold red")
    return 0 if found["holds"] else 1


if __name__ == "__main__":
    sys.exit(main())
