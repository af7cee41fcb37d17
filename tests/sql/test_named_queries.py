"""Queries by name: every name that Python says is spelled once, and every query that is spelled is said."""

from __future__ import annotations

import re
from pathlib import Path

from actors.sql.queries import load_migrations, load_queries

ACTORS = Path(__file__).parents[2] / "actors"
SAID = re.compile(r'(?:Statement\(|Expiry\(|\.(?:all|one|run)\(|_close\([^,]+, [^,]+, )\s*"(\w+)"')


def said() -> set[str]:
    sources = [path.read_text(encoding="utf-8") for path in ACTORS.rglob("*.py")]
    return {name for source in sources for name in SAID.findall(source)}


def test_every_query_that_is_asked_for_exists() -> None:
    assert said() - set(load_queries()) == set()


def test_every_query_that_exists_is_asked_for() -> None:
    assert set(load_queries()) - said() == set()


def test_migrations_are_in_the_order_of_their_numbers_without_a_gap() -> None:
    numbers = [int(version.split("_")[0]) for version, _ in load_migrations()]
    assert numbers == list(range(1, len(numbers) + 1))
