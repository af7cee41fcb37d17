"""Circumstances: what stands between the jobs and their work, all of it in one place."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from actors.domain.health.symptom import Level, Symptom

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_SLOW, _STOP = 0.70, 0.90
"""Shares of the day's money from which analysis slows down, and from which only content and replies go on
(domain.md 7.7)."""

_PLATFORM = {"valid": Level.HEALTHY, "": Level.HEALTHY, "suspect": Level.DEGRADED, "cooling": Level.DEGRADED}
"""Every other state of the platform keeps us from publishing."""

_MEMORY = {"ok": Level.HEALTHY, "": Level.HEALTHY, "tight": Level.DEGRADED}


@dataclass(frozen=True, slots=True)
class Circumstances:
    """What the board, the ledger and the configuration say.

    Args:
        answers: whether the board answered; without it half of this is unknown.
        is_stopped: the kill switch.
        is_shadow: whether nothing goes out by configuration.
        broken: resources with a breaker that is not closed.
        platform: how the site stands to our account (`domain.platform_state`); empty: nobody has been there.
        memory: the level of the container's memory (`domain.memory`); empty: there is no limit.
        publisher: holder of the publisher's lease; None: this process.
        paused: jobs that a person paused.
        abandoned: hung threads.
        per_day: the model's money of a day in US dollars.
        left: what each lane may still spend of it.
        stuck: claims whose time, counted from the claim, is over.
        publishing: attempts past their commit point whose time is over.
    """

    answers: bool = True
    is_stopped: bool = False
    is_shadow: bool = False
    broken: tuple[str, ...] = ()
    platform: str = ""
    memory: str = ""
    publisher: str | None = None
    paused: tuple[str, ...] = ()
    abandoned: int = 0
    per_day: float = 0.0
    left: Mapping[str, float] = field(default_factory=dict)
    stuck: int = 0
    publishing: int = 0


def symptoms(found: Circumstances) -> list[Symptom]:
    """Return what stands in the way, the operator's own decisions first: those explain the rest."""
    return [*_of_operator(found), *_of_claims(found), *_of_machine(found), *_of_money(found)]


def _of_operator(found: Circumstances) -> Iterator[Symptom]:
    # What a person decided is no illness, but nobody is to look for another reason.
    if found.is_stopped:
        yield Symptom("kill_switch", Level.HEALTHY, "the kill switch is on: nothing is published")
    if found.is_shadow:
        yield Symptom("shadow", Level.HEALTHY, "shadow mode: nothing is published")
    if found.paused:
        yield Symptom("paused", Level.HEALTHY, f"paused: {', '.join(found.paused)}")
    if found.publisher is not None:
        text = f"another process publishes: {found.publisher}" if found.publisher else "no process may publish"
        yield Symptom("no_lease", Level.DEGRADED, text)


def _of_claims(found: Circumstances) -> Iterator[Symptom]:
    if found.stuck:
        yield Symptom("claims_stuck", Level.DEGRADED, f"{found.stuck} claims are held longer than a run may take")
    if found.publishing:
        text = f"{found.publishing} attempts are past their click for longer than a run may take"
        yield Symptom("attempts_stuck", Level.DEGRADED, text)


def _of_machine(found: Circumstances) -> Iterator[Symptom]:
    if not found.answers:
        yield Symptom("board_silent", Level.DEGRADED, "the board does not answer")
    level = _PLATFORM.get(found.platform, Level.UNHEALTHY)
    if level is not Level.HEALTHY:
        yield Symptom("platform", level, f"the platform is {found.platform}")
    for name in found.broken:
        yield Symptom(f"{name}_broken", Level.DEGRADED, f"the breaker of {name} is open")
    level = _MEMORY.get(found.memory, Level.UNHEALTHY)
    if level is not Level.HEALTHY:
        yield Symptom("memory", level, f"memory is {found.memory}")
    if found.abandoned:
        yield Symptom("threads_hang", Level.DEGRADED, f"{found.abandoned} threads hang")


def _of_money(found: Circumstances) -> Iterator[Symptom]:
    if found.per_day <= 0:
        yield Symptom("model_forbidden", Level.DEGRADED, "the model has no money: nothing can be written")
        return
    spent = 1 - max(found.left.values(), default=found.per_day) / found.per_day
    for lane, left in found.left.items():
        if left <= 0:
            level = Level.HEALTHY if lane == "analysis" else Level.DEGRADED
            yield Symptom(f"{lane}_money_spent", level, f"the money of {lane} is spent for today")
    if spent >= _SLOW:
        rest = "only content and replies should go on" if spent >= _STOP else "analysis should slow down"
        yield Symptom("money_short", Level.HEALTHY, f"{spent:.0%} of today's money is spent: {rest}")
