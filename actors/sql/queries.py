"""Named queries: Python names a statement, the `.sql` files beside this module spell it."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

_HERE = Path(__file__).parent
_HEADER = re.compile(r"^-- name: (\w+)$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Statement:
    """One named query with its parameters. `expect` is the number of rows it must return or change, if it matters."""

    query: str
    params: dict[str, Any] = field(default_factory=dict)
    expect: int | None = None


@dataclass(frozen=True, slots=True)
class Transaction:
    """The database's errand: statements that are committed together or not at all."""

    statements: tuple[Statement, ...]


@cache
def load_queries() -> dict[str, str]:
    """Return every named query of the package.

    Raises:
        ValueError: a name is defined twice.
    """
    queries: dict[str, str] = {}
    for path in sorted(_HERE.glob("*.sql")):
        parts = _HEADER.split(path.read_text(encoding="utf-8"))
        for name, body in zip(parts[1::2], parts[2::2], strict=True):
            if name in queries:
                raise ValueError(f"query {name} is defined twice, the second time in {path.name}")
            queries[name] = body.strip()
    return queries


def load_migrations() -> list[tuple[str, str]]:
    """Return (version, SQL) of each migration in order of its number."""
    return [(path.stem, path.read_text(encoding="utf-8")) for path in sorted((_HERE / "migrations").glob("*.sql"))]
