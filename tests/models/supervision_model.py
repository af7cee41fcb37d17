"""OTP's supervisor once more, as functions from one immutable world to the next: the rules C1.1 to C1.9 and C2.

Nothing here is shared with the machine but the names of strategies and restarts. Where the machine gives actions and
is told what became of them, the model plays an event to its end: `verdicts` says which starts succeed, `said` what
happened.
"""

from __future__ import annotations

from functools import reduce
from typing import NamedTuple


class Kid(NamedTuple):
    """One child: `due` is (time, turn) of its restart, `since` its first start after its last failure."""

    name: str
    kind: str
    vital: bool = False
    up: bool = False
    fails: int = 0
    since: float | None = None
    due: tuple[float, int] | None = None


class Rules(NamedTuple):
    """The supervisor's flags; `low`, `high` and `spread` are the back-off's."""

    strategy: str
    limit: int
    period: int
    low: float
    high: float
    spread: float
    quiet: float
    auto: str


class World(NamedTuple):
    """Everything; `verdicts` are the ends of the starts to come (True: it runs), an endless row of successes behind."""

    rules: Rules
    kids: tuple[Kid, ...]
    now: float = 0.0
    draw: float = 0.0
    outage: bool = False
    verdicts: tuple[bool, ...] = ()
    window: tuple[int, ...] = ()
    turn: int = 0
    over: bool = False
    said: tuple[str, ...] = ()


def say(world: World, *words: str) -> World:
    return world._replace(said=world.said + words)


def kid_of(world: World, name: str) -> Kid | None:
    return next((kid for kid in world.kids if kid.name == name), None)


def change(world: World, name: str, **fields: object) -> World:
    kids = tuple(kid._replace(**fields) if kid.name == name else kid for kid in world.kids)
    return world._replace(kids=kids)


def together(world: World, name: str) -> tuple[str, ...]:
    """C1.8: who restarts with whom, in start order."""
    names = tuple(kid.name for kid in world.kids)
    return {"one_for_one": (name,), "one_for_all": names, "rest_for_one": names[names.index(name) :]}[
        world.rules.strategy
    ]


def halt(world: World, names: tuple[str, ...]) -> World:
    """C1.6, C1.8: from right to left; temporary children are forgotten."""

    def one(world: World, name: str) -> World:
        kid = kid_of(world, name)
        assert kid is not None
        world = say(world, f"stop {name}") if kid.up else world
        world = change(world, name, up=False)
        return world._replace(kids=tuple(k for k in world.kids if k.name != name or k.kind != "temporary"))

    return reduce(one, reversed(names), world)


def finish(world: World, why: str) -> World:
    world = reduce(lambda w, kid: change(w, kid.name, due=None), world.kids, world)
    return say(halt(world._replace(over=True), tuple(kid.name for kid in world.kids)), f"end {why}")


def launch(world: World, names: tuple[str, ...], if_failed: str) -> World:
    """Start from left to right; what a failure means depends on why."""
    if not names:
        return world
    name, verdict = names[0], (world.verdicts or (True,))[0]
    world = world._replace(verdicts=world.verdicts[1:])
    kid = kid_of(world, name)
    assert kid is not None
    if verdict:
        up = change(world, name, up=True, since=world.now if kid.since is None else kid.since)
        return launch(say(up, f"start {name}"), names[1:], if_failed)
    world = say(world, f"fail {name}")
    if if_failed == "final":
        return finish(world, "start")
    return world if if_failed == "stay" else fail(world, name, at_once=False)


def relaunch(world: World, name: str) -> World:
    names = together(world, name)
    world = reduce(lambda w, each: change(w, each, due=None), names, world)
    world = halt(world, names)
    return launch(world, tuple(each for each in names if kid_of(world, each)), "again")


def fail(world: World, name: str, *, at_once: bool) -> World:
    """C1.1, C1.2, C1.3, C2.1: count, then come back after the wait; without one, after an exit, now."""
    kid, rules = kid_of(world, name), world.rules
    assert kid is not None
    wait = min(rules.high, rules.low * 2.0**kid.fails * (1.0 + world.draw * rules.spread))
    second = int(world.now)
    if wait == 0.0 or not world.outage:
        world = world._replace(window=(*(r for r in world.window if second - r <= rules.period), second))
        if len(world.window) > rules.limit:
            return finish(world, "intensity")
    world = reduce(lambda w, each: change(w, each, due=None), together(world, name), world)
    world = world._replace(turn=world.turn + 1)
    world = change(world, name, due=(world.now + wait, world.turn), fails=kid.fails + 1, since=None)
    if wait > 0.0:
        return halt(world, together(world, name))
    return relaunch(world, name) if at_once else world


def leave(world: World, kid: Kid) -> World:
    """C1.4, C1.9: it ended for good; a significant one may take the supervisor along."""
    if kid.kind == "temporary":
        world = world._replace(kids=tuple(k for k in world.kids if k.name != kid.name))
    others = [k for k in world.kids if k.vital and (k.up or k.due)]
    takes = kid.vital and (
        world.rules.auto == "any_significant" or (world.rules.auto == "all_significant" and not others)
    )
    return finish(world, "shutdown") if takes else world


def crash(world: World, name: str, reason: str) -> World:
    kid = kid_of(world, name)
    if kid is None or not kid.up:
        return world
    world = change(world, name, up=False)
    is_normal = reason == "normal" or reason.partition(": ")[0] == "shutdown"
    if kid.kind == "temporary" or (kid.kind == "transient" and is_normal):
        return leave(world, kid)
    is_quiet = kid.since is not None and world.now - kid.since >= world.rules.quiet
    return fail(change(world, name, fails=0) if is_quiet else world, name, at_once=True)


def tick(world: World) -> World:
    due = sorted((kid.due[1], kid.name) for kid in world.kids if kid.due and kid.due[0] <= world.now)
    return relaunch(world, due[0][1]) if due else world


def terminate(world: World, name: str) -> World:
    return halt(change(world, name, due=None), (name,)) if kid_of(world, name) else say(world, "not_found")


def restart(world: World, name: str) -> World:
    kid = kid_of(world, name)
    if kid is None:
        return say(world, "not_found")
    return world if kid.up or kid.due or world.over else launch(world, (name,), "stay")
