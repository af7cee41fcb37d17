"""Postgres: one pool of connections behind thread slots; a transaction is the errand."""

from __future__ import annotations

import contextlib
import os
import socket
import threading
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import psycopg
from psycopg.rows import dict_row
from psycopg.types.json import Jsonb
from psycopg_pool import ConnectionPool, PoolClosed, PoolTimeout

from actors.domain.priority import Priority
from actors.errors import AppError, ConflictError, DeadlineError, QueryError, ResourceDiedError, TransientError
from actors.resources.database_trouble import remedy_of
from actors.runtime.resource import Resource
from actors.runtime.slot import Place, ThreadSlot
from actors.sql.contract import contract
from actors.sql.queries import Statement, Transaction, load_migrations, load_queries

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from actors.messages import Request
    from actors.runtime.client import Caller
    from actors.runtime.slot import Slot

_CONNECT_S = 2
"""Longest that one attempt to connect may hang; whole seconds, and the library takes no fewer."""

_CONNECT_WAIT_S = 3.0
"""Longest that an errand waits for a connection: a hung attempt of somebody before it, and one that works."""

_ASK_AGAIN_S = 0.75
_RECONNECT_S = 0.1
_SPARE_S = 60.0
"""Real seconds after which a connection that nobody used is closed."""

Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Migrate:
    """Work: bring the schema up to date and hold it to every query; returns the versions applied.

    Safe to run by two processes at once. A schema that lacks what a query names is refused whole, with that name.
    """


class Database(Resource):
    """The resource: one pool, as large as there are slots, so that nobody waits twice.

    Server-side prepared statements are off and no session state is used, so that a transaction pooler may stand in
    between.
    """

    name = "database"
    probe = Transaction((Statement("ping"),))

    def __init__(self, url: str, connections: int, statement_timeouts: Mapping[Priority, float]) -> None:
        self.statement_timeouts = dict(statement_timeouts)
        self._made: set[int] = set()
        self.trouble: Exception | None = None
        """Why the last attempt to connect failed, or None: the pool tells only how long it tried."""

        self.pool: ConnectionPool[psycopg.Connection[Row]] = ConnectionPool(
            url,
            connection_class=self._reporting_connection(),
            min_size=1,
            max_size=connections,
            open=False,
            timeout=_CONNECT_WAIT_S,
            max_idle=_SPARE_S,
            # The pool gives up soon, so that its own growing back-off never delays what comes after an outage: how
            # long a broken server is left alone is the breaker's business.
            reconnect_timeout=_RECONNECT_S,
            num_workers=2,
            kwargs={
                "row_factory": dict_row,
                "prepare_threshold": None,
                "connect_timeout": _CONNECT_S,
                "application_name": "supervisor",
            },
        )
        self.pool.open(wait=False)

    def _reporting_connection(self) -> type[psycopg.Connection[Row]]:
        database = self

        class Reporting(psycopg.Connection[Row]):
            @classmethod
            def connect(cls, *args: Any, **kwargs: Any) -> Any:
                try:
                    connection = super().connect(*args, **kwargs)
                except psycopg.Error as error:
                    database.trouble = error
                    raise
                database.trouble = None
                return connection

        return Reporting

    def make_slot(self, place: Place) -> Slot:
        """Return a slot with a thread of its own; it takes a connection only while it works.

        One that replaces another follows an errand that hung. If its line fell silent, the spare ones did as well, and
        each would cost an errand its whole deadline; made anew they cost milliseconds.
        """
        if place.index in self._made:
            self.reset()
        self._made.add(place.index)
        return ThreadSlot(place, DatabaseWorker(self))

    def reset(self) -> None:
        """Replace every pooled connection: the server behind them was restarted."""
        with contextlib.suppress(PoolClosed):
            self.pool.drain()

    def close(self) -> None:
        """Close the pool."""
        self.pool.close(timeout=2.0)


