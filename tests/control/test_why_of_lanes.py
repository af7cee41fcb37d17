"""`why` of the jobs behind a lane: the ledger's reasons belong to it, and everybody reads the same answer."""

from __future__ import annotations

import io
import json
from datetime import timedelta
from typing import Any

import pytest

from actors import log
from actors.commands import send as send_module
from actors.commands import why as why_module
from actors.config import Config, LogSettings, RedisSettings, Secret
from actors.domain.escaping import LONGEST_TEXT
from actors.domain.why.situation import Part
from actors.domain.why.standing import Paused
from tests.control import room as room_module
from tests.control.room import ControlRoom
from tests.fakes import NOW, LedgerDoor, decision
from tests.stage import Stage, eventually


@pytest.fixture
def lanes(stage: Stage, valkey_url: str, database_url: str, monkeypatch: pytest.MonkeyPatch) -> ControlRoom:
    """Return a room with the jobs of both lanes, in which every actor says that nothing is in its way."""
    monkeypatch.setitem(room_module.FAMILY_OF, "reply_posting", "publishing")
    lanes = ControlRoom(stage, valkey_url, database_url, embedded=True)
    for name in ("clock", "content", "publishing", "runs"):
        lanes.listeners[name].part = Part()
    return lanes


def kinds(answer: dict[str, Any]) -> list[str]:
    return [reason["kind"] for reason in answer["why"]["reasons"]]


def test_why_posting_is_why_nothing_is_posted(lanes: ControlRoom) -> None:
    assert lanes.say("kill-switch on")["ok"]

    bare, named = lanes.say("why"), lanes.say("why posting")

    assert kinds(named) == ["kill_switch", "queue_empty"]
    assert (named["why"], named["lines"]) == (bare["why"], bare["lines"])


def test_why_reply_posting_asks_the_ledger_about_the_lane_of_replies(lanes: ControlRoom, ledger: LedgerDoor) -> None:
    ledger.run("insert_decision", **decision("A post, and no reply.", due=NOW))
    lanes.listeners["publishing"].part = Part((Paused("reply_posting", ""),))
    assert lanes.say("kill-switch on")["ok"]

    answer = lanes.say("why reply_posting")

    assert kinds(answer) == ["paused", "kill_switch", "queue_empty"]
    assert "the queue is empty, and reply_posting does not fill it: reply_posting is paused" in answer["text"]


def test_why_of_a_job_without_a_lane_has_no_reason_of_the_ledger(lanes: ControlRoom) -> None:
    assert lanes.say("kill-switch on")["ok"]
    assert kinds(lanes.say("why plan")) == []


@pytest.fixture
def written(logging_as_before: None) -> io.StringIO:
    """Return what the log writes."""
    stream = io.StringIO()
    log.setup(LogSettings(format="json"), stream)
    return stream


def answers_in(written: io.StringIO) -> list[dict[str, Any]]:
    lines = [json.loads(line) for line in written.getvalue().splitlines()]
    return [line for line in lines if line["action"] == "control_answer"]


@pytest.mark.parametrize("job", [None, "posting", "plan"])
def test_why_gives_the_same_answer_in_the_log_on_the_command_line_and_over_the_channel(
    lanes: ControlRoom,
    written: io.StringIO,
    job: str | None,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    config = Config(redis=RedisSettings(url=Secret(lanes.url)))
    monkeypatch.setattr(send_module, "load_all", lambda _: (config, {}))
    lanes.listeners["content"].part = Part((Paused("plan", "content", NOW + timedelta(hours=1), "me", "a storm"),))
    assert lanes.say("kill-switch on")["ok"]

    over_the_channel = lanes.say(f"why {job or ''}")
    assert why_module.why(job, data=None, as_json=False) == 0
    for_people = capsys.readouterr().out.splitlines()
    assert why_module.why(job, data=None, as_json=True) == 0
    for_programs = json.loads(capsys.readouterr().out)

    in_the_log = eventually(lambda: len(found := answers_in(written)) >= 4 and found[1:4], "every answer in the log")
    assert for_people == over_the_channel["lines"]
    assert for_programs == over_the_channel["why"]
    assert [line["data"] for line in in_the_log] == [over_the_channel["text"]] * 3


def test_an_answer_too_long_for_one_text_stands_whole_in_the_log_line_by_line(
    lanes: ControlRoom, written: io.StringIO
) -> None:
    told = [f"{number}: {'x' * 100}" for number in range(100)]
    object.__setattr__(lanes.operator.reach, "stacks", lambda: told)

    answer = lanes.say("stacks")

    assert len(answer["text"]) > LONGEST_TEXT
    (line,) = eventually(lambda: answers_in(written), "the answer in the log")
    assert line["lines"] == answer["lines"] == told
    assert "data" not in line
