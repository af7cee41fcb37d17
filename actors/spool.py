"""The spool of the log: lines wait here for the one thread that writes them, so that whoever logs waits for no reader.

A pipe that nobody reads is full after 64 KiB, and whoever writes into it then stands still for as long as that lasts.
"""

from __future__ import annotations

import os
import select
import threading
from collections import deque
from typing import TYPE_CHECKING, TextIO

if TYPE_CHECKING:
    from collections.abc import Callable

ROOM = 1024 * 1024
"""Characters that may wait while nobody reads: some five seconds of as many lines as the governor lets out."""
ROOM_OF_KEPT = 4 * ROOM
"""The same for lines that must not stay back: hours of heartbeats and of P0, and what a small container can spare."""
_LOOK_EVERY_S = 60.0
_ASK_AGAIN_MS = 1000


class Spool:
    """A bounded queue of lines, and the thread that writes them in their order, each with one call.

    Everything but that thread is quick, and may be called in any thread, in a signal handler too.

    Args:
        stream: where lines go. One with a file descriptor is written past its own buffer, whose lock would be held for
            as long as nobody reads, and which would then hold up the end of the process.
        mark: returns a line that says, too, how many lines just before it could not be written.
    """

    def __init__(self, stream: TextIO, mark: Callable[[str, int], str]) -> None:
        self._write, self._mark = _write_to(stream), mark
        # Its lock may be taken again by the thread that has it: collected garbage and signal handlers log as well.
        self._news = threading.Condition()
        self._lines: deque[tuple[str, int]] = deque()
        """Each with the number of lines that found no room before it."""
        self._size = 0
        self._taken = self._over = self._refused = self._failed = 0
        self._is_closed = False
        threading.Thread(target=self._run, name="log-writer", daemon=True).start()

    @property
    def has_room(self) -> bool:
        """Tell whether a line that may stay back finds room."""
        return self._size < ROOM and not self._is_closed

    def put(self, line: str) -> None:
        """Have a line written, or count it as lost if so much waits that not even a kept line finds room."""
        with self._news:
            if self._size >= ROOM_OF_KEPT or self._is_closed:
                self._refused += 1
                return
            self._lines.append((line, self._refused))
            self._refused = 0
            self._size += len(line)
            self._taken += 1
            self._news.notify_all()

    def lose(self) -> None:
        """Count a line as lost."""
        with self._news:
            self._refused += 1

    def flush(self, limit_s: float) -> bool:
        """Wait until every line put so far was written or has failed; False if that took longer."""
        with self._news:
            until = self._taken
            return self._news.wait_for(lambda: self._over >= until, limit_s)

    def close(self, limit_s: float) -> int:
        """Take no line any more, wait as `flush` does, and return how many were neither written nor told as lost."""
        with self._news:
            self._is_closed = True
            self._news.notify_all()
        self.flush(limit_s)
        with self._news:
            return self._taken - self._over + sum(lost for _, lost in self._lines) + self._refused + self._failed

    def _run(self) -> None:
        while True:
            with self._news:
                while not self._lines and not self._is_closed:
                    self._news.wait(_LOOK_EVERY_S)
                if not self._lines:
                    return
                line, lost = self._lines.popleft()
                self._failed += lost
            try:
                # Here, and nowhere else, somebody waits for the reader.
                self._write(self._mark(line, self._failed) if self._failed else line)
                lost = 0
            except Exception:  # noqa: BLE001 - a reader that is gone or a full disk must not stop the work
                lost = self._failed + 1
            with self._news:
                self._failed = lost
                self._size -= len(line)
                self._over += 1
                self._news.notify_all()


def _write_to(stream: TextIO) -> Callable[[str], None]:
    encoding = getattr(stream, "encoding", None) or "utf-8"
    try:
        descriptor = stream.fileno()
    except (OSError, ValueError, AttributeError):

        def write(line: str) -> None:
            stream.write(line.encode(encoding, "backslashreplace").decode(encoding) + "\n")
            stream.flush()

        return write
    pipe = _Descriptor(descriptor)
    return lambda line: pipe.write(line.encode(encoding, "backslashreplace") + b"\n")


class _Descriptor:
    """Writes whole lines to a file descriptor, and lets none begin behind half a one."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self._is_torn = False

    def write(self, line: bytes) -> None:
        """Raises OSError when nothing can be written: what was written of the line then ends before the next."""
        whole = memoryview(b"\n" + line if self._is_torn else line)
        rest = whole
        try:
            while rest:
                rest = rest[self._some(rest) :]
        finally:
            if len(rest) < len(whole):
                self._is_torn = bool(rest)

    def _some(self, rest: memoryview) -> int:
        try:
            return os.write(self._descriptor, rest)
        except BlockingIOError:
            # Whoever shares this end (a child, the shell) has set it so for us, too.
            poll = select.poll()
            poll.register(self._descriptor, select.POLLOUT)
            poll.poll(_ASK_AGAIN_MS)
            return 0
