"""What every thread and every task of the event loop does right now, in a bounded text without a single value.

A line names module, line and function. Neither source text nor arguments are in it, so no secret and no foreign text.
"""

from __future__ import annotations

import asyncio
import gc
import sys
import threading
from itertools import islice
from typing import TYPE_CHECKING, Any

from actors.domain.escaping import clip, escape

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from types import FrameType

_MOST_THREADS, _MOST_TASKS, _MOST_FRAMES = 100, 50, 8
_MOST_SIGNS = 80
"""Of a thread's or task's name."""


def stacks_of_threads() -> list[str]:
    """Return a line per thread: its name, and its innermost calls, the innermost first. From any thread."""
    names = {thread.ident: thread.name for thread in threading.enumerate()}
    # As in `stack_of`: a collection in the middle of `_current_frames` can lock up Python 3.11.
    collects = gc.isenabled()
    gc.disable()
    try:
        frames = sys._current_frames()  # noqa: SLF001 - the documented way to see other threads
    finally:
        if collects:
            gc.enable()
    lines = sorted(_line(names.get(ident, f"thread {ident}"), _calls(frame)) for ident, frame in frames.items())
    return _bounded(lines, _MOST_THREADS, "threads")


def stacks_of_tasks(loop: asyncio.AbstractEventLoop) -> list[str]:
    """Return a line per task of a loop: its name, and what it waits in, the innermost first.

    From any thread, so that a loop that is blocked can be looked at, too.
    """
    lines = sorted(_line(task.get_name(), _awaits(task.get_coro())) for task in asyncio.all_tasks(loop))
    return _bounded(lines, _MOST_TASKS, "tasks")


def _calls(frame: FrameType | None) -> Iterator[str]:
    while frame is not None:
        yield _place(frame)
        frame = frame.f_back


def _awaits(waiting: Any) -> Iterable[str]:
    """Return the places of a coroutine and of whatever it awaits; a future has none."""
    places: list[str] = []
    while waiting is not None and len(places) < _MOST_FRAMES:
        frame = getattr(waiting, "cr_frame", None) or getattr(waiting, "gi_frame", None)
        if frame is None:
            break
        places.insert(0, _place(frame))
        waiting = getattr(waiting, "cr_await", None) or getattr(waiting, "gi_yieldfrom", None)
    return places


def _place(frame: FrameType) -> str:
    return f"{frame.f_globals.get('__name__', '?')}:{frame.f_lineno} {frame.f_code.co_name}"


def _line(name: str, places: Iterable[str]) -> str:
    calls = " < ".join(islice(places, _MOST_FRAMES))
    return f"{escape(clip(name, _MOST_SIGNS))}: {calls or 'nothing of ours'}"


def _bounded(lines: list[str], most: int, what: str) -> list[str]:
    return lines if len(lines) <= most else [*lines[:most], f"and {len(lines) - most} more {what}"]
