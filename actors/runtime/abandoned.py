"""Abandoned threads: Python cannot end a thread, so one that hangs is marked, replaced and counted."""

from __future__ import annotations

import gc
import sys
import threading
import time
import traceback

_MARK = " (abandoned)"
_COMPUTES = 0.1
"""Share of a core above which a thread counts as computing; one that waits uses none."""


def mark_abandoned(thread: threading.Thread) -> None:
    """Count this thread as given up for as long as it lives. Its name says so, in every dump of stacks too."""
    if not thread.name.endswith(_MARK):
        thread.name += _MARK


def abandoned_threads() -> list[threading.Thread]:
    """Return the abandoned threads that still live."""
    return [thread for thread in threading.enumerate() if thread.name.endswith(_MARK)]


def stack_of(thread: threading.Thread) -> str:
    """Return what this thread does right now, innermost call last; empty if it does not run."""
    # On Python 3.11 a garbage collection in the middle of `_current_frames`, which holds a lock of the interpreter,
    # can lock up the whole process.
    collects = gc.isenabled()
    gc.disable()
    try:
        frame = sys._current_frames().get(thread.ident or 0)  # noqa: SLF001 - the documented way to see another thread
    finally:
        if collects:
            gc.enable()
    return "" if frame is None else "".join(traceback.format_stack(frame))


class Computing:
    """Finds those of a list of threads that compute rather than wait, by their time on a core since the last look."""

    def __init__(self) -> None:
        self._seen: dict[int, tuple[float, float]] = {}

    def look(self, threads: list[threading.Thread]) -> list[threading.Thread]:
        """Return those that compute; one that is seen for the first time is given until the next look."""
        before, now = self._seen, time.monotonic()
        self._seen = {thread.ident: (now, _core_seconds(thread.ident)) for thread in threads if thread.ident}
        return [
            thread
            for thread in threads
            if thread.ident in before
            and thread.ident in self._seen
            and _share(before[thread.ident], self._seen[thread.ident]) > _COMPUTES
        ]


def _share(before: tuple[float, float], after: tuple[float, float]) -> float:
    return (after[1] - before[1]) / max(after[0] - before[0], 1e-9)


def _core_seconds(ident: int) -> float:
    # macOS has no such clock; there only the number of threads counts.
    clock_of = getattr(time, "pthread_getcpuclockid", None)
    try:
        return 0.0 if clock_of is None else time.clock_gettime(clock_of(ident))
    except OSError:
        # It ended in this very moment.
        return 0.0
