"""One server as a child process: started once, found again, waited for, stopped."""

from __future__ import annotations

import logging
import os
import shutil
import signal
import subprocess
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import psutil

from actors.embedded.deadline import Deadline
from actors.embedded.identity import becoming
from actors.embedded.lock import ServerLock, write_url
from actors.errors import DeadlineError, ResourceDiedError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

logger = logging.getLogger(__name__)

# Children belong to this process and not to an object: whichever looks next reaps them.
_children: dict[int, subprocess.Popen[bytes]] = {}

FOLDER_MODE = 0o711  # Postgres, when it runs as another user, passes through and need not read
LOG_MODE = 0o600
LEFTOVER_SECONDS = 1.0
KILL_SECONDS = 5.0
LOG_LIMIT_BYTES = 5_000_000
LAST_LINE_BYTES = 500
# The shell notes its own pid in the lock file, which is its standard input, and then becomes the server.
NOTE_PID_AND_BECOME = 'echo "$$" >&0; exec "$@"'


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where a server that runs now is reached."""

    url: str
    pid: int
    was_running: bool


@dataclass(frozen=True, slots=True)
class Launch:
    """How to start one server.

    Args:
        argv: the command; it must stay in the foreground.
        url: how its clients reach it, unless the server itself announces another; remembered in the lock file.
        user: for root only: the uid to become.
        environment: variables beside the minimal ones. The supervisor's own are never passed on.
    """

    argv: tuple[str, ...]
    url: str
    user: int | None = None
    environment: Mapping[str, str] = field(default_factory=dict)


class ServerProcess:
    """Keep at most one server on one folder, across launchers that may be killed at any instruction.

    The server outlives its launcher on purpose: whoever calls `ensure` next finds it by the lock it holds.
    Methods block, each with a deadline in real seconds; call them from a thread that may wait. Several processes
    may call them at once.
    """

    def __init__(self, name: str, folder: Path, stop_signal: signal.Signals = signal.SIGTERM) -> None:
        self.name = name
        self.folder = folder
        self.log_path = folder / "server.log"
        self._lock = ServerLock(folder / "server.lock")
        self._stop_signal = stop_signal

    def ensure(
        self, launch: Callable[[str | None], Launch], is_ready: Callable[[str], bool], timeout: float
    ) -> Endpoint:
        """Return the running server, starting it when there is none.

        Args:
            launch: says how to start; given the last URL, and called only while the folder is ours.
            is_ready: whether the server at that URL answers. Another server may do so in place of ours when the port
                was taken meanwhile: where that can happen, compare with `pid`.
            timeout: real seconds for everything.

        Raises:
            ResourceDiedError: it ended while starting.
            DeadlineError: it did not answer in time; it is left as it is, so that `ensure` or `stop` may follow.
        """
        deadline = Deadline(timeout)
        self.folder.mkdir(mode=FOLDER_MODE, parents=True, exist_ok=True)
        self._bound_log()
        was_running = not self._start_unless_running(launch, deadline)
        deadline.wait_until(lambda: self._lock.read().pid is not None or not self._lock.is_held())
        if not deadline.wait_until(lambda: not self.is_alive() or is_ready(self._lock.read().url)):
            raise DeadlineError(f"{self.name} did not answer within {timeout:g} s", f"see {self.log_path}")
        occupant = self._lock.read()
        if occupant.pid is None or not self.is_alive():
            self._report("The %s server ended while it was starting", "server_start_failed", logging.ERROR)
            raise ResourceDiedError(f"{self.name} ended while it was starting", f"see {self.log_path}")
        if not was_running:
            self._report("The %s server is up", "server_started", logging.INFO)
        return Endpoint(occupant.url, occupant.pid, was_running)

    def is_alive(self) -> bool:
        """Return whether the server's main process runs: a zombie does not, nor do leftovers of a killed one."""
        _reap()
        pid = self._lock.read().pid
        return pid is not None and _is_running(pid) and self._lock.is_held()

    def pid(self) -> int | None:
        """Return the pid of the server that holds the folder, or of the last one that did."""
        return self._lock.read().pid

    def running_url(self) -> str | None:
        """Return how the server that runs now is reached, or None if none does."""
        return self._lock.read().url or None if self.is_alive() else None

    def stop(self, timeout: float) -> None:
        """End the server: its stop signal, then after `timeout` real seconds the kill of whatever is left of it.

        Raises:
            DeadlineError: another process is starting it just now, or not even the kill ended it.
        """
        pid = self._lock.read().pid
        if pid is not None and self.is_alive():
            with suppress(ProcessLookupError):
                os.kill(pid, self._stop_signal)
        if Deadline(timeout).wait_until(self._is_gone):
            return
        self._report("The %s server did not stop and is killed", "server_killed", logging.WARNING)
        self._kill_leftovers()
        if not Deadline(KILL_SECONDS).wait_until(self._is_gone):
            raise DeadlineError(f"{self.name} cannot be stopped", f"see who holds {self._lock.path}")

    def _start_unless_running(self, launch: Callable[[str | None], Launch], deadline: Deadline) -> bool:
        """Return whether this call started it.

        Leftovers of a dead server get a moment to end, then are killed. Without a pid in the lock file somebody is
        just starting one, and is left to it.
        """
        while True:
            descriptor = self._lock.take()
            if descriptor is not None:
                try:
                    last_url = self._lock.read().url
                    write_url(descriptor, last_url)
                    self._spawn(descriptor, launch(last_url or None))
                finally:
                    os.close(descriptor)
                return True
            moment = Deadline(min(LEFTOVER_SECONDS, deadline.left()))
            is_settled = moment.wait_until(lambda: self.is_alive() or not self._lock.is_held())
            if not is_settled and self._lock.read().pid is not None:
                self._kill_leftovers()
            if self.is_alive():
                return False
            if not deadline.left():
                raise DeadlineError(f"the folder of {self.name} stays occupied", f"see who holds {self._lock.path}")

    def _spawn(self, descriptor: int, launch: Launch) -> None:
        # The last one's zombie would look alive to Postgres, which finds its pid in a lock file beside the socket.
        _reap()
        write_url(descriptor, launch.url)
        with self.log_path.open("ab") as log:
            child = subprocess.Popen(
                ("/bin/sh", "-c", NOTE_PID_AND_BECOME, self.name, *launch.argv),
                stdin=descriptor,
                stdout=log,
                stderr=subprocess.STDOUT,
                cwd=self.folder,
                env=minimal_environment() | dict(launch.environment),
                start_new_session=True,
                **becoming(launch.user),
            )
        _children[child.pid] = child

    def _is_gone(self) -> bool:
        return not self.is_alive() and not self._lock.is_held()

    def _kill_leftovers(self) -> None:
        for process in self._lock.servers():
            with suppress(psutil.Error):
                process.kill()

    def _report(self, sentence: str, action: str, level: int) -> None:
        extra = {"action": action, "server": self.name, "pid": self._lock.read().pid}
        if level > logging.INFO:
            extra["last_line"] = self._last_line()
        logger.log(level, sentence, self.name, extra=extra)

    def _last_line(self) -> str:
        """Return the end of the server's own log, for an operator who cannot open files in the container."""
        with suppress(FileNotFoundError), self.log_path.open("rb") as log:
            log.seek(max(0, self.log_path.stat().st_size - LAST_LINE_BYTES))
            lines = log.read().decode(errors="replace").splitlines()
            return lines[-1] if lines else ""
        return ""

    def _bound_log(self) -> None:
        """Keep the log below its limit; the server appends, so the file may be emptied under its hands."""
        self.log_path.touch(mode=LOG_MODE)
        if self.log_path.stat().st_size > LOG_LIMIT_BYTES:
            shutil.copy(self.log_path, self.log_path.with_suffix(".log.1"))
            os.truncate(self.log_path, 0)


def minimal_environment() -> dict[str, str]:
    """Return the only variables a server gets: none of ours, since those hold keys and passwords."""
    return {"PATH": os.environ.get("PATH", os.defpath), "LANG": "C.UTF-8", "LC_ALL": "C.UTF-8", "TZ": "UTC"}


def _reap() -> None:
    for pid, child in list(_children.items()):
        if child.poll() is not None:
            _children.pop(pid, None)


def _is_running(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() not in {psutil.STATUS_ZOMBIE, psutil.STATUS_DEAD}
    except psutil.Error:
        return False
