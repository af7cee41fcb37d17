"""What the kernel's tests share: an actor's place without a thread, and a resource whose errands are functions."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING, Any

from actors.domain.priority import Band, Priority
from actors.errors import ResourceDiedError
from actors.messages import Demand, Describe, Request
from actors.runtime.address import Address
from actors.runtime.cell import ActorContext, Cell, Incarnation
from actors.runtime.mailbox import Inbox
from actors.runtime.reply import WaitingReply
from actors.runtime.resource import Resource
from actors.runtime.slot import CoroutineSlot, Place, ThreadSlot
from tests.stage import PATIENCE_S

if TYPE_CHECKING:
    from collections.abc import Callable

    from actors.runtime.cell import Behaviour
    from actors.runtime.loop import LoopThread

WAIT = PATIENCE_S
"""The most that any test waits for anything, in real seconds."""


class Stage:
    """A behaviour in its place, served by the test's own thread, one letter at a time."""

    def __init__(self, make: Callable[[ActorContext], Any], name: str = "staged") -> None:
        self.address = Address(name)
        self.inbox = Inbox(self.address.mailbox, self.address.mailbox.next_generation())
        self.behaviour: Any = make(ActorContext(self.address, self.inbox.generation, self.inbox))

    def serve_until(self, condition: Callable[[], object]) -> None:
        """Serve letters and timers until the condition holds; fail if it does not within `WAIT`."""
        deadline = time.monotonic() + WAIT
        while not condition():
            assert time.monotonic() < deadline, "the condition never held"
            context = ActorContext(self.address, self.inbox.generation, self.inbox)
            context.wake_at(deadline)
            self.behaviour.receive(self.inbox.get().message)

    def serve(self) -> None:
        """Serve what has arrived."""
        while len(self.address.mailbox):
            self.behaviour.receive(self.inbox.get().message)

    def tell(self, message: Any, band: Band = Band.CONTROL) -> None:
        """Send a message and serve all there is."""
        self.address.tell(message, band)
        self.serve()


def take(address: Address, kind: type | tuple[type, ...] = object) -> list[Any]:
    """Return what has been told to an address without an actor, and empty it."""
    inbox = Inbox(address.mailbox, address.mailbox.next_generation())
    letters = [inbox.get() for _ in range(len(address.mailbox))]
    return [letter.message for letter in letters if isinstance(letter.message, kind)]


class Handle:
    """A thread worker whose errand is a function of the worker; what hangs on it waits for its destruction."""

    def __init__(self) -> None:
        self.begun, self.destroyed, self.closed = threading.Event(), threading.Event(), threading.Event()

    def perform(self, request: Request) -> Any:
        self.begun.set()
        return request.work(self)

    def destroy(self) -> None:
        self.destroyed.set()

    def close(self) -> None:
        self.closed.set()


class Fake(Resource):
    """A resource of thread slots over `Handle`s."""

    def __init__(self, probe: Any = lambda handle: None) -> None:
        self.name, self.probe = "fake", probe
        self.handles: list[Handle] = []
        self.resets = self.sheds = 0
        self.is_closed = self.is_abandoned = False

    def make_slot(self, place: Place) -> ThreadSlot:
        self.handles.append(Handle())
        return ThreadSlot(place, self.handles[-1])

    def reset(self) -> None:
        self.resets += 1

    def shed(self) -> None:
        self.sheds += 1

    def abandon(self) -> None:
        self.is_abandoned = True

    def close(self) -> None:
        self.is_closed = True


class FakeOnLoop(Fake):
    """The same on the loop; an errand is a coroutine function of the worker."""

    def __init__(self, loop: LoopThread) -> None:
        super().__init__()
        self.loop = loop

    def make_slot(self, place: Place) -> CoroutineSlot:  # type: ignore[override]
        return CoroutineSlot(place, AsyncHandle(), self.loop)


class AsyncHandle:
    """A coroutine worker whose errand is a coroutine function of the worker."""

    def __init__(self) -> None:
        self.destroyed, self.closed = threading.Event(), threading.Event()

    async def perform(self, request: Request) -> Any:
        return await request.work(self)

    async def recall(self) -> None:
        """Leave it to the slot to cancel what waits."""

    async def destroy(self) -> None:
        self.destroyed.set()

    async def close(self) -> None:
        self.closed.set()


def hang(handle: Handle) -> None:
    """Wait as an errand does whose handle answers no more: until it is destroyed."""
    assert handle.destroyed.wait(WAIT)
    raise ResourceDiedError("the handle broke")


def request(
    work: Any,
    priority: Priority = Priority.P2,
    *,
    name: str = "",
    limit: float = WAIT,
    start_by: float = WAIT,
    reply: Any = None,
    demand: Demand = Demand(),  # noqa: B008 - it is frozen
) -> Request:
    """Return a request; `start_by` counts from now."""
    answer = WaitingReply() if reply is None else reply
    return Request(name or str(id(answer)), work, priority, time.monotonic() + start_by, limit, answer, "test", demand)


class Node:
    """A behaviour in a cell with a thread of its own, and what the cell reports."""

    def __init__(self, make: Callable[[ActorContext], Behaviour], name: str = "node") -> None:
        self.address, self.reports = Address(name), []
        self.life = Incarnation(self.address.mailbox.next_generation())
        self.reference = Cell.start(self.address, make, self.life, self.reports.append)
        assert self.life.ready.wait(WAIT)

    def ask(self, message: Any) -> Any:
        return self.address.ask(message, WAIT)

    def ask_state(self) -> Any:
        return self.ask(Describe())

    def end(self) -> None:
        """End the actor deliberately and wait for it."""
        self.address.mailbox.stop(self.life.generation)
        assert self.life.ended.wait(WAIT)
