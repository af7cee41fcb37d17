"""The supervision machine against an independent model of the same rules: equal after every event of a random trace."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from actors.domain.backoff import Backoff
from actors.domain.supervision import (
    Action,
    AutoShutdown,
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
from tests.models import supervision_model as model
from tests.models.traces import compare, each_part

KINDS = st.sampled_from([*Restart, Restart.PERMANENT])
BACKOFFS = st.sampled_from([(0.0, 0.0, 0.0), (0.0, 0.0, 0.0), (1.0, 8.0, 0.0), (0.5, 3.0, 0.2), (2.0, 2.0, 0.5)])
NAMES = st.sampled_from("abcd")
REASONS = st.sampled_from(["boom", "boom", "boom", "normal", "shutdown", "shutdown: idle", "shutdown?"])
VERDICTS = st.lists(st.booleans(), max_size=4).map(tuple)
PAUSES = st.sampled_from([0.0, 0.0, 0.25, 0.9, 1.0, 3.0, 6.0])


class SupervisionAndModel(RuleBasedStateMachine):
    """Plays each event on both; a start's end comes from the same row of verdicts."""

    @initialize(
        strategy=st.sampled_from(list(Strategy)),
        kinds=st.lists(st.tuples(KINDS, st.booleans()), min_size=1, max_size=4),
        limit=st.sampled_from([0, 1, 2, 4, 99, 99]),
        period=st.sampled_from([1, 3, 5]),
        backoff=BACKOFFS,
        quiet=st.sampled_from([0.0, 1.0, 3.0]),
        auto=st.sampled_from(list(AutoShutdown)),
        verdicts=st.sampled_from([(), (), (), (True, False)]),
    )
    def begin(
        self,
        strategy: Strategy,
        kinds: list[tuple[Restart, bool]],
        limit: int,
        period: int,
        backoff: tuple[float, float, float],
        quiet: float,
        auto: AutoShutdown,
        verdicts: tuple[bool, ...],
    ) -> None:
        children = [
            ChildPolicy(name, kind, significant=vital and kind != Restart.PERMANENT and auto != AutoShutdown.NEVER)
            for name, (kind, vital) in zip("abcd", kinds, strict=False)
        ]
        self.machine = Supervision.of(Policy(strategy, limit, period, Backoff(*backoff), quiet, auto), children)
        kids = tuple(model.Kid(child.name, child.restart.value, child.significant) for child in children)
        self.world = model.World(model.Rules(strategy.value, limit, period, *backoff, quiet, auto.value), kids)
        self.verdicts: list[bool] = []
        self.now = self.draw = 0.0
        self.outage = False
        self.expect(0.0, 0.0, verdicts)
        self.said = self.play(self.machine.start())
        self.world = model.launch(self.world, tuple(kid.name for kid in kids), "final")

    @rule(name=NAMES, reason=REASONS, outage=st.booleans(), verdicts=VERDICTS, pause=PAUSES, draw=st.floats(0, 0.99))
    def exit(self, name: str, reason: str, outage: bool, verdicts: tuple[bool, ...], pause: float, draw: float) -> None:
        self.expect(pause, draw, verdicts, outage=outage)
        self.said = self.play(self.machine.exited(name, reason, self.now, draw, outage=outage))
        self.world = model.crash(self.world, name, reason)

    @rule(verdicts=VERDICTS, pause=PAUSES, draw=st.floats(0, 0.99), outage=st.booleans())
    def tick(self, verdicts: tuple[bool, ...], pause: float, draw: float, outage: bool) -> None:
        self.expect(pause, draw, verdicts, outage=outage)
        self.said = self.play(self.machine.tick(self.now))
        self.world = model.tick(self.world)

    @rule(name=NAMES)
    def terminate_child(self, name: str) -> None:
        self.expect(0.0, 0.0, ())
        self.said = self.asked(self.machine.terminate_child, name)
        self.world = model.terminate(self.world, name)

    @rule(name=NAMES, verdicts=VERDICTS, pause=PAUSES)
    def restart_child(self, name: str, verdicts: tuple[bool, ...], pause: float) -> None:
        self.expect(pause, 0.0, verdicts)
        self.said = self.asked(self.machine.restart_child, name)
        self.world = model.restart(self.world, name)

    @invariant()
    def are_equal(self) -> None:
        if not hasattr(self, "machine"):
            return
        assert tuple(self.said) == self.world.said
        states = [(c.policy.name, c.running, c.failures, c.started_at, c.retry_at) for c in self.machine.children]
        assert states == [(k.name, k.up, k.fails, k.since, k.due and k.due[0]) for k in self.world.kids]
        assert (tuple(self.machine.restarts), self.machine.ended) == (self.world.window, self.world.over)
        assert self.machine.next_wake() == min((k.due[0] for k in self.world.kids if k.due), default=None)

    def expect(self, pause: float, draw: float, verdicts: tuple[bool, ...], *, outage: bool = False) -> None:
        self.now, self.draw, self.outage, self.verdicts = self.now + pause, draw, outage, list(verdicts)
        self.world = self.world._replace(now=self.now, draw=draw, outage=outage, verdicts=verdicts, said=())

    def asked(self, ask: Any, name: str) -> list[str]:
        try:
            return self.play(ask(name))
        except ActorUnavailableError:
            return ["not_found"]

    def play(self, actions: list[Action]) -> list[str]:
        todo, said = list(actions), []
        while todo:
            match todo.pop(0):
                case StartChild(name) if not self.verdicts or self.verdicts.pop(0):
                    said.append(f"start {name}")
                    todo += self.machine.started(name, self.now)
                case StartChild(name):
                    said.append(f"fail {name}")
                    todo += self.machine.start_failed(name, "no", self.now, self.draw, outage=self.outage)
                case StopChild(name, _):
                    said.append(f"stop {name}")
                case Escalate(reason):
                    kinds = {"shutdown": "shutdown", "more": "intensity"}
                    said.append(f"end {kinds.get(reason.split()[0], 'start')}")
        return said


@each_part
def test_the_supervision_machine_and_its_model_agree_after_every_event(seed: int) -> None:
    compare(SupervisionAndModel, seed)
