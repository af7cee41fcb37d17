"""The board: the read model of the whole tree. Everybody tells it, and it alone is asked."""

from __future__ import annotations

import logging
import time
from collections import Counter
from dataclasses import asdict, dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from actors.domain.duration import format_duration
from actors.domain.outcome import Done, Nothing
from actors.messages import (
    ActorChanged,
    DeadLetter,
    Describe,
    FamilyState,
    FrontState,
    LeaseState,
    Planned,
    Pressure,
    Settled,
    Wake,
)
from actors.runtime.history import describe

if TYPE_CHECKING:
    from datetime import datetime

    from actors.domain.silence import LaneSilence
    from actors.runtime.cell import ActorContext
    from actors.runtime.time import ScheduleClock

logger = logging.getLogger(__name__)

_MIB = 1024 * 1024
_SECOND = timedelta(seconds=1)
_PUBLISHED = ("published", "parts", "found", "replayed")
"""Counts of a run that put something on the site, or found it there."""


@dataclass(slots=True)
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
class Board:
    """Behaviour of the board. Writes the heartbeat line; every number in it was told by the one who knows it."""

    context: ActorContext
    schedule_clock: ScheduleClock
    boot_id: str
    heartbeat_s: float
    silence: LaneSilence
    actors: dict[str, ActorChanged] = field(default_factory=dict)
    restarts: Counter[str] = field(default_factory=Counter)
    fronts: dict[str, FrontState] = field(default_factory=dict)
    families: dict[str, FamilyState] = field(default_factory=dict)
    jobs: dict[str, JobState] = field(default_factory=dict)
    started: dict[str, datetime] = field(default_factory=dict)
    planned: Planned = field(default_factory=lambda: Planned({}, {}))
    pressure: Pressure | None = None
    lease: LeaseState | None = None
    counts: Counter[str] = field(default_factory=Counter)
    dead_letters: int = 0
    beats: int = 0
    booted: float = field(default_factory=time.monotonic)

    def __post_init__(self) -> None:
        self.context.wake_at(time.monotonic() + self.heartbeat_s)

    def receive(self, message: Any) -> Any:
        """Take news, or answer `Describe` with a plain snapshot."""
        match message:
            case ActorChanged():
                if message.state == "running" and message.name in self.actors:
                    self.restarts[message.name] += 1
                self.actors[message.name] = message
            case FrontState():
                self.fronts[message.name] = message
            case FamilyState():
                now = self.schedule_clock.now()
                self.families[message.name] = message
                running = {job for family in self.families.values() for job in family.running}
                self.started = {job: self.started.get(job, now) for job in running}
            case Settled():
                self._settled(message)
            case Planned():
                self.planned = message
            case Pressure():
                self.pressure = message
            case LeaseState():
                self.lease = message
            case DeadLetter():
                self.dead_letters += 1
                logger.warning(
                    "a message to %s became a dead letter",
                    message.address,
                    extra={
                        "action": "dead_letter",
                        "actor": message.address,
                        "kind": message.message,
                        "data": message.reason,
                    },
                )
            case Wake():
                self._beat()
            case Describe():
                return self.snapshot()
            case _:
                logger.warning("the board got unknown news", extra={"action": "message_unknown"})
        return None

    def stop(self) -> None:
        """Write a last heartbeat."""
        self._beat()

    def snapshot(self) -> dict[str, Any]:
        """Return the state of everything as plain values."""
        return {
            "boot": self.boot_id,
            "uptime_s": round(time.monotonic() - self.booted, 1),
            "schedule_time": self.schedule_clock.now(),
            "speed": self.schedule_clock.speed,
            "actors": {name: _actor(news) for name, news in self.actors.items()},
            "restarts": dict(self.restarts),
            "dead_letters": self.dead_letters,
            "fronts": {name: asdict(state) for name, state in self.fronts.items()},
            "families": {name: asdict(state) for name, state in self.families.items()},
            "running": dict(self.started),
            "jobs": {name: asdict(state) for name, state in self.jobs.items()},
            "next_due": dict(self.planned.next_due),
            "waiting": dict(self.planned.waiting),
            "memory": _memory(self.pressure),
            "lease": _lease(self.lease),
            "counts": dict(self.counts),
        }

    def _settled(self, settled: Settled) -> None:
        state = self.jobs.setdefault(settled.job, JobState())
        word, counts, reason = describe(settled.outcome)
        if not settled.run_id:
            state.missed += 1
            return
        state.runs += 1
        state.last_outcome, state.last_reason, state.last_ended_at = word, reason, settled.ended_at
        if isinstance(settled.outcome, Done | Nothing):
            state.last_success_at = settled.ended_at
        state.nothing_streak = state.nothing_streak + 1 if isinstance(settled.outcome, Nothing) else 0
        for name, count in counts.items():
            self.counts[name] += count
        if any(counts.get(name) for name in _PUBLISHED):
            self.silence.published(settled.ended_at)

    def _beat(self) -> None:
        self.beats += 1
        self._look_for_silence()
        snapshot = self.snapshot()
        logger.info("heartbeat", extra={"action": "heartbeat", "beat": self.beats, "state": snapshot})
        self.context.wake_at(time.monotonic() + self.heartbeat_s)


    def _look_for_silence(self) -> None:
        if self.lease is not None and not self.lease.is_ours:
            # Another process publishes, and it is the one to notice.
            return
        silent = self.silence.look(self.schedule_clock.now())
        if silent is not None:
            logger.error(
                "nothing has been published for %s: say `why`",
                format_duration(silent - silent % _SECOND),
                extra={"action": "lane_silent", "lane": "content", "silent_s": int(silent.total_seconds())},
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
