"""What to do about a server that cannot be reached, found by the words in which it or its client says so."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence


def find_remedy(reason: str, remedies: Sequence[tuple[str, str]], setting: str, otherwise: str = "") -> str:
    """Return what to do about a connection that failed, or a command that was refused, for this reason.

    Args:
        reason: the words.
        remedies: patterns with what to do. In order: the first that is found counts, so that a certificate's wrong host
            name is neither an unknown host nor missing TLS.
        setting: what the user named the server by.
        otherwise: what to do when none is found; empty: look whether the server is there at all.
    """
    for pattern, remedy in remedies:
        if re.search(pattern, reason):
            return f"{setting}: {remedy}"
    return otherwise or f"is it running, is {setting} right?"
