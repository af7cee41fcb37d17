"""The publisher's lease as one process knows it: what its last answer is worth, and what has changed."""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import Enum, StrEnum, auto

_RENEWALS = 3
"""Renewals per lease: one may fail and the next be late before it runs out."""


class LeaseAction(StrEnum):
    """What became of the lease, as the log calls it."""

    TAKEN = "lease_taken"
    LOST = "lease_lost"
    HELD_BY_OTHER = "lease_held_by_other"
    UNKNOWN = "lease_unknown"


@dataclass(frozen=True, slots=True)
class LeaseRow:
    """What the database answered: who holds the lease, and for how many seconds from then on."""

    holder: str
    fence: int
    is_ours: bool
    left_s: float


@dataclass(frozen=True, slots=True)
class LeaseChange:
    """One change that is worth a line in the log, with the last known holder and fence."""

    action: LeaseAction
    holder: str
    fence: int


class _Known(Enum):
    NOT_YET = auto()
    OURS = auto()
    ANOTHERS = auto()
    NOTHING = auto()


@dataclass(slots=True)
class Lease:
    """The machine. All times are monotonic seconds of this process.

    It never takes the lease for ours longer than the database does: an answer counts from when it was asked for, not
    from when it came. It decides what is said and shown, never what is published: that is asked of the row itself, in
    the transaction that makes an intent.
    """

    length_s: float
    row: LeaseRow = LeaseRow("", 0, is_ours=False, left_s=0.0)
    """The last answer that counted."""
    expires: float = -math.inf
    """When the lease of `row` runs out."""
    held: int | None = None
    """The fence under which it was ours last, until it is known to be another's or was given back."""
    known_until: float = math.inf
    """Until when `row` is worth something; another's is looked at anew for as long as a lease lasts."""
    _known: _Known = _Known.NOT_YET

    @property
    def pace_s(self) -> float:
        """Return how long after one renewal the next is due."""
        return self.length_s / _RENEWALS

    def is_ours(self, now: float) -> bool:
        """Return whether this process certainly holds it."""
        return self._known is _Known.OURS and now < self.expires

    def answered(self, row: LeaseRow, asked_at: float, now: float) -> list[LeaseChange]:
        """Take the answer to what was asked at `asked_at`. One that ran out on its way is worth nothing."""
        expires = asked_at + row.left_s
        known_until = asked_at + min(row.left_s, self.length_s) if row.is_ours else asked_at + self.length_s
        if now >= known_until:
            return self.failed(now)
        changes = list(self._changes(row))
        self._known = _Known.OURS if row.is_ours else _Known.ANOTHERS
        self.held = row.fence if row.is_ours else None
        self.row, self.expires, self.known_until = row, expires, known_until
        return changes

    def failed(self, now: float) -> list[LeaseChange]:
        """Take the news that nobody answered. What was known before is still worth something until `known_until`."""
        if self._known is _Known.NOT_YET:
            self._known = _Known.NOTHING
            return [self._change(LeaseAction.UNKNOWN)]
        return self.looked(now)

    def looked(self, now: float) -> list[LeaseChange]:
        """Say so if by now nothing is known any more."""
        if self._known in (_Known.NOT_YET, _Known.NOTHING) or now < self.known_until:
            return []
        self._known = _Known.NOTHING
        return [self._change(LeaseAction.UNKNOWN)]

    def released(self) -> None:
        """Forget that it was ours: it was given back."""
        self._known, self.held, self.expires = _Known.NOTHING, None, -math.inf

    def _changes(self, row: LeaseRow) -> list[LeaseChange]:
        is_lost = self.held is not None and (not row.is_ours or row.fence != self.held)
        changes = [LeaseChange(LeaseAction.LOST, row.holder, row.fence)] if is_lost else []
        if row.is_ours and (is_lost or self._known is not _Known.OURS):
            changes.append(LeaseChange(LeaseAction.TAKEN, row.holder, row.fence))
        is_news = self._known is not _Known.ANOTHERS or row.fence != self.row.fence
        if not row.is_ours and not is_lost and is_news:
            changes.append(LeaseChange(LeaseAction.HELD_BY_OTHER, row.holder, row.fence))
        return changes

    def _change(self, action: LeaseAction) -> LeaseChange:
        return LeaseChange(action, self.row.holder, self.row.fence)
