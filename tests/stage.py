"""A front with real slots in a real cell, and what a test asks it with."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING, Any

from actors.domain.priority import Priority
from actors.messages import Describe, FrontState
from actors.runtime.address import Address
from actors.runtime.cell import Cell, Incarnation
from actors.runtime.client import Caller, Scope
from actors.runtime.front import Front, FrontPolicy
from actors.runtime.loop import LoopThread

if TYPE_CHECKING:
    from collections.abc import Callable

    from actors.runtime.resource import Resource

PATIENCE_S = 20.0
"""Real seconds after which a test gives up waiting; a limit, never an expectation."""

PROMISE_S = 5.0
"""Real seconds after which the capacity of an overdue errand is back at the latest."""


def eventually(probe: Callable[[], Any], what: str = "it", every_s: float = 0.02) -> Any:
    """Return the probe's first true answer."""
    pause = threading.Event()
    until = time.monotonic() + PATIENCE_S
    while not (answer := probe()):
        assert time.monotonic() < until, f"{what} did not become true within {PATIENCE_S:g} s"
        pause.wait(every_s)
    return answer


class Outcome:
    """What a call on a thread of its own came to."""

    def __init__(self, call: Callable[[], Any]) -> None:
        self._result: list[Any] = []
        self._error: list[BaseException] = []
        self._thread = threading.Thread(target=self._run, args=(call,), daemon=True)
        self._thread.start()

    def get(self) -> Any:
        """Return its value, or raise what it raised."""
        self._thread.join(PATIENCE_S)
        assert not self._thread.is_alive(), "the call did not come back"
        if self._error:
            raise self._error[0]
        return self._result[0]

    def error(self) -> BaseException | None:
        """Return what it raised, once it is over."""
        self._thread.join(PATIENCE_S)
        assert not self._thread.is_alive(), "the call did not come back"
        return self._error[0] if self._error else None

    def _run(self, call: Callable[[], Any]) -> None:
        try:
            self._result.append(call())
        except BaseException as error:  # noqa: BLE001 - the asker gets it
            self._error.append(error)


class Stage:
    """Starts actors and ends them all; `close` leaves no thread of theirs waiting for work."""

    def __init__(self) -> None:
        self.board = Address("board")
        self.addresses: dict[str, Address] = {}
        self._lives: list[tuple[Address, Incarnation]] = []
        self._loop: LoopThread | None = None

    @property
    def loop(self) -> LoopThread:
        """Return the loop thread, started when it is first needed."""
        self._loop = self._loop or LoopThread("test-loop")
        return self._loop

    def actor(self, name: str, factory: Callable[[Any], Any]) -> Address:
        """Start one actor and return its address."""
        address = self.addresses.setdefault(name, Address(name))
        life = Incarnation(address.mailbox.next_generation())
        Cell.start(address, factory, life, lambda _: None)
        assert life.ready.wait(PATIENCE_S)
        assert life.start_error is None, life.start_error
        self._lives.append((address, life))
        return address

    def front(self, resource: Resource, size: int = 2, reserved: int = 0, **policy: Any) -> Address:
        """Start a front over the resource."""
        quick = {"queue": 2000, "breaker_open_min": 0.1, "breaker_open_max": 0.2}
        rules = FrontPolicy(size, reserved, **{**quick, **policy})
        return self.actor(resource.name, lambda context: Front(context, lambda: resource, rules, self.board))

    def caller(self, name: str, priority: Priority = Priority.P1, within: float = PATIENCE_S) -> Caller:
        """Return a caller whose scope ends after so many seconds."""
        return Caller(self.addresses[name], Scope("test", priority, time.monotonic() + within))

    def state(self, name: str) -> FrontState:
        """Return a front's state."""
        state: FrontState = self.addresses[name].ask(Describe(), PATIENCE_S)
        return state

    def breaker_is(self, name: str, state: str) -> None:
        """Wait until the breaker is in this state."""
        eventually(lambda: self.state(name).breaker == state, f"breaker {state}")

    def all_free(self, name: str) -> None:
        """Wait until no slot works and none is abandoned."""
        eventually(lambda: not self.state(name).running and not self.state(name).abandoned, "every slot free")

    def close(self) -> None:
        """Stop every actor, the last one first."""
        for address, life in reversed(self._lives):
            address.mailbox.stop(life.generation)
            assert life.ended.wait(PATIENCE_S), f"{address.name} did not stop"
        if self._loop is not None:
            self._loop.stop()
