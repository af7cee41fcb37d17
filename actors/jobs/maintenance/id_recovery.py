"""Find again what the ledger lost, and put right what it holds wrongly."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from actors.domain.caps import DAY
from actors.domain.evidence import TOLERANCE
from actors.domain.priority import Priority
from actors.job import Done, JobContext, Nothing, Outcome, job
from actors.ledger.backlog import bring_in
from actors.ledger.publisher import other_publisher
from actors.ledger.reconciliation import ids_in_health, reconcile
from actors.ledger.settlement import settle
from actors.ledger.sight import Sight
from actors.ledger.succession import recover_for, stands_in
from actors.ledger.unexplained import look_for_lost, look_for_phantoms, look_up
from actors.ledger.verification import verify_ids
from actors.stages import run_stages

if TYPE_CHECKING:
    from collections.abc import Mapping


@job(
    priority=Priority.P1,
    uses=("browser", "database"),
    stages=(
        *("id_recovery_queue", "tweet_id_recovery", "id_recovery", "phantom_recovery", "id_verification"),
        *("tweet_reconciliation", "id_health_monitor"),
    ),
)
def id_recovery(ctx: JobContext) -> Outcome:
    """Bring the ledger back to what was published: first the local journal, then the database, then our timeline.

    It never publishes, never queues what is not queued, and looks at our timeline once a run, once more if something
    older than a day is sought, and once more for the doubts that it settles in posting's stead.
    posting may run at any moment of it, so this is what holds between the two:

    - Whoever holds a decision (claimed, publishing, uncertain) is posting. Everything here writes decisions at rest,
      with a lock on the row and its state compared, in one transaction. A run that claims it first wins, and this
      writes nothing; one that comes second finds it posted, in doubt or at its end, and never a thread that it would go
      on with by what one look did not show.
    - A post on our timeline may be one whose run has not written its receipt yet. It says the words of a decision that
      is on its way, and those are left alone (`ledger.unexplained` has the order of looks that makes it certain).
    - posting's own recovery frees claims by their run, since each other run is over when posting runs. This job does it
      in posting's stead only while posting neither runs nor has succeeded lately, and then by the claim's own lease:
      what has run out cannot pass the commit point whether its run lives or not. So if posting begins that very moment
      no claim of it is freed. Two who settle one doubt compare its state; the second one is refused.
    - The journal's receipts are brought in by compare-and-set as well, those in the hands of a run left to it.
    - Only the holder of the publisher's lease does any of this; if it is lost meanwhile, all of the above holds
      against the other process, whose journal is its own.
    """
    other = other_publisher(ctx)
    if other is not None:
        return other
    sight = Sight(ctx, DAY + TOLERANCE)
    is_alone = stands_in(ctx)
    return run_stages(
        ctx,
        {
            "id_recovery_queue": partial(_journal, is_alone=is_alone),
            "tweet_id_recovery": _database,
            "id_recovery": partial(_timeline, sight=sight, is_alone=is_alone),
            "phantom_recovery": lambda ctx: _told(look_for_phantoms(ctx, sight), "nothing is unpublished of late"),
            "id_verification": lambda ctx: _told(verify_ids(ctx, sight), "every id was opened not long ago"),
            "tweet_reconciliation": lambda ctx: _told(reconcile(ctx, sight), "our timeline is empty"),
            "id_health_monitor": lambda ctx: _told(ids_in_health(ctx), "nothing was posted in the last day"),
        },
    )


def _journal(ctx: JobContext, *, is_alone: bool) -> Outcome:
    counts = recover_for(ctx) if is_alone else bring_in(ctx)
    return _told(counts, "the journal holds nothing that the ledger does not know")


def _database(ctx: JobContext) -> Outcome:
    return _told(look_up(ctx), "no decision is at odds with its rows")


def _timeline(ctx: JobContext, *, sight: Sight, is_alone: bool) -> Outcome:
    counts = settle(ctx, is_in_stead=True) if is_alone else {}
    return _told({**counts, **look_for_lost(ctx, sight)}, "no id is lost, and doubts are posting's")


def _told(counts: Mapping[str, int], otherwise: str) -> Outcome:
    return Done(dict(counts)) if any(counts.values()) else Nothing(otherwise)
