"""The embedded Postgres, for real: created, found again, killed, stopped."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
from typing import TYPE_CHECKING

import psutil
import psycopg
import pytest

from actors.embedded import identity as identity_module
from actors.embedded import programs as programs_module
from actors.embedded.deadline import Deadline
from actors.embedded.postgres import EmbeddedPostgres
from actors.errors import ConfigError, ResourceDiedError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

TIMEOUT = 60
ENSURE_AND_DIE = """
import os, signal, sys
from pathlib import Path
from actors.embedded.deadline import Deadline
from actors.embedded.postgres import EmbeddedPostgres
EmbeddedPostgres(Path(sys.argv[1])).ensure(60)
os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.fixture
def data(short_folder: Path) -> Iterator[Path]:
    yield short_folder
    EmbeddedPostgres(short_folder).stop(10)


def processes_in(folder: Path) -> list[psutil.Process]:
    found = []
    for process in psutil.process_iter():
        try:
            if process.cwd().startswith(str(folder)):
                found.append(process)
        except psutil.Error:
            continue
    return found


def write_row(url: str) -> None:
    with psycopg.connect(url) as connection:
        connection.execute("CREATE TABLE IF NOT EXISTS kept (id int)")
        connection.execute("INSERT INTO kept VALUES (1)")


def count_rows(url: str) -> int:
    with psycopg.connect(url) as connection:
        row = connection.execute("SELECT count(*) FROM kept").fetchone()
        assert row is not None
        return int(row[0])


def test_a_fresh_folder_becomes_a_durable_utf8_cluster_that_says_what_takes_time(data: Path) -> None:
    said: list[str] = []

    endpoint = EmbeddedPostgres(data, said.append).ensure(TIMEOUT)

    assert said == ["Creating the database cluster", "Starting Postgres"]
    with psycopg.connect(endpoint.url) as connection:
        settings = connection.execute(
            "SELECT current_setting('fsync'), current_setting('server_encoding'), current_setting('TimeZone'),"
            " current_setting('listen_addresses'), current_setting('dynamic_shared_memory_type'), lower('Ä')"
        ).fetchone()
    assert settings == ("on", "UTF8", "UTC", "", "mmap", "ä")


def test_a_running_postgres_is_found_and_not_started_again(data: Path) -> None:
    first = EmbeddedPostgres(data).ensure(TIMEOUT)

    second = EmbeddedPostgres(data).ensure(TIMEOUT)

    assert second.was_running
    assert (second.url, second.pid) == (first.url, first.pid)


def test_postgres_outlives_a_killed_launcher_and_is_found_again(data: Path) -> None:
    done = subprocess.run((sys.executable, "-c", ENSURE_AND_DIE, str(data)), check=False, timeout=TIMEOUT)
    assert done.returncode == -signal.SIGKILL

    endpoint = EmbeddedPostgres(data).ensure(TIMEOUT)

    assert endpoint.was_running
    write_row(endpoint.url)


def test_a_killed_postgres_comes_back_with_its_rows(data: Path) -> None:
    server = EmbeddedPostgres(data)
    for kills in range(1, 4):
        before = server.ensure(TIMEOUT)
        write_row(before.url)
        os.kill(before.pid, signal.SIGKILL)
        assert Deadline(10).wait_until(lambda: not server.is_alive())

        after = server.ensure(TIMEOUT)

        assert not after.was_running
        assert after.url == before.url
        assert count_rows(after.url) == kills


def test_stop_leaves_no_process(data: Path) -> None:
    server = EmbeddedPostgres(data)
    server.ensure(TIMEOUT)
    assert processes_in(data)

    server.stop(10)

    assert processes_in(data) == []


def test_stop_rolls_an_open_transaction_back_instead_of_waiting_for_it(data: Path) -> None:
    server = EmbeddedPostgres(data)
    url = server.ensure(TIMEOUT).url
    write_row(url)
    with psycopg.connect(url) as connection:
        connection.execute("INSERT INTO kept VALUES (2)")
        server.stop(10)

        with pytest.raises(psycopg.OperationalError):
            connection.commit()

    assert count_rows(server.ensure(TIMEOUT).url) == 1


def test_a_cluster_left_half_made_is_made_anew(data: Path) -> None:
    unfinished = data / "postgres" / "cluster-half"
    unfinished.mkdir(parents=True)
    (unfinished / "PG_VERSION").write_text("18\n")

    EmbeddedPostgres(data).ensure(TIMEOUT)

    assert not unfinished.exists()


def test_a_pid_file_that_names_a_stranger_does_not_keep_postgres_down(data: Path) -> None:
    server = EmbeddedPostgres(data)
    server.ensure(TIMEOUT)
    server.stop(10)
    (data / "postgres" / "cluster" / "postmaster.pid").write_text(f"{os.getppid()}\n{data}\n")

    assert not server.ensure(TIMEOUT).was_running


def test_a_postgres_that_somebody_runs_by_hand_on_the_cluster_is_left_alone(data: Path) -> None:
    server = EmbeddedPostgres(data)
    server.ensure(TIMEOUT)
    server.stop(10)
    cluster = data / "postgres" / "cluster"
    with subprocess.Popen(("sleep", "60"), cwd=cluster) as by_hand:
        (cluster / "postmaster.pid").write_text(f"{by_hand.pid}\n")

        with pytest.raises(ResourceDiedError, match="started by hand"):
            server.ensure(TIMEOUT)
        by_hand.kill()

    assert (cluster / "postmaster.pid").exists()


def test_a_long_path_gets_its_socket_in_a_short_one(short_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    data = short_folder / ("x" * 100)
    server = EmbeddedPostgres(data)
    # As `run` does for the driver and the browser.
    (data / "tmp").mkdir(parents=True)
    monkeypatch.setattr(tempfile, "tempdir", str(data / "tmp"))

    try:
        endpoint = server.ensure(TIMEOUT)
        write_row(endpoint.url)
    finally:
        server.stop(10)


def test_a_cluster_of_another_version_is_refused_by_name(data: Path) -> None:
    cluster = data / "postgres" / "cluster"
    cluster.mkdir(parents=True)
    (cluster / "PG_VERSION").write_text("9\n")

    with pytest.raises(ConfigError, match="made by Postgres 9, and here is only"):
        EmbeddedPostgres(data).ensure(TIMEOUT)


def test_without_the_wheel_the_systems_postgres_serves(monkeypatch: pytest.MonkeyPatch, data: Path) -> None:
    monkeypatch.setattr(programs_module, "_package_folders", lambda _: [])
    try:
        programs_module.find_postgres(data)
    except ConfigError:
        pytest.skip("no Postgres on this system")

    write_row(EmbeddedPostgres(data).ensure(TIMEOUT).url)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root must become somebody else")
def test_root_in_a_closed_folder_runs_postgres_in_a_user_namespace(data: Path) -> None:
    data.chmod(0o700)

    endpoint = EmbeddedPostgres(data).ensure(TIMEOUT)

    write_row(endpoint.url)
    assert (data / "postgres" / "cluster").stat().st_uid == 0
    assert data.stat().st_mode & 0o777 == 0o700


@pytest.mark.skipif(os.geteuid() != 0, reason="only root must become somebody else")
def test_root_without_any_way_is_told_what_to_do(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    data.chmod(0o700)
    monkeypatch.setattr(identity_module, "UNSHARE", ("false",))

    with pytest.raises(ConfigError, match=r"refuses to run as root.*ordinary user"):
        EmbeddedPostgres(data).ensure(TIMEOUT)
