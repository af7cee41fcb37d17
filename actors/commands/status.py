"""`status`: lanes, pool, measuring, weights and resources of the running supervisor, as a table or a JSON document."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from actors.commands.send import ask, printable
from actors.domain.escaping import escape
from actors.errors import AppError

if TYPE_CHECKING:
    from pathlib import Path


def status(*, data: Path | None, as_json: bool) -> int:
    """Return 0 after the supervisor told how it is, also when its ledger could not be asked.

    Raises:
        ConfigError: the configuration is wrong.
        AppError: no supervisor runs, or it refused.
    """
    answer = ask(["status"], data=data)
    if not answer["ok"] or not isinstance(answer.get("status"), dict):
        raise AppError(str(answer["text"]))
    if as_json:
        json.dump(answer["status"], sys.stdout)
        sys.stdout.write("\n")
    elif sys.stdout.isatty():
        Console().print(_table(answer))
    else:
        sys.stdout.write(printable(answer))
    return 0


def _table(answer: dict[str, Any]) -> Table:
    """Return a row for each line: what it is of, and what it says. Nothing in it is read as markup."""
    table = Table(box=None, show_header=False, padding=(0, 2, 0, 0))
    table.add_column(no_wrap=True, style="bold")
    table.add_column(overflow="fold")
    for line in answer["lines"]:
        name, colon, rest = line.partition(": ")
        table.add_row(*(Text(escape(each)) for each in ((name, rest) if colon else ("", line))))
    return table
