"""The supervisor and its cells, with real threads."""

from __future__ import annotations

import logging
import threading
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pykka
import pytest

from actors.domain.backoff import Backoff
from actors.domain.priority import Band
from actors.domain.supervision import AutoShutdown, Policy, Restart, Strategy
from actors.errors import ActorUnavailableError, MailboxFullError, ResourceDiedError
from actors.messages import ActorChanged, DeadLetter, Describe, Exited, RenewChild, RestartChild, TerminateChild
from actors.runtime.abandoned import abandoned_threads
from actors.runtime.address import Address
from actors.runtime.cell import ActorContext, Cell, Incarnation
from actors.runtime.mailbox import Inbox
from actors.runtime.supervisor import ChildSpec, EscalatedError, Supervisor
from tests.stage import PATIENCE_S, eventually

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

WAIT = PATIENCE_S

_trees: list[Tree] = []


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

        _trees.append(self)
        Cell.start(self.address, factory, self.life, report)
        assert self.life.ready.wait(WAIT)

    def end(self) -> None:
        """End the root deliberately, if it still lives, and wait for it."""
        self.address.mailbox.stop(self.life.generation)
        assert self.life.ended.wait(WAIT)

    def board_news(self, kind: type) -> list[Any]:
        letters = [letter.message for letter in self.board.mailbox.close()]
        return [news for news in letters if isinstance(news, kind)]


@pytest.fixture(autouse=True)
def _every_tree_ends() -> Iterator[None]:
    """A tree that lives on writes to the log of later tests: it misses its children, and crashes of that."""
    yield
    while _trees:
        _trees.pop().end()


@pytest.fixture
def echo() -> tuple[Address, list[Any], threading.Event, ChildSpec]:
    address, seen, told = Address("echo", capacity=5), [], threading.Event()
    return address, seen, told, ChildSpec(address, lambda context: Echo(context, seen, told))


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
    tree.end()
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
        self.contexts: dict[str, ActorContext] = {}
        self.on_stop: dict[str, Callable[[], None]] = {}
        self.let_go = {name: threading.Event() for name in names}

    def spec(self, name: str, shutdown_s: float = WAIT) -> ChildSpec:
        return ChildSpec(self.addresses[name], lambda context: Part(self, name, context), shutdown_s=shutdown_s)


class Part:
    def __init__(self, parts: Parts, name: str, context: ActorContext) -> None:
        self.parts, self.name, self.generation = parts, name, context.generation
        parts.order.append(f"start {name}")
        parts.contexts[name] = context

    def receive(self, message: Any) -> Any:
        if message == "die":
            raise RuntimeError("as told")
        if message == "hang":
            self.parts.hangs.set()
            assert self.parts.release.wait(WAIT)
        if message == "hang and die":
            self.parts.hangs.set()
            assert self.parts.release.wait(WAIT)
            raise RuntimeError("while it was stopped")
        if message == "lose the database":
            raise ResourceDiedError("the database is away")
        return self.generation

    def stop(self) -> None:
        self.parts.order.append(f"stop {self.name}")
        self.parts.on_stop.get(self.name, lambda: None)()
        self.parts.let_go[self.name].set()


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


def test_a_child_that_takes_too_long_to_start_fails_and_lets_go_when_it_is_done() -> None:
    release, let_go = threading.Event(), threading.Event()

    class Slow:
        def __init__(self) -> None:
            assert release.wait(WAIT)

        def receive(self, message: Any) -> Any:
            return message

        def stop(self) -> None:
            let_go.set()

    tree = Tree([ChildSpec(Address("slow"), lambda _: Slow(), start_s=0.01)], GENEROUS)
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


def end_by_itself(context: ActorContext) -> None:
    """End the actor as its own reference does: no error, and no stop of its supervisor's."""
    (reference,) = [each for each in pykka.ActorRegistry.get_all() if each.actor_inbox is context.inbox]
    reference.stop(block=True, timeout=WAIT)


def lines_about(caplog: pytest.LogCaptureFixture, name: str, *actions: str) -> list[str]:
    records = [record for record in caplog.records if getattr(record, "actor", "") == name]
    return [record.action for record in records if not actions or record.action in actions]


DEATHS = ("actor_crashed", "actor_ended", "actor_stopped", "actor_abandoned", "actor_start_failed")


