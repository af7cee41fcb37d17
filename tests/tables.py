"""Who writes and who reads each table, found in the code; `python -m tests.tables` prints the list in README."""

from __future__ import annotations

import ast
import re
import sys
from collections import defaultdict
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from actors.sql.queries import load_migrations, load_queries

ROOT = Path(__file__).parent.parent
_CREATED = re.compile(r"^CREATE TABLE (\w+)", re.MULTILINE)
_VIEW = re.compile(r"^CREATE VIEW (\w+) AS\n(.*?);$", re.MULTILINE | re.DOTALL)
_WRITTEN = re.compile(r"\b(?:INSERT INTO|UPDATE|DELETE FROM)\s+(\w+)")
_READ = re.compile(r"(?<!DELETE )\b(?:FROM|JOIN)\s+(\w+)")
CLEANER = "retention"
"""Who clears tables away makes nothing of what they say, so it is no reader."""


@dataclass
class Use:
    """The modules, by name, that write a table and that read it."""

    writers: set[str] = field(default_factory=set)
    readers: set[str] = field(default_factory=set)


@cache
def uses() -> dict[str, Use]:
    """Return the uses of every table there is, in the order of their names."""
    schema = "\n".join(text for _, text in load_migrations())
    views = {name: set(_READ.findall(body)) for name, body in _VIEW.findall(schema)}
    found = {name: Use() for name in sorted(_CREATED.findall(schema))}
    modules = _modules_by_query()
    for query, text in load_queries().items():
        bare = re.sub(r"--.*", "", text)
        for table in _WRITTEN.findall(bare):
            if table in found:
                found[table].writers |= modules[query]
        for name in _READ.findall(bare):
            for table in views.get(name, {name}) & found.keys():
                found[table].readers |= modules[query] - {CLEANER}
    return found


def _modules_by_query() -> dict[str, set[str]]:
    names = load_queries().keys()
    modules: dict[str, set[str]] = defaultdict(set)
    for path in (ROOT / "actors").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and _asks(node.func):
                # The name stands first, or behind what a helper of the module's own takes before it.
                said = {each.value for each in node.args if isinstance(each, ast.Constant)}
                for name in said & names:
                    modules[str(name)].add(path.stem)
    return modules


def _asks(called: ast.expr) -> bool:
    """Tell whether a call is one that names a query: of a database's door, of `Statement`, `Expiry` or `_close`."""
    word = called.attr if isinstance(called, ast.Attribute) else getattr(called, "id", "")
    return word in ("one", "all", "run", "Statement", "Expiry", "_close")


def table() -> str:
    """Return the list as a Markdown table."""
    lines = ["| table | written by | read by |", "|---|---|---|"]
    for name, use in uses().items():
        lines.append(f"| `{name}` | {', '.join(sorted(use.writers))} | {', '.join(sorted(use.readers))} |")
    return "\n".join(lines)


if __name__ == "__main__":
    sys.stdout.write(f"{table()}\n")
