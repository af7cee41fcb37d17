"""A disk that dies, or refuses, at the step a test names: every call that changes it is one step."""

from __future__ import annotations

import errno
import os
from enum import Enum, auto
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pathlib import Path

    import pytest


class Death(BaseException):
    """The process is gone: no handler for errors may do anything about it."""


class Loss(Enum):
    """What a death takes along."""

    NOTHING = auto()
    """`kill -9`: the kernel still holds what was written."""
    UNSYNCED = auto()
    """A power cut: of a file its last sync is left, of a folder the names of its own last sync."""
    UNSYNCED_BYTES = auto()
    """A power cut after the kernel had written the names by itself, but not the bytes."""
    UNSYNCED_BIRTHS = auto()
    """A power cut after the kernel had written by itself what old names stand for now, but no new name."""


class FailingDisk:
    """Stands between the program and the files of one folder while it is installed.

    From step `fails_at` on it fails `times` calls: kills, or refuses as a full disk does. A write that fails has
    written its first half. Syncs are only remembered, so that thousands cost nothing.
    """

    def __init__(self, folder: Path, fails_at: int, *, kills: bool, times: int = 1) -> None:
        self.steps = 0
        self.failed: list[str] = []
        self._folder, self._kills = folder, kills
        self._fails = range(fails_at, fails_at + times)
        self._bytes: dict[int, bytes] = {}
        self._names: dict[str, int] = {}
        self._real = {name: getattr(os, name) for name in ("write", "fsync", "rename", "ftruncate", "unlink")}
        self._sync_all()

    def install(self, patch: pytest.MonkeyPatch) -> None:
        """Take the place of the system's calls."""
        for name in ("write", "fsync", "rename", "ftruncate", "unlink"):
            patch.setattr(os, name, getattr(self, name))

    @property
    def refuses_still(self) -> bool:
        """Whether the last call failed."""
        return self.steps in self._fails

    def write(self, file: int, content: bytes) -> int:
        half = content[: len(content) // 2]
        self._step("write", lambda: self._real["write"](file, half))
        return int(self._real["write"](file, content))

    def fsync(self, file: int) -> None:
        self._step("fsync")
        self._sync(file)

    def rename(self, source: Any, target: Any, **_: Any) -> None:
        self._step("rename")
        self._real["rename"](source, target)

    def ftruncate(self, file: int, length: int) -> None:
        self._step("ftruncate")
        self._real["ftruncate"](file, length)

    def unlink(self, path: Any, **_: Any) -> None:
        self._step("unlink")
        self._real["unlink"](path)

    def lose(self, loss: Loss) -> None:
        """Leave on the disk what outlives a death of this kind."""
        if loss is Loss.NOTHING:
            return
        now = self._names_now()
        names = {
            Loss.UNSYNCED: self._names,
            Loss.UNSYNCED_BYTES: now,
            Loss.UNSYNCED_BIRTHS: {name: now[name] for name in self._names if name in now},
        }[loss]
        contents = {name: self._bytes.get(inode, b"") for name, inode in names.items()}
        for path in self._folder.iterdir():
            path.unlink()
        for name, content in contents.items():
            (self._folder / name).write_bytes(content)

    def _step(self, call: str, before: Any = None) -> None:
        is_dead = self._kills and bool(self.failed)
        self.steps += not is_dead
        if is_dead:
            raise Death
        if self.steps in self._fails:
            self.failed.append(call)
            if before is not None:
                before()
            if self._kills:
                raise Death
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    def _sync(self, file: int) -> None:
        inode = os.fstat(file).st_ino
        if inode == self._folder.stat().st_ino:
            self._names = self._names_now()
        for name, each in self._names_now().items():
            if each == inode:
                self._bytes[inode] = (self._folder / name).read_bytes()

    def _sync_all(self) -> None:
        self._names = self._names_now()
        for path in self._folder.iterdir():
            self._bytes[path.stat().st_ino] = path.read_bytes()

    def _names_now(self) -> dict[str, int]:
        return {path.name: path.stat().st_ino for path in self._folder.iterdir()}