def test_c1_5_a_child_that_was_terminated_stays_stopped_until_somebody_asks_for_it() -> None:
    parts = Parts("ab")
    tree = Tree([parts.spec(name) for name in "ab"], GENEROUS)
    assert tree.address.ask(TerminateChild("b"), WAIT) == "ok"
    assert tree.address.ask(TerminateChild("b"), WAIT) == "ok"
    assert tree.address.ask(TerminateChild("x"), WAIT) == "not_found"
    assert parts.order[2:] == ["stop b"]
    assert tree.address.ask(RestartChild("b"), WAIT) == "ok"
    assert tree.address.ask(RestartChild("b"), WAIT) == "running"
    assert tree.address.ask(RestartChild("x"), WAIT) == "not_found"
    assert parts.order[3:] == ["start b"]
    assert parts.addresses["b"].ask("who", WAIT) == 2


def test_a_child_that_is_renewed_lives_on_in_its_next_generation_and_nothing_else_ends(echo: Any) -> None:
    address, _, _, spec = echo
    tree = Tree([spec], Policy(intensity=0))
    assert address.ask("first", WAIT) == (1, "first")

    for name in ("nobody", "echo"):
        tree.address.tell(RenewChild(name), Band.CONTROL)

    assert tree.address.ask(Describe(), WAIT) == {"echo": 2}
    assert address.ask("second", WAIT) == (2, "second")
    assert not tree.died.is_set()


def test_a_child_in_its_back_off_is_called_restarting_and_not_started_twice() -> None:
    parts = Parts("a")
    tree = Tree([parts.spec("a")], Policy(intensity=10, period_s=60, backoff=Backoff(60.0, 60.0)))
    with pytest.raises(ActorUnavailableError):
        parts.addresses["a"].ask("die", WAIT)
    # Who asked hears of the death before the supervisor does.
    eventually(lambda: tree.address.ask(RestartChild("a"), WAIT) == "restarting", "the back-off begun")
    assert tree.address.ask(TerminateChild("a"), WAIT) == "ok"
    assert tree.address.ask(RestartChild("a"), WAIT) == "ok"
    assert parts.order == ["start a", "stop a", "start a"]


def test_who_asks_for_a_child_that_cannot_start_gets_the_error() -> None:
    addresses, errors = Address("a"), iter([None, ValueError("no"), None])

    def make(context: ActorContext) -> Any:
        if error := next(errors):
            raise error
        return Echo(context, [], threading.Event())

    tree = Tree([ChildSpec(addresses, make)], Policy(intensity=0))
    assert tree.address.ask(TerminateChild("a"), WAIT) == "ok"
    assert tree.address.ask(RestartChild("a"), WAIT) == "ValueError: no"
    assert tree.address.ask(RestartChild("a"), WAIT) == "ok"


def test_c1_3_requests_are_served_between_the_tries_of_a_restart_that_fails() -> None:
    address, starts, failed_often = Address("a"), [], threading.Event()

    def make(context: ActorContext) -> Any:
        starts.append(context.generation)
        if len(starts) > 1:
            if len(starts) > 3:
                failed_often.set()
            raise ValueError("no")
        return Echo(context, [], threading.Event())

    tree = Tree([ChildSpec(address, make)], Policy(intensity=1_000_000, period_s=60))
    address.tell("die")
    assert failed_often.wait(WAIT)
    assert tree.address.ask(TerminateChild("a"), WAIT) == "ok"
    tries = len(starts)
    assert tree.address.ask(RestartChild("a"), WAIT) == "ValueError: no"
    assert len(starts) == tries + 1


def test_c1_7_a_child_that_dies_of_an_error_while_it_is_stopped_is_reported_with_its_cause(
    caplog: pytest.LogCaptureFixture,
) -> None:
    parts = Parts("abc")
    tree = Tree([parts.spec(name) for name in "abc"], Policy(Strategy.ONE_FOR_ALL, 1, 60))
    parts.on_stop["c"] = parts.release.set
    parts.addresses["b"].tell("hang and die")
    assert parts.hangs.wait(WAIT)
    parts.addresses["a"].tell("die")
    assert parts.addresses["b"].ask("who", WAIT) == 2
    assert tree.address.ask(Describe(), WAIT) == {"a": 2, "b": 2, "c": 2}
    causes = [record.exc_info for record in caplog.records if getattr(record, "actor", "") == "b" and record.exc_info]
    assert [str(cause[1]) for cause in causes if cause] == ["while it was stopped"]


