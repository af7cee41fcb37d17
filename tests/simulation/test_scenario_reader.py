"""The scenario reader refuses what it does not understand, and says where and what to do."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from actors.domain.priority import Priority
from actors.domain.workload import Span
from actors.errors import ConfigError
from actors.simulation.scenario import COLUMNS, read_scenario

if TYPE_CHECKING:
    from pathlib import Path

HEADER = ",".join(COLUMNS)
GOOD = "posting,300,300,0,1,1,20,60"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "day.csv"


def refusal(file: Path, *lines: str) -> str:
    """Write the lines and return why they are refused."""
    file.write_text("\n".join(lines) + "\n")
    with pytest.raises(ConfigError) as refused:
        read_scenario(file)
    return str(refused.value)


def test_a_scenario_is_read_as_its_columns_say(file: Path) -> None:
    file.write_text(f"# a day\n\n{HEADER}\n{GOOD}\nscrape,7200,3600,2,1,0,60,90.5\noff,0,0,3,0,1,1,1\n")
    posting, scrape, off = read_scenario(file, load=2.0)

    assert (posting.priority, posting.every, posting.uses) == (
        Priority.P0,
        timedelta(minutes=5),
        {"browser", "database"},
    )
    assert (posting.length, posting.errand_s) == (Span(20, 60), None)
    assert (scrape.offset, scrape.length, scrape.errand_s) == (timedelta(hours=1), Span(120, 181), 45.0)
    assert not off.enabled


@pytest.mark.parametrize(
    ("line", "column", "cure"),
    [
        ("Posting,300,300,0,1,1,20,60", "job", "small letters"),
        ("posting,-1,300,0,1,1,20,60", "interval_s", "0 (disabled)"),
        ("posting,soon,300,0,1,1,20,60", "interval_s", "0 (disabled)"),
        ("posting,300,nan,0,1,1,20,60", "first_due_s", "from 0 on"),
        ("posting,300,300,4,1,1,20,60", "priority", "0, 1, 2 or 3"),
        ("posting,300,300,0.5,1,1,20,60", "priority", "0, 1, 2 or 3"),
        ("posting,300,300,0,yes,1,20,60", "browser", "0 or 1"),
        ("posting,300,300,0,1,2,20,60", "db", "0 or 1"),
        ("posting,300,300,0,1,1,x,60", "min_s", "from 0 on"),
        ("posting,300,300,0,1,1,20,inf", "max_s", "from 0 on"),
        ("posting,300,300,0,1,1,20,10", "max_s", "at least min_s (20)"),
    ],
)
def test_a_wrong_cell_is_named_by_file_line_and_column_with_what_would_be_right(
    file: Path, line: str, column: str, cure: str
) -> None:
    said = refusal(file, HEADER, line)

    assert f"{file}, line 2, column {column}: " in said
    assert cure in said
    assert len(said.splitlines()) == 1


def test_all_wrong_cells_are_told_at_once_and_a_flood_is_cut(file: Path) -> None:
    assert len(refusal(file, HEADER, "posting,x,y,0,1,1,20,60", GOOD).splitlines()) == 2
    assert refusal(file, HEADER, *(f"job_{n},x,1,0,0,0,1,1" for n in range(30))).endswith("and 20 more")


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        (["job,every", GOOD], "line 1: this is no header; write job,interval_s"),
        ([HEADER], "no job in it"),
        ([HEADER, "posting,300"], "line 2: 2 cells instead of 8"),
        ([HEADER, GOOD, GOOD], "line 3, column job: posting stands there twice"),
    ],
)
def test_a_file_of_another_shape_is_refused_with_what_to_write(file: Path, lines: list[str], said: str) -> None:
    assert said in refusal(file, *lines)


def test_a_file_that_cannot_be_read_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="cannot be read"):
        read_scenario(tmp_path / "nowhere.csv")
    (tmp_path / "latin.csv").write_bytes(b"\xff\xfe")
    with pytest.raises(ConfigError, match="UTF-8"):
        read_scenario(tmp_path / "latin.csv")
