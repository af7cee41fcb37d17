"""How big a post is, when its answers are too many to be seen among, and what an answer to it is worth."""

from __future__ import annotations

_TIERS = (
    (100_000, "MEGA+"),
    (50_000, "MEGA"),
    (25_000, "VIRAL+"),
    (10_000, "VIRAL"),
    (5_000, "TRENDING+"),
    (2_000, "TRENDING"),
    (1_000, "FRESH+"),
)
"""Least likes of each tier (domain.md 1.3, job 5)."""
_CEILINGS = (
    (100_000, 1600),
    (50_000, 1400),
    (25_000, 900),
    (10_000, 700),
    (5_000, 500),
    (2_000, 350),
    (1_000, 250),
    (500, 180),
    (300, 140),
    (150, 110),
)
"""Most replies of a post with at least so many likes (domain.md 9.3: those of the account variant)."""
_LEAST_CEILING = 80
_WORDS_COUNT = 0.5
"""Of the score of what only words judged: behind everything alike that the model judged (domain.md 6, I3)."""


def tier_of(likes: int | None) -> str:
    """Return the tier; what nobody knows is the least."""
    return next((tier for least, tier in _TIERS if (likes or 0) >= least), "FRESH")


def is_crowded(likes: int | None, replies: int | None) -> bool:
    """Say whether it is known to have more replies than one of its size may have."""
    ceiling = next((most for least, most in _CEILINGS if (likes or 0) >= least), _LEAST_CEILING)
    return replies is not None and replies > ceiling


def score_of(likes: int | None, replies: int | None, judged_by: str) -> float:
    """Return what an answer is worth, 0 to 100: `min(likes / 100, 50) + max(50 - replies / 2, 0)`.

    What is unknown earns nothing. `judged_by` "words" halves it.
    """
    liked = 0.0 if likes is None else min(likes / 100, 50.0)
    quiet = 0.0 if replies is None else max(50.0 - replies / 2, 0.0)
    return (liked + quiet) * (_WORDS_COUNT if judged_by == "words" else 1.0)
