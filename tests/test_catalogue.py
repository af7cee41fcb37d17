"""The failure catalogue is complete: each entry of production's failures is named by a test."""

from __future__ import annotations

import ast
import re
from functools import cache
from pathlib import Path

import pytest

TESTS = Path(__file__).parent
BROWSER = tuple(f"a{number}" for number in range(1, 17))
"""Section A of the catalogue: pages, slots, breaker, launches, memory and deadlines."""
PUBLISHING = tuple(f"b{number}" for number in range(1, 20))
"""Section B: nothing twice, nothing lost, nothing wrong."""
QUEUE = tuple(f"c{number}" for number in range(1, 10))
"""Section C: caps, lanes, the queue, and silence."""
SUPERVISION = tuple(f"d{number}" for number in range(1, 13))
"""Section D: schedule, single flight, dependencies, crashes and shutdown."""
SESSION = tuple(f"e{number}" for number in range(1, 7))
"""Section E: the login, and the walls of the platform."""
DATA = tuple(f"f{number}" for number in range(1, 11))
"""Section F: schema, writes, pools, outages. F11 is of a helper that called itself; there is no such helper here."""
REDIS = tuple(f"g{number}" for number in range(1, 6))
"""Section G."""
MEASURING = tuple(f"h{number}" for number in range(1, 12))
"""Section H: metrics, followers, and loops of learning that close."""
HARVEST = tuple(f"i{number}" for number in range(1, 6))
"""Section I."""


@cache
def named() -> set[str]:
    """Return every number that a test's name begins with; a name may begin with several.

    A number with a second one behind it (`test_c1_5_...`) is a rule of a protocol and no entry of the catalogue.
    """
    numbers: set[str] = set()
    for path in TESTS.rglob("test_*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.FunctionDef):
                found = re.match(r"test((?:_[a-z]\d+)+)_(?!\d)", node.name)
                numbers.update(found[1].split("_")[1:] if found else ())
    return numbers


ENTRIES = (*BROWSER, *PUBLISHING, *QUEUE, *SUPERVISION, *SESSION, *DATA, *REDIS, *MEASURING, *HARVEST)


@pytest.mark.parametrize("entry", ENTRIES)
def test_every_entry_of_the_catalogue_is_named_by_a_test(entry: str) -> None:
    assert entry in named()
