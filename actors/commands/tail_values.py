"""What the parts of the page of `tail` have in common: values of a state that nobody vouches for, and styles."""

from __future__ import annotations

from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from actors.domain.duration import format_duration
from actors.domain.escaping import clip, describe, escape

if TYPE_CHECKING:
    from collections.abc import Mapping

    from actors.domain.log_state import Boot

LONGEST = 200
"""Signs of a value, or of a sentence, that are shown."""
GOOD, BAD, WORSE, DIM = "green", "yellow", "bold red", "dim"
_SECOND = timedelta(seconds=1)


class Time:
    """What time it is for the supervisor, as far as its newest line says."""

    def __init__(self, boot: Boot) -> None:
        told, newest = moment_of(boot.state_time), moment_of(boot.time)
        self._passed = newest - told if told is not None and newest is not None else timedelta()
        self._uptime_s = boot.state.get("uptime_s")
        speed = boot.state.get("speed")
        schedule = moment_of(boot.state.get("schedule_time"))
        self.now: datetime | None = None
        if schedule is not None and isinstance(speed, int | float) and 0 < speed <= 10_000:
            # A time behind the last there is comes of no line of ours.
            with suppress(OverflowError):
                self.now = schedule + self._passed * speed

    def uptime(self) -> timedelta | None:
        """Return how long it has been up, in real time."""
        seconds = self._uptime_s
        if not isinstance(seconds, int | float) or not 0 <= seconds < 1e9:
            return None
        return timedelta(seconds=seconds) + self._passed

    def since(self, moment: object) -> str:
        """Return how much schedule time has passed since a moment of it."""
        at = moment_of(moment)
        return length_of(self.now - at) if at is not None and self.now is not None else "?"

    def ago(self, moment: object) -> str:
        """Return the same as a person says it, or nothing."""
        return f"{self.since(moment)} ago" if moment_of(moment) is not None else ""

    def until(self, moment: object) -> str:
        """Return how much schedule time is left until a moment of it."""
        at = moment_of(moment)
        if at is None or self.now is None:
            return ""
        return f"in {length_of(at - self.now)}" if at > self.now else "due"


def length_of(length: timedelta) -> str:
    """Write a length of time for people; none is negative."""
    length = max(length, timedelta())
    # Of what lasts long, nobody counts the seconds.
    grain = _SECOND if length < timedelta(minutes=10) else timedelta(minutes=1)
    return format_duration(length - length % grain)


def moment_of(text: object) -> datetime | None:
    """Return the moment that a text names, in UTC; None: it is no text, or names none with a time zone."""
    try:
        moment = datetime.fromisoformat(text) if isinstance(text, str) else None
        return moment.astimezone(UTC) if moment is not None and moment.tzinfo is not None else None
    except (ValueError, OverflowError):
        return None


def counted(number: int, what: str) -> str:
    """Write how many there are, also of none."""
    return f"{number:,} {what}" if number else f"none {what}" if what == "missing" else f"no {what}"


def safe(value: object) -> str:
    """Return a value as it may stand on a terminal, at most `LONGEST` signs of it."""
    return "" if value is None else escape(clip(describe(value), LONGEST))


def part_of(state: Mapping[str, Any], name: str) -> dict[str, Any]:
    """Return a part of the state that has parts itself; empty if there is none, or it is something else."""
    part = state.get(name)
    return part if isinstance(part, dict) else {}


def items_of(value: object) -> list[Any]:
    """Return a list as it is, and an empty one for anything else."""
    return value if isinstance(value, list) else []
