"""Alerting: which log lines call a person, and how often the same one does."""

from __future__ import annotations

from dataclasses import dataclass, field

CALLING = frozenset(
    {
        "breaker_open_long",
        "database_restored",
        "error_uncaught",
        "health_changed",
        "intent_lost",
        "journal_damaged",
        "journal_failed",
        "lane_silent",
        "ledger_conflict",
        "platform_away",
        "platform_challenge",
        "platform_invalid",
        "process_renewed",
        "process_wedged",
        "record_dropped",
        "root_failed",
        "server_start_failed",
        "session_expired",
        "session_locked",
        "start_waits",
        "stop_timeout",
        "uncertain_given_up",
    }
)
"""Actions of error lines for which somebody has to look. Every other line can wait until he reads the log."""
ABOUT = ("lane", "job", "decision", "actor", "front", "server", "resource")
"""Fields that make two lines of one action two matters."""
_MOST_MATTERS = 256


@dataclass(frozen=True, slots=True)
class Matter:
    """What an alert is about: lines of one matter are one alert."""

    action: str
    about: str = ""


@dataclass(slots=True)
class Alerting:
    """Lets the first line of a matter through, then one in each `again_s` real seconds, with the number held back."""

    again_s: float
    told: dict[Matter, float] = field(default_factory=dict)
    held: dict[Matter, int] = field(default_factory=dict)

    def take(self, matter: Matter, now: float) -> int | None:
        """Return how many lines of this matter were held back before this one, or None if it is held back itself."""
        last = self.told.get(matter)
        if last is not None and now - last < self.again_s:
            self.held[matter] = self.held.get(matter, 0) + 1
            return None
        if last is None and len(self.told) >= _MOST_MATTERS:
            oldest = min(self.told, key=self.told.__getitem__)
            del self.told[oldest]
            self.held.pop(oldest, None)
        self.told[matter] = now
        return self.held.pop(matter, 0)


@dataclass(slots=True)
class Outages:
    """Finds what has been broken for longer than `limit_s`; each outage is named once. Times are monotonic."""

    limit_s: float
    since: dict[str, float] = field(default_factory=dict)
    named: set[str] = field(default_factory=set)

    def look(self, broken: set[str], now: float) -> dict[str, float]:
        """Return for how many seconds each has been broken that is to be named now."""
        self.since = {name: self.since.get(name, now) for name in broken}
        self.named &= broken
        long = {name: now - at for name, at in self.since.items() if now - at > self.limit_s and name not in self.named}
        self.named |= long.keys()
        return long
