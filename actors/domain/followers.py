"""Followers: known again by a digest, never by name."""

from __future__ import annotations

import hashlib


def digest_of(handle: str) -> str:
    """Return what is kept of a follower's handle, in whatever case it is written: 32 hexadecimal digits."""
    return hashlib.blake2b(handle.lower().encode(), digest_size=16).hexdigest()
