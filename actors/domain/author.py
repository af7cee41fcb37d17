"""Who says a word, as far as that is known: the audit, pauses and answers name him alike."""

from __future__ import annotations

from actors.domain.stages import OPERATOR

HOLDER = "holder of the control key"
ANYBODY = "anybody"
"""Without a signature that counts, on a Redis that others reach."""
UNKNOWN = "unknown"
"""Of a word that was refused."""


def author_of(*, is_signed: bool, is_own: bool) -> str:
    """Return who says a word that is obeyed.

    Args:
        is_signed: whether it surely comes from who holds the key.
        is_own: whether it comes from him, or over the embedded Redis: from an operator on the machine.
    """
    if is_signed:
        return HOLDER
    return OPERATOR if is_own else ANYBODY
