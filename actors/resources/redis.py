"""Redis: one blocking pool behind thread slots; a command is the errand. Never the only home of a truth."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from actors.errors import QueryError, ResourceDiedError
from actors.messages import RedisCommand
from actors.runtime.slot import Place, ThreadSlot

if TYPE_CHECKING:
    from redis.connection import Connection

    from actors.messages import Request
    from actors.runtime.client import Caller
    from actors.runtime.slot import Slot


def open_pool(url: str, size: int, timeout_s: float) -> redis.BlockingConnectionPool:
    """Return the process's one pool; times in real seconds. Retries are off: they live in the run."""
    return redis.BlockingConnectionPool.from_url(
        url,
        max_connections=size,
        timeout=timeout_s,
        socket_timeout=timeout_s,
        socket_connect_timeout=timeout_s,
        retry=Retry(NoBackoff(), 0),
        decode_responses=True,
    )


class Redis:
    """The resource: the slots' share of the pool."""

    name = "redis"
    probe = RedisCommand(("PING",))

    def __init__(self, pool: redis.BlockingConnectionPool) -> None:
        self.pool = pool

    def make_slot(self, place: Place) -> Slot:
        """Return a slot with a thread of its own."""
        return ThreadSlot(place, RedisWorker(self.pool))

    def reset(self) -> None:
        """Close idle connections: the server behind them was restarted."""
        self.pool.disconnect(inuse_connections=False)

    def idle(self, since: float) -> None:
        """Keep the pool: an idle connection costs nothing worth saving."""

    def abandon(self) -> None:
        """No connection lives on the loop."""

    def close(self) -> None:
        """Close the pool's connections."""
        self.pool.disconnect()


class RedisWorker:
    """Runs commands in one slot's thread, each on a connection that the pool has just found to be alive."""

    def __init__(self, pool: redis.BlockingConnectionPool) -> None:
        self._pool = pool
        self._connection: Connection | None = None

    def perform(self, request: Request) -> Any:
        """Return the command's answer. After any trouble the connection is cut: its answer may still come."""
        command: RedisCommand = request.work
        try:
            connection = self._connection = self._pool.get_connection()
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
            self._connection = None
            self._pool.release(connection)

    def destroy(self) -> None:
        """Cut the connection under the command."""
        connection = self._connection
        if connection is not None:
            connection.disconnect()

    def close(self) -> None:
        """Nothing is held between commands."""


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
