"""Whether this process is the one that publishes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from actors.job import Blocked

if TYPE_CHECKING:
    from actors.job import JobContext


def other_publisher(ctx: JobContext) -> Blocked | None:
    """Return why this process may not touch the ledger, or None while it holds the publisher's lease.

    The commit point looks at the lease again, within its own transaction.
    """
    lease = ctx.database.all("lease_state")[0]
    if lease["left_s"] <= 0:
        return Blocked("nobody holds the publisher's lease at this moment")
    if lease["holder"] != ctx.boot_id:
        return Blocked(f"process {lease['holder']} publishes: it holds the lease for {lease['left_s']:.0f} s more")
    return None


def has_read_timeline(ctx: JobContext) -> bool:
    """Return whether this holder of the lease has read what stands on the account; nothing is published before."""
    return ctx.database.all("lease_state")[0]["read_at"] is not None
