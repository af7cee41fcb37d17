"""The name of the build."""

from __future__ import annotations

from typing import TYPE_CHECKING

from actors.runtime.build import build_id

if TYPE_CHECKING:
    from pathlib import Path


def program(root: Path, text: str = "x = 1\n") -> Path:
    (root / "actors" / "sql").mkdir(parents=True)
    (root / "actors" / "sql" / "a.sql").write_text("SELECT 1")
    for name in ("supervisor.py", "config.toml", "actors/app.py"):
        (root / name).write_text(text)
    return root


def test_k1_the_same_program_has_one_name_wherever_it_stands(tmp_path: Path) -> None:
    assert build_id(program(tmp_path / "one")) == build_id(program(tmp_path / "two"))


def test_k1_any_other_line_of_it_makes_another_build_and_what_is_no_part_of_it_does_not(tmp_path: Path) -> None:
    first = build_id(program(tmp_path / "one"))
    for number, name in enumerate(("supervisor.py", "config.toml", "actors/app.py", "actors/sql/a.sql")):
        other = program(tmp_path / f"other{number}")
        # As long as before.
        (other / name).write_text((other / name).read_text().replace("1", "2"))
        assert build_id(other) != first
    same = program(tmp_path / "same")
    (same / "actors" / "app.pyc").write_text("compiled")
    (same / "README.md").write_text("words")
    assert build_id(same) == first
