"""Jobs are called as functions here: real Postgres behind the database door, fakes at the other edges."""

from __future__ import annotations

import itertools
import time
from typing import TYPE_CHECKING, Any

import psycopg
import pytest

from actors.domain.priority import Priority
from actors.embedded.postgres import EmbeddedPostgres
from actors.messages import Request
from actors.resources.database import Database, DatabaseWorker, Migrate
from tests.jobs.doors import Bench

if TYPE_CHECKING:
    from collections.abc import Iterator

_numbers = itertools.count(1)
_TIMEOUTS = dict.fromkeys(Priority, 10.0)


class _Ignored:
    def settle(self, value: Any) -> None:
        """The worker is called directly; nobody waits."""

    def fail(self, error: BaseException) -> None:
        """The worker is called directly; nobody waits."""


def request(work: Any) -> Request:
    return Request("test", work, Priority.P0, time.monotonic() + 10, 10.0, _Ignored())


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Return the URL of a Postgres of our own, with a migrated database named template."""
    postgres = EmbeddedPostgres(tmp_path_factory.mktemp("jobs"))
    url = postgres.ensure(60).url
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("CREATE DATABASE template")
    database = Database(_named(url, "template"), 1, _TIMEOUTS)
    DatabaseWorker(database).perform(request(Migrate()))
    database.close()
    yield url
    postgres.stop(10)


@pytest.fixture
def bench(server: str) -> Iterator[Bench]:
    """Return a workbench on a fresh database."""
    name = f"test_{next(_numbers)}"
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name} TEMPLATE template STRATEGY file_copy".encode())
    database = Database(_named(server, name), 2, _TIMEOUTS)
    worker = DatabaseWorker(database)
    yield Bench(lambda work: worker.perform(request(work)))
    database.close()
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(f"DROP DATABASE {name} WITH (FORCE)".encode())


def _named(url: str, name: str) -> str:
    return psycopg.conninfo.make_conninfo(url, dbname=name)
