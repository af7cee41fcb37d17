"""Abandoned threads: Python cannot end a thread, so one that hangs is marked, replaced and counted."""

from __future__ import annotations

import threading

_MARK = " (abandoned)"


def mark_abandoned(thread: threading.Thread) -> None:
    """Count this thread as given up for as long as it lives. Its name says so, in every dump of stacks too."""
    if not thread.name.endswith(_MARK):
        thread.name += _MARK


def abandoned_threads() -> list[str]:
    """Return the names of the abandoned threads that still live."""
    return [thread.name for thread in threading.enumerate() if thread.name.endswith(_MARK)]
