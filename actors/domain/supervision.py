"""Supervision as Erlang/OTP decides it: which child starts, stops, restarts, and when the supervisor gives up.

The machine never acts. Its shell carries out each action and feeds back what came of it; between a `StartChild` and
its `Started` or `StartFailed` there is no further action, so an ordered start can be rolled back.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from actors.domain.backoff import Backoff


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


@dataclass(slots=True)
class _Child:
    policy: ChildPolicy
    running: bool = False
    wants_restart: bool = False
    failures: int = 0
    restarted_at: float = 0.0
    retry_at: float | None = None


@dataclass(slots=True)
class Supervision:
    """State of one supervisor. Times are monotonic real seconds; `draw` gives jitter in [0, 1)."""

    policy: Policy
    children: list[_Child] = field(default_factory=list)
    restarts: list[int] = field(default_factory=list)
    ended: bool = False
    _queue: list[str] = field(default_factory=list)
    _starting: bool = False

    @classmethod
    def of(cls, policy: Policy, children: list[ChildPolicy]) -> Supervision:
        """Return the machine with all children stopped, in start order."""
        return cls(policy, [_Child(child) for child in children])

    def start(self) -> list[Action]:
        """Begin the ordered start; a failure rolls it back and escalates."""
        self._starting = True
        self._queue = [child.policy.name for child in self.children]
        return self._next()

    def started(self, name: str, now: float) -> list[Action]:
        """The child that was to be started runs."""
        child = self._child(name)
        child.running, child.wants_restart, child.retry_at, child.restarted_at = True, False, None, now
        return self._next()

    def start_failed(self, name: str, reason: str, now: float, draw: float) -> list[Action]:
        """The child that was to be started did not. In the first start that is final, later it counts and is retried."""
        if self._starting:
            return self._give_up(f"{name} did not start: {reason}")
        self._queue = []
        return self._restart(self._child(name), f"{name} did not restart: {reason}", now, draw)

    def exited(self, name: str, reason: str, now: float, draw: float) -> list[Action]:
        """A running child ended by itself."""
        child = self._child(name)
        if not child.running or self.ended:
            return []
        child.running = False
        if child.policy.restart is Restart.TEMPORARY:
            self.children.remove(child)
            return []
        if child.policy.restart is Restart.TRANSIENT and reason in NORMAL_REASONS:
            return []
        if child.failures and now - child.restarted_at >= self.policy.reset_after_s:
            child.failures = 0
        return self._restart(child, f"{name} ended: {reason}", now, draw)

    def tick(self, now: float) -> list[Action]:
        """Start again what waited out its back-off."""
        due = [child for child in self.children if child.retry_at is not None and child.retry_at <= now]
        if self.ended or not due:
            return []
        actions: list[Action] = []
        for child in due:
            child.retry_at = None
        group = self._group(due[0])
        actions += self._stop(group)
        self._queue = [c.policy.name for c in group if c in due or c.wants_restart]
        for child in due[1:]:
            if child.policy.name not in self._queue:
                self._queue.append(child.policy.name)
        return actions + self._next()

    def next_wake(self) -> float | None:
        """Return the earliest time at which `tick` has something to do."""
        return min((c.retry_at for c in self.children if c.retry_at is not None), default=None)

    def terminate_child(self, name: str) -> list[Action]:
        """Stop it deliberately: it stays stopped until `restart_child`."""
        child = self._child(name)
        child.wants_restart, child.retry_at = False, None
        if not child.running:
            return []
        stop = self._stop([child])
        child.wants_restart = False
        if child.policy.restart is Restart.TEMPORARY:
            self.children.remove(child)
        return stop

    def restart_child(self, name: str) -> list[Action]:
        """Start a deliberately stopped child again."""
        child = self._child(name)
        if child.running:
            return []
        self._queue = [name]
        return self._next()

    def stop(self) -> list[Action]:
        """Stop all children in reverse order; nothing restarts afterwards."""
        self.ended = True
        return self._stop(self.children)

    def _next(self) -> list[Action]:
        if self._queue:
            return [StartChild(self._queue.pop(0))]
        self._starting = False
        return []

    def _restart(self, child: _Child, reason: str, now: float, draw: float) -> list[Action]:
        second = int(now)
        # OTP: the window is inclusive and counted in whole seconds, one counter for all children.
        self.restarts = [r for r in self.restarts if r >= second - self.policy.period_s] + [second]
        if len(self.restarts) > self.policy.intensity:
            return self._give_up(f"more than {self.policy.intensity} restarts in {self.policy.period_s} s; {reason}")
        wait = self.policy.backoff.delay(child.failures, draw)
        child.failures += 1
        child.wants_restart = True
        child.retry_at = now + wait
        return self.tick(now) if wait <= 0 else []

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
                child.wants_restart = child.policy.restart is not Restart.TEMPORARY
                actions.append(StopChild(child.policy.name, child.policy.shutdown_s))
        return actions

    def _give_up(self, reason: str) -> list[Action]:
        self._queue = []
        return [*self.stop(), Escalate(reason)]

    def _child(self, name: str) -> _Child:
        return next(child for child in self.children if child.policy.name == name)


