"""No open loop: every table has a writer and a reader, and a test that shows what it makes of another content."""

from __future__ import annotations

import ast
import re
from functools import cache
from pathlib import Path

import pytest

from tests.tables import CLEANER, table, uses

TESTS = Path(__file__).parent
OF_PUBLISHING = {
    "decisions",
    "publish_attempts",
    "receipts",
    "evidence_scans",
    "own_posts",
    "opt_outs",
    "flags",
    "publisher_lease",
    "sessions",
    "checkpoints",
    "control_audit",
    "control_pauses",
    "job_runs",
    "llm_usage",
}
"""Tables of machinery, whose readers have tests of their own everywhere; all others close a loop of learning."""


@cache
def loops() -> set[str]:
    """Return the tables that a test says make a difference: `test_h8_..._differently_when_<table>_changes`."""
    names = [
        node.name
        for path in TESTS.rglob("test_*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.FunctionDef)
    ]
    found = [re.fullmatch(r"test_h8_\w+_differently_when_(\w+)_changes?", name) for name in names]
    return {match[1] for match in found if match}


@pytest.mark.parametrize("name", uses())
def test_h8_every_table_has_a_writer_and_a_reader(name: str) -> None:
    use = uses()[name]

    assert use.writers - {CLEANER}
    assert use.readers


@pytest.mark.parametrize("name", sorted(uses().keys() - OF_PUBLISHING))
def test_h8_for_every_table_a_test_shows_that_its_reader_answers_differently(name: str) -> None:
    assert name in loops()


def test_the_list_of_tables_in_the_readme_is_the_one_in_the_code() -> None:
    assert table() in (TESTS.parent / "README.md").read_text(encoding="utf-8")
