"""The score of the whole, 0 to 100, and how fast the jobs use up what they may fail."""

from __future__ import annotations

from dataclasses import dataclass

from actors.domain.health.symptom import Level, Symptom

OBJECTIVE = 0.95
"""Share of runs that are promised to succeed. With the usual 0.99 one failure of the twelve runs an hour of `posting`
would burn eight times what may fail; at 0.90 (domain.md 1.3, job 29) the limit of `FAST` could never be reached."""

FAST = 14.4
"""Burn rate of both windows from which somebody is called: at it a month's failures are used up in two days (the
multiwindow alert of The Site Reliability Workbook, chapter 5, with its windows of 1 h and 5 m)."""

FEWEST_RUNS = 3
"""In the long window; below it a rate is luck."""

_LEAST_POSTING, _LEAST_JOBS, _LEAST_RECOVERY, _MOST_ERRORS = 0.90, 0.90, 0.80, 5.0
"""When a part of the score is a symptom of its own (domain.md 1.3, job 29)."""

_BELOW = {Level.DEGRADED: 80.0, Level.UNHEALTHY: 60.0}
_MARGIN = 5.0
"""How far above a bound the score must be to leave the level that it led to."""


@dataclass(frozen=True, slots=True)
class Window:
    """Runs that came to an end in a span of time, each counted once however often it was tried."""

    runs: int
    failed: int

    @property
    def share(self) -> float:
        """Return the share that succeeded; of none: all."""
        return 1 - self.failed / self.runs if self.runs else 1.0

    @property
    def burn(self) -> float:
        """Return how many times faster than promised failures are used up."""
        return (1 - self.share) / (1 - OBJECTIVE)


@dataclass(frozen=True, slots=True)
class Figures:
    """What the score is made of; shares are 0 to 1, and 1 where nothing happened.

    Args:
        errors_per_hour: of the log, each once for each run (`health.tally`).
        recovery: of the jobs that failed within a day, the share whose last run succeeded.
        posting: of the decisions that came to an end within a day, the share that was posted.
        jobs: of the runs of a day, the share that did not fail.
    """

    errors_per_hour: float = 0.0
    recovery: float = 1.0
    posting: float = 1.0
    jobs: float = 1.0

    @property
    def score(self) -> float:
        """Return the weighted sum of domain.md 1.3, job 29: 0 to 100."""
        errors = max(0.0, 100 - 10 * self.errors_per_hour)
        return round(0.3 * errors + 100 * (0.2 * self.recovery + 0.3 * self.posting + 0.2 * self.jobs), 1)

    def symptoms(self) -> list[Symptom]:
        """Return the parts that are too low, each by itself."""
        found = []
        if self.errors_per_hour > _MOST_ERRORS:
            found.append(_low("errors_high", f"{self.errors_per_hour:.1f} errors an hour"))
        if self.recovery < _LEAST_RECOVERY:
            found.append(_low("recovery_low", f"{self.recovery:.0%} of the jobs that failed today are back"))
        if self.posting < _LEAST_POSTING:
            found.append(_low("posting_low", f"{self.posting:.0%} of the decisions that ended today were posted"))
        if self.jobs < _LEAST_JOBS:
            found.append(_low("runs_low", f"{self.jobs:.0%} of the runs of a day succeeded"))
        return found


def level_of(score: float, present: Level) -> Level:
    """Return the level that a score stands for, while the verdict is `present`."""
    for level in (Level.UNHEALTHY, Level.DEGRADED):
        margin = _MARGIN if present.rank >= level.rank else 0.0
        if score < _BELOW[level] + margin:
            return level
    return Level.HEALTHY


def burning(name: str, short: Window, long: Window, level: Level) -> list[Symptom]:
    """Return the symptom of runs that fail too fast: now, and for long enough to matter."""
    if long.runs < FEWEST_RUNS or min(short.burn, long.burn) < FAST:
        return []
    text = f"{long.failed} of {long.runs} runs of {name} failed within an hour, and it goes on"
    return [Symptom(f"{name}_burns", level, text)]


def _low(name: str, text: str) -> Symptom:
    return Symptom(name, Level.DEGRADED, text)
