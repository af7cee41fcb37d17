"""A front against its peers: 46 clients on three slots, one of them kept for P0, each errand a wait of 2 ms.

The peers, all with the same clients and the same rule (P0 before the others, who get two of the three slots): a bare
heap that hands a slot directly to the waiter's event, below which no arbitration between threads can be; an actor of
plain Pykka that keeps that heap and does nothing else, and the same where the slots are actors too and do the work, as
ours do, so that it can be destroyed under its asker; and two store-backed locks, as distributed engines have them: a
lease in a row of Postgres, taken by `FOR UPDATE SKIP LOCKED`, and redis-py's lock, both polled. The last two know no
order: all they can do for P0 is to keep it a slot. Everybody but the stores' servers shares one core, the contestants
take turns in each round, and ratios are medians over the rounds of what was measured side by side.
"""

from __future__ import annotations

import heapq
import itertools
import json
import os
import random
import statistics
import tempfile
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import psutil
import psycopg
import pykka
import redis

from actors.domain.arbiter import Arbiter, Grant
from actors.domain.breaker import Breaker
from actors.domain.priority import Band, Priority
from actors.domain.waiting import Ticket
from actors.embedded.postgres import EmbeddedPostgres
from actors.embedded.valkey import EmbeddedValkey
from actors.messages import Request
from actors.runtime.address import Address
from actors.runtime.cell import Cell, Incarnation
from actors.runtime.front import Front, FrontPolicy
from actors.runtime.reply import WaitingReply
from actors.runtime.resource import Resource
from actors.runtime.slot import ThreadSlot

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from actors.runtime.slot import Place, Slot

SIZE, RESERVED = 3, 1
CLIENTS = [Priority.P0] * 4 + [Priority.P1] * 14 + [Priority.P2] * 14 + [Priority.P3] * 14
HOLD_S, POLL_S, WAIT_S = 0.002, 0.02, 60.0
PAUSE_S = (0.002, 0.014)
"""Between P0's errands; the others pause never, so that somebody waits always."""
ROUNDS, ASKS, STORE_ASKS = 5, 150, 30
"""Of P0's clients each, in a round; a store's waits are so long that fewer have to do."""
GROWTH, EVENTS = (100, 1_000, 10_000, 100_000), 4_000

_never = threading.Event()


class Contestant(Protocol):
    """What gives slots."""

    name: str
    servers: list[psutil.Process]
    """Whose processor time counts as well."""

    def do(self, client: int, work: Callable[[], None]) -> None:
        """Do the work in a slot, and return when it is done."""


@dataclass(slots=True)
class Line:
    """The rule and nothing else: who comes first gets the slot, P0 before the others, who never get the last."""

    free: int = SIZE
    others: int = 0
    heap: list[tuple[Priority, int, Any]] = field(default_factory=list)
    numbers: Iterator[int] = field(default_factory=itertools.count)

    def take(self, priority: Priority, waiter: Any) -> bool:
        """Return True if a slot is there, otherwise remember the waiter."""
        if self._enter(priority):
            return True
        heapq.heappush(self.heap, (priority, next(self.numbers), waiter))
        return False

    def give(self, priority: Priority) -> Any:
        """Return the waiter who has the slot now, if any."""
        self.free += 1
        self.others -= priority is not Priority.P0
        return heapq.heappop(self.heap)[2] if self.heap and self._enter(self.heap[0][0]) else None

    def _enter(self, priority: Priority) -> bool:
        if not self.free or (priority is not Priority.P0 and self.others >= SIZE - RESERVED):
            return False
        self.free -= 1
        self.others += priority is not Priority.P0
        return True


class BareHeap:
    """A lock, a heap, and an event for each who waits."""

    name = "bare heap"
    servers: list[psutil.Process] = []  # noqa: RUF012 - it has none

    def __init__(self) -> None:
        self._lock, self._line = threading.Lock(), Line()

    def do(self, client: int, work: Callable[[], None]) -> None:
        """Work in the client's own thread."""
        priority, mine = CLIENTS[client], threading.Event()
        with self._lock:
            has_slot = self._line.take(priority, mine)
        if not has_slot:
            assert mine.wait(WAIT_S)
        work()
        with self._lock:
            next_one = self._line.give(priority)
        if next_one is not None:
            next_one.set()


class Granting(pykka.ThreadingActor):
    """Keeps the line, and answers by the future that comes with the question."""

    use_daemon_thread = True

    def __init__(self) -> None:
        super().__init__()
        self._line = Line()

    def on_receive(self, message: Any) -> None:
        """Take a slot, or give one back."""
        priority, future = message
        if future is None:
            future = self._line.give(priority)
        elif not self._line.take(priority, future):
            return
        if future is not None:
            future.set(None)


class PlainPykka:
    """An actor of plain Pykka."""

    name = "plain Pykka"
    servers: list[psutil.Process] = []  # noqa: RUF012 - it has none

    def __init__(self) -> None:
        self._actor = Granting.start()

    def do(self, client: int, work: Callable[[], None]) -> None:
        """Work in the client's own thread."""
        future: pykka.ThreadingFuture[None] = pykka.ThreadingFuture()
        self._actor.tell((CLIENTS[client], future))
        future.get(timeout=WAIT_S)
        work()
        self._actor.tell((CLIENTS[client], None))


