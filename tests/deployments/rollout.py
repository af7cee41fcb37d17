"""Deployments one after another, as a platform does them: the old process ends by TERM or KILL, before or after the new
one is there, with the grace that was promised or less.
"""

from __future__ import annotations

import os
import signal
import subprocess
import threading
import time
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from tests.acceptance.engine import Engine
from tests.torture.arena import ENVIRONMENT, LEASE_S, Arena

if TYPE_CHECKING:
    import random

    from tests.acceptance.engine import Line

READY_S, TAKEN_S = 90.0, 30.0
GRACES = (0, 0, 3, 20)
"""Seconds that the platform promises between TERM and KILL."""
_MOMENT_S, _INTENT_S = 2.0, 4.0
_ENDS = ("run_done", "run_nothing", "run_failed", "run_blocked", "run_snooze")


@dataclass(frozen=True, slots=True)
class Handover:
    """What one deployment came to. Times in real seconds."""

    how: str
    gap_s: float | None
    """From the moment at which the old one was gone and the new one ready until the new one holds the lease."""
    code: int
    """The old one's exit code; negative: the signal that ended it."""


class Rollout(Arena):
    """The arena, with a present process that each deployment replaces."""

    def __init__(self, rng: random.Random) -> None:
        super().__init__()
        self.rng = rng
        self.cut: list[datetime] = []
        """Slots of posting whose run was under way when its process died."""
        self.codes: list[int] = []
        self.grace = 20
        self.place = "one"

    def deploy(self) -> Handover:
        """Replace the present process by another one."""
        rng, old = self.rng, self.engine
        self._await_moment()
        is_overlapping, is_killed = rng.random() < 0.5, rng.random() < 0.4
        # Two processes cannot share a folder; one after the other they may, as on a volume.
        place = ("two" if self.place == "one" else "one") if is_overlapping or rng.random() < 0.3 else self.place
        promised, grace = self.grace, rng.choice(GRACES)
        given = 0.0 if is_killed else rng.choice((float(promised), rng.uniform(0, promised)))
        how = "KILL" if is_killed else f"TERM, {given:.0f} of {promised} s"
        if is_overlapping:
            new = self._start(place, grace)
            ready = new.ready(READY_S)
            threading.Event().wait(rng.uniform(0, 1))
            gone = self._end(old, given, is_killed=is_killed)
        else:
            gone = self._end(old, given, is_killed=is_killed)
            new = self._start(place, grace)
            ready = new.ready(READY_S)
        self.engine, self.place, self.grace = new, place, grace
        code = self.codes[-1]
        since = max(gone, at_of(ready))
        taken = self._taken(new, READY_S if is_overlapping else TAKEN_S)
        gap = None if taken is None else max(0.0, at_of(taken) - since)
        return Handover(f"{how}, {'overlapping' if is_overlapping else 'one after the other'}", gap, code)

    def beside(self, seconds: float) -> None:
        """Let a second process live beside the first one for so long, and end it."""
        second = self._start("two" if self.place == "one" else "one", 0)
        second.ready(READY_S)
        threading.Event().wait(seconds)
        self._end(second, 0.0, is_killed=True)

    def finish(self) -> None:
        """End the present process as it likes best."""
        self._end(self.engine, 60.0, is_killed=False)

    def _start(self, place: str, grace: int) -> Engine:
        environment = {**ENVIRONMENT, **self.places(), "RAILWAY_DEPLOYMENT_DRAINING_SECONDS": str(grace)}
        return Engine(self._folder / place, speed=self.speed, environment=environment).start()

    def _end(self, engine: Engine, given: float, *, is_killed: bool) -> float:
        """End a process and return when it was gone, epoch."""
        if not is_killed:
            os.kill(engine.pid, signal.SIGTERM)
        try:
            code = engine.wait(given if not is_killed else 0.01)
        except subprocess.TimeoutExpired:
            os.kill(engine.pid, signal.SIGKILL)
            code = engine.wait(10)
        gone = time.time()
        self.codes.append(code)
        ended = {line.get("run") for line in engine.lines if line["action"] in _ENDS}
        self.cut += [
            datetime.fromisoformat(line["slot"])
            for line in engine.lines
            if line["action"] == "run_admitted" and line["job"] == "posting" and line["run"] not in ended
        ]
        self._count(engine)
        return gone

    def _await_moment(self) -> None:
        if self.rng.random() < 0.5:
            self.wait_for(self.engine, ("intent_durable",), _INTENT_S)
            threading.Event().wait(self.rng.uniform(0.0, 0.2))
        else:
            threading.Event().wait(self.rng.uniform(0.0, _MOMENT_S))

    def _taken(self, engine: Engine, seconds: float) -> Line | None:
        def find() -> Line | None:
            return next((line for line in engine.lines if line["action"] == "lease_taken"), None)

        return find() if self.until(find, seconds) else None


def at_of(line: Line) -> float:
    """Return when a line was written, epoch."""
    return datetime.fromisoformat(line["time"]).timestamp()


LIMIT_S = LEASE_S + 2.0
