"""The board: the read model of the whole tree. Everybody tells it, and it alone is asked."""

from __future__ import annotations

import logging
import time
from collections import Counter
from dataclasses import asdict, dataclass, field, replace
from typing import TYPE_CHECKING, Any

from actors.domain.outcome import Done, Nothing, describe
from actors.domain.state_change import Change, difference
from actors.messages import (
    ActorChanged,
    DeadLetter,
    Describe,
    Drain,
    FamilyState,
    FrontState,
    Judged,
    LeaseState,
    Planned,
    Pressure,
    Settled,
    Standing,
    Wake,
)
from actors.runtime.build import build_id

if TYPE_CHECKING:
    from datetime import datetime

    from actors.runtime.cell import ActorContext
    from actors.runtime.time import ScheduleClock

logger = logging.getLogger(__name__)

_MIB = 1024 * 1024
_TELL_EVERY_S = 1.0
"""How soon the log tells of a change: news within it goes into one line."""


@dataclass(frozen=True, slots=True)
class JobState:
    """What is known of one job."""

    last_outcome: str = ""
    last_reason: str = ""
    last_ended_at: datetime | None = None
    last_success_at: datetime | None = None
    runs: int = 0
    missed: int = 0
    nothing_streak: int = 0


@dataclass(slots=True)
class BoardMemory:
    """What was told to the board. It outlives a crash of the actor: most of it is told once, and nobody tells it again.

    Without it a new life would call the tree empty, and ready while it drains. Each piece of news is taken whole or,
    if taking it fails, not at all.
    """

    actors: dict[str, ActorChanged] = field(default_factory=dict)
    restarts: Counter[str] = field(default_factory=Counter)
    fronts: dict[str, FrontState] = field(default_factory=dict)
    families: dict[str, FamilyState] = field(default_factory=dict)
    jobs: dict[str, JobState] = field(default_factory=dict)
    started: dict[str, datetime] = field(default_factory=dict)
    planned: Planned = field(default_factory=lambda: Planned({}, {}))
    pressure: Pressure | None = None
    lease: LeaseState | None = None
    verdict: Judged | None = None
    standing: Standing = field(default_factory=lambda: Standing((), kill_switch=False))
    draining: bool = False
    """Whether nothing new begins any more; only a new process ends it."""
    counts: Counter[str] = field(default_factory=Counter)
    dead_letters: int = 0
    booted: float = field(default_factory=time.monotonic)

    def take(self, news: Any, now: datetime) -> bool:
        """Take what is told at this moment of schedule time, and return whether it was any news."""
        match news:
            case ActorChanged(name):
                if news.state == "running" and name in self.actors:
                    self.restarts[name] += 1
                self.actors[name] = news
            case FrontState(name):
                self.fronts[name] = news
            case FamilyState(name):
                self.families[name] = news
                running = {job for family in self.families.values() for job in family.running}
                self.started = {job: self.started.get(job, now) for job in running}
            case Settled():
                self._settled(news)
            case Planned():
                self.planned = news
            case Pressure():
                self.pressure = news
            case LeaseState():
                self.lease = news
            case Judged():
                self.verdict = news
            case Standing():
                self.standing = news
            case Drain():
                self.draining = True
            case DeadLetter():
                self.dead_letters += 1
            case _:
                return False
        return True

    def _settled(self, settled: Settled) -> None:
        state = self.jobs.get(settled.job, JobState())
        word, counts, reason = describe(settled.outcome)
        if not settled.run_id:
            self.jobs[settled.job] = replace(state, missed=state.missed + 1)
            return
        is_success = isinstance(settled.outcome, Done | Nothing)
        counted = Counter(self.counts)
        counted.update(counts)
        self.jobs[settled.job] = replace(
            state,
            runs=state.runs + 1,
            last_outcome=word,
            last_reason=reason,
            last_ended_at=settled.ended_at,
            last_success_at=settled.ended_at if is_success else state.last_success_at,
            nothing_streak=state.nothing_streak + 1 if isinstance(settled.outcome, Nothing) else 0,
        )
        self.counts = counted