class Working(pykka.ThreadingActor):
    """A slot: does what it is given, answers its asker, and tells that it is free."""

    use_daemon_thread = True

    def on_receive(self, message: Any) -> None:
        """Work."""
        front, priority, work, future = message
        work()
        future.set(None)
        front.tell((priority, None, self.actor_ref))


class Giving(pykka.ThreadingActor):
    """Keeps the line, and gives the work on to a free slot."""

    use_daemon_thread = True

    def __init__(self) -> None:
        super().__init__()
        self._line, self._free = Line(), [Working.start() for _ in range(SIZE)]

    def on_receive(self, message: Any) -> None:
        """Take work, or a slot that is free again."""
        priority, asked, slot = message
        if slot is None:
            given = asked if self._line.take(priority, asked) else None
        else:
            self._free.append(slot)
            given = self._line.give(priority)
        if given is not None:
            self._free.pop().tell((self.actor_ref, *given))


class PykkaSlots:
    """Plain Pykka with slots that work."""

    name = "plain Pykka with slots"
    servers: list[psutil.Process] = []  # noqa: RUF012 - it has none

    def __init__(self) -> None:
        self._actor = Giving.start()

    def do(self, client: int, work: Callable[[], None]) -> None:
        """Work in the slot's thread."""
        future: pykka.ThreadingFuture[None] = pykka.ThreadingFuture()
        priority = CLIENTS[client]
        self._actor.tell((priority, (priority, work, future), None))
        future.get(timeout=WAIT_S)


class _Worker:
    def perform(self, request: Request) -> None:
        request.work()

    def destroy(self) -> None:
        """Nothing hangs."""

    def close(self) -> None:
        """Nothing is held."""


class _Nothing(Resource):
    name, probe = "nothing", None

    def make_slot(self, place: Place) -> Slot:
        return ThreadSlot(place, _Worker())


class Ours:
    """The real front with real slots, asked as a client asks it."""

    name = "ours"
    servers: list[psutil.Process] = []  # noqa: RUF012 - it has none

    def __init__(self) -> None:
        self._front, self._numbers = Address("nothing"), itertools.count()
        life = Incarnation(self._front.mailbox.next_generation())
        policy, board = FrontPolicy(SIZE, RESERVED, len(CLIENTS)), Address("board")
        Cell.start(self._front, lambda context: Front(context, _Nothing, policy, board), life, lambda _: None)
        assert life.ready.wait(WAIT_S)

    def do(self, client: int, work: Callable[[], None]) -> None:
        """Work in the slot's thread."""
        priority, reply, start_by = CLIENTS[client], WaitingReply(), time.monotonic() + WAIT_S
        name = f"{client}/{next(self._numbers)}"
        self._front.tell(Request(name, work, priority, start_by, WAIT_S, reply), Band.of(priority))
        reply.wait(2 * WAIT_S)


class PostgresLease:
    """A row for each slot, and a connection for each client; what a crash may lose is not waited for."""

    name = "Postgres lease"
    _TAKE = """
        UPDATE slot SET until = now() + interval '60 s' WHERE id = (
            SELECT id FROM slot WHERE until < now() AND (%s OR NOT is_reserved)
            ORDER BY is_reserved DESC LIMIT 1 FOR UPDATE SKIP LOCKED
        ) RETURNING id"""

    def __init__(self, url: str, pid: int) -> None:
        self.servers = [psutil.Process(pid)]
        self._connections = [psycopg.connect(url, autocommit=True) for _ in CLIENTS]
        for connection in self._connections:
            connection.execute("SET synchronous_commit = off")
        first = self._connections[0]
        first.execute("CREATE UNLOGGED TABLE slot (id int PRIMARY KEY, is_reserved bool, until timestamptz)")
        for number in range(SIZE):
            first.execute("INSERT INTO slot VALUES (%s, %s, '-infinity')", (number, number < RESERVED))

    def do(self, client: int, work: Callable[[], None]) -> None:
        """Work in the client's own thread."""
        connection, is_p0 = self._connections[client], CLIENTS[client] is Priority.P0
        while (row := connection.execute(self._TAKE, (is_p0,)).fetchone()) is None:
            _never.wait(POLL_S)
        work()
        connection.execute("UPDATE slot SET until = '-infinity' WHERE id = %s", row)


class RedisLock:
    """A key for each slot; a client tries those that it may have one after the other."""

    name = "Redis lock"

    def __init__(self, url: str, pid: int) -> None:
        self.servers = [psutil.Process(pid)]
        self._clients = [redis.Redis.from_url(url) for _ in CLIENTS]

    def do(self, client: int, work: Callable[[], None]) -> None:
        """Work in the client's own thread."""
        first = 0 if CLIENTS[client] is Priority.P0 else RESERVED
        locks = [self._clients[client].lock(f"slot:{slot}", timeout=WAIT_S) for slot in range(first, SIZE)]
        while (lock := next((lock for lock in locks if lock.acquire(blocking=False)), None)) is None:
            _never.wait(POLL_S)
        work()
        lock.release()


