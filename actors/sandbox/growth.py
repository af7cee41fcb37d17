"""How the counts of a background post grow to where they end up."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from actors.sandbox.post import Counts

if TYPE_CHECKING:
    from datetime import timedelta


def matured(age: timedelta) -> float:
    """Tell which share of its final counts a post has at an age: `1 - exp(-(age / 5 h)^0.75)`, as for own posts."""
    hours = max(0.0, age.total_seconds() / 3600)
    return 1 - math.exp(-((hours / 5) ** 0.75))


def grown(popularity: Counts, age: timedelta) -> Counts:
    """Tell the counts of a post at an age, given where they end up."""
    share = matured(age)
    return Counts(
        views=int(popularity.views * share),
        likes=int(popularity.likes * share),
        reposts=int(popularity.reposts * share),
        replies=int(popularity.replies * share),
        bookmarks=int(popularity.bookmarks * share),
    )
