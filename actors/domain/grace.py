"""The grace: how the time between TERM and KILL is used. Every instruction is safe to die at without."""

from __future__ import annotations

_RESERVE_S = 8.0
"""For what follows the drain: lease, tree, browser and embedded servers end within 2 to 6 s."""
_LEASE_S, _SUMMARY_S, _TREE_S, _SERVERS_S = 3.0, 10.0, 30.0, 8.0
"""The longest that each of these may take, however much is left."""
_AFTER_TREE_S = 4.0
"""What the tree leaves for the servers and the interpreter's end."""
_END_S = 2.0
"""What the servers leave for the end of the interpreter, and for the kill of one that resists."""
_ASK_S = 0.5
"""With less the ledger is not asked for figures."""
_MOMENT_S = 1.5
"""What each part but the figures gets, even after the end of the grace: as a rule it is done within that."""


def reserve_s(grace_s: float) -> float:
    """Return how much of the grace, in real seconds, is kept for what follows the drain: at most half of it."""
    return min(_RESERVE_S, grace_s / 2)


def drain_s(grace_s: float, used_s: float = 0.0) -> float:
    """Return how many real seconds runs are still waited for; never negative.

    Args:
        grace_s: what the platform gives between TERM and KILL; it may be 0.
        used_s: what has passed of it.
    """
    return max(0.0, grace_s - used_s - reserve_s(grace_s))


def lease_s(left_s: float) -> float:
    """Return how many real seconds the lease may take to be given back.

    Args:
        left_s: what is left of the grace when that begins, here as below; below 0 when it is over.
    """
    return max(_MOMENT_S, min(_LEASE_S, left_s / 4))


def summary_s(left_s: float) -> float:
    """Return how long the ledger may take to be counted; 0: it is not to be asked at all."""
    share = min(_SUMMARY_S, left_s / 4)
    return share if share >= _ASK_S else 0.0


def tree_s(left_s: float) -> float:
    """Return how long the tree may take to stop; the servers' time comes after it."""
    return max(_MOMENT_S, min(_TREE_S, left_s - _AFTER_TREE_S))


def servers_s(left_s: float) -> float:
    """Return how long the embedded servers, side by side, may take to end by themselves; then they are killed."""
    return max(_MOMENT_S, min(_SERVERS_S, left_s - _END_S))
