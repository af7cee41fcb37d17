"""The supervision machine against Erlang/OTP 25: 400 recorded traces, event by event (see `otp.py`)."""

from __future__ import annotations

from collections import deque
from typing import Any

import pytest

from actors.domain.supervision import (
    Action,
    ChildPolicy,
    Escalate,
    Policy,
    Restart,
    StartChild,
    StopChild,
    Strategy,
    Supervision,
)
from actors.errors import ActorUnavailableError
from tests.conformance.otp import SCRIPTS, Trace, ending


class Replay:
    """The machine's shell in miniature: carries actions out at once and writes down what happens."""

    def __init__(self, script: dict[str, Any]) -> None:
        policy = Policy(Strategy(script["strategy"]), script["intensity"], script["period"])
        children = [ChildPolicy(child["id"], Restart(child["restart"])) for child in script["children"]]
        self.machine = Supervision.of(policy, children)
        self.starts = {child["id"]: deque(child["starts"]) for child in script["children"]}
        self.trace = Trace()
        self.has_ended = False
        self.last_start = ""

    def run(self, events: list[list[str]]) -> list[str]:
        self.carry_out(self.machine.start())
        if self.has_ended:
            return [*self.trace.lines, "sup_start_failed"]
        for event in events:
            if self.has_ended:
                break
            match event:
                case ["crash", name, reason]:
                    self.crash(name, reason)
                case ["terminate", name]:
                    self.terminate(name)
                case ["restart", name]:
                    self.restart(name)
        if self.has_ended:
            self.trace.add("sup_dead")
        else:
            self.trace.add_children(self.running())
        return self.trace.lines

    def carry_out(self, actions: list[Action]) -> None:
        todo = deque(actions)
        while todo:
            match todo.popleft():
                case StartChild(name):
                    todo += self.start(name)
                case StopChild(name, _):
                    self.trace.stop(name)
                case Escalate():
                    self.has_ended = True
            if not todo:
                # Nothing moves: what is due is tried again before the next event.
                todo += self.machine.tick(0.0)

    def start(self, name: str) -> list[Action]:
        starts = self.starts[name]
        self.last_start = starts.popleft() if starts else "ok"
        if self.last_start == "ok":
            self.trace.start(name)
            return self.machine.started(name, 0.0)
        self.trace.start_failed(name)
        return self.machine.start_failed(name, "boom", 0.0, 0.0)

    def crash(self, name: str, reason: str) -> None:
        if not self.running().get(name):
            self.trace.add(f"no_process {name}")
            return
        self.trace.add(f"exit {name} {reason}")
        self.carry_out(self.machine.exited(name, reason, 0.0, 0.0))

    def terminate(self, name: str) -> None:
        try:
            self.carry_out(self.machine.terminate_child(name))
        except ActorUnavailableError:
            self.trace.add(f"terminate {name} not_found")
        else:
            self.trace.add(f"terminate {name} ok")

    def restart(self, name: str) -> None:
        try:
            actions = self.machine.restart_child(name)
        except ActorUnavailableError:
            self.trace.add(f"restart {name} not_found")
            return
        self.carry_out(actions)
        result = ("ok" if self.last_start == "ok" else "boom") if actions else "running"
        self.trace.add(f"restart {name} {result}")

    def running(self) -> dict[str, bool]:
        return {child.policy.name: child.running for child in self.machine.children}


@pytest.mark.parametrize("number", range(len(SCRIPTS)))
def test_the_machine_leaves_the_trace_that_otp_left(number: int) -> None:
    script = SCRIPTS[number]
    assert Replay(script).run(script["events"]) == script["trace"]


def test_the_recorded_scripts_cover_every_strategy_and_every_ending() -> None:
    assert len(SCRIPTS) == 400
    endings = {(script["strategy"], ending(script)) for script in SCRIPTS}
    assert endings == {(one, other) for one in Strategy for other in ("sup_alive", "sup_dead", "sup_start_failed")}
