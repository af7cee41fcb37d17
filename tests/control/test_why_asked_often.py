"""A flood of reading words: whoever may ask makes no work that anybody would feel."""

from __future__ import annotations

import json
import threading
from datetime import timedelta
from typing import Any

import pytest
import redis

from actors.control.channel import CHANNEL, REPLIES
from actors.domain.priority import Band, Priority
from actors.domain.rate import Rate
from actors.domain.timetable import Entry
from actors.domain.why.situation import Part
from actors.messages import Describe, Due, Explain, Pause
from actors.runtime.address import Address
from actors.runtime.clock import Clock
from tests.control.room import ControlRoom
from tests.fakes import NOW
from tests.runtime.jobs import make_job, schedule_clock
from tests.stage import PATIENCE_S, Outcome, Stage, eventually

FLOOD = 2000


def publish(room: ControlRoom, words: list[str], answers: int) -> list[dict[str, Any]]:
    """Publish words at once and return so many answers."""
    got: list[dict[str, Any]] = []
    with redis.Redis.from_url(room.url, decode_responses=True) as client, client.pubsub() as pubsub:
        pubsub.subscribe(REPLIES)
        assert pubsub.get_message(timeout=PATIENCE_S)
        with client.pipeline(transaction=False) as pipeline:
            for word in words:
                pipeline.publish(CHANNEL, word)
            pipeline.execute()
        while len(got) < answers:
            answer = pubsub.get_message(timeout=PATIENCE_S)
            assert answer is not None, f"{len(got)} answers of {answers}"
            got.append(json.loads(answer["data"]))
    return got


def held_up(room: ControlRoom) -> tuple[threading.Event, threading.Event]:
    """Have the clock keep its answers back; return what is set once it is asked, and what lets it answer."""
    asked, released = threading.Event(), threading.Event()

    def receive(_: Any) -> None:
        asked.set()
        assert released.wait(PATIENCE_S)

    for listener in room.listeners.values():
        listener.part = Part()
    room.listeners["clock"].first = receive
    return asked, released


def test_those_who_ask_the_same_while_it_is_open_share_its_one_answer(room: ControlRoom) -> None:
    _, released = held_up(room)
    words = [json.dumps({"id": f"a-{number}", "word": "why"}) for number in range(10)]
    asking = Outcome(lambda: publish(room, words, 10))
    inquiries = room.operator.obedience.inquiries
    eventually(lambda: [len(each.askers) for each in list(inquiries.open.values())] == [10], "all ten wait")
    released.set()
    answers = asking.get()

    assert sorted(answer["id"] for answer in answers) == [f"a-{number}" for number in range(10)]
    assert all(answer["why"] == answers[0]["why"] for answer in answers)
    assert room.listeners["clock"].explains == 2, "posting and plan, once each"


def test_no_more_inquiries_are_open_at_once_than_the_limit(room: ControlRoom, monkeypatch: Any) -> None:
    monkeypatch.setattr("actors.control.inquiries._MOST_INQUIRIES", 1)

    asked, released = held_up(room)
    asking = Outcome(lambda: publish(room, ["why plan"], 2))
    assert asked.wait(PATIENCE_S)
    refused = room.say("why posting")
    released.set()

    assert "asked too often" in refused["text"]
    assert asking.get()[1]["why"]["job"] == "plan"


def test_more_reading_words_than_the_rate_are_refused_and_a_stop_word_never_is(room: ControlRoom) -> None:
    for listener in room.listeners.values():
        listener.part = Part()
    words = [*["why"] * FLOOD, *["jobs"] * FLOOD, "pause posting", "kill-switch on"]

    texts = _until_said(room, words, "posting is paused", "kill-switch on is in force")

    assert any("asked too often" in text for text in texts)
    assert room.told("publishing") == [Pause("posting", "operator")]
    assert len(texts) < FLOOD, "a refusal is no work either"


def _until_said(room: ControlRoom, words: list[str], *awaited: str) -> list[str]:
    with redis.Redis.from_url(room.url, decode_responses=True) as client, client.pubsub() as pubsub:
        pubsub.subscribe(REPLIES)
        assert pubsub.get_message(timeout=PATIENCE_S)
        with client.pipeline(transaction=False) as pipeline:
            for word in words:
                pipeline.publish(CHANNEL, word)
            pipeline.execute()
        texts: list[str] = []
        # Their answers may overtake each other: one waits for the database.
        while not all(any(text.startswith(start) for text in texts) for start in awaited):
            answer = pubsub.get_message(timeout=PATIENCE_S)
            assert answer is not None, "a stop word was not answered"
            texts.append(json.loads(answer["data"])["text"])
    return texts


class CountingClock(Clock):
    """The real clock, which counts how often it is asked to explain."""

    __slots__ = ("explains",)

    def receive(self, message: Any) -> Any:
        if isinstance(message, Explain):
            self.explains = getattr(self, "explains", 0) + 1
        return Clock.receive(self, message)


def test_a_flood_of_why_leaves_the_clock_alive_and_a_due_of_p0_served(
    stage: Stage, valkey_url: str, database_url: str
) -> None:
    clocks: list[CountingClock] = []
    opened = threading.Event()

    def make_clock(stage: Stage, context: Any) -> Clock:
        jobs = {
            name: make_job(name, priority=Priority.P0, family=family)
            for name, family in (("plan", "content"), ("posting", "publishing"))
        }
        clocks.append(
            CountingClock(
                context,
                schedule_clock(at=NOW),
                jobs,
                [Entry(name, timedelta(minutes=5)) for name in jobs],
                dict.fromkeys(jobs, 1.0),
                {family: stage.addresses[family] for family in ("content", "publishing")},
                stage.addresses["database"],
                Address("browser"),
                stage.addresses["board"],
                opened,
                threading.Event(),
            )
        )
        return clocks[-1]

    room = ControlRoom(stage, valkey_url, database_url, embedded=True, make_clock=make_clock)
    for name in ("content", "publishing", "runs"):
        room.listeners[name].part = Part()

    answers = publish(room, ["why"] * FLOOD, 120)
    opened.set()

    assert any(answer["ok"] for answer in answers)
    (due,) = [each for each in room.told("publishing") if isinstance(each, Due)]
    assert due.job == "posting"
    _until_said(room, ["kill-switch on"], "kill-switch on is in force")
    assert stage.addresses["clock"].ask(Describe(), PATIENCE_S) is None, "the clock answers"
    assert 0 < clocks[0].explains <= FLOOD / 4


@pytest.mark.usefixtures("silence_is_an_answer")
def test_who_is_asked_serves_what_is_of_p0_first(room: ControlRoom) -> None:
    served: list[Any] = []
    entered, released = threading.Event(), threading.Event()

    def receive(message: Any) -> None:
        served.append(message)
        entered.set()
        assert released.wait(PATIENCE_S)

    room.listeners["clock"].first = receive
    clock = room.operator.reach.clock
    clock.tell("busy", Band.CONTROL)
    assert entered.wait(PATIENCE_S)
    publish(room, ["why plan"], 1)
    clock.tell("of P0", Band.P0)
    released.set()

    eventually(lambda: len(served) == 3, "all served")
    assert served[:2] == ["busy", "of P0"]
    assert isinstance(served[2], Explain)


def test_a_rate_lets_so_many_through_in_any_window_and_forgets_what_it_refused() -> None:
    rate = Rate(2, 1.0)

    assert [rate.allows(at) for at in (0.0, 0.5, 0.9, 0.99, 1.0, 1.2, 1.5)] == [
        True,
        True,
        False,
        False,
        True,
        False,
        True,
    ]
