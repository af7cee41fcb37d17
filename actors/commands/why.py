"""`why [JOB]`: every reason why a job is not running now, or why nothing is posted, and the earliest start."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from actors.commands.send import ask, printable
from actors.domain.escaping import escape
from actors.errors import AppError, ConfigError

if TYPE_CHECKING:
    from pathlib import Path


def why(job: str | None, *, data: Path | None, as_json: bool) -> int:
    """Return 0 if the supervisor explained, 1 if it knows no such job or none is there to ask: the one reason then.

    Raises:
        ConfigError: that is no job's name, or the configuration is wrong.
    """
    try:
        answer = ask(["why", *([job] if job is not None else [])], data=data)
    except ConfigError:
        raise
    except AppError as error:
        answer = {"ok": False, "text": str(error), "why": _nobody(job, error)}
    if "why" not in answer:
        raise AppError(str(answer["text"]))
    if as_json:
        json.dump(answer["why"], sys.stdout)
        sys.stdout.write("\n")
    elif sys.stdout.isatty():
        _show(answer["why"], answer.get("lines") or [answer["text"]])
    else:
        sys.stdout.write(printable(answer))
    return 0 if answer["ok"] else 1


def _nobody(job: str | None, error: AppError) -> dict[str, Any]:
    reason = {"kind": "supervisor_away", "text": str(error), "until": None}
    return {"job": job or "posting", "running": False, "reasons": [reason], "earliest": None, "now": None, "last": None}


def _show(explanation: dict[str, Any], lines: list[str]) -> None:
    """Print the reasons as a table, and under it what was said beside them. Nothing in it is read as markup."""
    table = Table(title=_plain(lines[0]) if lines else None, title_justify="left", box=None, padding=(0, 2, 0, 0))
    for column in ("reason", "what it is", "until"):
        table.add_column(column, overflow="fold")
    for reason in explanation["reasons"]:
        table.add_row(*(_plain(each) for each in (reason["kind"], reason["text"], reason["until"] or "somebody acts")))
    console = Console()
    console.print(table)
    for line in lines[1 + len(explanation["reasons"]) :]:
        console.print(_plain(line))


def _plain(text: str) -> Text:
    return Text(escape(text))
