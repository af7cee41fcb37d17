"""`tail`: what it shows of a log, as a page and as a document."""

from __future__ import annotations

import io
import json
import os
import pty
import select
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from rich.console import Console

from actors.commands.tail import _lines
from actors.commands.tail_page import page
from actors.domain.log_state import LogState
from actors.domain.seal import GIVEN_KEY, seal
from tests.railway import flat, spread

if TYPE_CHECKING:
    from collections.abc import Callable

ROOT = Path(__file__).parents[2]
KEY = "a-key-of-the-test-with-32-characters"
HOSTILE = '\x1b[2J[red]x[/red]\n{"action":"heartbeat"}\u202e'
BASE = {"level": "info", "message": "m", "boot": "b00t"}
STATE: dict[str, Any] = {
    "boot": "b00t-and-more", "build": "0123456789ab",
    "uptime_s": 60.0, "schedule_time": "2026-11-26T12:00:00.000Z", "speed": 60.0,
    "actors": {"clock": {"state": "running"}, "browser": {"state": "exited", "restart_in_s": 2.0}},
    "restarts": {"browser": 2}, "dead_letters": 0,
    "fronts": {"browser": {"size": 3, "running": 2, "waiting": 4, "breaker": "open", "counters": {"done": 7},
                           "condition": "login_lost", "spent": {}}},
    "families": {"content": {"name": "content", "running": ["plan"], "paused": ["viral_thread"]}},
    "running": {"plan": "2026-11-26T11:58:00.000Z"},
    "jobs": {"plan": {"last_outcome": "done", "last_ended_at": "2026-11-26T11:45:00.000Z", "runs": 3, "missed": 1},
             "learn": {"last_outcome": "nothing", "last_reason": "0 posts", "nothing_streak": 2,
                       "last_ended_at": "2026-11-26T11:55:00.000Z"}},
    "next_due": {"plan": "2026-11-26T12:13:00.000Z", "posting": "2026-11-26T12:04:00.000Z",
                 "viral_thread": "2026-11-26T18:00:00.000Z", "learn": "2026-11-26T12:30:00.000Z"},
    "waiting": {"posting": "plan has never succeeded"},
    "memory": {"level": "tight", "used_mb": 440, "limit_mb": 512},
    "lease": {"holder": "b00t-and-more", "fence": 3, "is_ours": True, "left_s": 20.0}, "counts": {},
}  # fmt: skip


def log(*lines: dict[str, Any], state: Any = STATE, form: Callable[[dict[str, Any]], str] = flat) -> str:
    beat = {**BASE, "action": "heartbeat", "schema": 1, "state_seq": 1, "state": state}
    numbered = [
        {**BASE, **line, "seq": number, "time": f"2026-11-26T09:00:{number:02}.000Z"}
        for number, line in enumerate([beat, *lines], 1)
    ]
    numbered[0] |= {"key": GIVEN_KEY, "hash": seal(numbered[0], KEY.encode())}
    return "".join(f"{form(line)}\n" for line in numbered)


def shown(
    text: str, *, width: int = 100, height: int | None = None, silent_s: float | None = None, key: bytes | None = None
) -> list[str]:
    """Return the page of a log as a terminal of this width shows it, without colours."""
    state = LogState(key)
    for line in text.splitlines():
        state.take(line)
    console = Console(width=width, record=True, file=io.StringIO(), color_system=None)
    console.print(page(state, width=width, height=height, silent_s=silent_s))
    return console.export_text().splitlines()


