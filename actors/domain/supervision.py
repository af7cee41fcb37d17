"""Supervision as Erlang/OTP decides it: which child starts, stops, restarts, and when the supervisor gives up.

The machine never acts. Its shell carries out each action and feeds back what came of it; between a `StartChild` and
its `Started` or `StartFailed` there is no further action, so an ordered start can be rolled back.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from actors.domain.backoff import Backoff
from actors.errors import ActorUnavailableError


class Strategy(StrEnum):
    """Who else restarts when one child does."""

    ONE_FOR_ONE = "one_for_one"
    ONE_FOR_ALL = "one_for_all"
    REST_FOR_ONE = "rest_for_one"


class Restart(StrEnum):
    """When a child that ended by itself is started again."""

    PERMANENT = "permanent"
    TRANSIENT = "transient"
    TEMPORARY = "temporary"


NORMAL_REASONS = frozenset({"normal", "shutdown"})


@dataclass(frozen=True, slots=True)
class ChildPolicy:
    """The supervised part of a child's specification. `shutdown_s` is how long a stop may take, in real seconds."""

    name: str
    restart: Restart = Restart.PERMANENT
    shutdown_s: float = 5.0


@dataclass(frozen=True, slots=True)
class Policy:
    """A supervisor's own rules. More than `intensity` restarts within `period_s` whole seconds end it."""

    strategy: Strategy = Strategy.ONE_FOR_ONE
    intensity: int = 1
    period_s: int = 5
    backoff: Backoff = Backoff(0.0, 0.0, 0.0)
    reset_after_s: float = 10.0
    """A child that ran this long since its last restart starts its back-off anew."""


@dataclass(frozen=True, slots=True)
class StartChild:
    """Start it now and answer with `started` or `start_failed`."""

    name: str


@dataclass(frozen=True, slots=True)
class StopChild:
    """Stop it within its shutdown time; only its end counts."""

    name: str
    shutdown_s: float


@dataclass(frozen=True, slots=True)
class Escalate:
    """The supervisor ends with this reason, its children stopped already."""

    reason: str


Action = StartChild | StopChild | Escalate


class _Mode(StrEnum):
    """Why children are being started, which decides what a failed start means."""

    FIRST = "first"
    RESTART = "restart"
    ASKED = "asked"


@dataclass(slots=True)
class _Child:
    policy: ChildPolicy
    running: bool = False
    failures: int = 0
    restarted_at: float = 0.0
    retry_at: float | None = None
    """When its restart is due; None while none is."""


