"""The kernel against its peers, in one process pinned to one core, as ratios of what was measured side by side.

The peers: two bare `queue.SimpleQueue`s between two threads, below which no mailbox can be, and plain Pykka, whose
actors this kernel's are. Samples of all take turns, so that a machine whose speed drifts drifts for all of them.
"""

from __future__ import annotations

import io
import json
import os
import queue
import statistics
import threading
import time
from typing import TYPE_CHECKING, Any

import pykka

from actors import log
from actors.config.sections import LogSettings
from actors.domain.supervision import Policy
from actors.runtime.address import Address
from actors.runtime.cell import ActorContext, Cell, Incarnation
from actors.runtime.supervisor import ChildSpec, Supervisor

if TYPE_CHECKING:
    from collections.abc import Callable

WAIT_S = 60.0
ROUNDS, ASKS, TELLS, CRASHES = 20, 500, 10_000, 500


class Echo(pykka.ThreadingActor):
    """Plain Pykka's: answers with the message, and sets the event that it is told."""

    use_daemon_thread = True

    def on_receive(self, message: Any) -> Any:
        """Answer, or say that all has been served."""
        if isinstance(message, threading.Event):
            message.set()
        return message


class Behaviour:
    """Ours, which does the same, and dies of `None` after it has noted when."""

    def __init__(self, context: ActorContext, died: list[int]) -> None:
        self._died = died

    def receive(self, message: Any) -> Any:
        """Answer, say that all has been served, or die."""
        if isinstance(message, threading.Event):
            message.set()
        elif message is None:
            self._died.append(time.perf_counter_ns())
            raise RuntimeError("as told")
        elif callable(message):
            message()
        return message

    def stop(self) -> None:
        """Nothing is held."""


def measure() -> dict[str, Any]:
    """Return round trips in microseconds, throughput in messages a second, and times after a crash in milliseconds."""
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
    # The real log, so that a crash costs its line; nobody reads it.
    log.setup(LogSettings(format="json"), stream=io.StringIO())
    address, died = Address("ours", 2 * TELLS), []
    board = Address("board", 10 * CRASHES)
    spec = ChildSpec(address, lambda context: Behaviour(context, died))
    root = Address("root")
    life = Incarnation(root.mailbox.next_generation())
    policy = Policy(intensity=10 * CRASHES, period_s=3600)
    Cell.start(root, lambda context: Supervisor(context, policy, {"ours": spec}, board), life, lambda _: None)
    assert life.ready.wait(WAIT_S)
    plain = Echo.start()
    return {
        "ask_us": asks(plain, address),
        "tell_per_s": tells(plain, address),
        "crash_ms": crashes(address, died),
    }


def asks(plain: pykka.ActorRef[Echo], ours: Address) -> dict[str, dict[str, float]]:
    """Ask and wait for the answer, one after the other."""
    there: queue.SimpleQueue[int] = queue.SimpleQueue()
    back: queue.SimpleQueue[int] = queue.SimpleQueue()

    def serve() -> None:
        while True:
            back.put(there.get())

    def bare() -> None:
        there.put(1)
        back.get()

    threading.Thread(target=serve, daemon=True).start()
    peers: dict[str, Callable[[], object]] = {
        "bare queue": bare,
        "plain Pykka": lambda: plain.ask(1),
        "ours": lambda: ours.ask(1, WAIT_S),
    }
    samples: dict[str, list[int]] = {name: [] for name in peers}
    for number in range(ROUNDS + 1):
        for name, ask in peers.items():
            times = [_timed(ask) for _ in range(ASKS)]
            # The first round warms up.
            samples[name] += times if number else []
    return {name: _percentiles(times, 1000.0) for name, times in samples.items()}


def tells(plain: pykka.ActorRef[Echo], ours: Address) -> dict[str, float]:
    """Tell as fast as it goes, and wait until all has been served."""
    found: dict[str, list[float]] = {"plain Pykka": [], "ours": []}
    for _ in range(ROUNDS // 2):
        for name, tell in (("plain Pykka", plain.tell), ("ours", ours.tell)):
            served, started = threading.Event(), time.perf_counter()
            for _ in range(TELLS):
                tell(1)
            tell(served)
            assert served.wait(WAIT_S)
            found[name].append(TELLS / (time.perf_counter() - started))
    return {name: round(statistics.median(rates)) for name, rates in found.items()}


def crashes(ours: Address, died: list[int]) -> dict[str, float]:
    """Tell what kills and another message behind it, which the next incarnation serves: no back-off, the real log."""
    times = []
    for _ in range(CRASHES):
        served, at = threading.Event(), []

        def note(at: list[int] = at, served: threading.Event = served) -> None:
            at.append(time.perf_counter_ns())
            served.set()

        ours.tell(None)
        ours.tell(note)
        assert served.wait(WAIT_S)
        times.append(at[0] - died[-1])
    return _percentiles(times, 1e6)


def _timed(call: Callable[[], object]) -> int:
    started = time.perf_counter_ns()
    call()
    return time.perf_counter_ns() - started


def _percentiles(nanoseconds: list[int], unit: float) -> dict[str, float]:
    ordered = sorted(nanoseconds)
    return {
        "p50": round(ordered[len(ordered) // 2] / unit, 3),
        "p99": round(ordered[int(len(ordered) * 0.99)] / unit, 3),
    }


if __name__ == "__main__":
    print(json.dumps(measure()))
