"""A scenario: a fixed day of jobs from a CSV file, read strictly."""

from __future__ import annotations

import math
from datetime import timedelta
from typing import TYPE_CHECKING

from actors.domain.priority import Priority
from actors.domain.workload import ERRAND_S, JobLoad, Span
from actors.errors import ConfigError

if TYPE_CHECKING:
    from pathlib import Path

COLUMNS = ("job", "interval_s", "first_due_s", "priority", "browser", "db", "min_s", "max_s")
PUBLISHERS = frozenset({"posting", "reply_posting", "viral_thread"})
"""Jobs that publish: their errands are never called back."""
_UNSCALED = frozenset({"reply_posting", "viral_thread"})
"""Browser jobs that a load factor leaves alone: their runs are one publication."""
_ATTEMPTS = 3
"""A scenario says nothing of attempts; only injected faults make a run fail."""
_MOST_PROBLEMS = 10
_FAMILY = "scenario"
_RESOURCES = {"browser": "browser", "db": "database"}


def read_scenario(file: Path, load: float = 1.0, *, sliced: bool = True) -> tuple[JobLoad, ...]:
    """Return the jobs of a scenario in the file's order; `offset` is the first due time.

    Args:
        file: CSV with the header `COLUMNS`; blank lines and those that begin with # are skipped.
        load: lengths of browser jobs of P1 to P3 are multiplied by it, except those of one publication.
        sliced: whether browser runs are cut into errands.

    Raises:
        ConfigError: with every fault found, by file, line and column.
    """
    try:
        text = file.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"the scenario {file} cannot be read: {error}", "name a CSV file in UTF-8") from error
    problems: list[str] = []
    loads: dict[str, JobLoad] = {}
    header_seen = False
    for number, line in enumerate(text.splitlines(), start=1):
        where = f"{file}, line {number}"
        if not line.strip() or line.startswith("#"):
            continue
        if not header_seen:
            header_seen = True
            if line.strip() != ",".join(COLUMNS):
                problems.append(f"{where}: this is no header; write {','.join(COLUMNS)}")
                break
            continue
        job = _read_row(line, where, load, problems, sliced=sliced)
        if job is None:
            continue
        if job.name in loads:
            problems.append(f"{where}, column job: {job.name} stands there twice; drop one of its lines")
        loads[job.name] = job
    if not problems and not loads:
        problems.append(f"{file}: no job in it; write a header and one line for each job")
    if problems:
        shown = problems[:_MOST_PROBLEMS]
        rest = len(problems) - len(shown)
        raise ConfigError("\n".join([*shown, *([f"and {rest} more"] if rest else [])]))
    return tuple(loads.values())


def _read_row(line: str, where: str, load: float, problems: list[str], *, sliced: bool) -> JobLoad | None:
    """Return the job of one line, or None and add to `problems`."""
    cells = [cell.strip() for cell in line.split(",")]
    if len(cells) != len(COLUMNS):
        problems.append(f"{where}: {len(cells)} cells instead of {len(COLUMNS)}; write {','.join(COLUMNS)}")
        return None
    row, before = dict(zip(COLUMNS, cells, strict=True)), len(problems)

    def refuse(column: str, wanted: str) -> None:
        problems.append(f"{where}, column {column}: {row[column]!r} is not {wanted}")

    def number(column: str, least: float, most: float, wanted: str) -> float:
        try:
            value = float(row[column])
        except ValueError:
            value = math.nan
        if not least <= value <= most:
            refuse(column, wanted)
        return value

    if not row["job"].replace("_", "").isalnum() or not row["job"].islower():
        refuse("job", "a name of small letters, digits and underscores")
    every = number("interval_s", 0, 1e8, "a number of seconds: 0 (disabled), or from 1 on")
    if 0 < every < 1:
        refuse("interval_s", "a number of seconds: 0 (disabled), or from 1 on")
    first = number("first_due_s", 0, 1e8, "a number of seconds from 0 on")
    priority = number("priority", 0, 3, "0, 1, 2 or 3")
    if priority in (0, 1, 2, 3):
        priority = int(priority)
    elif not math.isnan(priority) and 0 <= priority <= 3:
        refuse("priority", "0, 1, 2 or 3")
    flags = {column: row[column] == "1" for column in ("browser", "db")}
    for column in flags:
        if row[column] not in ("0", "1"):
            refuse(column, "0 or 1")
    least = number("min_s", 0, 1e6, "a number of seconds from 0 on")
    greatest = number("max_s", 0, 1e6, "a number of seconds from 0 on")
    if least > greatest:
        refuse("max_s", f"at least min_s ({row['min_s']})")
    if len(problems) > before:
        return None
    name, urgency = row["job"], Priority(int(priority))
    scaled = flags["browser"] and urgency is not Priority.P0 and name not in _UNSCALED
    return JobLoad(
        name=name,
        family=_FAMILY,
        priority=urgency,
        every=timedelta(seconds=every or 1),
        offset=timedelta(seconds=first),
        uses=frozenset(_RESOURCES[column] for column, used in flags.items() if used),
        length=Span(least, greatest).longer(load if scaled else 1.0),
        errand_s=ERRAND_S if sliced and urgency is not Priority.P0 else None,
        attempts=_ATTEMPTS,
        enabled=every > 0,
    )
