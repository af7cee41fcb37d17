"""The chain of the audit: each row's hash covers the one before, so that no row can be changed or taken out unseen."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable


@dataclass(frozen=True, slots=True)
class Link:
    """One row: its place (1, 2, 3, ...), the text that was written, and the hash that the database gave it."""

    seq: int
    body: str
    hash: str


@dataclass(frozen=True, slots=True)
class Chain:
    """What a reading of the rows came to.

    Rows cut off at the end leave a chain that is whole: compare `rows` and `head` with the last `audit_written` line
    of the log, which is out of reach of whoever can write to the database.
    """

    rows: int = 0
    head: str = ""
    """The hash of the last row that fits."""
    fault: str = ""
    """The first thing that is wrong, empty if nothing is."""


def hash_of(before: str, body: str) -> str:
    """Return a row's hash: SHA-256, in hexadecimal digits, of the hash before it followed by its text in UTF-8."""
    return hashlib.sha256((before + body).encode()).hexdigest()


def verify(links: Iterable[Link], chain: Chain | None = None) -> Chain:
    """Read rows in the order of their place and return how far they fit.

    Args:
        links: rows, from the one after `chain` on.
        chain: what the rows before came to; None: these are the first.
    """
    chain = chain or Chain()
    for link in links:
        if chain.fault:
            break
        if link.seq != chain.rows + 1:
            chain = Chain(chain.rows, chain.head, f"row {chain.rows + 1} is missing: row {link.seq} follows")
        elif link.hash != hash_of(chain.head, link.body):
            chain = Chain(chain.rows, chain.head, f"row {link.seq} is not as it was written")
        else:
            chain = Chain(link.seq, link.hash)
    return chain
