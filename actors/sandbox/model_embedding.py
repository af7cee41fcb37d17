"""Vectors of texts from hashed words and letter trigrams: similar wording gives similar vectors."""

from __future__ import annotations

import hashlib
import math
from collections import Counter

from actors.domain.text import words

DIMENSION = 256

_WORD_WEIGHT = 1.0
_TRIGRAM_WEIGHT = 0.4


def embed(text: str, dimension: int = DIMENSION) -> list[float]:
    """Give the text's vector of length 1, always the same; a text without words gives the first axis."""
    vector = [0.0] * dimension
    for feature, count in _features(text).items():
        digest = hashlib.blake2b(feature.encode(), digest_size=8).digest()
        sign = 1.0 if digest[0] % 2 else -1.0
        weight = _WORD_WEIGHT if feature.startswith("w:") else _TRIGRAM_WEIGHT
        vector[int.from_bytes(digest[1:], "big") % dimension] += sign * weight * math.sqrt(count)
    norm = math.sqrt(sum(value * value for value in vector))
    if norm == 0:
        return [1.0] + [0.0] * (dimension - 1)
    return [value / norm for value in vector]


def _features(text: str) -> Counter[str]:
    features: Counter[str] = Counter()
    for word in words(text):
        padded = f"^{word}$"
        features[f"w:{word}"] += 1
        features.update(f"t:{padded[i : i + 3]}" for i in range(len(padded) - 2))
    return features
