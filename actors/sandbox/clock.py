"""The sandbox's schedule time: scaled, kept across restarts, never running backwards."""

from __future__ import annotations

import json
import logging
import os
import time
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from actors.errors import ConfigError
from actors.sandbox.store import write_durably

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Anchor:
    """One instant on both clocks, in epoch seconds: when the wall showed `wall`, the schedule showed `schedule`."""

    wall: float
    schedule: float

    @classmethod
    def parse(cls, text: str) -> Anchor:
        """Read `WALL_EPOCH:SCHEDULE_EPOCH`.

        Raises:
            ConfigError: the text is anything else.
        """
        wall, colon, schedule = text.partition(":")
        try:
            if colon:
                return cls(float(wall), float(schedule))
        except ValueError:
            pass
        raise ConfigError(f"anchor {text!r} is not a pair of times", "write WALL_EPOCH:SCHEDULE_EPOCH, in seconds")

    def at(self, wall: float, speed: float) -> float:
        """Tell the schedule time at a wall time; a wall clock that was set back counts as standing still."""
        return self.schedule + max(0.0, wall - self.wall) * speed


class ScheduleClock:
    """Tell the schedule time, `speed` schedule seconds per real second.

    The anchor is kept in `clock.json`, so that time also went on, at the speed of then, while nobody served. A given
    anchor wins over the kept one. Should it lie behind the time already told, the clock stands still until the
    anchor has caught up, because posts must not be older than posts published before them. Safe in any thread.

    Raises:
        ConfigError: the speed is not positive, or `clock.json` is unreadable.
    """

    def __init__(
        self,
        directory: Path,
        speed: float,
        anchor: Anchor | None = None,
        *,
        wall: Callable[[], float] = time.time,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        if not speed > 0:
            raise ConfigError(f"speed {speed} is not positive", "1 is real time, 60 a schedule minute per second")
        started = wall()
        path = directory / "clock.json"
        told = _last_told(path, started)
        chosen = anchor or Anchor(started, started if told is None else told)
        self.speed = speed
        self.anchor = Anchor(started, chosen.at(started, speed))
        self._floor = self.anchor.schedule if told is None else told
        self._monotonic = monotonic
        self._started = monotonic()
        if self.anchor.schedule < self._floor:
            behind = round(self._floor - self.anchor.schedule, 3)
            logger.warning(
                "The given anchor lies %s schedule seconds behind; the clock stands until it has caught up",
                behind,
                extra={"action": "clock_stands", "behind_s": behind},
            )
        kept = {**asdict(self.anchor), "speed": speed, "floor": self._floor}
        write_durably(path, json.dumps(kept).encode())

    def now(self) -> datetime:
        """Tell the schedule time as an aware UTC datetime."""
        elapsed = (self._monotonic() - self._started) * self.speed
        return datetime.fromtimestamp(max(self._floor, self.anchor.schedule + elapsed), UTC)


def _last_told(path: Path, wall: float) -> float | None:
    """Tell what the clock shows by the file; None when it never told a time."""
    try:
        kept = json.loads(path.read_bytes())
        wall_then, schedule_then, speed, floor = (float(kept[key]) for key in ("wall", "schedule", "speed", "floor"))
        return max(floor, Anchor(wall_then, schedule_then).at(wall, speed))
    except FileNotFoundError:
        return None
    except (ValueError, KeyError, TypeError) as error:
        hint = "it is written by the sandbox alone; restore it or start with an empty data directory"
        raise ConfigError(f"the clock file {os.fspath(path)} is unreadable: {error}", hint) from error
