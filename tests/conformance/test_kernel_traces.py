"""The running kernel against Erlang/OTP 25: recorded scripts with real cells and a real supervisor, each on its thread.

A child ends with "normal" or "shutdown" through Pykka's own stop, and with any other reason by raising while it serves.
The test waits for the supervisor's own word that it has served the news and has no restart due: never for time.
`make soak` plays all 400.
"""

from __future__ import annotations

import os
import queue
from collections import deque
from typing import TYPE_CHECKING, Any

import pykka
import pytest

from actors.domain.supervision import Policy, Restart, Strategy
from actors.errors import ActorUnavailableError
from actors.messages import Exited, RestartChild, TerminateChild
from actors.runtime.address import Address
from actors.runtime.cell import Cell, Incarnation
from actors.runtime.supervisor import ChildSpec, Supervisor
from tests.conformance.otp import SCRIPTS, Trace, ending, sample

if TYPE_CHECKING:
    from actors.runtime.cell import ActorContext

WAIT_S = 10.0
NUMBERS = sample(400 if os.environ.get("SOAK") == "1" else 60)


class Child:
    """Notes that it was stopped, unless it ended by itself."""

    def __init__(self, trace: Trace, context: ActorContext) -> None:
        self.trace, self.context = trace, context
        self.ends_by_itself = False
        trace.start(context.address.name)

    def receive(self, message: Any) -> None:
        raise RuntimeError(message)

    def stop(self) -> None:
        if not self.ends_by_itself:
            self.trace.stop(self.context.address.name)

    def end(self, reason: str) -> None:
        """End as the script says; called by the test's thread. The supervisor has been told when it returns."""
        self.ends_by_itself = True
        if reason in {"normal", "shutdown"}:
            inbox = self.context.inbox
            (reference,) = [each for each in pykka.ActorRegistry.get_all() if each.actor_inbox is inbox]
            reference.stop(timeout=WAIT_S)
        else:
            with pytest.raises(ActorUnavailableError, match=reason):
                self.context.address.ask(reason, WAIT_S)


class Kernel:
    """A supervisor with the script's children."""

    def __init__(self, script: dict[str, Any]) -> None:
        self.trace = Trace()
        self.news: queue.Queue[tuple[Any, bool]] = queue.Queue()
        self.alive: dict[str, Child] = {}
        starts = {child["id"]: deque(child["starts"]) for child in script["children"]}

        def make(context: ActorContext) -> Child:
            name = context.address.name
            if (starts[name].popleft() if starts[name] else "ok") != "ok":
                self.trace.start_failed(name)
                raise RuntimeError("boom")
            self.alive[name] = Child(self.trace, context)
            return self.alive[name]

        policy = Policy(Strategy(script["strategy"]), script["intensity"], script["period"])
        specs = {
            child["id"]: ChildSpec(Address(child["id"]), make, Restart(child["restart"]))
            for child in script["children"]
        }
        news, board = self.news, Address("board")

        class Watched(Supervisor):
            """Tells what it has served, and whether nothing is due then."""

            def receive(self, message: Any) -> Any:
                answer = super().receive(message)
                news.put((message, self.machine.next_wake() is None))
                return answer

        def supervise(context: ActorContext) -> Supervisor:
            self.supervisor = Watched(context, policy, specs, board)
            return self.supervisor

        self.address = Address("root")
        self.life = Incarnation(self.address.mailbox.next_generation())
        Cell.start(self.address, supervise, self.life, lambda report: news.put((report, isinstance(report, Exited))))
        assert self.life.ready.wait(WAIT_S)

    def run(self, events: list[list[str]]) -> list[str]:
        if self.life.start_error is not None:
            return [*self.trace.lines, "sup_start_failed"]
        for event in events:
            match event:
                case ["crash", name, reason]:
                    self.crash(name, reason)
                case ["terminate", name]:
                    self.trace.add(f"terminate {name} {self.address.ask(TerminateChild(name), WAIT_S)}")
                case ["restart", name]:
                    answer = self.address.ask(RestartChild(name), WAIT_S).removeprefix("RuntimeError: ")
                    self.trace.add(f"restart {name} {answer}")
            if self.life.ended.is_set():
                return [*self.trace.lines, "sup_dead"]
        self.trace.add_children(self.running())
        self.address.mailbox.stop(self.life.generation)
        assert self.life.ended.wait(WAIT_S)
        return self.trace.lines[: self.trace.lines.index("sup_alive") + 2]

    def crash(self, name: str, reason: str) -> None:
        if not self.running().get(name):
            self.trace.add(f"no_process {name}")
            return
        self.trace.add(f"exit {name} {reason}")
        self.alive[name].end(reason)
        while not isinstance(self.served()[0], Exited):
            pass
        while not (self.life.ended.is_set() or self.is_quiet):
            self.served()

    def served(self) -> tuple[Any, bool]:
        message, self.is_quiet = self.news.get(timeout=WAIT_S)
        return message, self.is_quiet

    def running(self) -> dict[str, bool]:
        lives = self.supervisor.lives
        known = [child.policy.name for child in self.supervisor.machine.children]
        return {name: not lives[name].ended.is_set() for name in known}


@pytest.mark.parametrize("number", NUMBERS)
def test_the_kernel_leaves_the_trace_that_otp_left(number: int) -> None:
    script = SCRIPTS[number]
    assert Kernel(script).run(script["events"]) == script["trace"]


def test_the_replayed_scripts_cover_every_strategy_with_every_ending() -> None:
    kinds = [(SCRIPTS[number]["strategy"], ending(SCRIPTS[number])) for number in NUMBERS]
    assert len(set(NUMBERS)) == len(NUMBERS) >= 60
    assert min(kinds.count((strategy, end)) for strategy in Strategy for end in {kind[1] for kind in kinds}) >= 6
