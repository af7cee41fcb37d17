"""A case: one decision with all that the ledger knows of its parts, and what it lacks."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Tried:
    """An attempt at a part. `intent_at` is schedule time, `site_time` the platform's."""

    attempt_id: uuid.UUID
    part: int
    number: int
    result: str
    intent_at: datetime
    site_time: datetime


@dataclass(frozen=True, slots=True)
class Kept:
    """A receipt of a part; `posted_at` is schedule time."""

    tweet_id: str
    attempt_id: uuid.UUID
    posted_at: datetime


@dataclass(frozen=True, slots=True)
class Case:
    """A decision, its attempts in the order of parts and numbers, and its receipts by part."""

    decision_id: uuid.UUID
    lane: str
    status: str
    parts: tuple[str, ...]
    target_id: str | None
    target_author: str
    tweet_id: str | None
    attempt: int
    created_at: datetime
    attempts: tuple[Tried, ...]
    receipts: Mapping[int, Kept]

    @classmethod
    def of(cls, row: Row) -> Case:
        """Return the case of a row of `decision_evidence`."""
        attempts = tuple(
            Tried(
                uuid.UUID(each["attempt_id"]),
                each["part"],
                each["attempt"],
                each["result"],
                datetime.fromisoformat(each["intent_at"]),
                datetime.fromisoformat(each["site_time"]),
            )
            for each in row["attempts"]
        )
        receipts = {
            each["part"]: Kept(
                each["tweet_id"], uuid.UUID(each["attempt_id"]), datetime.fromisoformat(each["posted_at"])
            )
            for each in row["receipts"]
        }
        names = ("decision_id", "lane", "status", "target_id", "target_author", "tweet_id", "attempt", "created_at")
        told = {name: row[name] for name in names}
        return cls(**told, parts=tuple(row["parts"]), attempts=attempts, receipts=receipts)

    @property
    def is_clicked(self) -> bool:
        """Return whether the ledger knows of an attempt, so that a post of ours may be its."""
        return bool(self.attempts)

    def tries_at(self, part: int) -> tuple[Tried, ...]:
        """Return the attempts at one part, the oldest first."""
        return tuple(each for each in self.attempts if each.part == part)

    def earliest(self, part: int) -> datetime:
        """Return the time from which on the part's post can have been minted, on the platform's clock.

        Without an attempt it is when the decision was made; schedule time and a platform's agree to the tolerance of
        `domain.evidence`.
        """
        return min((each.site_time for each in self.tries_at(part)), default=self.created_at)
