"""What two texts have in common, and how long one is by the platform's count."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from functools import lru_cache

from rapidfuzz import fuzz

WEIGHTED_LIMIT = 280
"""The longest post, in weighted characters."""

# No label of a name is longer than 63 characters, and without that bound a long row of hyphens takes for ever.
URL = re.compile(
    r"\bhttps?://\S+|\bwww\.\S+"
    r"|\b[a-z0-9][a-z0-9-]{0,62}\.(?:com|org|net|io|co|app|gov|edu|info|health|blog|dev|me)\b(?:/\S*)?",
    re.IGNORECASE,
)
MENTION = re.compile(r"(?<![\w@])[@＠]\w+")

_INVISIBLE_CATEGORIES = frozenset({"Cf", "Cc", "Co", "Cs"})
_WORD = re.compile(r"\w+(?:['’]\w+)*")


def weighted_length(text: str) -> int:
    """Count a text as the platform does: a URL is 23, most emoji and CJK characters are 2."""
    # 17 MB and 0.4 s that only writers of posts have to pay.
    from twitter_text import parse_tweet

    return int(parse_tweet(text).weightedLength)


def visible(text: str) -> str:
    """Remove control, zero-width, bidirectional and tag characters, but keep line breaks."""
    return "".join(c for c in text if c == "\n" or unicodedata.category(c) not in _INVISIBLE_CATEGORIES)


def normalise(text: str) -> str:
    """Give the form under which equal texts are equal.

    NFKC and case-folded, without URLs, mentions and invisible characters, each run of white space one space.
    """
    bare = MENTION.sub(" ", URL.sub(" ", unicodedata.normalize("NFKC", text)))
    return " ".join(visible(re.sub(r"\s", " ", bare)).casefold().split())


@lru_cache(maxsize=2048)
def content_hash(text: str) -> str:
    """Give the SHA-256 of the normalised text, as 64 hexadecimal digits."""
    return hashlib.sha256(normalise(text).encode()).hexdigest()


@lru_cache(maxsize=2048)  # each new text is compared with the same history
def words(text: str) -> tuple[str, ...]:
    """List the words of the normalised text in order, without punctuation."""
    return tuple(_WORD.findall(normalise(text)))


def similarity(first: str, second: str) -> float:
    """Give the token-sort ratio of two texts' words, 0 to 1: equal words in any order are 1."""
    return fuzz.token_sort_ratio(" ".join(words(first)), " ".join(words(second))) / 100


def overlap(first: str, second: str) -> float:
    """Give the share of the distinct words of both texts that they have in common, 0 to 1."""
    left, right = set(words(first)), set(words(second))
    return len(left & right) / max(1, len(left | right))
