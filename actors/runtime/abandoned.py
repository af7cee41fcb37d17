"""Abandoned threads: Python cannot end a thread, so one that hangs is marked, replaced and counted."""

from __future__ import annotations

import sys
import threading
import traceback

_MARK = " (abandoned)"


def mark_abandoned(thread: threading.Thread) -> None:
    """Count this thread as given up for as long as it lives. Its name says so, in every dump of stacks too."""
    if not thread.name.endswith(_MARK):
        thread.name += _MARK


def abandoned_threads() -> list[str]:
    """Return the names of the abandoned threads that still live."""
    return [thread.name for thread in threading.enumerate() if thread.name.endswith(_MARK)]


def stack_of(thread: threading.Thread) -> str:
    """Return what this thread does right now, innermost call last; empty if it does not run."""
    frame = sys._current_frames().get(thread.ident or 0)  # noqa: SLF001 - the documented way to see another thread
    return "" if frame is None else "".join(traceback.format_stack(frame))