@dataclass(slots=True)
class Board:
    """Behaviour of the board. Writes the heartbeat line; every number in it was told by the one who knows it.

    Between two heartbeats it writes what has changed, a second after the first news of it and before it answers
    anybody: so the lines of the log always hold at least what anybody was told. A new life knows what the last one
    knew, and tells the log all of it anew.
    """

    context: ActorContext
    schedule_clock: ScheduleClock
    boot_id: str
    heartbeat_s: float
    memory: BoardMemory
    beats: int = 0
    told: dict[str, Any] | None = None
    """The state as the log has it; None before the first line of this life."""
    beat_at: float = 0.0
    """When (monotonic) the next heartbeat is due."""
    tell_at: float | None = None
    """When (monotonic) the log is to have what has changed; None while nothing has."""

    def __post_init__(self) -> None:
        self.beat_at = time.monotonic() + self.heartbeat_s
        self.context.wake_at(self.beat_at)

    def receive(self, message: Any) -> Any:
        """Take news, or answer `Describe` with a plain snapshot."""
        match message:
            case Wake():
                self._wake(time.monotonic())
                return None
            case Describe():
                return self._tell(self.snapshot())
        if not self.memory.take(message, self.schedule_clock.now()):
            logger.warning("the board got unknown news", extra={"action": "message_unknown"})
        elif isinstance(message, DeadLetter):
            _tell_of(message)
        if self.tell_at is None:
            self.tell_at = time.monotonic() + _TELL_EVERY_S
            self.context.wake_at(self.tell_at)
        return None

    def stop(self) -> None:
        """Write a last heartbeat."""
        self._beat()

    def snapshot(self) -> dict[str, Any]:
        """Return the state of everything as plain values."""
        known = self.memory
        return {
            "boot": self.boot_id,
            "build": build_id(),
            "uptime_s": round(time.monotonic() - known.booted, 1),
            "schedule_time": self.schedule_clock.now(),
            "speed": self.schedule_clock.speed,
            "actors": {name: _actor(news) for name, news in known.actors.items()},
            "restarts": dict(known.restarts),
            "dead_letters": known.dead_letters,
            "fronts": {name: asdict(state) for name, state in known.fronts.items()},
            "families": {name: asdict(state) for name, state in known.families.items()},
            "running": dict(known.started),
            "jobs": {name: asdict(state) for name, state in known.jobs.items()},
            "next_due": dict(known.planned.next_due),
            "waiting": dict(known.planned.waiting),
            "pauses": [asdict(pause) for pause in known.standing.pauses],
            "kill_switch": known.standing.kill_switch,
            "draining": known.draining,
            "memory": _memory(known.pressure),
            "lease": _lease(known.lease),
            "health": None if known.verdict is None else asdict(known.verdict),
            "counts": dict(known.counts),
        }

    def _wake(self, now: float) -> None:
        if now >= self.beat_at:
            self._beat()
        elif self.tell_at is not None and now >= self.tell_at:
            self._tell(self.snapshot())
        self.context.wake_at(self.beat_at if self.tell_at is None else min(self.beat_at, self.tell_at))

    def _beat(self) -> None:
        if self._is_given_up():
            return
        self.beats += 1
        self.told, self.tell_at = self.snapshot(), None
        logger.info("heartbeat", extra={"action": "heartbeat", "beat": self.beats, "state": self.told})
        self.beat_at = time.monotonic() + self.heartbeat_s

    def _tell(self, snapshot: dict[str, Any]) -> dict[str, Any]:
        """Write what has changed since the log was last told, and return the snapshot it then holds."""
        self.tell_at = None
        if self._is_given_up():
            return snapshot
        is_first = self.told is None
        change = Change(snapshot) if self.told is None else difference(self.told, snapshot)
        if change is not None:
            self.told = snapshot
            extra = {"action": "board_changed", "change": change.new, "gone": change.gone, "anew": is_first}
            logger.info("the state has changed", extra=extra)
        return snapshot

    def _is_given_up(self) -> bool:
        # What a life that hung says late would be put in the place of what its successor has told.
        return self.context.address.mailbox.generation != self.context.generation


def _tell_of(letter: DeadLetter) -> None:
    logger.warning(
        "a message to %s became a dead letter",
        letter.address,
        extra={"action": "dead_letter", "actor": letter.address, "kind": letter.message, "data": letter.reason},
    )


def _actor(news: ActorChanged) -> dict[str, Any]:
    state: dict[str, Any] = {"state": news.state, "generation": news.generation}
    if news.until is not None:
        state["restart_in_s"] = round(max(0.0, news.until - time.monotonic()), 1)
    return state


def _memory(pressure: Pressure | None) -> dict[str, Any] | None:
    """Return the last reading in megabytes; None while there is no limit to hold it against."""
    if pressure is None or pressure.usage is None:
        return None
    used, limit = pressure.usage.used, pressure.usage.limit
    return {"level": str(pressure.level), "used_mb": used // _MIB, "limit_mb": limit // _MIB}


def _lease(state: LeaseState | None) -> dict[str, Any] | None:
    """Return who is the publisher, and for how many seconds from now; None until the lease's keeper knows."""
    if state is None:
        return None
    left = max(0.0, state.until - time.monotonic())
    # Its keeper may hang: what has run out is nobody's, whoever says otherwise.
    is_ours = state.is_ours and left > 0
    return {"holder": state.holder, "fence": state.fence, "is_ours": is_ours, "left_s": round(left, 1)}
