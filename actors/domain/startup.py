"""The start, as a sequence of steps: which is done, which is under way, what it waits for, and since when.

`done` has the names that readiness goes by. Times are monotonic real seconds.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

STEPS: dict[str, str] = {
    "configuration": "config.toml, the environment, and the proof of the schedule",
    "journal": "the local journal of intents and receipts",
    "servers": "Chromium's program, and the servers that come along",
    "tree": "the actors",
    "schema": "Postgres, and its migrations",
    "session": "the imported login",
}
"""Every step in its order, with what it waits for. Redis and the site are awaited by none: who needs them finds out by
himself, and whoever asks what is going on is answered meanwhile.
"""
_FIRST_REPORT_S = 5.0
"""A step that takes longer is told while it lasts, then after twice as long each time."""
_LONG_S = 300.0
"""The longest silence about a step that lasts, and what is longer than a person should be left without a call."""


@dataclass(frozen=True, slots=True)
class Line:
    """What is told of a step."""

    step: str
    awaits: str
    seconds: float
    is_done: bool

    @property
    def is_long(self) -> bool:
        """Whether somebody has to look: what it waits for does not come back by itself."""
        return not self.is_done and self.seconds > _LONG_S


@dataclass(frozen=True, slots=True)
class Startup:
    """How far the start is."""

    done: tuple[str, ...] = ()
    step: str = ""
    """Under way now; empty between steps and after the last."""
    since: float = 0.0
    told: float = 0.0
    """When the step under way was told of last."""

    def begin(self, step: str, now: float) -> Startup:
        """Return the start with this step under way. A step may begin again after it broke off.

        Raises:
            ValueError: there is no such step, or it is not its turn.
        """
        if len(self.done) == len(STEPS) or step != list(STEPS)[len(self.done)]:
            raise ValueError(f"step {step!r} of the start is not its turn after {self.done}")
        return replace(self, step=step, since=now, told=now)

    def end(self, now: float) -> tuple[Startup, Line]:
        """Return the start without the step under way, and the line about it."""
        line = Line(self.step, STEPS[self.step], now - self.since, is_done=True)
        return Startup((*self.done, self.step)), line

    def next_report(self) -> float | None:
        """Return when the step under way is to be told of, if it still lasts then."""
        if not self.step:
            return None
        return self.told + min(max(_FIRST_REPORT_S, self.told - self.since), _LONG_S)

    def report(self, now: float) -> tuple[Startup, Line | None]:
        """Return the start and the line that is due by now, if there is one."""
        due = self.next_report()
        if due is None or now < due:
            return self, None
        line = Line(self.step, STEPS[self.step], now - self.since, is_done=False)
        return replace(self, told=due), line

    def as_dict(self, now: float) -> dict[str, Any]:
        """Return each step as `done`, `awaited` with its seconds so far and what it waits for, or `ahead`."""
        steps: dict[str, Any] = {}
        for name, awaits in STEPS.items():
            if name in self.done:
                steps[name] = {"state": "done"}
            elif name == self.step:
                steps[name] = {"state": "awaited", "for": awaits, "seconds": round(now - self.since, 1)}
            else:
                steps[name] = {"state": "ahead"}
        return steps
