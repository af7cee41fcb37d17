"""Format intelligence: where every job of insight leaves what it found, and where `plan` reads it."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from actors.domain.insight.finding import Advice, Finding, FindingError, parse_kind
from actors.sql.queries import Statement

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import timedelta

    from actors.domain.insight.finding import Source
    from actors.job import JobContext

logger = logging.getLogger(__name__)


def statements(
    source: Source, findings: Sequence[Finding], ctx: JobContext, *, lasts: timedelta
) -> list[Statement]:
    """Return what replaces all that this source found earlier, for a transaction with whatever it was made from.

    Args:
        source: whose findings are replaced.
        findings: all of that source, no two of the same kind.
        ctx: of the run.
        lasts: how long they hold, in schedule time; longer than the time until the source looks again.
    """
    now = ctx.now()
    kept = [Statement("clear_findings", {"source": source})]
    for finding in findings:
        mean, low, high = finding.effect if finding.effect is not None else (None, None, None)
        row = {
            "source": source,
            "key": finding.key,
            "advice": finding.advice.record(),
            "posts": finding.posts,
            "effect": mean,
            "low": low,
            "high": high,
            "confidence": finding.confidence,
            "built_at": now,
            "expires_at": now + lasts,
        }
        kept.append(Statement("insert_finding", row, 1))
    return kept


def findings_in_force(ctx: JobContext) -> list[Finding]:
    """Return what holds now; a row that the vocabulary does not know is left out, with a warning that names it."""
    findings = []
    for row in ctx.database.all("findings_in_force", now=ctx.now()):
        effect = (row["effect"], row["low"], row["high"]) if row["effect"] is not None else None
        try:
            advice = Advice.from_record(row["advice"])
            kind = parse_kind(row["key"])
            findings.append(Finding(row["source"], kind, advice, row["posts"], row["confidence"], effect))
        except FindingError as error:
            logger.warning(
                "a finding means nothing any more",
                extra={"action": "finding_unknown", "source": row["source"], "data": f"{row['key']}: {error}"},
            )
    return findings
