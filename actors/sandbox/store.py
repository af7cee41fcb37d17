"""The event log: what happened on the site, one JSON object per line, on disk before anybody hears of it."""

from __future__ import annotations

import fcntl
import json
import logging
import os
from typing import TYPE_CHECKING, Any

from actors.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

logger = logging.getLogger(__name__)

Event = dict[str, Any]


class EventLog:
    """Append events durably and read them back; one process per directory.

    A crash in the middle of an append leaves a torn last line: it was never confirmed to anybody, so opening cuts it
    off. Not safe for use by several threads at once; the world serialises its writes.

    Raises:
        ConfigError: another sandbox serves this directory, or a line before the last one is unreadable.
    """

    def __init__(self, directory: Path) -> None:
        directory.mkdir(parents=True, exist_ok=True)
        self._path = directory / "events.jsonl"
        self._lock = _lock(directory)
        self._file = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o644)
        _sync_directory(directory)
        self._end = self._cut_torn_line()

    def replay(self) -> Iterator[Event]:
        """Yield every event in the order of appending."""
        for number, line in enumerate(self._path.read_bytes().splitlines(), start=1):
            try:
                yield json.loads(line)
            except ValueError as error:
                where = f"line {number} of {os.fspath(self._path)}"
                raise ConfigError(f"{where} is no event: {error}", "restore the file from a copy") from error

    def append(self, event: Event) -> None:
        """Write one event; when this returns it survives `kill -9` and a power cut.

        Raises:
            OSError: the disk refused; the event is not in the log.
        """
        line = json.dumps(event, separators=(",", ":")).encode() + b"\n"
        try:
            _write_all(self._file, line)
            os.fsync(self._file)
        except OSError:
            os.ftruncate(self._file, self._end)
            raise
        self._end += len(line)

    def close(self) -> None:
        """Release the directory."""
        os.close(self._file)
        os.close(self._lock)

    def _cut_torn_line(self) -> int:
        content = self._path.read_bytes()
        end = content.rfind(b"\n") + 1
        if end < len(content):
            os.ftruncate(self._file, end)
            os.fsync(self._file)
            logger.warning(
                "Cut a torn line off the event log; its event was never confirmed",
                extra={"action": "torn_line_cut", "bytes": len(content) - end},
            )
        return end


def write_durably(path: Path, content: bytes) -> None:
    """Replace a file at once: after a crash it holds either the old content or the new."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_suffix(".new")
    with draft.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)
    _sync_directory(path.parent)


def _write_all(file: int, content: bytes) -> None:
    while content:
        content = content[os.write(file, content) :]


def _lock(directory: Path) -> int:
    lock = os.open(directory / "lock", os.O_RDWR | os.O_CREAT, 0o644)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        os.close(lock)
        message = f"another sandbox serves {os.fspath(directory)}"
        raise ConfigError(message, "stop it, or give this one a --data directory of its own") from error
    return lock


def _sync_directory(directory: Path) -> None:
    handle = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
