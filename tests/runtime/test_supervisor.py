"""The supervisor and its cells, with real threads."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

import pytest

from actors.domain.priority import Band
from actors.domain.supervision import Policy, Restart
from actors.errors import ActorUnavailableError, MailboxFullError
from actors.messages import ActorChanged, DeadLetter, Describe, Exited, Stop
from actors.runtime.address import Address
from actors.runtime.cell import ActorContext, Cell, Incarnation
from actors.runtime.supervisor import ChildSpec, Supervisor

if TYPE_CHECKING:
    from collections.abc import Iterator

WAIT = 5.0


class Echo:
    """Answers what it is asked; dies of "die" and "exit"; counts what it was told."""

    def __init__(self, context: ActorContext, seen: list[Any], told: threading.Event) -> None:
        self.context, self.seen, self.told = context, seen, told
        self.stopped = False

    def receive(self, message: Any) -> Any:
        if message == "die":
            raise RuntimeError("as told")
        if message == "exit":
            raise SystemExit(3)
        self.seen.append((self.context.generation, message))
        self.told.set()
        return (self.context.generation, message)

    def stop(self) -> None:
        self.seen.append("stopped")


class Tree:
    """A root supervisor over the given specs, with its reports collected."""

    def __init__(self, specs: list[ChildSpec], policy: Policy) -> None:
        self.address, self.board = Address("root"), Address("board")
        self.reports: list[Any] = []
        self.died = threading.Event()
        self.life = Incarnation(self.address.mailbox.next_generation())

        def report(news: Any) -> None:
            self.reports.append(news)
            if isinstance(news, Exited):
                self.died.set()

        def factory(context: ActorContext) -> Supervisor:
            return Supervisor(context, policy, {spec.address.name: spec for spec in specs}, self.board)

        Cell.start(self.address, factory, self.life, report)
        assert self.life.ready.wait(WAIT)

    def board_news(self, kind: type) -> list[Any]:
        letters = [letter.message for letter in self.board.mailbox.close()]
        return [news for news in letters if isinstance(news, kind)]


@pytest.fixture
def echo() -> Iterator[tuple[Address, list[Any], threading.Event, ChildSpec]]:
    address, seen, told = Address("echo", capacity=5), [], threading.Event()
    yield address, seen, told, ChildSpec(address, lambda context: Echo(context, seen, told))
    address.mailbox.next_generation()


GENEROUS = Policy(intensity=10, period_s=60)


def test_an_asker_of_the_message_that_kills_hears_at_once_and_the_next_generation_answers(echo: Any) -> None:
    address, _, _, spec = echo
    Tree([spec], GENEROUS)
    with pytest.raises(ActorUnavailableError, match="as told"):
        address.ask("die", WAIT)
    assert address.ask("hello", WAIT) == (2, "hello")


@pytest.mark.parametrize("poison", ["die", "exit"])
def test_messages_behind_the_one_that_kills_are_served_in_order_by_the_next_generation(echo: Any, poison: str) -> None:
    address, seen, _, spec = echo
    address.tell(poison)
    address.tell("a")
    address.tell("b")
    tree = Tree([spec], GENEROUS)
    assert address.ask("c", WAIT, Band.P3) == (2, "c")
    assert seen == [(2, "a"), (2, "b"), (2, "c")]
    assert [letter.message for letter in tree.board_news(DeadLetter)] == ["str"]


def test_every_death_and_restart_is_news_on_the_board(echo: Any) -> None:
    address, _, _, spec = echo
    tree = Tree([spec], GENEROUS)
    with pytest.raises(ActorUnavailableError):
        address.ask("die", WAIT)
    address.ask("hello", WAIT)
    tree.address.ask(Describe(), WAIT)
    states = [(news.state, news.generation) for news in tree.board_news(ActorChanged)]
    assert states == [("running", 1), ("exited", 1), ("running", 2)]


def test_more_restarts_than_the_intensity_stop_the_children_and_end_the_supervisor(echo: Any) -> None:
    address, _, _, spec = echo
    tree = Tree([spec], Policy(intensity=1, period_s=60))
    for _ in range(2):
        with pytest.raises(ActorUnavailableError):
            address.ask("die", WAIT)
    assert tree.died.wait(WAIT)
    exits = [news for news in tree.reports if isinstance(news, Exited)]
    assert "more than 1 restarts" in exits[0].reason


def test_a_transient_child_that_dies_of_an_error_is_restarted_but_a_temporary_one_is_not(echo: Any) -> None:
    address, seen, told, _ = echo
    Tree([ChildSpec(address, lambda context: Echo(context, seen, told), Restart.TEMPORARY)], GENEROUS)
    with pytest.raises(ActorUnavailableError):
        address.ask("die", WAIT)
    with pytest.raises(ActorUnavailableError):
        address.ask("hello", 0.05)


def test_a_full_mailbox_refuses_work_but_never_control() -> None:
    address = Address("full", capacity=2)
    address.tell(1)
    address.tell(2)
    with pytest.raises(MailboxFullError):
        address.tell(3)
    address.tell(4, Band.CONTROL)
    assert len(address.mailbox) == 3


def test_control_then_p0_overtake_whatever_waits() -> None:
    address = Address("bands")
    generation = address.mailbox.next_generation()
    for band in (Band.P3, Band.P1, Band.P0, Band.CONTROL):
        address.tell(band, band)
    served = [address.mailbox.get(generation, None).message for _ in range(4)]
    assert served == [Band.CONTROL, Band.P0, Band.P1, Band.P3]


def test_children_stop_in_reverse_order_of_their_start() -> None:
    order: list[str] = []

    class Named:
        def __init__(self, name: str) -> None:
            self.name = name
            order.append(f"start {name}")

        def receive(self, message: Any) -> Any:
            return message

        def stop(self) -> None:
            order.append(f"stop {self.name}")

    specs = [ChildSpec(Address(name), lambda _, name=name: Named(name)) for name in "abc"]  # type: ignore[misc]
    tree = Tree(specs, GENEROUS)
    tree.address.tell(Stop(), Band.CONTROL)
    assert tree.life.ended.wait(WAIT)
    assert order == ["start a", "start b", "start c", "stop c", "stop b", "stop a"]


def test_a_child_that_cannot_start_rolls_the_start_back_and_fails_the_supervisor() -> None:
    stopped: list[str] = []

    class Good:
        def receive(self, message: Any) -> Any:
            return message

        def stop(self) -> None:
            stopped.append("good")

    def bad(context: ActorContext) -> Any:
        raise ValueError("no")

    tree = Tree([ChildSpec(Address("good"), lambda _: Good()), ChildSpec(Address("bad"), bad)], GENEROUS)
    assert tree.life.start_error is not None
    assert "bad did not start" in str(tree.life.start_error)
    assert stopped == ["good"]
