"""Who follows the account: those who came for a post, those who came of themselves, and those who left.

Whoever came has a handle and stays on the list for good: those who leave are counted, not named.
"""

from __future__ import annotations

import math
from bisect import bisect_right, insort
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import TYPE_CHECKING

from actors.domain.randomness import keyed
from actors.sandbox.audience_people import Occasion, reader_handle
from actors.sandbox.post import Follow

if TYPE_CHECKING:
    from collections.abc import Callable

    from actors.sandbox.audience_profile import Profile
    from actors.sandbox.audience_taste import Taste

HOUR = 3600.0
DAY = 24 * HOUR

_LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)
"""When the last of those came who followed before the first post; each one before came six hours earlier."""


@dataclass(frozen=True, slots=True)
class _Hour:
    """Who comes in an hour without a post's doing, and when somebody leaves; in order of time."""

    came: tuple[float, ...]
    left: tuple[float, ...]


class Followers:
    """Count and name the followers; the caller serialises the calls.

    Args:
        first: how many there are before the first post.
        crowding: how far beyond what followers bear the posts of the day before an instant are, as a share of it.
    """

    def __init__(
        self, seed: int, profile: Profile, taste: Taste, first: int, crowding: Callable[[float], float]
    ) -> None:
        self._seed = seed
        self._profile = profile
        self._taste = taste
        self._crowding = crowding
        self._follows: list[Follow] = []
        self._instants: list[float] = []
        self._reports: list[float] = []
        self._handles: set[str] = set()
        self._epoch: float | None = None
        self._starts = [first]
        self._hours: list[_Hour] = []

    def prepare(self, at: float) -> None:
        """Forget the hours that did not know of a post published at an instant; the first one starts the hours."""
        if self._epoch is None:
            self._epoch = at - at % HOUR
        began = math.ceil((at - self._epoch) / HOUR)
        del self._starts[max(1, began) :]
        del self._hours[max(0, began) :]

    def add(self, at: float, handle: str, cause: str) -> None:
        """Let somebody follow for a post that was prepared for; whoever does already, or is about to, does nothing."""
        if handle in self._handles:
            return
        self._handles.add(handle)
        place = bisect_right(self._instants, at)
        self._instants.insert(place, at)
        self._follows.insert(place, Follow(datetime.fromtimestamp(at, UTC), handle, cause))

    def report(self, at: float) -> None:
        """Let somebody hide or report a post that was prepared for; some followers leave over it within a day."""
        insort(self._reports, at)

    def ranked(self, at: float) -> int:
        """Tell how many the platform counts when it ranks a post: all as of the full hour, and who came for posts."""
        hour = self._hour_of(at)
        return self._start(hour) + (0 if self._epoch is None else self._came(self._epoch + hour * HOUR, at))

    def count(self, at: float) -> int:
        """Tell how many there are at an instant."""
        if self._epoch is None or at < self._epoch:
            return self._starts[0]
        self._start(hour := self._hour_of(at))
        now = self._in(hour)
        return self.ranked(at) + bisect_right(now.came, at) - bisect_right(now.left, at)

    def newest(self, until: float, limit: int) -> list[Follow]:
        """List who came by an instant, the newest first, those from before the first post last."""
        before = (
            Follow(_LONG_AGO - timedelta(hours=6 * number), reader_handle(self._seed, Occasion.BEFORE, 0, number), None)
            for number in range(self._starts[0])
        )
        since = list(islice(self._backwards(until), max(0, limit)))
        return since + list(islice(before, max(0, limit - len(since))))

    def since_first(self, until: float) -> list[Follow]:
        """List who came since the first post, by an instant, the oldest first."""
        return list(self._backwards(until))[::-1]

    def left(self, until: float) -> list[float]:
        """List when somebody left, by an instant."""
        return [at for hour in self._all(until) for at in self._in(hour).left if at <= until]

    def _backwards(self, until: float) -> Iterator[Follow]:
        for hour in reversed(self._all(until)):
            start = (self._epoch or 0.0) + hour * HOUR
            first, last = (bisect_right(self._instants, at) for at in (start, min(until, start + HOUR)))
            came = [(at, number) for number, at in enumerate(self._in(hour).came) if at <= until]
            unprompted = [self._unprompted(hour, at, number) for at, number in came]
            yield from sorted(self._follows[first:last] + unprompted, key=lambda follow: follow.at, reverse=True)

    def _unprompted(self, hour: int, at: float, number: int) -> Follow:
        handle = reader_handle(self._seed, Occasion.UNPROMPTED, hour, number)
        return Follow(datetime.fromtimestamp(at, UTC), handle, None)

    def _all(self, until: float) -> range:
        if self._epoch is None:
            return range(0)
        self._start(hour := self._hour_of(until))
        return range(hour + 1)

    def _hour_of(self, at: float) -> int:
        return 0 if self._epoch is None else max(0, int((at - self._epoch) // HOUR))

    def _start(self, hour: int) -> int:
        """Tell how many there are when an hour begins."""
        while len(self._starts) <= hour:
            last = len(self._starts) - 1
            start = (self._epoch or 0.0) + last * HOUR
            here = self._in(last)
            self._starts.append(self._starts[last] + self._came(start, start + HOUR) + len(here.came) - len(here.left))
        return self._starts[hour]

    def _in(self, hour: int) -> _Hour:
        """Draw an hour's comings and goings, for which only what was before it counts."""
        while len(self._hours) <= hour:
            self._hours.append(self._drawn(len(self._hours)))
        return self._hours[hour]

    def _drawn(self, hour: int) -> _Hour:
        profile, start, followers = self._profile, (self._epoch or 0.0) + hour * HOUR, self._start(hour)
        rng = keyed("hour", self._seed, hour)
        middle = datetime.fromtimestamp(start + HOUR / 2, UTC)
        came = int(rng.poisson(profile.background_follows / 24 * self._taste.presence(middle)))
        reports = _between(self._reports, start - DAY, start) / max(1, followers)
        churn = profile.churn + profile.crowding_churn * self._crowding(start) + profile.report_churn * reports
        left = int(rng.binomial(followers, min(1.0, churn / 24)))
        # 1 - u, because an hour is without its first instant and with its last.
        came_at, left_at = (tuple(sorted((start + HOUR * (1 - rng.random(n))).tolist())) for n in (came, left))
        return _Hour(came_at, left_at)

    def _came(self, after: float, until: float) -> int:
        return _between(self._instants, after, until)


def _between(instants: list[float], after: float, until: float) -> int:
    return bisect_right(instants, until) - bisect_right(instants, after)
