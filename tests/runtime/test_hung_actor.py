"""A child that hangs: found by its silence, given up, replaced on the same mailbox."""

from __future__ import annotations

import contextlib
import itertools
import logging
import threading
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from actors.domain.priority import Band
from actors.domain.supervision import Policy
from actors.errors import ActorUnavailableError, MailboxFullError
from actors.messages import ActorChanged, DeadLetter
from actors.runtime.abandoned import abandoned_threads
from actors.runtime.address import Address
from actors.runtime.supervisor import ChildSpec, Supervisor
from tests.runtime.stage import WAIT, Node, take
from tests.stage import Outcome, eventually

if TYPE_CHECKING:
    from collections.abc import Iterator

    from actors.runtime.cell import ActorContext

ANSWER_S = 0.2
NEXT = 3
"""The generation after a hung first one; the fence that took its mailbox away used up a number."""


class Hanger:
    """Hangs in "hang" and in "hang in stop" until its house releases it; answers anything else with its generation."""

    def __init__(self, house: House, context: ActorContext) -> None:
        self.house, self.generation = house, context.generation
        self.stop_hangs = False

    def receive(self, message: Any) -> Any:
        self.house.served.append((self.generation, message))
        if message in ("hang", "hang in stop"):
            self.stop_hangs = message == "hang in stop"
            self.house.hangs.set()
            self.house.release.wait(WAIT)
        return self.generation

    def stop(self) -> None:
        # One hang is what a test is about: a successor that a busy machine keeps waiting is none.
        self.house.specs["child"] = replace(self.house.specs["child"], answer_s=WAIT)
        if self.stop_hangs:
            self.house.release.wait(WAIT)
        self.house.let_go.append(self.generation)


class House:
    """A supervisor over one child that may hang and one that does not."""

    def __init__(self) -> None:
        self.hangs, self.release = threading.Event(), threading.Event()
        self.served: list[tuple[int, Any]] = []
        self.let_go: list[int] = []
        self.child, self.sibling, self.board = Address("child", 5), Address("sibling"), Address("board")
        self.specs = {
            "child": ChildSpec(self.child, lambda c: Hanger(self, c), shutdown_s=0.5, answer_s=ANSWER_S),
            "sibling": ChildSpec(self.sibling, lambda c: Hanger(self, c)),
        }
        policy = Policy(intensity=10, period_s=60)

        def supervise(context: ActorContext) -> Supervisor:
            self.supervisor = Supervisor(context, policy, self.specs, self.board)
            return self.supervisor

        self.node = Node(supervise, "supervisor")

    def come_back(self, behind: str) -> int:
        """Return the generation that answers a message told behind the one that hangs."""
        generation: int = self.child.ask(behind, WAIT, Band.P3)
        return generation


@pytest.fixture(autouse=True)
def look_often(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("actors.runtime.supervisor._LOOK_EVERY_S", 0.05)
    monkeypatch.setattr("actors.runtime.supervisor._LAST_CHANCE_S", 0.3)


@pytest.fixture
def house() -> Iterator[House]:
    house = House()
    yield house
    house.release.set()
    house.node.end()
    eventually(lambda: not abandoned_threads(), "every thread came home")


def test_a_child_that_answers_is_asked_again_and_left_alone(house: House, caplog: pytest.LogCaptureFixture) -> None:
    questions: list[threading.Event] = []

    def has_been_asked_twice() -> bool:
        last = house.supervisor.answered["sibling"]
        if last not in questions:
            questions.append(last)
        # The first one is there before any is asked.
        return len(questions) == 3

    eventually(has_been_asked_twice, "a second question")
    assert house.sibling.ask("who", WAIT) == 1
    assert "sibling hangs" not in caplog.text


def test_a_child_that_hangs_is_replaced_and_what_waits_behind_is_served_by_the_next(house: House) -> None:
    asked = Outcome(lambda: house.child.ask("hang", WAIT))
    assert house.hangs.wait(WAIT)

    assert house.come_back("behind") == NEXT

    with pytest.raises(ActorUnavailableError, match=r"died of str: hung: no answer within 0.2 s"):
        asked.get()
    assert house.let_go == [1]
    assert [thread.name for thread in abandoned_threads()] == ["child#1 (abandoned)"]
    assert house.sibling.ask("who", WAIT) == 1
    # Its supervisor tells the board after the child has begun to answer.
    house.node.ask_state()
    assert [(news.state, news.generation) for news in take(house.board, ActorChanged) if news.name == "child"] == [
        ("running", 1),
        ("exited", 1),
        ("running", NEXT),
    ]


def test_the_message_that_hung_is_a_dead_letter_and_is_not_served_again(house: House) -> None:
    house.child.tell("hang")
    house.come_back("behind")
    house.node.ask_state()
    letters = take(house.board, DeadLetter)
    assert letters == [DeadLetter("child", "str", "hung: no answer within 0.2 s")]
    assert house.served == [(1, "hang"), (NEXT, "behind")]


def test_one_line_tells_of_the_hang_and_where_it_hangs(house: House, caplog: pytest.LogCaptureFixture) -> None:
    house.child.tell("hang")
    house.come_back("behind")
    records = [record for record in caplog.records if getattr(record, "action", "") == "actor_hung"]
    assert [record.getMessage() for record in records] == ["child hangs and is given up"]
    assert "self.house.release.wait(WAIT)" in records[0].data  # type: ignore[attr-defined]


def test_what_the_hung_one_does_when_it_comes_back_changes_nothing(house: House) -> None:
    house.child.tell("hang")
    house.come_back("behind")
    house.release.set()
    eventually(lambda: not abandoned_threads(), "the thread came home")
    assert house.child.ask("who", WAIT) == NEXT
    assert house.let_go == [1]
    assert house.node.ask_state() == {"child": NEXT, "sibling": 1}


def test_a_stop_that_hangs_too_does_not_keep_the_successor_waiting_for_ever(house: House) -> None:
    house.child.tell("hang in stop")
    assert house.come_back("behind") == NEXT
    assert house.let_go == []


def test_who_answers_while_its_supervisor_still_says_that_it_hangs_is_left_alone(
    house: House, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A log that stands still keeps all who write to it silent, and opens for all of them at once."""
    monkeypatch.setattr("actors.runtime.supervisor._LAST_CHANCE_S", WAIT)

    class Gate(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            if getattr(record, "action", "") == "actor_hung":
                house.release.set()

    gate = Gate()
    logging.getLogger().addHandler(gate)
    try:
        asked = Outcome(lambda: house.child.ask("hang", WAIT))
        assert asked.get() == 1
        eventually(lambda: "answers after all" in caplog.text, "the supervisor took it back")
    finally:
        logging.getLogger().removeHandler(gate)
    assert house.child.ask("who", WAIT) == 1
    assert house.let_go == []


def test_a_mailbox_so_full_that_p0_finds_no_room_is_a_hang_as_well(house: House) -> None:
    house.child.tell("hang", Band.P0)
    assert house.hangs.wait(WAIT)
    told = []
    # Its supervisor's question may have taken a place.
    with contextlib.suppress(MailboxFullError):
        for number in itertools.count():
            house.child.tell(number, Band.P0)
            told.append(number)
    assert house.come_back("behind") == NEXT
    assert [message for _, message in house.served[1:]] == [*told, "behind"]
