"""`tail`: read the lines of a log from a pipe and show the state they tell, rebuilt from them alone."""

from __future__ import annotations

import json
import os
import sys
import threading
import time
from typing import TYPE_CHECKING

from rich.console import Console
from rich.live import Live

from actors.commands.loading import CONFIG_FILE
from actors.commands.tail_page import COLUMNS, page
from actors.config import load
from actors.domain.log_state import LogState
from actors.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import BinaryIO

    from rich.console import RenderableType

_LONGEST = 1 << 20
"""Bytes of a line that are read; what is behind them belongs to no line of ours."""
_PER_SECOND = 4


def tail(*, as_json: bool) -> int:
    """Read standard input to its end, or until somebody interrupts, and return 0.

    On a terminal a live page; into a pipe the last page; with `as_json` one document at the end of input.

    Raises:
        ConfigError: the configuration is wrong, or standard input is a terminal.
    """
    if sys.stdin.isatty():
        hint = "railway logs --json | python supervisor.py tail"
        raise ConfigError("tail reads the lines of a log from a pipe", hint)
    key = load(CONFIG_FILE, os.environ, {}).log.key
    state = LogState(key.reveal().encode() if key is not None else None)
    lines = _lines(sys.stdin.buffer)
    if as_json:
        _read(lines, state)
        json.dump(state.snapshot(), sys.stdout)
        sys.stdout.write("\n")
    elif sys.stdout.isatty():
        _show(lines, state)
    else:
        _read(lines, state)
        Console(width=COLUMNS).print(page(state))
    return 0


def _lines(stream: BinaryIO) -> Iterator[str]:
    """Yield each line up to `_LONGEST` bytes as a text; of a longer one nothing."""
    is_rest = False
    while line := stream.readline(_LONGEST):
        is_end = line.endswith(b"\n") or len(line) < _LONGEST
        if not is_rest and is_end:
            yield line.decode("utf-8", "replace")
        is_rest = not is_end


def _read(lines: Iterator[str], state: LogState) -> None:
    try:
        for line in lines:
            state.take(line)
    except KeyboardInterrupt:
        # Whoever watched has seen enough; what was read so far is still told.
        return


class _Watched:
    """The page as the live display's thread draws it, while the main thread reads."""

    def __init__(self, console: Console, state: LogState) -> None:
        self._console, self._state = console, state
        self._lock = threading.Lock()
        self._heard = time.monotonic()
        self.is_over = False

    def take(self, line: str) -> None:
        """Take one line; in the main thread."""
        with self._lock:
            self._state.take(line)
            self._heard = time.monotonic()

    def __rich__(self) -> RenderableType:
        """Return the page as it is now; in the display's thread."""
        with self._lock:
            silent_s = None if self.is_over else time.monotonic() - self._heard
            return page(self._state, width=self._console.width, height=self._console.height, silent_s=silent_s)


def _show(lines: Iterator[str], state: LogState) -> None:
    console = Console()
    watched = _Watched(console, state)
    with Live(watched, console=console, refresh_per_second=_PER_SECOND, screen=False):
        try:
            for line in lines:
                watched.take(line)
        except KeyboardInterrupt:
            return
        finally:
            watched.is_over = True
