"""What the platform bears of an account that answers others unasked, and what it does beyond that."""

from __future__ import annotations

from bisect import bisect_right, insort
from collections import defaultdict
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from actors.sandbox.audience_profile import Profile
    from actors.sandbox.post import Answered

HOUR = 3600.0
DAY = 24 * HOUR


class Patience:
    """Remember who was answered unasked and what was reported; instants in seconds since the epoch.

    What it says of an instant depends on nothing later, and all that comes of a reply is told when it is published.
    So the order of questions changes nothing. The caller serialises the calls.
    """

    def __init__(self, profile: Profile) -> None:
        self._profile = profile
        self._grudge_s = profile.grudge_days * DAY
        self._unasked: defaultdict[str, list[float]] = defaultdict(list)
        self._excess: list[float] = []
        self._reports: list[float] = []

    def reply(self, answered: Answered, at: float) -> int:
        """Take note of a reply; tell how many unasked ones its author got in the day before, 0 if this was asked."""
        if answered.is_addressed:
            return 0
        instants = self._unasked[answered.author.lower()]
        before = len(instants) - bisect_right(instants, at - DAY)
        instants.append(at)
        if before >= self._profile.spam_per_author:
            self._excess.append(at)
        return before

    def is_pestered(self, author: str, at: float) -> bool:
        """Tell whether an author remembers more replies in a day than the platform bears."""
        return _is_exceeded(self._unasked[author.lower()], self._profile.spam_per_author, at - self._grudge_s, at)

    def report(self, at: float) -> None:
        """Take note that a reply is, or will be, reported."""
        insort(self._reports, at)

    def is_strained(self, at: float) -> bool:
        """Tell whether the platform shows the account's posts to fewer."""
        profile, since = self._profile, at - self._profile.spam_hours * HOUR
        return _is_exceeded(self._excess, 0, since, at) or _is_exceeded(self._reports, profile.spam_reports, since, at)

    def is_lost(self, at: float) -> bool:
        """Tell whether the platform takes no post of the account."""
        profile, since = self._profile, at - self._profile.lock_hours * HOUR
        kinds = (self._excess, profile.lock_excess), (self._reports, profile.lock_reports)
        return any(_is_exceeded(instants, borne, since, at) for instants, borne in kinds)


def _is_exceeded(instants: list[float], borne: int, since: float, at: float) -> bool:
    """Tell whether at some instant after `since`, until `at`, there was one more within a day than is borne."""
    first, last = bisect_right(instants, since), bisect_right(instants, at)
    return any(instants[i] - instants[i - borne] < DAY for i in range(max(first, borne), last))