@dataclass(slots=True)
class Supervision:
    """State of one supervisor. Times are monotonic real seconds; `draw` gives jitter in [0, 1).

    A group that restarts together is stopped as soon as one of it dies and started when the back-off is over. As in
    OTP, that also starts those of the group that had ended normally or were stopped deliberately, and forgets the
    temporary ones.
    """

    policy: Policy
    children: list[_Child] = field(default_factory=list)
    """Those it still knows, in start order; a temporary child is forgotten when it ends."""
    restarts: list[int] = field(default_factory=list)
    ended: bool = False
    _queue: list[str] = field(default_factory=list)
    _mode: _Mode = _Mode.RESTART

    @classmethod
    def of(cls, policy: Policy, children: list[ChildPolicy]) -> Supervision:
        """Return the machine with all children stopped, in start order."""
        return cls(policy, [_Child(child) for child in children])

    def start(self) -> list[Action]:
        """Begin the ordered start; a failure rolls it back and escalates."""
        self._mode, self._queue = _Mode.FIRST, [child.policy.name for child in self.children]
        return self._start_next()

    def started(self, name: str, now: float) -> list[Action]:
        """The child that was to be started runs."""
        child = self._child(name)
        child.running, child.retry_at, child.restarted_at = True, None, now
        return self._start_next() or self.tick(now)

    def start_failed(self, name: str, reason: str, now: float, draw: float) -> list[Action]:
        """The child that was to be started did not.

        In the first start that is final; in a restart it counts and is tried again; a child that somebody asked for
        stays stopped.
        """
        self._queue = []
        match self._mode:
            case _Mode.FIRST:
                return self._give_up(f"{name} did not start: {reason}")
            case _Mode.ASKED:
                return self.tick(now)
            case _Mode.RESTART:
                return self._restart(self._child(name), f"{name} did not restart: {reason}", now, draw)

    def exited(self, name: str, reason: str, now: float, draw: float) -> list[Action]:
        """A running child ended by itself. News of one that was stopped or forgotten meanwhile changes nothing."""
        child = self._find(name)
        if child is None or not child.running or self.ended:
            return []
        child.running = False
        if child.policy.restart is Restart.TEMPORARY:
            self.children.remove(child)
            return []
        if child.policy.restart is Restart.TRANSIENT and reason in NORMAL_REASONS:
            return []
        if now - child.restarted_at >= self.policy.reset_after_s:
            child.failures = 0
        return self._restart(child, f"{name} ended: {reason}", now, draw)

    def tick(self, now: float) -> list[Action]:
        """Start again what waited out its back-off, one group after the other."""
        due = [child for child in self.children if child.retry_at is not None and child.retry_at <= now]
        if self.ended or self._queue or not due:
            return []
        group = self._group(due[0])
        stops = self._stop(group)
        self._mode, self._queue = _Mode.RESTART, [child.policy.name for child in group if child in self.children]
        return stops + self._start_next()

    def next_wake(self) -> float | None:
        """Return the earliest time at which `tick` has something to do."""
        return min((c.retry_at for c in self.children if c.retry_at is not None), default=None)

    def terminate_child(self, name: str) -> list[Action]:
        """Stop it deliberately: it stays stopped until `restart_child`, or until its group restarts.

        Raises:
            ActorUnavailableError: there is no such child.
        """
        child = self._child(name)
        child.retry_at = None
        return self._stop([child])

    def restart_child(self, name: str) -> list[Action]:
        """Start a stopped child again; one that runs, or is about to, is left alone.

        Raises:
            ActorUnavailableError: there is no such child.
        """
        child = self._child(name)
        if child.running or child.retry_at is not None or self.ended:
            return []
        self._mode, self._queue = _Mode.ASKED, [name]
        return self._start_next()

    def stop(self) -> list[Action]:
        """Stop all children in reverse order; nothing restarts afterwards."""
        self.ended, self._queue = True, []
        for child in self.children:
            child.retry_at = None
        return self._stop(list(self.children))

    def _start_next(self) -> list[Action]:
        return [StartChild(self._queue.pop(0))] if self._queue else []

    def _restart(self, child: _Child, reason: str, now: float, draw: float) -> list[Action]:
        second = int(now)
        # OTP: the window is inclusive and counted in whole seconds, one counter for all children.
        self.restarts = [r for r in self.restarts if r >= second - self.policy.period_s] + [second]
        if len(self.restarts) > self.policy.intensity:
            return self._give_up(f"more than {self.policy.intensity} restarts in {self.policy.period_s} s; {reason}")
        group = self._group(child)
        stops = self._stop(group)
        for member in group:
            # Whoever of them waited for a restart of its own comes back with the group, in order.
            member.retry_at = None
        child.retry_at = now + self.policy.backoff.delay(child.failures, draw)
        child.failures += 1
        return stops + self.tick(now)

    def _group(self, child: _Child) -> list[_Child]:
        match self.policy.strategy:
            case Strategy.ONE_FOR_ONE:
                return [child]
            case Strategy.ONE_FOR_ALL:
                return list(self.children)
            case Strategy.REST_FOR_ONE:
                return self.children[self.children.index(child) :]

    def _stop(self, group: list[_Child]) -> list[Action]:
        actions: list[Action] = []
        for child in reversed(group):
            if child.running:
                child.running = False
                actions.append(StopChild(child.policy.name, child.policy.shutdown_s))
            if child.policy.restart is Restart.TEMPORARY:
                self.children.remove(child)
        return actions

    def _give_up(self, reason: str) -> list[Action]:
        return [*self.stop(), Escalate(reason)]

    def _find(self, name: str) -> _Child | None:
        return next((child for child in self.children if child.policy.name == name), None)

    def _child(self, name: str) -> _Child:
        child = self._find(name)
        if child is None:
            raise ActorUnavailableError(f"the supervisor has no child {name}")
        return child
