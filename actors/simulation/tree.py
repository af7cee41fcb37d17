"""The tree under virtual time: crashed actors come back as the program's supervisors decide; resources go away."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from actors.domain.supervision import ChildPolicy, Escalate, StartChild, Supervision
from actors.errors import AppError

if TYPE_CHECKING:
    import random
    from collections.abc import Sequence

    from actors.domain.supervision import Action
    from actors.simulation.agenda import Actor
    from actors.simulation.faults import Faults, Outage
    from actors.simulation.house import House


@dataclass(slots=True, eq=False)
class Tree:
    """The supervisors of fronts, families and clock, and the faults that strike their children."""

    house: House
    chance: random.Random
    actors: dict[str, Actor] = field(init=False)
    _groups: dict[str, Supervision] = field(init=False)

    def __post_init__(self) -> None:
        house = self.house
        self.actors = {**house.fronts, **house.families, "clock": house.clock}
        self._groups = {}
        for names in (house.fronts, house.families, ("clock",)):
            group = Supervision.of(house.setting.supervision, [ChildPolicy(name) for name in names])
            self._groups |= dict.fromkeys(names, group)
            self._carry_out(group, group.start())

    def plan(self, faults: Faults) -> None:
        """Note every crash and outage in the agenda."""
        agenda = self.house.agenda
        for crash in faults.crashes:
            agenda.at(crash.at, self._crash, crash.actor)
        for outage in faults.outages:
            agenda.at(outage.at, self._away, outage)
            agenda.at(outage.until, self._back, outage)

    def _crash(self, name: str) -> None:
        actor, group, house = self.actors[name], self._groups[name], self.house
        if actor.is_down:
            return
        house.tally.count("crashes")
        house.journal.note("actor_crashed", f"actor={name}")
        if name in house.fronts:
            house.fronts[name].crash()
        else:
            actor.die()
        house.tally.down(name)
        self._carry_out(group, group.exited(name, "injected", house.agenda.now, self.chance.random()))

    def _tick(self, group: Supervision) -> None:
        self._carry_out(group, group.tick(self.house.agenda.now))

    def _carry_out(self, group: Supervision, actions: Sequence[Action]) -> None:
        house = self.house
        queue = list(actions)
        while queue:
            match queue.pop(0):
                case StartChild(name):
                    queue += self._start(group, name)
                case Escalate(reason, _):
                    raise AppError(
                        f"at {house.agenda.now:.0f} s the supervisor gave up: {reason}", "see supervision.intensity"
                    )
        wake = group.next_wake()
        if wake is not None:
            house.agenda.at(wake, self._tick, group)

    def _start(self, group: Supervision, name: str) -> list[Action]:
        house, actor = self.house, self.actors[name]
        now = house.agenda.now
        if not actor.is_down:
            return group.started(name, now)
        if house.faults.start_fails(now):
            house.tally.count("restarts_failed")
            house.journal.note("restart_failed", f"actor={name}")
            return group.start_failed(name, "injected", now, self.chance.random())
        house.tally.count("restarts")
        house.journal.note("actor_restarted", f"actor={name}")
        actor.revive()
        house.tally.up(name)
        if name in house.fronts:
            house.fronts[name].tell_whether_up()
        if name == "browser":
            house.clock.tell(house.clock.announce)
        return group.started(name, now)

    def _away(self, outage: Outage) -> None:
        house, front = self.house, self.house.fronts[outage.front]
        house.tally.count("outages")
        house.journal.note("outage_begins", f"front={outage.front}")
        front.outages += 1
        front.tell_whether_up()
        front.break_all()

    def _back(self, outage: Outage) -> None:
        house, front = self.house, self.house.fronts[outage.front]
        front.outages -= 1
        house.journal.note("outage_ends", f"front={outage.front}")
        front.tell_whether_up()
