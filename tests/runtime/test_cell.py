"""The cell: every way an incarnation can end, with real threads."""

from __future__ import annotations

import asyncio
import queue
import threading
from typing import Any

import pytest

from actors.domain.priority import Band
from actors.errors import ActorUnavailableError
from actors.messages import DeadLetter, Exited
from actors.runtime.abandoned import abandoned_threads
from actors.runtime.address import Address
from actors.runtime.cell import ActorContext, Cell, Incarnation
from actors.runtime.mailbox import Ping
from tests.runtime.stage import WAIT, Node
from tests.stage import Outcome, eventually


class Witness:
    """Raises what it is told; notes that it let go."""

    def __init__(self, context: ActorContext) -> None:
        self.context = context
        self.stops = 0
        self.thread = threading.current_thread().name

    def receive(self, message: Any) -> Any:
        if isinstance(message, BaseException):
            raise message
        return (self.thread, threading.current_thread().name)

    def stop(self) -> None:
        self.stops += 1


def witness() -> tuple[Node, Witness]:
    made: list[Witness] = []

    def make(context: ActorContext) -> Witness:
        made.append(Witness(context))
        return made[-1]

    return Node(make), made[0]


@pytest.mark.parametrize(
    "error", [ValueError("bug"), SystemExit(3), KeyboardInterrupt(), asyncio.CancelledError(), MemoryError()]
)
def test_d10_whatever_a_message_raises_ends_one_actor_and_no_other(error: BaseException) -> None:
    (bystander, _), (node, behaviour) = witness(), witness()
    with pytest.raises(ActorUnavailableError, match=type(error).__name__):
        node.ask(error)
    # Of its end its supervisor hears last.
    eventually(lambda: len(node.reports) == 2, "its end reported")
    assert node.life.ended.is_set()
    assert [type(news) for news in node.reports] == [DeadLetter, Exited]
    assert node.reports[0].message == type(error).__name__
    assert behaviour.stops == 1
    assert bystander.ask("still there?")
    bystander.end()


def test_a_behaviour_is_made_and_served_in_a_thread_that_bears_its_name_and_generation() -> None:
    node, _ = witness()
    assert node.ask("who") == ("node#1", "node#1")
    node.end()


def test_a_deliberate_stop_lets_go_once_and_is_no_news() -> None:
    node, behaviour = witness()
    node.end()
    assert (behaviour.stops, node.reports) == (1, [])


def test_a_fenced_actor_lets_go_of_what_it_holds() -> None:
    node, behaviour = witness()
    node.address.mailbox.next_generation()
    assert node.life.ended.wait(WAIT)
    assert (behaviour.stops, node.reports) == (1, [])


def test_an_actor_that_pykka_itself_stops_is_news_to_its_supervisor() -> None:
    node, behaviour = witness()
    node.reference.stop(timeout=WAIT)
    assert node.life.ended.is_set()
    assert behaviour.stops == 1
    assert node.reports == [Exited("node", 1, "shutdown")]


def test_a_stop_that_raises_still_ends_the_actor() -> None:
    class Clumsy(Witness):
        def stop(self) -> None:
            raise SystemExit(1)

    node = Node(Clumsy)
    node.end()
    assert node.reports == []


@pytest.mark.parametrize("error", [ValueError("bad"), SystemExit(2)])
def test_a_factory_that_raises_is_a_failed_start_and_nothing_else(error: BaseException) -> None:
    def make(context: ActorContext) -> Any:
        raise error

    address, reports = Address("stillborn"), []
    life = Incarnation(address.mailbox.next_generation())
    Cell.start(address, make, life, reports.append)
    assert life.ready.wait(WAIT)
    assert (life.start_error, life.ended.is_set(), reports) == (error, True, [])


def test_asking_nobody_ends_at_the_deadline() -> None:
    with pytest.raises(ActorUnavailableError, match="nobody did not answer str"):
        Address("nobody").ask("hello", timeout=0.01)


def test_an_actor_proves_in_its_own_thread_that_it_serves() -> None:
    node, _ = witness()
    answers: queue.SimpleQueue[str] = queue.SimpleQueue()
    node.address.mailbox.put(Ping(lambda: answers.put(threading.current_thread().name)), Band.P0)
    assert answers.get(timeout=WAIT) == "node#1"
    node.end()


class Sleeper(Witness):
    """Hangs in each message until `release`, then raises or answers."""

    def __init__(self, context: ActorContext) -> None:
        super().__init__(context)
        self.hangs, self.release, self.let_go = threading.Event(), threading.Event(), threading.Event()

    def receive(self, message: Any) -> Any:
        self.hangs.set()
        assert self.release.wait(WAIT)
        return super().receive(message)

    def stop(self) -> None:
        super().stop()
        self.let_go.set()


@pytest.mark.parametrize("message", ["late", ValueError("late")], ids=["answers late", "crashes late"])
def test_an_actor_that_hangs_is_given_up_and_what_it_does_later_is_no_news(message: Any) -> None:
    made: list[Sleeper] = []
    node = Node(lambda context: made.append(Sleeper(context)) or made[0])  # type: ignore[func-returns-value]
    sleeper, asked = made[0], Outcome(lambda: node.ask(message))
    assert sleeper.hangs.wait(WAIT)

    node.address.mailbox.fence(1)
    node.life.abandon("no answer within 3 s")

    with pytest.raises(ActorUnavailableError, match=r"died of \w+: no answer within 3 s"):
        asked.get()
    assert sleeper.let_go.wait(WAIT)
    assert [thread.name for thread in abandoned_threads()] == ["node#1 (abandoned)"]
    sleeper.release.set()
    assert node.life.ended.wait(WAIT)
    eventually(lambda: not abandoned_threads(), "the thread came home")
    assert sleeper.stops == 1
    assert node.reports[0] == DeadLetter("node", type(message).__name__, "no answer within 3 s")
    assert [news for news in node.reports[1:] if not isinstance(news, Exited)] == []


def test_whoever_asked_for_what_kills_hears_of_it_before_the_actor_has_let_go() -> None:
    class Slow(Witness):
        def __init__(self, context: ActorContext) -> None:
            super().__init__(context)
            self.heard = threading.Event()

        def stop(self) -> None:
            assert self.heard.wait(WAIT)
            super().stop()

    made: list[Slow] = []
    node = Node(lambda context: made.append(Slow(context)) or made[0])  # type: ignore[func-returns-value]
    with pytest.raises(ActorUnavailableError, match="bug"):
        node.ask(ValueError("bug"))
    assert not node.life.ended.is_set()
    made[0].heard.set()
    assert node.life.ended.wait(WAIT)
    assert made[0].stops == 1


def test_an_actor_whose_mailbox_breaks_under_it_dies_as_loudly_as_of_any_message() -> None:
    node, behaviour = witness()
    node.ask("a message that is over by then")
    inbox = behaviour.context.inbox

    def broken(*_: object) -> None:
        raise MemoryError("no room for a letter")

    inbox._take = broken  # type: ignore[assignment]
    node.address.tell("wakes it")
    eventually(lambda: node.reports, "its end reported")
    assert node.life.ended.is_set()
    assert node.reports == [Exited("node", 1, "MemoryError: no room for a letter")]
    assert behaviour.stops == 1


def test_pykkas_own_reference_asks_and_hears_errors_as_it_does_of_any_actor() -> None:
    node, _ = witness()
    assert node.reference.ask("who", timeout=WAIT) == ("node#1", "node#1")
    with pytest.raises(ActorUnavailableError, match="bug"):
        node.reference.ask(ValueError("bug"), timeout=WAIT)