def test_c1_7_a_shutdown_time_of_nothing_cuts_a_busy_child_off_at_once(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    parts = Parts("ab")
    Tree([parts.spec("a"), parts.spec("b", shutdown_s=0.0)], Policy(Strategy.ONE_FOR_ALL, 10, 60))
    parts.addresses["b"].tell("hang")
    assert parts.hangs.wait(WAIT)
    parts.addresses["a"].tell("die")
    assert parts.addresses["a"].ask("who", WAIT, Band.P3) == 2
    successor = parts.addresses["b"].ask("who", WAIT)
    assert lines_about(caplog, "b", *DEATHS) == ["actor_stopped"]
    parts.release.set()
    assert parts.let_go["b"].wait(WAIT)
    assert parts.addresses["b"].ask("who", WAIT) == successor


def test_c1_9_a_supervisor_ends_as_shutdown_with_its_significant_child() -> None:
    parts = Parts("ab")
    specs = [parts.spec("a"), replace(parts.spec("b"), restart=Restart.TRANSIENT, significant=True)]
    tree = Tree(specs, Policy(auto_shutdown=AutoShutdown.ANY_SIGNIFICANT))
    end_by_itself(parts.contexts["b"])
    assert tree.died.wait(WAIT)
    assert [news for news in tree.reports if isinstance(news, Exited)] == [Exited("root", 1, "shutdown")]
    assert not [news for news in tree.reports if isinstance(news, DeadLetter)], "it is no crash"
    assert parts.order[-2:] == ["stop b", "stop a"]


@pytest.mark.parametrize("restart", [Restart.PERMANENT, Restart.TRANSIENT])
def test_c1_9_whether_a_supervisor_that_ended_as_shutdown_comes_back_is_for_its_own_supervisor(
    restart: Restart,
) -> None:
    parts, group = Parts("s"), Address("group")
    policy = Policy(auto_shutdown=AutoShutdown.ALL_SIGNIFICANT)
    members = {"s": replace(parts.spec("s"), restart=Restart.TEMPORARY, significant=True)}
    make = lambda context: Supervisor(context, policy, members, Address("board"))  # noqa: E731
    tree = Tree([ChildSpec(group, make, restart, WAIT)], GENEROUS)
    end_by_itself(parts.contexts["s"])
    if restart is Restart.TRANSIENT:
        eventually(lambda: tree.address.ask(RestartChild("group"), WAIT) == "ok")
    assert parts.addresses["s"].ask("who", WAIT) == 2
    assert group.ask(RestartChild("s"), WAIT) == "running"
    assert group.mailbox.generation == 2


def test_c1_9_a_significant_child_that_is_terminated_does_not_end_its_supervisor() -> None:
    parts = Parts("ab")
    specs = [parts.spec("a"), replace(parts.spec("b"), restart=Restart.TRANSIENT, significant=True)]
    tree = Tree(specs, Policy(auto_shutdown=AutoShutdown.ANY_SIGNIFICANT))
    assert tree.address.ask(TerminateChild("b"), WAIT) == "ok"
    assert tree.address.ask(RestartChild("b"), WAIT) == "ok"
    assert parts.addresses["a"].ask("who", WAIT) == 1


def test_a_dependency_that_is_away_burns_no_intensity_but_a_bug_does() -> None:
    parts = Parts("a")
    tree = Tree([parts.spec("a")], Policy(intensity=0, backoff=Backoff(0.001, 0.001)))
    for generation in range(1, 6):
        with pytest.raises(ActorUnavailableError, match="away"):
            parts.addresses["a"].ask("lose the database", WAIT)
        assert parts.addresses["a"].ask("who", WAIT, Band.P3) == generation + 1
    parts.addresses["a"].tell("die")
    assert tree.died.wait(WAIT)


def test_a_group_that_cannot_start_for_want_of_a_dependency_burns_no_intensity_above() -> None:
    def make(_: ActorContext) -> Any:
        raise ResourceDiedError("the database is away")

    tree = Tree([ChildSpec(Address("a"), make)], GENEROUS)
    assert isinstance(tree.life.start_error, EscalatedError)
    assert tree.life.start_error.is_infrastructure
    broken = Tree([ChildSpec(Address("a"), lambda _: 1 / 0)], GENEROUS)  # type: ignore[arg-type, return-value]
    assert isinstance(broken.life.start_error, EscalatedError)
    assert not broken.life.start_error.is_infrastructure


def test_every_death_has_one_line_with_its_cause(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    parts = Parts("abcd")
    specs = [parts.spec(name) for name in "abc"] + [parts.spec("d", shutdown_s=0.01)]
    tree = Tree(specs, GENEROUS)
    parts.addresses["a"].tell("die")
    assert parts.addresses["a"].ask("who", WAIT, Band.P3) == 2
    end_by_itself(parts.contexts["b"])
    assert parts.addresses["b"].ask("who", WAIT) == 2
    assert tree.address.ask(TerminateChild("c"), WAIT) == "ok"
    parts.addresses["d"].tell("hang")
    assert parts.hangs.wait(WAIT)
    assert tree.address.ask(TerminateChild("d"), WAIT) == "ok"
    parts.release.set()
    assert {name: lines_about(caplog, name, *DEATHS) for name in "abcd"} == {
        "a": ["actor_crashed"],
        "b": ["actor_ended"],
        "c": ["actor_stopped"],
        "d": ["actor_abandoned"],
    }


def test_a_restart_that_was_slow_and_succeeds_after_its_limit_leaves_one_of_it() -> None:
    address, release, let_go = Address("a"), threading.Event(), threading.Event()
    served: list[int] = []

    class Slow:
        def __init__(self, context: ActorContext) -> None:
            self.generation = context.generation
            if self.generation == 2:
                assert release.wait(WAIT)

        def receive(self, message: Any) -> Any:
            if message == "die":
                raise RuntimeError("as told")
            served.append(self.generation)
            return self.generation

        def stop(self) -> None:
            if self.generation == 2:
                let_go.set()

    tree = Tree([ChildSpec(address, Slow, start_s=0.5)], GENEROUS)
    address.tell("die")
    successor = address.ask("who", WAIT, Band.P3)
    release.set()
    assert let_go.wait(WAIT)
    assert address.ask("who", WAIT) == successor
    assert served == [successor, successor]
    assert tree.address.ask(Describe(), WAIT) == {"a": successor}


def test_c2_5_during_the_back_off_the_mailbox_is_kept_and_the_message_that_killed_is_not_served_again() -> None:
    parts = Parts("a")
    Tree([parts.spec("a")], Policy(intensity=10, period_s=60, backoff=Backoff(0.05, 0.05, 0.0)))
    address = parts.addresses["a"]
    with pytest.raises(ActorUnavailableError):
        address.ask("die", WAIT)
    assert len(address.mailbox) == 0
    assert address.ask("who", WAIT) == 2
    assert parts.order == ["start a", "stop a", "start a"]


def test_a_supervisor_that_is_given_up_in_the_middle_of_its_start_starts_nobody_beside_its_successor() -> None:
    starts: list[tuple[str, int]] = []
    slow, release = threading.Event(), threading.Event()
    addresses = {name: Address(name) for name in "abc"}

    class Child:
        def __init__(self, name: str, context: ActorContext) -> None:
            starts.append((name, context.generation))
            if (name, len([start for start in starts if start[0] == "a"])) == ("a", 2):
                slow.set()
                assert release.wait(WAIT)

        def receive(self, message: Any) -> Any:
            return message

        def stop(self) -> None:
            """Nothing is held."""

    children = {
        name: ChildSpec(address, lambda context, name=name: Child(name, context))  # type: ignore[misc]
        for name, address in addresses.items()
    }
    board, group = Address("board"), Address("group")
    spec = ChildSpec(group, lambda context: Supervisor(context, GENEROUS, children, board), start_s=1.0)
    Tree([spec], Policy(intensity=10, period_s=60, backoff=Backoff(0.05, 0.05, 0.0)))
    group.tell(Exited("nobody", 1, "a name this supervisor has never heard"), Band.CONTROL)
    assert slow.wait(WAIT)
    assert addresses["c"].ask("served by the successor", WAIT)

    release.set()
    eventually(lambda: not abandoned_threads(), "the given-up supervisor came home")

    assert [address.ask("still there", WAIT, Band.P3) for address in addresses.values()] == ["still there"] * 3
    assert len([start for start in starts if start[0] == "c"]) == 2
