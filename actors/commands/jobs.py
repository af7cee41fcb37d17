"""`jobs`: the registry as a table, or as a stable JSON list."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.table import Table

from actors.commands.loading import load_all
from actors.domain.duration import format_duration

if TYPE_CHECKING:
    from actors.config import Config
    from actors.job import After, Job


def jobs(*, as_json: bool) -> int:
    """Print every job and return 0."""
    config, registry = load_all()
    rows = [describe(config, job) for job in sorted(registry.values(), key=lambda job: (job.family, job.name))]
    if as_json:
        json.dump(rows, sys.stdout, indent=2)
        sys.stdout.write("\n")
        return 0
    table = Table(title=f"{len(rows)} jobs", title_justify="left", box=None, padding=(0, 1, 0, 0))
    for title in ("job", "", "every", "uses", "after"):
        # A name that is broken in two cannot be copied.
        table.add_column(title, no_wrap=True)
    family = ""
    for row in rows:
        if row["family"] != family:
            family = row["family"]
            table.add_row(f"[bold]{family}[/]")
        every = format_duration(config.jobs[row["name"]].every) if row["enabled"] else "off"
        names = [f"  {row['name']}", *(f"    = {name}" for name in row["covers"] if name != row["name"])]
        after = [_dependency(each) for each in registry[row["name"]].after]
        table.add_row("\n".join(names), row["priority"], every, "\n".join(row["uses"]), "\n".join(after))
    Console().print(table)
    return 0


def describe(config: Config, job: Job) -> dict[str, Any]:
    """Return one job as the stable interface has it."""
    settings = config.jobs[job.name]
    return {
        "name": job.name,
        "family": job.family,
        "priority": job.priority.name,
        "every_s": settings.every.total_seconds(),
        "offset_s": settings.offset.total_seconds(),
        "uses": sorted(job.uses),
        "after": [after.job for after in job.after],
        "enabled": settings.enabled,
        "covers": list(job.covers),
    }


def _dependency(after: After) -> str:
    """Write what must have succeeded, how lately, and whether the job does without it when patience is over."""
    return f"{after.job} < {format_duration(after.fresh)}" + (", required" if after.required else "")
