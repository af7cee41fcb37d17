"""Servers for the whole run, and a database, a stage and a clean folder for each test."""

from __future__ import annotations

import itertools
import logging
import os
import shutil
import sys
import tempfile
import threading
from pathlib import Path
from typing import TYPE_CHECKING

import hypothesis
import psycopg
import pytest

from actors.embedded.postgres import EmbeddedPostgres
from actors.embedded.valkey import EmbeddedValkey
from actors.log import LogWriter
from actors.sql.queries import load_migrations
from tests.stage import Stage

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator

_LONGEST = (
    *("acceptance/test_crashpoints_sample.py", "simulation/test_proof.py", "ledger/test_outages.py", "acceptance/"),
    *("ledger/", "simulation/", "resources/", "pages/"),
)
_MEMORY, _SERVERS_NEED = Path("/dev/shm"), 2 * 2**30
_START_S = 60.0
_STOP_S = 10.0
_numbers = itertools.count(1)

# An example that takes long on a busy machine is no failure: no test asserts a time.
hypothesis.settings.register_profile("house", deadline=None)
hypothesis.settings.load_profile("house")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Leave out the soak tests unless the environment variable SOAK asks for them, and let the longest files begin.

    Workers take whole files, so a long one at the end would leave all others idle.
    """
    if not os.environ.get("SOAK"):
        items[:] = [item for item in items if item.get_closest_marker("soak") is None]

    def turn(item: pytest.Item) -> int:
        place = item.path.relative_to(Path(__file__).parent).as_posix()
        return next((number for number, start in enumerate(_LONGEST) if place.startswith(start)), len(_LONGEST))

    items.sort(key=turn)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Escape what was captured: a worker cannot send half a surrogate pair, which some tests log on purpose."""
    report = yield
    report.sections = [(name, text.encode(errors="backslashreplace").decode()) for name, text in report.sections]
    return report


@pytest.fixture
def logging_as_before() -> Iterator[None]:
    """Give levels, writers, warnings and hooks back as they were: all tests of a worker have one logging."""
    root, hooks = logging.getLogger(), (sys.excepthook, threading.excepthook, sys.unraisablehook)
    levels = {logger: logger.level for logger in _loggers()}
    writers = [each for each in root.handlers if isinstance(each, LogWriter)]
    yield
    sys.excepthook, threading.excepthook, sys.unraisablehook = hooks
    logging.captureWarnings(False)
    for logger in _loggers():
        logger.setLevel(levels.get(logger, logging.NOTSET))
    for handler in [each for each in root.handlers if isinstance(each, LogWriter) and each not in writers]:
        root.removeHandler(handler)
        handler.close()


def _loggers() -> list[logging.Logger]:
    named = logging.Logger.manager.loggerDict.values()
    return [logging.getLogger(), *(each for each in named if isinstance(each, logging.Logger))]


@pytest.fixture(scope="session")
def server_folder() -> Iterator[Path]:
    """Yield the folder of the servers that tests share: in memory where the system has room there.

    A database per test is hundreds of files, which a disk takes longest to make and to take away.
    """
    has_room = _MEMORY.is_dir() and shutil.disk_usage(_MEMORY).free > _SERVERS_NEED
    yield from _short_folder(_MEMORY if has_room else None)


@pytest.fixture
def short_folder() -> Iterator[Path]:
    """Yield a folder for servers of the test's own."""
    yield from _short_folder()


@pytest.fixture(scope="session")
def postgres_url(server_folder: Path) -> Iterator[str]:
    """Yield the URL of a Postgres with the migrated template database `template_loop`."""
    server = EmbeddedPostgres(server_folder)
    url = server.ensure(_START_S).url
    with psycopg.connect(url, autocommit=True) as connection:
        # Nobody kills this server.
        connection.execute("ALTER SYSTEM SET fsync = off")
        connection.execute("SELECT pg_reload_conf()")
        connection.execute("CREATE DATABASE template_loop")
    with psycopg.connect(database_of(url, "template_loop")) as connection:
        for _, script in load_migrations():
            connection.execute(script.encode())
    yield url
    server.stop(_STOP_S)


@pytest.fixture
def database_url(postgres_url: str) -> Iterator[str]:
    """Yield the URL of a database of the test's own, with the whole schema and no row."""
    yield from _fresh_database(postgres_url, "template_loop")


@pytest.fixture
def empty_database_url(postgres_url: str) -> Iterator[str]:
    """Yield the URL of a database without any schema."""
    yield from _fresh_database(postgres_url, "template0")


@pytest.fixture(scope="session")
def valkey_url(server_folder: Path) -> Iterator[str]:
    """Yield the URL of a Valkey that tests share; who kills one starts his own."""
    server = EmbeddedValkey(server_folder)
    yield server.ensure(_START_S).url
    server.stop(_STOP_S)


@pytest.fixture
def stage() -> Iterator[Stage]:
    """Yield a stage for fronts and other actors."""
    stage = Stage()
    yield stage
    stage.close()


def database_of(url: str, name: str) -> str:
    """Return the URL of another database on the same server."""
    return url.replace("/postgres?", f"/{name}?")


def _short_folder(place: Path | None = None) -> Iterator[Path]:
    """Yield a folder that anybody may enter, unlike pytest's own, whose path fits a socket's 107 bytes."""
    folder = Path(tempfile.mkdtemp(prefix="sgs-", dir=place))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder)


def _fresh_database(url: str, template: str) -> Iterator[str]:
    name = f"test_{next(_numbers)}"
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name} TEMPLATE {template} STRATEGY file_copy".encode())
        yield database_of(url, name)
        connection.execute(f"DROP DATABASE {name} WITH (FORCE)".encode())
