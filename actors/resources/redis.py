"""Redis: thread slots with a connection each; a command is the errand. Never the only home of a truth."""

from __future__ import annotations

import contextlib
import socket
import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from actors.errors import QueryError, ResourceDiedError
from actors.messages import RedisCommand
from actors.runtime.resource import Resource
from actors.runtime.slot import Place, ThreadSlot

if TYPE_CHECKING:
    from redis.connection import Connection

    from actors.messages import Request
    from actors.runtime.client import Caller
    from actors.runtime.slot import Slot


def open_pool(
    url: str, size: int, timeout_s: float, *, decode: bool = True, **options: Any
) -> redis.BlockingConnectionPool:
    """Return a pool; times in real seconds. Retries are off: they live in the run. `options` are the connections'.

    `decode`: whether answers are texts; one that is no UTF-8 breaks the connection then.
    """
    return redis.BlockingConnectionPool.from_url(
        url,
        max_connections=size,
        timeout=timeout_s,
        socket_timeout=timeout_s,
        socket_connect_timeout=timeout_s,
        retry=Retry(NoBackoff(), 0),
        decode_responses=decode,
        **options,
    )


class Redis(Resource):
    """The resource: slots with one connection each."""

    name = "redis"
    probe = RedisCommand(("PING",))

    def __init__(self, url: str, timeout_s: float) -> None:
        self._url, self._timeout_s = url, timeout_s
        self._workers: dict[int, RedisWorker] = {}

    def make_slot(self, place: Place) -> Slot:
        """Return a slot with a thread of its own."""
        worker = self._workers[place.index] = RedisWorker(self._url, self._timeout_s)
        return ThreadSlot(place, worker)

    def close(self) -> None:
        """Cut the commands that still run; each slot lets go of its own connection at its end."""
        for worker in self._workers.values():
            worker.destroy()


class RedisWorker:
    """Runs commands in one slot's thread, each on a connection that its pool has just found to be alive.

    The pool is the slot's own and holds one connection, so that a place in it cannot be kept from a slot by another's
    thread that hangs while it connects. Only the slot's thread closes the connection, others shut it down: a thread
    whose socket is closed under it may go on to wait for whatever gets that number next.
    """

    def __init__(self, url: str, timeout_s: float) -> None:
        self._pool = open_pool(url, 1, timeout_s, redis_connect_func=self._greet)
        self._lock = threading.Lock()
        self._line: socket.socket | None = None
        """The connection's socket under a number of its own, which stays ours until `close`."""

        self._is_destroyed = False

    def perform(self, request: Request) -> Any:
        """Return the command's answer. After any trouble the connection is cut: its answer may still come."""
        command: RedisCommand = request.work
        try:
            connection = self._pool.get_connection()
        except (redis.RedisError, OSError) as error:
            raise _died(error) from error
        try:
            connection.send_command(*command.words)
            return connection.read_response()
        except redis.ResponseError as error:
            raise QueryError(f"Redis rejected {command.words[0]!r}: {error}") from error
        except BaseException as error:
            connection.disconnect()
            if isinstance(error, redis.RedisError | OSError):
                raise _died(error) from error
            raise
        finally:
            self._pool.release(connection)

    def destroy(self) -> None:
        """Cut the connection under the command, or under the handshake; one that comes up later is not used."""
        with self._lock:
            self._is_destroyed = True
            if self._line is not None:
                # It may be down already.
                with contextlib.suppress(OSError):
                    self._line.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        """Close the connection."""
        self._pool.disconnect()
        with self._lock:
            self._hold(None)

    def _greet(self, connection: Connection) -> None:
        # The first moment at which there is a socket, for which the library has no public name.
        made = connection._get_socket()  # noqa: SLF001
        with self._lock:
            if self._is_destroyed or made is None:
                raise redis.ConnectionError("the deadline passed while the connection was made")
            self._hold(socket.fromfd(made.fileno(), made.family, made.type))
        connection.on_connect()

    def _hold(self, line: socket.socket | None) -> None:
        if self._line is not None:
            self._line.close()
        self._line = line


def _died(error: Exception) -> ResourceDiedError:
    return ResourceDiedError(f"Redis broke off: {error}", "is it running, is REDIS_URL right?")


@dataclass(frozen=True, slots=True)
class RedisClient:
    """What a job holds of Redis. What it stores there may vanish."""

    caller: Caller
    limit_s: float

    def run(self, *words: str | float | bytes) -> Any:
        """Execute one command and return its answer.

        Raises:
            ResourceDiedError: the server is away. QueryError: the command is wrong.
        """
        return self.caller.call(RedisCommand(words), self.limit_s)
