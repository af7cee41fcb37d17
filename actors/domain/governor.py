"""The governor of the log: how many lines may go out, which never stay back, and how many of what did."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

ALWAYS = frozenset({"heartbeat", "board_changed"})
"""Actions of the lines that carry the state. They come once a second, and once more for each `status`."""

PER_SECOND = 200.0
DEPTH = 200.0
"""Lines that come back each second, and lines that may be saved up: at most their sum in any second, 400.

The platform drops what is beyond 500 lines a second and replica without looking at it (`field-notes.md` 0).
"""
_RESERVE = 50.0
"""The last lines saved up are for what never stays back."""
_RESERVE_OF_RARE = 25.0
"""What an action that is hardly heard of may use of the reserve, so that a storm of one drowns no other."""
_RARE = 10
"""Lines of a second up to which an action is rare."""
_MOST_ACTIONS = 300
"""Actions counted by name, twice as many as there are (`docs/log.md`); all others are counted as one."""
_TELL_EVERY_S = 1.0

OTHERS = "others"


@dataclass(frozen=True, slots=True)
class Kept:
    """Whose lines never stay back, besides errors and those that carry the state: the work of P0."""

    jobs: frozenset[str] = frozenset()
    """Jobs of P0: every line about one of them."""
    loggers: frozenset[str] = frozenset()
    """Loggers of what P0 does: their own and those below them."""

    def holds(self, job: object, logger: str) -> bool:
        """Tell whether a line about this job (None: about none), written by this logger, is one of P0."""
        if isinstance(job, str) and job in self.jobs:
            return True
        return any(logger == name or logger.startswith(f"{name}.") for name in self.loggers)


@dataclass(slots=True)
class Governor:
    """A bucket of lines with a reserve. `now` is monotonic seconds, and may stand still but not go back.

    What is to be kept goes out even beyond the limit, for a line lost here is lost for certain, and one beyond the
    limit only if the platform means its 500: then everything else stays back until the bucket is full enough again,
    and `over` counts by how many lines the limit was broken.
    """

    left: float = DEPTH
    """Lines that may go out now; below 0 while kept lines alone are too many."""
    at: float = 0.0
    over: int = 0
    """Kept lines that went out beyond the limit, since the start."""
    dropped: Counter[str] = field(default_factory=Counter)
    """Lines that stayed back, by action, since the start."""
    untold: Counter[str] = field(default_factory=Counter)
    """Those of them that no line has told of yet."""
    tell_at: float | None = None
    """When those are to be told; None while there are none."""
    second: float = 0.0
    heard: Counter[str] = field(default_factory=Counter)
    """Lines of the running second, by action."""

    def admits(self, action: str, now: float, *, is_kept: bool) -> bool:
        """Take one line into account and return whether it goes out."""
        if now > self.at:
            self.left = min(DEPTH, self.left + (now - self.at) * PER_SECOND)
            self.at = now
        if is_kept:
            return self._keep()
        if now - self.second >= 1.0:
            self.second = now
            self.heard.clear()
        self.heard[action] += 1
        reserve = _RESERVE_OF_RARE if self.heard[action] <= _RARE else _RESERVE
        if self.left - 1.0 >= reserve:
            self.left -= 1.0
            return True
        self.leave_out(action, now)
        return False

    def leave_out(self, action: str, now: float) -> None:
        """Count a line that stays back; `admits` does so itself."""
        name = action if action in self.dropped or len(self.dropped) < _MOST_ACTIONS else OTHERS
        self.dropped[name] += 1
        self.untold[name] += 1
        if self.tell_at is None:
            self.tell_at = now + _TELL_EVERY_S

    def tell(self, now: float) -> dict[str, int]:
        """Return what stayed back since it was last told, if it is time to tell; the line that tells is paid for."""
        if self.tell_at is None or now < self.tell_at:
            return {}
        told = dict(self.untold)
        self.untold.clear()
        self.tell_at = None
        self._keep()
        return told

    def _keep(self) -> bool:
        if self.left < 1.0:
            self.over += 1
        # A debt of more than a second would silence the rest for longer than the storm lasts.
        self.left = max(-PER_SECOND, self.left - 1.0)
        return True
