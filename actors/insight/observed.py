"""What was observed of posts of others: from the library and the peers to findings."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from actors.domain.insight.excess import Example
from actors.domain.insight.patterns import patterns
from actors.domain.taxonomy import FACTORS
from actors.insight.intelligence import statements

if TYPE_CHECKING:
    from collections.abc import Sequence

    from actors.job import JobContext

_WINDOW = timedelta(days=30)
_MOST = 4000
"""Examples that are looked at, the newest."""
_LAST = timedelta(days=2)
_LEAST_CHARACTERS = 50
"""A shorter post is none that could be built like ours (domain.md 1.3, job 19)."""


def learn_patterns(ctx: JobContext) -> int:
    """Replace all that source `observed` found by what the kept posts show now; return how many findings that are.

    Only features are read, which are our own words and numbers; no text of anybody leaves the database.
    """
    findings = patterns([example for _, example in studied_examples(ctx, ("peer", "viral"))])
    ctx.database.transact(statements("observed", findings, ctx, lasts=_LAST))
    return len(findings)


def studied_examples(ctx: JobContext, lanes: Sequence[str]) -> list[tuple[str, Example]]:
    """Return the newest posts of these lanes that could be built like ours, each once, with the lane it counts for.

    A post that was found in several counts for the first of them.
    """
    rows = ctx.database.all("studied_examples", lanes=list(lanes), since=ctx.now() - _WINDOW, limit=_MOST)
    return [(row["lane"], _example(row)) for row in rows if _is_like_ours(row["features"])]


def _is_like_ours(features: dict[str, Any]) -> bool:
    return features["characters"] >= _LEAST_CHARACTERS and not features["has_mention"]


def _example(row: dict[str, Any]) -> Example:
    features = row["features"]
    return Example(
        author=row["author"],
        followers=row["followers"],
        is_picked=row["is_picked"],
        engagement=row["engagement"],
        values={factor: features[factor] for factor in FACTORS if features.get(factor)},
        characters=features["characters"],
        line_breaks=features["line_breaks"],
        has_emoji=features["emoji"] > 0,
    )
