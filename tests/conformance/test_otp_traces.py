"""The supervision machine against Erlang/OTP 25: 400 recorded traces, event by event.

Each line of `otp-traces.jsonl` is a script (strategy, intensity, children with what their starts return in turn,
events) and the trace that OTP's own supervisor left when it ran the script. The period is an hour, so that all restarts
fall into one window, and OTP knows no back-off.

One thing in the traces is the recording's, not OTP's: a child traps exits only once its process has run, and when the
next sibling's start fails at once it is stopped before that. It dies silently and leaves no `stop` line, though it is
stopped as the others are: its next start would leave two of it otherwise. The replay leaves that line out as well.
"""

from __future__ import annotations

import json
from collections import deque
from pathlib import Path
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

SCRIPTS = [json.loads(line) for line in (Path(__file__).parent / "otp-traces.jsonl").read_text().splitlines()]


class Replay:
    """The machine's shell in miniature: carries actions out at once and writes down what happens."""

    def __init__(self, script: dict[str, Any]) -> None:
        policy = Policy(Strategy(script["strategy"]), script["intensity"], script["period"])
        children = [ChildPolicy(child["id"], Restart(child["restart"])) for child in script["children"]]
        self.machine = Supervision.of(policy, children)
        self.starts = {child["id"]: deque(child["starts"]) for child in script["children"]}
        self.trace: list[str] = []
        self.has_ended = False
        self.last_start = ""
        self.newest = ""
        self.has_not_run = ""

    def run(self, events: list[list[str]]) -> list[str]:
        self.carry_out(self.machine.start())
        if self.has_ended:
            return [*self.trace, "sup_start_failed"]
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
        return [*self.trace, *self.ending()]

    def carry_out(self, actions: list[Action]) -> None:
        todo = deque(actions)
        while todo:
            match todo.popleft():
                case StartChild(name):
                    todo += self.start(name)
                case StopChild(name, _):
                    if name != self.has_not_run:
                        self.trace.append(f"stop {name}")
                case Escalate():
                    self.has_ended = True
            if not todo:
                # Nothing moves: what is due is tried again before the next event.
                todo += self.machine.tick(0.0)
        self.newest = self.has_not_run = ""

    def start(self, name: str) -> list[Action]:
        starts = self.starts[name]
        self.last_start = starts.popleft() if starts else "ok"
        if self.last_start == "ok":
            self.trace.append(f"start {name}")
            self.newest, self.has_not_run = name, ""
            return self.machine.started(name, 0.0)
        self.trace.append(f"start_failed {name}")
        self.newest, self.has_not_run = "", self.newest
        return self.machine.start_failed(name, "boom", 0.0, 0.0)

    def crash(self, name: str, reason: str) -> None:
        if not self.running().get(name):
            self.trace.append(f"no_process {name}")
            return
        self.trace.append(f"exit {name} {reason}")
        self.carry_out(self.machine.exited(name, reason, 0.0, 0.0))

    def terminate(self, name: str) -> None:
        try:
            self.carry_out(self.machine.terminate_child(name))
        except ActorUnavailableError:
            self.trace.append(f"terminate {name} not_found")
        else:
            self.trace.append(f"terminate {name} ok")

    def restart(self, name: str) -> None:
        try:
            actions = self.machine.restart_child(name)
        except ActorUnavailableError:
            self.trace.append(f"restart {name} not_found")
            return
        self.carry_out(actions)
        result = ("ok" if self.last_start == "ok" else "boom") if actions else "running"
        self.trace.append(f"restart {name} {result}")

    def running(self) -> dict[str, bool]:
        return {child.policy.name: child.running for child in self.machine.children}

    def ending(self) -> list[str]:
        if self.has_ended:
            return ["sup_dead"]
        states = [f"{name}={str(is_running).lower()}" for name, is_running in sorted(self.running().items())]
        return ["sup_alive", f"children {' '.join(states)}"]


@pytest.mark.parametrize("number", range(len(SCRIPTS)))
def test_the_machine_leaves_the_trace_that_otp_left(number: int) -> None:
    script = SCRIPTS[number]
    assert Replay(script).run(script["events"]) == script["trace"]


def test_the_recorded_scripts_cover_every_strategy_and_every_ending() -> None:
    assert len(SCRIPTS) == 400
    assert {script["strategy"] for script in SCRIPTS} == set(Strategy)
    assert {"sup_dead", "sup_start_failed"} <= {script["trace"][-1] for script in SCRIPTS}
    assert any(script["trace"][-2] == "sup_alive" for script in SCRIPTS)
