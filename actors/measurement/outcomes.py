"""Outcomes: a row of a post's latest reading, as the domain judges it."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from actors.domain.learning.features import Exposure
from actors.domain.learning.reward import MeasuredOutcome
from actors.domain.taxonomy import Arm

if TYPE_CHECKING:
    from collections.abc import Mapping


def outcome_of(row: Mapping[str, Any]) -> MeasuredOutcome:
    """Return what a row of the view `post_outcomes` says."""
    return MeasuredOutcome(
        decision_id=row["decision_id"],
        arm=Arm(row["generator"], row["topic"], row["hook"], row["format"], row["length"]),
        posted_at=row["posted_at"],
        age=timedelta(seconds=row["age_s"]),
        views=row["views"],
        likes=row["likes"],
        reposts=row["reposts"],
        replies=row["replies"],
        bookmarks=row["bookmarks"],
        source=row["source"],
        exposure=Exposure(**row["choice"]["exposure"]),
        # The order of a sum is not fixed, and its last digits would pass for news.
        follows=round(row["follows"], 6),
    )
