"""docs/log.md is what the code does: every action, every field, nothing else."""

from __future__ import annotations

import re

from actors.domain.seal import _SEALED, SCHEMA
from actors.domain.state_change import NAMED
from tests.log_actions import PAGE, PUT_TOGETHER, ROOT, UNKNOWN, actions, table
from tests.log_schema import ALWAYS, OF_STATE, SOMETIMES, documented, misfits

TEXT = PAGE.read_text(encoding="utf-8")
LINE = {
    "time": "2026-11-26T09:00:00.000Z", "level": "info", "message": "m", "action": "run_admitted", "job": "plan",
    "boot": "b00t", "seq": 1,
}  # fmt: skip


def test_the_list_of_actions_is_the_one_in_the_code() -> None:
    assert table() in TEXT, "say python -m tests.log_actions"


def test_every_action_that_is_put_together_is_known_and_none_is_known_that_is_not() -> None:
    assert [name for name in actions() if name.startswith(UNKNOWN)] == []
    known = {action for names in PUT_TOGETHER.values() for action in names}
    assert known - actions().keys() == set(), "no longer written"


def test_no_action_in_the_code_is_overlooked() -> None:
    found = {
        action
        for path in (ROOT / "actors").rglob("*.py")
        for action in re.findall(r'"action": "(\w+)"', path.read_text(encoding="utf-8"))
    }
    assert found
    assert found - actions().keys() == set()


def test_no_action_keeps_a_field_back() -> None:
    assert [name for name, action in actions().items() if "..." in action.fields] == [], "write the names in place"


def test_only_the_board_writes_the_lines_that_carry_the_state() -> None:
    assert {name: actions()[name].modules for name in ("heartbeat", "board_changed")} == {
        "heartbeat": {"board"}, "board_changed": {"board"},
    }  # fmt: skip


def test_every_field_of_the_log_is_explained_and_the_version_is_the_one_in_the_code() -> None:
    assert {*ALWAYS, *SOMETIMES, *OF_STATE, *_SEALED, "key", "hash"} <= documented()
    assert f"version {SCHEMA}:" in TEXT
    assert all(f"`{section}`" in TEXT for section in NAMED)


def test_a_line_that_breaks_the_schema_is_found_out() -> None:
    assert misfits(LINE) == []
    for wrong in ({"seq": "1"}, {"level": "fatal"}, {"action": "invented"}, {"colour": "red"}, {"time": "today"},
                  {"level": "error"}, {"hash": "x"}, {"data": 1, "lost": "x"}):  # fmt: skip
        assert misfits({**LINE, **wrong}), wrong
