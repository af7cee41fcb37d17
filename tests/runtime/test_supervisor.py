"""The supervisor and its cells, with real threads."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

import pytest

from actors.domain.priority import Band
from actors.domain.supervision import Policy, Restart, Strategy
from actors.errors import ActorUnavailableError, MailboxFullError
from actors.messages import ActorChanged, DeadLetter, Describe, Exited
from actors.runtime.address import Address
from actors.runtime.cell import ActorContext, Cell, Incarnation
from actors.runtime.mailbox import Inbox
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
        self.stopped = True


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
    inbox = Inbox(address.mailbox, address.mailbox.next_generation())
    for band in (Band.P3, Band.P1, Band.P0, Band.CONTROL):
        address.tell(band, band)
    served = [inbox.get().message for _ in range(4)]
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
    tree.address.mailbox.stop(tree.life.generation)
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


class Parts:
    """Children that note their starts and stops; told "hang" they wait for `release`, and their stop with them."""

    def __init__(self, names: str) -> None:
        self.order: list[str] = []
        self.hangs, self.release = threading.Event(), threading.Event()
        self.addresses = {name: Address(name) for name in names}

    def spec(self, name: str, shutdown_s: float = WAIT) -> ChildSpec:
        return ChildSpec(self.addresses[name], lambda context: Part(self, name, context), shutdown_s=shutdown_s)


class Part:
    def __init__(self, parts: Parts, name: str, context: ActorContext) -> None:
        self.parts, self.name, self.generation = parts, name, context.generation
        parts.order.append(f"start {name}")

    def receive(self, message: Any) -> Any:
        if message == "die":
            raise RuntimeError("as told")
        if message == "hang":
            self.parts.hangs.set()
            assert self.parts.release.wait(WAIT)
        return self.generation

    def stop(self) -> None:
        self.parts.order.append(f"stop {self.name}")


def test_a_group_restarts_in_order_on_the_same_addresses() -> None:
    parts = Parts("abc")
    Tree([parts.spec(name) for name in "abc"], Policy(Strategy.REST_FOR_ONE, 10, 60))
    parts.addresses["b"].tell("die")
    assert parts.addresses["b"].ask("who", WAIT, Band.P3) == 2
    assert parts.addresses["c"].ask("who", WAIT) == 2
    assert parts.order[3:] == ["stop b", "stop c", "start b", "start c"]
    assert parts.addresses["a"].ask("who", WAIT) == 1


def test_a_child_that_hangs_is_abandoned_and_its_successor_is_not_ended_by_the_stop_it_never_took() -> None:
    parts = Parts("ab")
    Tree([parts.spec("a"), parts.spec("b", shutdown_s=0.01)], Policy(Strategy.ONE_FOR_ALL, 10, 60))
    parts.addresses["b"].tell("hang")
    assert parts.hangs.wait(WAIT)
    parts.addresses["a"].tell("die")
    assert parts.addresses["a"].ask("who", WAIT, Band.P3) == 2
    successor = parts.addresses["b"].ask("who", WAIT)
    assert successor > 1
    parts.release.set()
    assert parts.addresses["b"].ask("who", WAIT) == successor


def test_a_supervisor_that_dies_of_its_own_fault_stops_its_children() -> None:
    parts = Parts("ab")
    tree = Tree([parts.spec(name) for name in "ab"], GENEROUS)
    tree.address.tell(Exited("nobody", 1, "a name this supervisor has never heard"), Band.CONTROL)
    assert tree.died.wait(WAIT)
    assert parts.order[2:] == ["stop b", "stop a"]


def test_a_child_that_takes_too_long_to_start_fails_and_lets_go_when_it_is_done(monkeypatch: Any) -> None:
    monkeypatch.setattr("actors.runtime.supervisor._START_LIMIT_S", 0.01)
    release, let_go = threading.Event(), threading.Event()

    class Slow:
        def __init__(self) -> None:
            assert release.wait(WAIT)

        def receive(self, message: Any) -> Any:
            return message

        def stop(self) -> None:
            let_go.set()

    tree = Tree([ChildSpec(Address("slow"), lambda _: Slow())], GENEROUS)
    assert "slow did not start: TimeoutError" in str(tree.life.start_error)
    release.set()
    assert let_go.wait(WAIT)


def test_a10_a_machine_out_of_threads_is_a_failed_start_and_tried_again(monkeypatch: Any) -> None:
    parts = Parts("a")
    Tree([parts.spec("a")], GENEROUS)
    real, refusals = Cell.start, iter([RuntimeError("can't start new thread")])

    def start(*args: Any) -> Any:
        for error in refusals:
            raise error
        return real(*args)

    monkeypatch.setattr(Cell, "start", start)
    parts.addresses["a"].tell("die")
    assert parts.addresses["a"].ask("who", WAIT, Band.P3) == 3
