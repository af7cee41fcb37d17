"""History: what is kept of a run once it is over."""

from __future__ import annotations

from typing import TYPE_CHECKING

from actors.domain.outcome import LONGEST_REASON, describe
from actors.sql.queries import Statement

if TYPE_CHECKING:
    from actors.messages import Settled
    from actors.runtime.runs import RunResult


def record_of(settled: Settled, result: RunResult | None) -> Statement:
    """Return the statement that records a run, or a slot that was missed (without a result)."""
    word, counts, reason = describe(settled.outcome)
    missed = f"missed-{settled.job}-{settled.slot.isoformat()}-{settled.trigger}"
    return Statement(
        "record_run",
        {
            "run_id": missed if result is None else settled.run_id,
            "job": settled.job,
            "family": settled.family,
            "slot": settled.slot,
            "attempt": settled.attempt,
            "trigger": settled.trigger,
            "started_at": None if result is None else result.started_at,
            "ended_at": settled.ended_at,
            "late_s": settled.late_s,
            "took_s": None if result is None else result.took_s,
            "browser_s": None if result is None else result.browser_s,
            "outcome": "missed" if result is None else word,
            "counts": counts,
            "reason": reason[:LONGEST_REASON],
        },
    )
