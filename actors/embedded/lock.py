"""The lock file that says whether a server occupies a folder, where it listens and who it is."""

from __future__ import annotations

import fcntl
import os
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

import psutil

if TYPE_CHECKING:
    from pathlib import Path

MODE = 0o600


@dataclass(frozen=True, slots=True)
class Occupant:
    """What the lock file tells of the server that holds it, else of the last one; an unknown URL is empty."""

    url: str
    pid: int | None


class ServerLock:
    """A kernel lock that the server itself holds, through its standard input, for as long as any part of it lives.

    A pid file can be stale, its pid a zombie or somebody else's by now. This lock cannot: the launcher takes it,
    the server inherits the open file, and the kernel lets go when the last process of the server has ended,
    whoever was killed in whatever order. So a free lock proves that nothing of an earlier server is left, orphaned
    children included. The file's two lines are the URL, written by the launcher, and the pid, written by the
    server's own process before it becomes the server: no instant is left at which a server runs unrecorded. A server
    of ours that chooses its port itself replaces the URL, see `announce_url`.
    """

    def __init__(self, path: Path) -> None:
        self.path = path

    def take(self) -> int | None:
        """Return a descriptor that holds the lock, or None when somebody else does."""
        descriptor = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, MODE)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(descriptor)
            return None
        return descriptor

    def is_held(self) -> bool:
        """Return whether a launcher, a server or its leftovers hold the lock."""
        try:
            descriptor = os.open(self.path, os.O_RDONLY | os.O_CLOEXEC)
        except FileNotFoundError:
            return False
        try:
            fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
        finally:
            os.close(descriptor)
        return False

    def read(self) -> Occupant:
        """Return what the file says, whoever wrote it last; a missing or unfinished file says nothing."""
        try:
            lines = self.path.read_text().splitlines()
        except (FileNotFoundError, NotADirectoryError):
            lines = []
        pid = int(lines[1]) if len(lines) > 1 and lines[1].isdigit() else None
        return Occupant(lines[0] if lines else "", pid)

    def servers(self) -> list[psutil.Process]:
        """Return the processes that hold the lock as a server does: as standard input, which no launcher has there.

        It walks the process table: for rare use.
        """
        wanted = str(self.path.resolve())
        found = []
        for process in psutil.process_iter():
            with suppress(psutil.Error):
                if any(file.path == wanted and file.fd == 0 for file in process.open_files()):
                    found.append(process)
        return found


def write_url(descriptor: int, url: str) -> None:
    """Replace what a held lock file says by the URL alone, and leave the position for the pid behind it."""
    os.ftruncate(descriptor, 0)
    os.lseek(descriptor, 0, os.SEEK_SET)
    os.write(descriptor, f"{url}\n".encode())


def announce_url(descriptor: int, url: str) -> None:
    """Say, from inside a server and through its standard input, where it listens: only it knows what it could bind."""
    content = f"{url}\n{os.getpid()}\n".encode()
    os.pwrite(descriptor, content, 0)
    os.ftruncate(descriptor, len(content))
