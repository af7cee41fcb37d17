"""The proof of a configuration: what `check` prints of it, and what makes `run` refuse to start."""

from __future__ import annotations

import dataclasses
import logging
import math
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from rich.markup import escape
from rich.table import Table

from actors.domain.feasibility import Capacity, Kind, Proof, prove
from actors.domain.workload import P0_LIMIT_S
from actors.errors import ConfigError
from actors.runtime.clock import TICK_EVERY_S
from actors.simulation.registry import read_registry

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from rich.console import Console

    from actors.config import Config
    from actors.domain.feasibility import Complaint
    from actors.domain.workload import JobLoad
    from actors.job import Job
    from actors.simulation.registry import History

logger = logging.getLogger("actors.supervisor")

UNROLLED_SLOTS = 4000
"""How many slots `check` unrolls: half a second, and enough to see one in a hundred lost."""
_DAY, _MOST_DAYS = timedelta(days=1), 30.0
_BAR = 20
_ALMOST = 0.85
"""From this utilisation on waits grow fast, and a bar is yellow."""


def fronts_of(config: Config) -> dict[str, Capacity]:
    """Return the slots the configuration gives each resource, and the run slots."""
    database, redis, model, browser = config.database, config.redis, config.openai, config.browser
    return {
        "runs": Capacity(config.runs.slots, config.runs.reserved),
        "browser": Capacity(browser.contexts, browser.reserved),
        "database": Capacity(database.connections, database.reserved, database.deadline.total_seconds()),
        "openai": Capacity(model.slots, model.reserved, model.timeout.total_seconds()),
        "redis": Capacity(redis.connections, redis.reserved, redis.timeout.total_seconds()),
    }


def prove_registry(
    config: Config, jobs: Mapping[str, Job], history: History, load: float = 1.0, slots: int = 0
) -> Proof:
    """Return the proof of the program's own jobs, with measured lengths where history has enough of them.

    The timetable is unrolled until about so many slots were due, a month at most.
    """
    loads = read_registry(config, jobs.values(), history, load)
    return prove(loads, fronts_of(config), TICK_EVERY_S, _days(loads, slots))


def prove_scenario(config: Config, loads: Sequence[JobLoad]) -> Proof:
    """Return the proof of a scenario; it limits no run slots, so each of its jobs has one."""
    fronts = fronts_of(config)
    runs = fronts["runs"]
    enough = dataclasses.replace(runs, size=len(loads) + runs.reserved)
    return prove(loads, {**fronts, "runs": enough}, TICK_EVERY_S, _days(loads, UNROLLED_SLOTS))


def _days(loads: Sequence[JobLoad], slots: int) -> float:
    per_day = sum(_DAY / load.every for load in loads if load.enabled)
    return min(_MOST_DAYS, slots / per_day) if per_day else 0.0


def insist(proof: Proof) -> None:
    """Refuse a start that would break a promise to P0, and warn of all else.

    Raises:
        ConfigError: a P0 run may start later than it must, or there is no bound on how late.
    """
    late = [complaint for complaint in proof.complaints if complaint.kind is Kind.P0_LATE]
    if late:
        raise ConfigError("\n".join(complaint.found for complaint in late), "; ".join(found.advice for found in late))
    for complaint in proof.complaints:
        logger.warning(
            "%s; %s",
            complaint.found,
            complaint.advice,
            extra={
                "action": "schedule_infeasible",
                "subject": complaint.subject,
                "blame": {name: round(share, 3) for name, share in complaint.blame},
            },
        )


def document_of(proof: Proof) -> dict[str, Any]:
    """Return the proof as one JSON object; what has no bound is null."""
    return {
        "feasible": proof.is_feasible,
        "utilisation": {
            name: {"total": _finite(total), "background": _finite(background)}
            for name, (total, background) in proof.utilisation.items()
        },
        "jobs": {name: round(used, 4) for name, used in proof.own.items()},
        "p0": {name: _finite(bound) for name, bound in proof.p0.items()},
        "p0_limit": P0_LIMIT_S,
        "expected": {
            name: {"due": fate.due, "lost": fate.lost, "latest": _finite(fate.latest_s)}
            for name, fate in proof.fates.items()
        },
        "findings": [_finding(complaint) for complaint in proof.complaints],
    }


def print_proof(console: Console, proof: Proof) -> None:
    """Print how full each resource is, how late P0 may be, and what is wrong with it."""
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="dim")
    for heading in ("resource", "all jobs", "P1 to P3, of what P0 leaves"):
        table.add_column(heading, no_wrap=True)
    for name, used in proof.utilisation.items():
        table.add_row(name, *(f"{_bar(part)} {_percent(part)}" for part in used))
    console.print(table)
    for name, bound in proof.p0.items():
        said = "has no bound on its start" if bound == math.inf else f"starts within {bound:.3g} s of its due time"
        colour = "green" if bound <= P0_LIMIT_S else "red"
        console.print(f"[{colour}]{name}[/] {said} at worst; {P0_LIMIT_S:g} s are allowed")
    for complaint in proof.complaints:
        console.print(f"[red]{escape(complaint.found)}[/]\n  [yellow]{escape(complaint.advice)}[/]")
    if proof.is_feasible:
        console.print("[green]feasible[/]: every resource is asked for less than there is, and P0 starts in time")


def sentence_of(proof: Proof) -> str:
    """Return what the proof comes to, in one line."""
    if proof.complaints:
        return "; ".join(complaint.found for complaint in proof.complaints)
    name, (total, background) = max(proof.utilisation.items(), key=lambda item: max(item[1]))
    bound = max(proof.p0.values(), default=0.0)
    return f"feasible, {name} at most {_percent(max(total, background))} used, P0 starts within {bound:.3g} s"


def _finding(complaint: Complaint) -> dict[str, Any]:
    remedy = complaint.remedy
    return {
        "kind": complaint.kind.value,
        "subject": complaint.subject,
        "measure": _finite(complaint.measure),
        "limit": complaint.limit,
        "blame": [{"job": name, "share": round(share, 4)} for name, share in complaint.blame],
        "found": complaint.found,
        "hint": complaint.advice,
        "remedy": None if remedy is None else {"job": remedy[0], "every_s": remedy[1].total_seconds()},
    }


def _bar(used: float) -> str:
    filled = min(_BAR, round(_BAR * min(used, 1.0)))
    colour = "red" if used > 1.0 else "yellow" if used > _ALMOST else "green"
    return f"[{colour}]{'█' * filled}[/][dim]{'░' * (_BAR - filled)}[/]"


def _percent(share: float) -> str:
    return "∞" if share == math.inf else f"{100 * share:.0f} %"


def _finite(value: float) -> float | None:
    return None if value == math.inf else round(value, 4)