class DatabaseWorker:
    """Runs transactions in one slot's thread."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._lock = threading.Lock()
        self._connection: psycopg.Connection[Row] | None = None
        self._is_destroyed = False

    def perform(self, request: Request) -> list[list[Row]] | list[str]:
        """Commit the transaction and return the rows of each statement, or raise and leave nothing of it."""
        try:
            connection = self._ready_connection(time.monotonic() + min(_CONNECT_WAIT_S, request.limit_s))
        except (PoolTimeout, PoolClosed, psycopg.Error) as error:
            # On one line: libpq puts a question of its own below its answer.
            reason = " ".join(str(self._database.trouble or error).split())
            raise ResourceDiedError(f"no connection to Postgres: {reason}", remedy_of(reason)) from error
        try:
            with self._lock:
                if self._is_destroyed:
                    raise DeadlineError("the deadline passed before the transaction began")
                self._connection = connection
            with connection.transaction():
                timeout = self._database.statement_timeouts[request.priority]
                # Local to the transaction, because behind a pooler the next one may run on another session.
                connection.execute(f"SET LOCAL statement_timeout = {int(timeout * 1000)}; SET LOCAL timezone = 'UTC'")
                if isinstance(request.work, Migrate):
                    return migrate(connection)
                return [_execute(connection, statement) for statement in request.work.statements]
        except psycopg.Error as error:
            if connection.broken:
                # Its neighbours most likely broke with it.
                self._database.reset()
            raise translate(error) from error
        finally:
            with self._lock:
                self._connection = None
                if self._is_destroyed:
                    connection.close()
            with contextlib.suppress(PoolClosed, psycopg.Error):
                self._database.pool.putconn(connection)

    def _ready_connection(self, until: float) -> psycopg.Connection[Row]:
        # A pool that gave up connecting connects again for who asks next, not for who waits already.
        while True:
            left = until - time.monotonic()
            try:
                return self._database.pool.getconn(timeout=min(left, _ASK_AGAIN_S))
            except PoolTimeout:
                if left <= _ASK_AGAIN_S or self._is_destroyed:
                    raise

    def destroy(self) -> None:
        """Cancel on the server, then cut the socket: a frozen server ignores the cancel."""
        # The lock is held to the end, so that the connection cannot be somebody else's by the time it is cut.
        with self._lock:
            self._is_destroyed = True
            connection = self._connection
            if connection is None:
                return
            with contextlib.suppress(psycopg.Error, OSError):
                connection.cancel_safe(timeout=1.0)
            with contextlib.suppress(psycopg.Error, OSError), socket.socket(fileno=os.dup(connection.fileno())) as cut:
                cut.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        """Nothing is held between transactions."""


def _execute(connection: psycopg.Connection[Row], statement: Statement) -> list[Row]:
    query = load_queries().get(statement.query)
    if query is None:
        raise QueryError(f"there is no query named {statement.query!r}", "see actors/sql/*.sql")
    params = {name: Jsonb(v) if isinstance(v, dict | list) else v for name, v in statement.params.items()}
    cursor = connection.execute(query.encode(), params)
    rows = cursor.fetchall() if cursor.description is not None else []
    count = len(rows) if cursor.description is not None else cursor.rowcount
    if statement.expect is not None and count != statement.expect:
        raise ConflictError(f"{statement.query} touched {count} rows where {statement.expect} were expected")
    return rows


def migrate(connection: psycopg.Connection[Row]) -> list[str]:
    """Bring the schema up to date within the open transaction; see `Migrate`."""
    connection.execute("SELECT pg_advisory_xact_lock(hashtext('schema_migrations'))")
    connection.execute(
        "CREATE TABLE IF NOT EXISTS schema_migrations (version text PRIMARY KEY, applied_at timestamptz DEFAULT now())"
    )
    done = {row["version"] for row in connection.execute("SELECT version FROM schema_migrations")}
    applied = []
    for version, script in load_migrations():
        if version not in done:
            connection.execute(script.encode())
            connection.execute("INSERT INTO schema_migrations (version) VALUES (%s)", (version,))
            applied.append(version)
    for name, script in contract():
        try:
            connection.execute(script.encode())
        except psycopg.ProgrammingError as error:
            hint = "the schema was changed by hand, or is of another release: restore what is missing"
            raise QueryError(f"the schema does not fit the query {name}: {error}", hint) from error
    return applied


def translate(error: psycopg.Error) -> AppError:
    """Return our word for psycopg's error; the branch decides about another attempt."""
    match error:
        case psycopg.errors.QueryCanceled() | psycopg.errors.SerializationFailure() | psycopg.errors.DeadlockDetected():
            return TransientError(f"Postgres cancelled the transaction: {error}")
        case psycopg.IntegrityError():
            return ConflictError(f"Postgres refused a row: {error}")
        case psycopg.OperationalError() | psycopg.InterfaceError():
            return ResourceDiedError(f"Postgres broke off: {error}")
        case _:
            return QueryError(f"Postgres rejected a statement: {type(error).__name__}: {error}")


@dataclass(frozen=True, slots=True)
class DatabaseClient:
    """What a job holds of the database: named queries, each call one committed transaction."""

    caller: Caller
    limit_s: float

    def transact(self, statements: Sequence[Statement]) -> list[list[Row]]:
        """Commit all statements together; return the rows of each.

        Raises:
            ConflictError: a constraint or an expected row count stood against it; nothing was written.
            QueryError: a statement is wrong. TransientError: the server or the connection was in trouble.
        """
        result: list[list[Row]] = self.caller.call(Transaction(tuple(statements)), self.limit_s)
        return result

    def all(self, query: str, **params: Any) -> list[Row]:
        """Return all rows of one named query."""
        return self.transact([Statement(query, params)])[0]

    def one(self, query: str, **params: Any) -> Row | None:
        """Return the first row of one named query, or None."""
        rows = self.all(query, **params)
        return rows[0] if rows else None

    def run(self, query: str, *, expect: int | None = None, **params: Any) -> None:
        """Execute one named query, insisting on the number of rows it touches if `expect` is given."""
        self.transact([Statement(query, params, expect)])

    def migrate(self) -> list[str]:
        """Bring the schema up to date; return the versions applied."""
        versions: list[str] = self.caller.call(Migrate(), max(self.limit_s, 60.0))
        return versions
