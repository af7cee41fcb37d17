"""What both replays of OTP's traces share: the recorded scripts, and how a trace is written down.

Each line of `otp-traces.jsonl` is a script (strategy, intensity, children with what their starts return in turn,
events) and the trace that OTP's own supervisor left when it ran the script. The period is an hour, so that all restarts
fall into one window, and OTP knows no back-off.

One thing in the traces is the recording's, not OTP's: a child traps exits only once its process has run, and when the
next sibling's start fails at once it is stopped before that. It dies silently and leaves no `stop` line, though it is
stopped as the others are: its next start would leave two of it otherwise. `Trace` leaves that line out as well.
"""

from __future__ import annotations

import json
from collections import defaultdict
from itertools import zip_longest
from pathlib import Path
from typing import Any

SCRIPTS = [json.loads(line) for line in (Path(__file__).parent / "otp-traces.jsonl").read_text().splitlines()]


def ending(script: dict[str, Any]) -> str:
    """Return how the supervisor ended: "sup_alive", "sup_dead" or "sup_start_failed"."""
    last: str = script["trace"][-1]
    return "sup_alive" if last.startswith("children") else last


def sample(size: int) -> list[int]:
    """Return the numbers of some scripts, every strategy with every ending among them in equal parts."""
    kinds = defaultdict(list)
    for number, script in enumerate(SCRIPTS):
        kinds[script["strategy"], ending(script)].append(number)
    turns = zip_longest(*(kinds[kind] for kind in sorted(kinds)))
    return [number for turn in turns for number in turn if number is not None][:size]


class Trace:
    """The lines of one replay."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self._newest = ""
        self._has_not_run = ""

    def start(self, name: str) -> None:
        """The child runs."""
        self.lines.append(f"start {name}")
        self._newest, self._has_not_run = name, ""

    def start_failed(self, name: str) -> None:
        """The child did not start, and so fast that the one before it has not run either."""
        self.lines.append(f"start_failed {name}")
        self._newest, self._has_not_run = "", self._newest

    def stop(self, name: str) -> None:
        """The supervisor stopped the child."""
        if name != self._has_not_run:
            self.lines.append(f"stop {name}")

    def add(self, line: str) -> None:
        """Anything else; nothing moves now, so every child has run."""
        self.lines.append(line)
        self._newest = self._has_not_run = ""

    def add_children(self, running: dict[str, bool]) -> None:
        """The supervisor lives, and these are the children it knows."""
        states = [f"{name}={str(is_running).lower()}" for name, is_running in sorted(running.items())]
        self.lines += ["sup_alive", f"children {' '.join(states)}"]
