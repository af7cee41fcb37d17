"""Supervision as Erlang/OTP decides it: which child starts, stops, restarts, and when the supervisor gives up.

The machine never acts. Its shell carries out each action and feeds back what came of it; between a `StartChild` and
its `started` or `start_failed` there is no other event, so an ordered start can be rolled back. Equal events give
equal actions. The rules are those of `supervisor.erl` (OTP 24 and later); what OTP has not, the back-off, follows
Akka's `BackoffSupervisor`. There is no limit on failures in a row (Akka's `maxNrOfRetries`): intensity alone ends it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from actors.domain.backoff import Backoff
from actors.errors import ActorUnavailableError, PermanentError


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


class AutoShutdown(StrEnum):
    """Whether the supervisor ends with its significant children: never, with the first, or with the last."""

    NEVER = "never"
    ANY_SIGNIFICANT = "any_significant"
    ALL_SIGNIFICANT = "all_significant"


class Standing(StrEnum):
    """How it stands with a child, in OTP's words where it has one."""

    RUNNING = "running"
    RESTARTING = "restarting"
    STOPPED = "stopped"
    NOT_FOUND = "not_found"


def is_normal(reason: str) -> bool:
    """Return whether this end is no error: "normal", "shutdown", or OTP's {shutdown, Term} as "shutdown: Term"."""
    return reason in {"normal", "shutdown"} or reason.startswith("shutdown: ")


@dataclass(frozen=True, slots=True)
class ChildPolicy:
    """The supervised part of a child's specification.

    `shutdown_s` is how long a stop may take, in real seconds; 0 is OTP's brutal kill. Of a `significant` child the end
    by itself may end the supervisor, see `AutoShutdown`.
    """

    name: str
    restart: Restart = Restart.PERMANENT
    shutdown_s: float = 5.0
    significant: bool = False


@dataclass(frozen=True, slots=True)
class Policy:
    """A supervisor's own rules. More than `intensity` restarts within `period_s` whole seconds end it."""

    strategy: Strategy = Strategy.ONE_FOR_ONE
    intensity: int = 1
    period_s: int = 5
    backoff: Backoff = Backoff(0.0, 0.0, 0.0)
    reset_after_s: float = 10.0
    """A child that did not fail for this long after a restart starts its back-off anew.

    Akka's default is the shortest wait; with one of 200 ms, a child that crashes once a second would never be slowed.
    """
    auto_shutdown: AutoShutdown = AutoShutdown.NEVER


@dataclass(frozen=True, slots=True)
class StartChild:
    """Start it now and answer with `started` or `start_failed`."""

    name: str


@dataclass(frozen=True, slots=True)
class StopChild:
    """Stop it within its shutdown time, or at once if that is 0; only its end counts."""

    name: str
    shutdown_s: float


@dataclass(frozen=True, slots=True)
class Escalate:
    """The supervisor ends with this reason, its children stopped already. "shutdown": it is no error.

    `outage`: only a dependency is away, so that the supervisor above need not count it either.
    """

    reason: str
    outage: bool


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
    """Failures in a row: the exponent of its next back-off."""
    started_at: float | None = None
    """When it was first started after its last failure; None until it was."""
    retry_at: float | None = None
    """When its restart is due; None while none is."""
    turn: int = 0
    """Its place among those that wait for a restart."""