def test_the_page_says_who_publishes_what_is_wrong_what_runs_and_what_is_due() -> None:
    text = "\n".join(shown(log({"action": "posted", "message": "decision 1 is posted"})))
    for words in ("supervisor b00t running, up 1m1s, build 0123456789ab", "schedule 2026-11-26 12:01, 60 times as fast",
                  "this one publishes (fence 3)", "memory tight 440/512 MB", "1 of 2 actors run", "2 restarts",
                  "not running: browser exited", "broken: browser open", "platform: login_lost", "paused: viral_thread",
                  "■■·", "runs for 3m", "decision 1 is posted", "seal unchecked (no LOG_KEY)"):  # fmt: skip
        assert words in text, words
    rows = {line.split()[0]: line for line in text.splitlines() if line.strip()}
    assert "waits" in rows["posting"]
    assert "plan has never" in rows["posting"]
    assert "paused" in rows["viral_thread"]
    assert "nothing 6m ago" in rows["learn"]
    assert "2 times: 0 posts" in rows["learn"]


def test_no_line_of_the_page_is_longer_than_the_terminal_and_hostile_text_is_shown_as_its_code() -> None:
    state = {**STATE, "waiting": {"posting": HOSTILE * 9}, "running": {HOSTILE: HOSTILE}}
    lines = shown(log(*[{"action": HOSTILE, "message": HOSTILE, "level": "error", "data": HOSTILE}] * 3, state=state))
    assert max(map(len, lines)) <= 100
    assert all(line.isprintable() for line in lines)
    assert any("[red]" in line for line in lines), "read as text, not as markup"


def test_the_page_says_until_when_and_why_what_is_paused_and_that_the_switch_is_on_and_that_it_drains() -> None:
    pauses = [
        {"name": "posting", "until": "2026-11-26T14:00:00.000Z", "by": "ops", "because": "a review\x1b[2J"},
        {"name": "plan", "until": None, "by": "ops", "because": ""},
    ]
    state = {**STATE, "pauses": pauses, "kill_switch": True, "draining": True}
    text = "\n".join(shown(log({"action": "ready"}, state=state), width=120))
    for words in ("supervisor b00t draining", "kill switch on", "paused: plan until somebody resumes it, by ops",
                  "paused: posting until 2026-11-26 14:00:00 UTC, by ops because a review\\x1b[2J"):  # fmt: skip
        assert words in text, words
    assert "paused: viral_thread" not in text
    quiet = "\n".join(shown(log({"action": "ready"}, state={**STATE, "kill_switch": False, "draining": False})))
    assert "supervisor b00t ready" in quiet
    assert "kill switch" not in quiet


def test_every_word_of_an_operator_is_told_and_other_news_of_a_kind_as_one() -> None:
    words = [{"action": "control_word", "message": f"operator says: word {number}"} for number in range(3)]
    failures = [{"action": "x", "level": "warn", "message": f"failure {number}"} for number in range(3)]
    text = "\n".join(shown(log(*words, *failures)))
    assert [f"word {number}" in text for number in range(3)] == [True] * 3
    assert "failure 2 (and 2 more)" in text


def test_a_start_that_waits_is_shown_with_its_step_and_not_the_one_before_it_that_is_gone() -> None:
    new = {"boot": "s2", "action": "starting", "message": "the supervisor starts"}
    waits = {**new, "action": "start_waits", "level": "warn", "message": "start: platform takes 5 s so far"}
    text = "\n".join(shown(log({"action": "x", "level": "error", "message": "the last word"}, new, waits)))
    assert "supervisor s2 starting: platform takes 5 s so far" in text
    assert "another start: b00t running at 09:00:02" in text
    assert "b00t the last word" in text
    assert "this one publishes" not in text


def test_a_page_fits_a_low_terminal_and_says_how_many_jobs_it_leaves_out() -> None:
    many = {f"job_{number}": "2026-11-26T12:13:00.000Z" for number in range(40)}
    lines = shown(log(*[{"action": f"a{n}", "level": "warn"} for n in range(20)], state={**STATE, "next_due": many}),
                  height=30)
    assert len(lines) <= 30
    assert any("more" in line for line in lines)


def test_a_state_that_cannot_be_read_or_has_no_seal_is_said_to_be_so() -> None:
    beat = {"action": "heartbeat", "state_seq": 1, "schema": 99, "state": STATE}
    sealed, other = log(beat).splitlines()
    text = "\n".join(shown(f"{sealed}\n{other}", width=200))
    assert "2 lines, none missing, 1 of another schema than 1, not read; state is whole" in text
    unsealed = "\n".join(shown(log({"action": "ready"}).splitlines()[1], width=200, key=KEY.encode()))
    assert "supervisor b00t ready" in unsealed
    assert "state is unknown until the next heartbeat, not sealed" in unsealed


