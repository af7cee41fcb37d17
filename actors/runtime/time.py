"""The two clocks of the process: schedule time, scaled and kept on disk, and real time, which only the system keeps."""

from __future__ import annotations

import json
import os
import time
from typing import TYPE_CHECKING

from actors.domain.schedule_time import Anchor
from actors.errors import ConfigError

if TYPE_CHECKING:
    from datetime import datetime, timedelta
    from pathlib import Path


class ScheduleClock:
    """Schedule time for any thread. Goes on by the monotonic clock: a step of the wall clock changes nothing."""

    def __init__(self, anchor: Anchor) -> None:
        self.anchor = anchor
        self._wall, self._monotonic = time.time(), time.monotonic()

    @property
    def speed(self) -> float:
        """Return how many schedule seconds pass in a real one."""
        return self.anchor.speed

    def now(self) -> datetime:
        """Return schedule time, aware UTC."""
        return self.anchor.at(self._wall + time.monotonic() - self._monotonic)

    def real_seconds(self, duration: timedelta) -> float:
        """Return how many real seconds a duration of schedule time takes."""
        return self.anchor.real_seconds(duration)


def load_clock(path: Path, speed: float) -> ScheduleClock:
    """Return the clock that goes on where the last process with this data directory was, and write its anchor down.

    Raises:
        ConfigError: the file is not one of ours.
    """
    wall = time.time()
    anchor = Anchor(wall, wall, speed)
    if path.exists():
        try:
            kept = json.loads(path.read_text(encoding="utf-8"))
            anchor = Anchor(*(float(kept[name]) for name in ("wall", "schedule", "speed"))).with_speed(speed, wall)
        except (ValueError, TypeError, LookupError) as error:
            hint = "restore it, or start with an empty --data"
            raise ConfigError(f"{path} is not a clock file: {error!r}", hint) from error
    temporary = path.with_suffix(".tmp")
    temporary.write_text(json.dumps({"wall": anchor.wall, "schedule": anchor.schedule, "speed": anchor.speed}))
    with temporary.open() as written:
        os.fsync(written.fileno())
    temporary.replace(path)
    return ScheduleClock(anchor)
