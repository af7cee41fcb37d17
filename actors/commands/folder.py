"""The data directory while a process runs on it: for that process alone, with a temporary folder of its own."""

from __future__ import annotations

import fcntl
import os
import shutil
from contextlib import contextmanager
from typing import TYPE_CHECKING

from actors.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_DRIVER_OPTIONS = "--max-old-space-size=96 --max-semi-space-size=1"
"""Keeps Playwright's driver at 104 MB instead of 121."""


@contextmanager
def only_one(folder: Path) -> Iterator[None]:
    """Hold the data directory for this process; the kernel lets go of it however the process ends.

    Raises:
        ConfigError: another process holds it.
    """
    with (folder / "supervisor.lock").open("a+") as held:
        try:
            fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            held.seek(0)
            raise ConfigError(
                f"another supervisor (pid {held.read().strip() or 'unknown'}) runs on {folder}",
                "stop it, or choose another --data",
            ) from None
        held.truncate(0)
        held.write(str(os.getpid()))
        held.flush()
        yield


@contextmanager
def own_temporary_folder(folder: Path) -> Iterator[None]:
    """Give browser and driver a temporary folder of ours, emptied of what a killed one left behind."""
    temporary = folder / "tmp"
    shutil.rmtree(temporary, ignore_errors=True)
    temporary.mkdir()
    ours = {"TMPDIR": str(temporary), "NODE_OPTIONS": _DRIVER_OPTIONS}
    before = {name: os.environ.get(name) for name in ours}
    os.environ.update(ours)
    try:
        yield
    finally:
        # A process that begins anew inherits what stands there.
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value