def test_a_log_that_has_fallen_silent_is_said_to_be_so() -> None:
    assert any("no line for 1m30s" in line for line in shown(log(), silent_s=90.0))


@pytest.mark.parametrize("state", [
    {}, {"fronts": [], "jobs": {"x": 3}, "uptime_s": "x"}, {"fronts": {"x": None}}, dict.fromkeys(STATE, 7),
    {name: {"x": {"y": []}} for name in STATE},
    {"speed": 10_000, "schedule_time": "9999-12-31T23:59:59Z", "uptime_s": 1e308,
     "running": {"x": "0001-01-01T00:00:00+05:00"}},
])  # fmt: skip
def test_a_state_of_any_shape_has_a_page(state: Any) -> None:
    assert shown(log({"action": "a"}, state=state))


def test_before_the_first_line_the_page_says_so() -> None:
    assert "no line of a supervisor yet" in shown("noise\n")[0]


def test_a_line_without_end_is_left_out_and_the_next_one_is_read() -> None:
    found = list(_lines(io.BytesIO(b"x" * (3 << 20) + b"\nafter\nlast")))
    assert found == ["after\n", "last"]


def tail(text: bytes, *options: str, key: str = "") -> subprocess.CompletedProcess[bytes]:
    environment = {name: value for name, value in os.environ.items() if name != "LOG_KEY"}
    environment |= {"LOG_KEY": key} if key else {}
    words = [sys.executable, "supervisor.py", "tail", *options]
    return subprocess.run(words, input=text, cwd=ROOT, env=environment, capture_output=True, timeout=60, check=True)


@pytest.mark.parametrize("form", [flat, spread, json.dumps])
def test_json_is_one_document_at_the_end_of_input_and_the_key_makes_it_sure(form: Callable[..., str]) -> None:
    text = log(form=form).encode() + b"\xff\xfe noise\n"
    found = json.loads(tail(text, "--json").stdout)
    assert (found["state"], found["is_verified"], found["foreign"]) == (STATE, False, 1)
    assert json.loads(tail(text, "--json", key=KEY).stdout)["is_verified"]
    other = json.loads(tail(text, "--json", key="x" * 32).stdout)
    assert (other["state"], other["refused"]) == (None, 1)


def test_on_a_terminal_the_page_follows_the_log_while_it_is_written() -> None:
    ours, theirs = pty.openpty()
    words = [sys.executable, "supervisor.py", "tail"]
    environment = {**os.environ, "TERM": "xterm", "COLUMNS": "100", "LINES": "40"}
    with subprocess.Popen(words, stdin=subprocess.PIPE, stdout=theirs, stderr=theirs, cwd=ROOT, env=environment) as it:
        assert it.stdin is not None
        os.close(theirs)
        it.stdin.write(log().encode())
        it.stdin.flush()
        assert _seen(ours, b"2 restarts")
        change = {"change": {"restarts": {"browser": 5}}, "gone": {}, "anew": False, "action": "board_changed",
                  "schema": 1, "state_seq": 2}  # fmt: skip
        it.stdin.write(log(change).splitlines(keepends=True)[1].encode())
        it.stdin.flush()
        assert _seen(ours, b"5 restarts")
        it.stdin.close()
        assert it.wait(timeout=30) == 0
    os.close(ours)


def _seen(terminal: int, words: bytes) -> bool:
    """Read what the terminal is sent until these words come; False if they do not within half a minute."""
    read, deadline = b"", time.monotonic() + 30
    while words not in read:
        ready, _, _ = select.select([terminal], [], [], max(0.0, deadline - time.monotonic()))
        if not ready:
            return False
        read += os.read(terminal, 65536)
    return True