@dataclass(slots=True)
class Supervision:
    """State of one supervisor. Times are monotonic real seconds; `draw` gives jitter in [0, 1).

    A group that restarts together is stopped as soon as one of it fails and started when the back-off is over. As in
    OTP, that also starts those of the group that had ended normally or were stopped deliberately, and forgets the
    temporary ones; and if somebody terminates the child whose restart is due, its group stays stopped with it.
    """

    policy: Policy
    children: list[_Child] = field(default_factory=list)
    """Those it still knows, in start order; a temporary child is forgotten when it ends."""
    restarts: list[int] = field(default_factory=list)
    """The counted restarts within the period, in whole seconds."""
    ended: bool = False
    _queue: list[str] = field(default_factory=list)
    _mode: _Mode = _Mode.RESTART
    _turns: int = 0

    @classmethod
    def of(cls, policy: Policy, children: list[ChildPolicy]) -> Supervision:
        """Return the machine with all children stopped, in start order.

        Raises:
            PermanentError: OTP would refuse these specifications.
        """
        names: set[str] = set()
        for child in children:
            if child.name in names:
                raise PermanentError(f"two children are named {child.name}")
            names.add(child.name)
            if child.significant and child.restart is Restart.PERMANENT:
                raise PermanentError(f"child {child.name} is significant, so it may not be permanent")
            if child.significant and policy.auto_shutdown is AutoShutdown.NEVER:
                raise PermanentError(f"child {child.name} is significant, but its supervisor never shuts down with it")
        return cls(policy, [_Child(child) for child in children])

    def start(self) -> list[Action]:
        """Begin the ordered start; a failure rolls it back and escalates."""
        self._mode, self._queue = _Mode.FIRST, [child.policy.name for child in self.children]
        return self._start_next()

    def started(self, name: str, now: float) -> list[Action]:
        """The child that was to be started runs."""
        child = self._child(name)
        child.running = True
        if child.started_at is None:
            child.started_at = now
        return self._start_next()

    def start_failed(self, name: str, reason: str, now: float, draw: float, *, outage: bool = False) -> list[Action]:
        """The child that was to be started did not.

        In the first start that is final. A restart counts (see `exited`) and is tried again by a later `tick`, never
        at once: requests are served in between, and a stop among them. A child that somebody asked for stays stopped.
        """
        match self._mode:
            case _Mode.FIRST:
                return self._give_up(f"{name} did not start: {reason}", outage=outage)
            case _Mode.ASKED:
                return []
            case _Mode.RESTART:
                return self._failed(self._child(name), f"{name} did not restart: {reason}", now, draw, outage=outage)

    def exited(self, name: str, reason: str, now: float, draw: float, *, outage: bool = False) -> list[Action]:
        """A running child ended by itself. News of one that was stopped or forgotten meanwhile changes nothing.

        Without a back-off it is restarted at once. `outage`: it died because a dependency is away. That is a breaker's
        business, so the restart does not count, unless there is no back-off that would keep it from a hot loop.
        """
        child = self._find(name)
        if child is None or not child.running:
            return []
        child.running = False
        restart = child.policy.restart
        if restart is Restart.TEMPORARY or (restart is Restart.TRANSIENT and is_normal(reason)):
            return self._ended_for_good(child)
        if child.started_at is not None and now - child.started_at >= self.policy.reset_after_s:
            child.failures = 0
        actions = self._failed(child, f"{name} ended: {reason}", now, draw, outage=outage)
        return actions + (self._restart(child) if child.retry_at == now else [])

    def tick(self, now: float) -> list[Action]:
        """Restart one group that waited out its back-off; `next_wake` tells whether another is due."""
        due = [child for child in self.children if child.retry_at is not None and child.retry_at <= now]
        # First come, first served, so that one which fails again and again keeps no other waiting.
        return self._restart(min(due, key=lambda child: child.turn)) if due else []

    def next_wake(self) -> float | None:
        """Return the earliest time at which `tick` has something to do."""
        return min((c.retry_at for c in self.children if c.retry_at is not None), default=None)

    def standing(self, name: str) -> Standing:
        """Return how it stands with a child; a supervisor that ended knows none."""
        child = self._find(name)
        if child is None or self.ended:
            return Standing.NOT_FOUND
        if child.running:
            return Standing.RUNNING
        return Standing.STOPPED if child.retry_at is None else Standing.RESTARTING

    def retry_at(self, name: str) -> float | None:
        """Return when the restart of a child is due; None: none is."""
        child = self._find(name)
        return child.retry_at if child is not None else None

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
        self._child(name)
        if self.standing(name) is not Standing.STOPPED:
            return []
        self._mode, self._queue = _Mode.ASKED, [name]
        return self._start_next()

    def renew_child(self, name: str) -> list[Action]:
        """Stop it if it runs and start it at once, with its group. Only a failed start counts, and is tried again.

        Raises:
            ActorUnavailableError: there is no such child.
        """
        return self._restart(self._child(name))

    def stop(self) -> list[Action]:
        """Stop all children in reverse order; nothing restarts afterwards."""
        self.ended, self._queue = True, []
        for child in self.children:
            child.retry_at = None
        return self._stop(list(self.children))

    def _start_next(self) -> list[Action]:
        return [StartChild(self._queue.pop(0))] if self._queue else []

    def _failed(self, child: _Child, reason: str, now: float, draw: float, *, outage: bool) -> list[Action]:
        wait = self.policy.backoff.delay(child.failures, draw)
        if (not outage or wait == 0.0) and self._is_too_much(int(now)):
            return self._give_up(f"more than {self.policy.intensity} restarts in {self.policy.period_s} s; {reason}")
        group = self._group(child)
        for member in group:
            # Whoever of them waited for a restart of its own comes back with the group, in order.
            member.retry_at = None
        self._turns += 1
        child.retry_at, child.turn, child.started_at = now + wait, self._turns, None
        child.failures += 1
        return self._stop(group) if wait else []

    def _restart(self, child: _Child) -> list[Action]:
        group = self._group(child)
        for member in group:
            member.retry_at = None
        stops = self._stop(group)
        self._mode = _Mode.RESTART
        self._queue = [each.policy.name for each in group if each.policy.restart is not Restart.TEMPORARY]
        return stops + self._start_next()

    def _is_too_much(self, second: int) -> bool:
        # OTP: the window is inclusive and counted in whole seconds, one counter for all children.
        self.restarts = [r for r in self.restarts if r >= second - self.policy.period_s] + [second]
        return len(self.restarts) > self.policy.intensity

    def _ended_for_good(self, child: _Child) -> list[Action]:
        if child.policy.restart is Restart.TEMPORARY:
            self.children.remove(child)
        if not child.policy.significant:
            return []
        is_last = not any(
            other.policy.significant and (other.running or other.retry_at is not None) for other in self.children
        )
        if is_last or self.policy.auto_shutdown is AutoShutdown.ANY_SIGNIFICANT:
            return self._give_up("shutdown")
        return []

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

    def _give_up(self, reason: str, *, outage: bool = False) -> list[Action]:
        return [*self.stop(), Escalate(reason, outage)]

    def _find(self, name: str) -> _Child | None:
        return next((child for child in self.children if child.policy.name == name), None)

    def _child(self, name: str) -> _Child:
        child = self._find(name)
        if child is None:
            raise ActorUnavailableError(f"the supervisor has no child {name}")
        return child
