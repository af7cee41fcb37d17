"""Schedule time: an affine function of wall time, so that a month can be lived in hours."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta


@dataclass(frozen=True, slots=True)
class Anchor:
    """The point through which schedule time runs, and its slope.

    `schedule = anchor_schedule + speed · (wall - anchor_wall)`; both anchors are epoch seconds.
    """

    wall: float
    schedule: float
    speed: float = 1.0

    def at(self, wall: float) -> datetime:
        """Return the schedule time (aware UTC) at this wall time (epoch seconds)."""
        return datetime.fromtimestamp(self.schedule + self.speed * (wall - self.wall), UTC)

    def with_speed(self, speed: float, wall: float) -> Anchor:
        """Return the anchor that goes on from this wall time at another speed, without a jump."""
        return self if speed == self.speed else Anchor(wall, self.at(wall).timestamp(), speed)

    def real_seconds(self, duration: timedelta) -> float:
        """Return how many real seconds a duration of schedule time takes."""
        return duration.total_seconds() / self.speed
