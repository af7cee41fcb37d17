"""The proof of a configuration: what `check` prints of it, and what makes `run` refuse to start."""

from __future__ import annotations

import logging
import math
from typing import TYPE_CHECKING, Any

from rich.markup import escape
from rich.table import Table

from actors.domain.feasibility import Capacity, Kind, Proof, Verdict, prove
from actors.domain.workload import P0_LIMIT_S
from actors.errors import ConfigError
from actors.runtime.clock import TICK_EVERY_S
from actors.simulation.lives import lives_of
from actors.simulation.registry import read_registry
from actors.simulation.setting import setting_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from rich.console import Console

    from actors.config import Config
    from actors.domain.feasibility import Complaint, Fate
    from actors.domain.workload import JobLoad
    from actors.job import Job
    from actors.simulation.registry import History

logger = logging.getLogger("actors.supervisor")

_LIVES, _SLOTS = 3, 2000
"""How often `check` lives the schedule, and about how many slots of it: enough to see one in a hundred lost."""
_VERDICTS = {
    Verdict.FEASIBLE: "[green]feasible[/]: in {kept} of {of} lives hardly a slot was lost and no P0 run was late",
    Verdict.TIGHT: "[yellow]tight[/]: {kept} of {of} lives kept within the limits, but not all by far; give it room",
    Verdict.INFEASIBLE: "[red]infeasible[/]: {kept} of {of} lives kept within the limits",
}
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


def prove_registry(config: Config, jobs: Mapping[str, Job]) -> Proof:
    """Return the proof of the program's own jobs by their configured lengths, without living them."""
    return prove(read_registry(config, jobs.values(), {}), fronts_of(config), TICK_EVERY_S)


def try_registry(config: Config, jobs: Mapping[str, Job], history: History, load: float = 1.0) -> Proof:
    """Return the proof of the program's own jobs, lived too, with measured lengths where history has enough of them."""
    loads = read_registry(config, jobs.values(), history, load)
    lives = lives_of(loads, setting_of(config), _SLOTS, range(_LIVES))
    return prove(loads, fronts_of(config), TICK_EVERY_S, lives)


def try_scenario(config: Config, loads: Sequence[JobLoad]) -> Proof:
    """Return the proof of a scenario, lived too; it limits no run slots, so each of its jobs has one."""
    setting = setting_of(config).with_run_slots(len(loads))
    runs = setting.fronts["runs"]
    fronts = {**fronts_of(config), "runs": Capacity(runs.size, runs.reserved)}
    return prove(loads, fronts, TICK_EVERY_S, lives_of(loads, setting, _SLOTS, range(_LIVES)))


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
        "feasible": is_acceptable(proof),
        "verdict": proof.verdict.value,
        "utilisation": {
            name: {"total": _finite(total), "background": _finite(background)}
            for name, (total, background) in proof.utilisation.items()
        },
        "jobs": {name: round(used, 4) for name, used in proof.own.items()},
        "p0": {name: _finite(bound) for name, bound in proof.p0.items()},
        "p0_limit": P0_LIMIT_S,
        "lives": [{name: _fate(fate) for name, fate in life.items()} for life in proof.lives],
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
    console.print(_VERDICTS[proof.verdict].format(kept=sum(strain <= 1.0 for strain in proof.strains), of=_LIVES))


def is_acceptable(proof: Proof) -> bool:
    """Return whether the jobs may be run: P0's promise is kept, and not every life was overrun."""
    return proof.is_promise_kept and proof.verdict is not Verdict.INFEASIBLE


def sentence_of(proof: Proof) -> str:
    """Return what the proof comes to, in one line."""
    if proof.complaints:
        return "; ".join(complaint.found for complaint in proof.complaints)
    name, (total, background) = max(proof.utilisation.items(), key=lambda item: max(item[1]))
    bound = max(proof.p0.values(), default=0.0)
    return f"{proof.verdict}, {name} at most {_percent(max(total, background))} used, P0 starts within {bound:.3g} s"


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


def _fate(fate: Fate) -> dict[str, Any]:
    return {"due": fate.due, "lost": fate.lost, "latest": round(fate.latest_s, 3)}


def _bar(used: float) -> str:
    filled = min(_BAR, round(_BAR * min(used, 1.0)))
    colour = "red" if used > 1.0 else "yellow" if used > _ALMOST else "green"
    return f"[{colour}]{'█' * filled}[/][dim]{'░' * (_BAR - filled)}[/]"


def _percent(share: float) -> str:
    return "∞" if share == math.inf else f"{100 * share:.0f} %"


def _finite(value: float) -> float | None:
    return None if value == math.inf else round(value, 4)
