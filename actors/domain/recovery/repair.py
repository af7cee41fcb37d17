"""Repair: what has to be written so that the ledger says of a decision what is known of it."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from typing import TYPE_CHECKING

from actors.domain.snowflake import created_at, parse_tweet_id

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from actors.domain.recovery.case import Case

AT_REST = ("queued", "posted", "failed", "cancelled", "skipped")
"""States in which no run holds a decision; the others are posting's alone."""


@dataclass(frozen=True, slots=True)
class Found:
    """The id of a part, how it is known, and the attempt that it came of if that is told with it."""

    tweet_id: str
    evidence: str
    attempt_id: uuid.UUID | None = None
    intent_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class LostAttempt:
    """An attempt that must have been, as its post is there."""

    attempt_id: uuid.UUID
    part: int
    number: int
    intent_at: datetime
    site_time: datetime
    target_id: str | None


@dataclass(frozen=True, slots=True)
class LostReceipt:
    """A receipt that is missing. `posted_at` is schedule time, `minted_at` the time of its id."""

    part: int
    attempt_id: uuid.UUID
    tweet_id: str
    evidence: str
    posted_at: datetime
    minted_at: datetime


@dataclass(frozen=True, slots=True)
class Repair:
    """What to write, all of it or nothing. Whole: each part has its receipt then, and the decision is posted."""

    revived: tuple[uuid.UUID, ...]
    attempts: tuple[LostAttempt, ...]
    receipts: tuple[LostReceipt, ...]
    is_whole: bool
    first_id: str
    last_id: str
    """Of the last part that is known."""
    posted_at: datetime


def repair(case: Case, found: Mapping[int, Found]) -> Repair | None:
    """Return what makes the ledger agree with itself and with what was found; None if that cannot be said.

    It cannot while a part before a known one is missing, and not of a posted decision that stays incomplete: nobody
    takes back that it was posted.
    """
    known = {part: kept.tweet_id for part, kept in case.receipts.items()}
    known |= {part: each.tweet_id for part, each in found.items() if part not in known}
    is_whole = len(known) == len(case.parts)
    if not known or set(known) != set(range(len(known))) or (case.status == "posted" and not is_whole):
        return None
    revived: list[uuid.UUID] = []
    attempts: list[LostAttempt] = []
    receipts: list[LostReceipt] = []
    for part in sorted(known):
        kept, new = case.receipts.get(part), found.get(part)
        minted_at = created_at(parse_tweet_id(known[part]))
        tried = {each.attempt_id: each for each in case.tries_at(part)}
        attempt_id = _attempt_of(case, part, found)
        if attempt_id not in tried:
            intent_at = (kept.posted_at if kept else new.intent_at if new else None) or minted_at
            target_id = known[part - 1] if part else case.target_id
            number = max((each.number for each in tried.values()), default=max(case.attempt, 1) - 1) + 1
            attempts.append(LostAttempt(attempt_id, part, number, intent_at, minted_at, target_id))
        else:
            intent_at = tried[attempt_id].intent_at
            if tried[attempt_id].result != "posted":
                revived.append(attempt_id)
        if kept is None and new is not None:
            receipts.append(LostReceipt(part, attempt_id, new.tweet_id, new.evidence, intent_at, minted_at))
    first = case.receipts.get(0)
    posted_at = first.posted_at if first is not None else receipts[0].posted_at
    return Repair(tuple(revived), tuple(attempts), tuple(receipts), is_whole, known[0], known[max(known)], posted_at)


def _attempt_of(case: Case, part: int, found: Mapping[int, Found]) -> uuid.UUID:
    """Return the attempt that a part's post came of: its receipt's, the one that tells it, or the likeliest one.

    That is one that says so itself, or the last one before the post was minted.
    """
    if part in case.receipts:
        return case.receipts[part].attempt_id
    told = found[part].attempt_id
    if told is not None:
        return told
    tries = case.tries_at(part)
    minted_at = created_at(parse_tweet_id(found[part].tweet_id))
    posted = [each for each in tries if each.result == "posted"]
    earlier = [each for each in tries if each.site_time <= minted_at]
    for likely in (posted, earlier[::-1], tries):
        if likely:
            return likely[0].attempt_id
    return uuid.uuid4()