def measure() -> dict[str, Any]:
    """Return P0's waits and the processor time of a grant, by contestant, and the arbiter's cost by who waits."""
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        postgres, valkey = EmbeddedPostgres(Path(folder)), EmbeddedValkey(Path(folder))
        try:
            rows, keys = postgres.ensure(WAIT_S), valkey.ensure(WAIT_S)
            if hasattr(os, "sched_setaffinity"):
                os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
            stores = [PostgresLease(rows.url, rows.pid), RedisLock(keys.url, keys.pid)]
            return {"clients": compare([BareHeap(), PlainPykka(), PykkaSlots(), Ours(), *stores]), "event_us": growth()}
        finally:
            valkey.stop(WAIT_S)
            postgres.stop(WAIT_S)


def compare(contestants: list[Contestant]) -> dict[str, dict[str, float]]:
    """Let each play each round; the first warms up."""
    rounds = [{each.name: play(each, number) for each in contestants} for number in range(ROUNDS + 1)][1:]
    results = {}
    for each in contestants:
        mine = [played[each.name] for played in rounds]
        found = {name: statistics.median(one[name] for one in mine) for name in mine[0]}
        for part, peer in (("p50_us", "bare heap"), ("p99_us", "bare heap"), ("cpu_us", "plain Pykka")):
            ratios = (played[each.name][part] / played[peer][part] for played in rounds)
            found[f"{part[:3]}_ratio"] = statistics.median(ratios)
        results[each.name] = {name: round(value, 2) for name, value in found.items()}
    return results


def play(contestant: Contestant, number: int) -> dict[str, float]:
    """Let all clients work until each of P0 has had its errands; return microseconds."""
    waits: list[int] = []
    grants: list[None] = []
    over = threading.Event()

    def ask(client: int) -> None:
        asked = time.perf_counter_ns()

        def work() -> None:
            began = time.perf_counter_ns()
            _never.wait(HOLD_S)
            grants.append(None)
            if CLIENTS[client] is Priority.P0:
                waits.append(began - asked)

        contestant.do(client, work)

    def live(client: int) -> None:
        chance = random.Random(f"{number}/{client}")
        if CLIENTS[client] is Priority.P0:
            for _ in range(STORE_ASKS if contestant.servers else ASKS):
                _never.wait(chance.uniform(*PAUSE_S))
                ask(client)
        else:
            while not over.is_set():
                ask(client)

    threads = [threading.Thread(target=live, args=(client,), daemon=True) for client in range(len(CLIENTS))]
    before = processor_s(contestant)
    for thread in threads:
        thread.start()
    for client, thread in enumerate(threads):
        if CLIENTS[client] is not Priority.P0:
            over.set()
        thread.join(WAIT_S)
        assert not thread.is_alive()
    spent = processor_s(contestant) - before
    waits.sort()
    p50, p99 = waits[len(waits) // 2], waits[int(len(waits) * 0.99)]
    return {"p50_us": p50 / 1e3, "p99_us": p99 / 1e3, "cpu_us": spent / len(grants) * 1e6}


def processor_s(contestant: Contestant) -> float:
    """Return the processor time of this process and of the contestant's servers."""
    found = time.process_time()
    for server in contestant.servers:
        for process in (server, *server.children(recursive=True)):
            times = process.cpu_times()
            found += times.user + times.system
    return found


def growth() -> dict[str, float]:
    """Return the microseconds of an errand's events in the arbiter, by how many wait: one ends, one starts, one comes.

    A tenth of those who come expire before they start, so that the heaps have gone ones to clear away.
    """
    results = {}
    for waiting in GROWTH:
        chance = random.Random(waiting)
        machine = Arbiter(SIZE, RESERVED, 2 * waiting, Breaker(5, 2.0, 60.0))

        def come(number: int, now: float, machine: Arbiter = machine, chance: random.Random = chance) -> list[Any]:
            priority = Priority(chance.randint(1, 3))
            start_by = now + (1.0 if chance.random() < 0.1 else 1e6)
            ticket = Ticket(f"r{number}", priority, start_by, 1e6, "", now, 0.0, chance.uniform(1, 1e4))
            return machine.arrived(ticket, now)

        slots = [action.slot for n in range(waiting) for action in come(n, 0.0) if isinstance(action, Grant)]
        started = time.process_time()
        for number in range(EVENTS):
            now = number / 100
            slot = slots.pop(0)
            done = machine.settled(slot, now, infrastructure_failed=False, answered=True)
            done += come(waiting + number, now)
            slots += [action.slot for action in done if isinstance(action, Grant)]
            machine.next_wake()
        results[str(waiting)] = round((time.process_time() - started) / EVENTS * 1e6, 1)
    return results


if __name__ == "__main__":
    print(json.dumps(measure()))
