"""Write again what the database refused or missed."""

from __future__ import annotations

from actors.domain.priority import Priority
from actors.job import Done, JobContext, Nothing, Outcome, job
from actors.ledger.backlog import bring_in
from actors.ledger.publisher import other_publisher


@job(priority=Priority.P1, uses=("database",), covers=("db_retry_queue",))
def db_retry_queue(ctx: JobContext) -> Outcome:
    """Bring the receipts in that the local journal has and the ledger lacks, beside a posting run or without one.

    The journal is the queue; there is no other file. What is in the hands of a run stays there until that lets it go.
    """
    other = other_publisher(ctx)
    if other is not None:
        return other
    counts = bring_in(ctx)
    return Done(counts) if any(counts.values()) else Nothing("the journal holds no receipt that the ledger lacks")
