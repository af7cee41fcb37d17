"""Randomness without a sequence: every draw is named by a key, so no draw depends on what was drawn before it."""

from __future__ import annotations

import hashlib

import numpy as np


def keyed(*parts: bytes | str | int) -> np.random.Generator:
    """Return the generator that belongs to these parts, the same in every process and in every order of calls.

    Philox is counter-based and takes any 128-bit key; BLAKE2b makes one from the parts. Each part is hashed with its
    type and its length, so that ("a", "bc"), ("ab", "c") and ("1",) against (1,) are different keys.
    """
    digest = hashlib.blake2b(digest_size=16)
    for part in parts:
        data = part if isinstance(part, bytes) else str(part).encode()
        digest.update(f"{type(part).__name__}:{len(data)}:".encode())
        digest.update(data)
    return np.random.Generator(np.random.Philox(key=int.from_bytes(digest.digest(), "big")))
