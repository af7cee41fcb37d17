"""The reader: what HTTP shows is what the board said last, and the ledger's figures with it."""

from __future__ import annotations

import json
from collections import Counter
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from actors.control.overview import Overview
from actors.dashboard import reader as module
from actors.dashboard.published import Published
from actors.dashboard.reader import Reader, Sources
from actors.domain.caps import Caps
from actors.domain.priority import Priority
from actors.errors import (
    ActorUnavailableError,
    AppError,
    CircuitOpenError,
    PermanentError,
    QueueFullError,
    ResourceDiedError,
)
from actors.messages import Describe, Request
from actors.runtime.address import Address
from tests.dashboard.conftest import NOON, said, snapshot
from tests.stage import Stage, eventually

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from datetime import datetime

CAPS = {"content": Caps(4, 48, timedelta(minutes=20)), "reply": Caps(4, 60, timedelta(minutes=10))}
ALLOWED = {"content": timedelta(hours=1), "reply": timedelta(hours=2)}


class Board:
    """Answers with one snapshot, and counts how often."""

    def __init__(self) -> None:
        self.asked, self.state = 0, snapshot()

    def receive(self, message: Any) -> Any:
        assert isinstance(message, Describe)
        self.asked += 1
        return self.state

    def stop(self) -> None:
        pass


class FrontDouble:
    """A front that answers as it is told to."""

    def __init__(self) -> None:
        self.requests: list[Request] = []
        self.answer: Any = None

    def receive(self, request: Request) -> None:
        self.requests.append(request)
        if isinstance(self.answer, BaseException):
            request.reply.fail(self.answer)
        else:
            request.reply.settle(self.answer)

    def stop(self) -> None:
        pass


def rows(last_reply: Any = NOON) -> list[list[dict[str, Any]]]:
    lane = {"queued": 1, "in_doubt": 0, "posted": 3, "last_posted": NOON, "of_hour": 1, "of_day": 2}
    lanes = [{"lane": "content", **lane}, {"lane": "reply", **lane, "last_posted": last_reply}]
    pool = {"pending": 1, "judged_by_words": 0, "newest": NOON}
    return [lanes, [pool], [{"measured": 1, "posted": 2}], [], [], [], [], [{"drawn": 0}], *([[]] * 4)]


class Room:
    """A reader with everybody it asks, quick enough for a test. `last_post` is that of the lane of content."""

    def __init__(self, stage: Stage, monkeypatch: pytest.MonkeyPatch, last_post: datetime = NOON) -> None:
        for name in ("_LOOK_EVERY_S", "_LEDGER_EVERY_S", "_GREET_EVERY_S"):
            monkeypatch.setattr(module, name, 0.02)
        self.board, self.database, self.redis = Board(), FrontDouble(), FrontDouble()
        self.published, self.now = Published(), NOON
        self.database.answer = rows()[: len(Overview(None, {}, {}, NOON).questions().statements)]  # type: ignore[arg-type]
        self.database.answer[0][0]["last_posted"] = last_post
        self.published.step("schema")
        sources = Sources(
            stage.actor("board", lambda _: self.board),
            stage.actor("database", lambda _: self.database),
            stage.actor("redis", lambda _: self.redis),
            CAPS,
            ALLOWED,
            lambda: self.now,
        )
        stage.actor("dashboard", lambda context: Reader(context, sources, self.published))

    def until(self, probe: Callable[[Any], Any]) -> Any:
        return eventually(lambda: self.published.view is not None and probe(self.published.view))


