"""What a command prints of an answer: it came over Redis, where anybody may publish anything."""

from __future__ import annotations

import io
import json
import sys
from typing import TYPE_CHECKING, Any

import pytest

from actors.commands import send as send_module
from actors.commands import why as why_module
from actors.commands.send import _answer_to
from actors.control.words import Command
from actors.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Callable

HOSTILE = "[/foo] a; b \x1b]0;title\x07"
SHOWN = "[/foo] a; b \\x1b]0;title\\x07"
EXPLANATION: dict[str, Any] = {
    "job": "plan",
    "running": False,
    "reasons": [{"kind": "breaker", "text": HOSTILE, "until": None}],
    "earliest": None,
    "now": "2026-03-02T12:00:00+00:00",
    "last": None,
}
ANSWER: dict[str, Any] = {
    "id": "ours",
    "ok": True,
    "text": f"plan is not running; {HOSTILE}",
    "lines": [f"plan is not running {HOSTILE}", HOSTILE, f"last {HOSTILE}"],
    "why": EXPLANATION,
}


class Terminal(io.StringIO):
    """A standard output that says it is a terminal."""

    def isatty(self) -> bool:
        return True


@pytest.fixture
def answered(monkeypatch: pytest.MonkeyPatch) -> Callable[[dict[str, Any]], None]:
    def answered(answer: dict[str, Any]) -> None:
        for module in (send_module, why_module):
            monkeypatch.setattr(module, "ask", lambda *_, **__: answer)

    return answered


def test_why_shows_texts_on_a_terminal_as_they_are_and_control_characters_as_codes(
    answered: Callable[[dict[str, Any]], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    answered(ANSWER)
    terminal = Terminal()
    monkeypatch.setattr(sys, "stdout", terminal)
    monkeypatch.setenv("COLUMNS", "200")
    monkeypatch.setenv("TERM", "dumb")

    assert why_module.why("plan", data=None, as_json=False) == 0

    shown = terminal.getvalue()
    assert shown.count(SHOWN) == 3
    assert "\x07" not in shown


@pytest.mark.parametrize("command", ["send", "why"])
def test_a_command_prints_one_line_for_each_of_the_answer_and_no_control_character(
    answered: Callable[[dict[str, Any]], None], capsys: pytest.CaptureFixture[str], command: str
) -> None:
    answered(ANSWER)

    if command == "send":
        send_module.send(["why", "plan"], data=None, as_json=False)
    else:
        why_module.why("plan", data=None, as_json=False)

    assert capsys.readouterr().out == f"plan is not running {SHOWN}\n{SHOWN}\nlast {SHOWN}\n"


def test_an_answer_without_the_shape_of_one_is_not_ours() -> None:
    def is_taken(answer: Any) -> bool:
        return _answer_to(Command("ours", "why"), json.dumps(answer).encode()) is not None

    reason = EXPLANATION["reasons"][0]
    assert is_taken(ANSWER)
    assert is_taken({"id": "ours", "ok": False, "text": "no"})
    wrong: list[dict[str, Any]] = [
        {"ok": "yes"},
        {"text": 1},
        {"lines": "ab"},
        {"lines": [1]},
        {"why": []},
        *({"why": {key: value for key, value in EXPLANATION.items() if key != gone}} for gone in list(EXPLANATION)[:5]),
        {"why": {**EXPLANATION, "reasons": [1]}},
        *({"why": {**EXPLANATION, "reasons": [{k: v for k, v in reason.items() if k != gone}]}} for gone in reason),
        {"why": {**EXPLANATION, "earliest": 1}},
    ]
    for change in wrong:
        assert not is_taken({**ANSWER, **change}), change


def test_why_about_an_empty_name_is_refused_and_is_not_about_posts() -> None:
    with pytest.raises(ConfigError, match="empty"):
        why_module.why("", data=None, as_json=True)