@pytest.fixture
def room(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> Iterator[Room]:
    """Yield a room; the stage closes it."""
    return Room(stage, monkeypatch)


def test_status_is_the_document_that_the_control_word_answers_with(room: Room) -> None:
    shown = room.until(lambda view: view.status["ledger"] is not None and view.status)
    now = shown["ledger"]["now"]
    lines, body = Overview(None, room.board.state, CAPS, now).answer(room.database.answer, None)  # type: ignore[arg-type]
    assert shown == {"text": "; ".join(lines), **body}
    assert json.dumps(shown, default=str)


def test_a_pause_that_stands_is_in_status_and_one_that_is_over_is_not(room: Room) -> None:
    (pause,) = room.until(lambda view: view.status["pauses"])
    assert pause["because"] == "the site moves"
    assert "pause of posting: until somebody resumes it" in room.published.view.status["text"]  # type: ignore[union-attr]
    room.board.state["pauses"] = []
    room.until(lambda view: not view.status["pauses"])


def test_the_ledger_is_asked_behind_all_other_work_and_no_request_asks_anybody(room: Room) -> None:
    room.until(lambda view: view.ledger_at is not None)
    assert {request.priority for request in room.database.requests + room.redis.requests} == {Priority.P2}
    assert {request.limit_s for request in room.database.requests} == {module._ANSWER_S}


def test_the_ledger_is_left_alone_until_its_schema_is_there(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Published, "step", lambda *_: None)
    room = Room(stage, monkeypatch)
    eventually(lambda: len(room.redis.requests) > 3)
    assert room.database.requests == []
    assert room.until(lambda view: view.status["ledger_error"]) == "not read yet"


def test_k3_a_board_that_falls_silent_leaves_its_last_word_whose_age_grows(
    room: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    room.until(lambda view: view.ledger_at is not None)
    refused = []

    def refuse(*_: Any) -> Any:
        refused.append(1)
        raise ActorUnavailableError("board did not answer")

    monkeypatch.setattr(Address, "ask", refuse)
    eventually(lambda: refused)
    last = room.published.view
    eventually(lambda: len(refused) > 5)
    assert room.published.view is last
    assert last is not None
    assert room.published.known().age_s > 0
    monkeypatch.undo()
    eventually(lambda: room.published.view is not last)


@pytest.mark.parametrize("name", ["database", "redis"])
@pytest.mark.parametrize(
    ("error", "is_down"),
    [
        (ResourceDiedError("gone"), True),
        (CircuitOpenError("open", 1.0), True),
        (QueueFullError("busy"), False),
        (PermanentError("wrong"), False),
    ],
)
def test_k3_a_dependency_that_does_not_answer_is_known_and_one_that_is_busy_is_not_down(
    room: Room, name: str, error: AppError, *, is_down: bool
) -> None:
    front, good = getattr(room, name), getattr(room, name).answer
    room.until(lambda view: view.ledger_at is not None)
    front.answer, seen = error, len(front.requests)
    eventually(lambda: len(front.requests) > seen + 3)
    room.until(lambda view: view.unanswered == (frozenset({name}) if is_down else frozenset()))
    front.answer = good
    room.until(lambda view: not view.unanswered and view.status["ledger"] is not None)


def test_k3_without_the_ledger_status_says_so_and_a_lane_is_stale_only_when_its_time_is_over(room: Room) -> None:
    room.database.answer[0][0]["last_posted"] = NOON - timedelta(minutes=30)
    room.until(lambda view: view.lanes["content"].age == timedelta(minutes=30))
    room.database.answer = ResourceDiedError("postgres went away")
    shown = room.until(lambda view: view.status["ledger"] is None and view)
    assert "postgres went away" in shown.status["ledger_error"]
    assert not any(age.is_stale for age in shown.lanes.values())
    room.now = NOON + timedelta(minutes=45)
    room.until(lambda view: [age.is_stale for age in view.lanes.values()] == [True, False])


def test_k3_a_database_that_is_back_is_noticed_before_the_next_figures_are_due(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    room = Room(stage, monkeypatch)
    room.until(lambda view: view.ledger_at is not None)
    good, room.database.answer = room.database.answer, ResourceDiedError("postgres went away")
    room.until(lambda view: view.unanswered)
    monkeypatch.setattr(module, "_LEDGER_EVERY_S", 3600.0)
    seen = len(room.database.requests)
    eventually(lambda: len(room.database.requests) > seen + 3)
    room.database.answer = good
    room.until(lambda view: not view.unanswered)


def test_c7_k3_a_lane_that_is_silent_is_called_once_whether_the_ledger_can_be_read_or_not(
    room: Room, caplog: pytest.LogCaptureFixture
) -> None:
    room.until(lambda view: view.ledger_at is not None)
    room.now = NOON + timedelta(hours=1, minutes=30)
    room.until(lambda view: view.lanes["content"].is_stale)
    room.database.answer = ResourceDiedError("postgres went away")
    room.until(lambda view: view.status["ledger"] is None)
    room.now = NOON + timedelta(hours=2, minutes=15)
    room.until(lambda view: view.lanes["reply"].is_stale)

    def calls() -> Counter[tuple[str, str]]:
        return Counter((line["action"], line["lane"]) for line in said(caplog) if line["levelname"] == "ERROR")

    eventually(lambda: calls()["lane_silent", "reply"], "the second lane called")
    seen = len(room.database.requests)
    eventually(lambda: len(room.database.requests) > seen + 3)
    assert calls() == {("lane_silent", "content"): 1, ("lane_silent", "reply"): 1}


def test_c7_a_process_that_is_younger_than_the_allowance_calls_a_silence_that_is_older_than_itself(
    stage: Stage, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    Room(stage, monkeypatch, last_post=NOON - timedelta(hours=25))
    eventually(lambda: [r for r in caplog.records if vars(r).get("action") == "lane_silent"])
    called = [vars(r) for r in caplog.records if vars(r).get("action") == "lane_silent"]
    assert [(call["lane"], call["silent_s"]) for call in called] == [("content", 25 * 3600)]


def test_a_lane_is_not_called_by_a_process_that_does_not_publish(room: Room, caplog: pytest.LogCaptureFixture) -> None:
    room.board.state["lease"]["is_ours"] = False
    room.now = NOON + timedelta(hours=3)
    room.until(lambda view: view.ledger_at is not None and view.lanes["reply"].is_stale)
    seen = len(room.database.requests)
    eventually(lambda: len(room.database.requests) > seen + 3)
    assert [line for line in said(caplog) if line["levelname"] == "ERROR"] == []


def test_k5_a_breaker_that_stays_open_calls_a_person(
    stage: Stage, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(module, "_LONG_S", 0.05)
    room = Room(stage, monkeypatch)
    room.board.state["fronts"]["openai"]["breaker"] = "open"
    eventually(lambda: [r for r in caplog.records if vars(r).get("action") == "breaker_open_long"])
    asked = room.board.asked
    eventually(lambda: room.board.asked > asked + 3)
    assert [vars(r)["front"] for r in caplog.records if vars(r).get("action") == "breaker_open_long"] == ["openai"]
