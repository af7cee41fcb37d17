"""Counts as the site writes them: "1,234", "1.2K", "12 Likes. Like", "3 replies, 2 reposts, 10 likes, 90 views".

The interface language is pinned to English, so a comma groups and a point is decimal. What does not fit is unknown
(None), never zero and never a guess: a wrong count teaches, a missing one is measured again.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal


@dataclass(frozen=True, slots=True)
class Count:
    """A number read from the page; not `exact` when the site abbreviated it ("1.2K" may be 1,150 or 1,249)."""

    value: int
    exact: bool = True


_SCALES = {"": 1, "K": 1_000, "M": 1_000_000, "B": 1_000_000_000}
_NUMBER = r"([0-9]{1,3}(?:,[0-9]{3})+|[0-9]+)(\.[0-9]+)?\s?([KMB])?"
_WHOLE = re.compile(_NUMBER, re.IGNORECASE)
_LARGEST = 10**12
"""No count on any platform is that large; an id taken for a count is."""

_SPACES = re.compile(r"[\s\u00a0\u2007\u2009\u202f]+")
_NOUNS = {
    "replies": r"repl(?:y|ies)",
    "reposts": r"(?:reposts?|retweets?)",
    "likes": r"likes?",
    "bookmarks": r"bookmarks?",
    "quotes": r"quotes?",
    "views": r"views?",
    "followers": r"followers?",
    "following": r"following",
}
_LABELS = {noun: re.compile(rf"(?<![0-9.,]){_NUMBER}\s+{pattern}\b", re.IGNORECASE) for noun, pattern in _NOUNS.items()}
_SILENT_ZERO = frozenset({"replies", "reposts", "likes", "bookmarks"})
"""Controls whose label leaves the number out when it is zero ("Like")."""


def parse_count(text: str | None) -> Count | None:
    """Read a text that is one number and nothing else."""
    if text is None:
        return None
    match = _WHOLE.fullmatch(_join_groups(text))
    return _count(match) if match else None


def parse_label(label: str | None, noun: str) -> Count | None:
    """Read the accessible label of one control, such as "1,234 Likes. Like" for `noun` "likes".

    A label without any digit means zero for the controls that leave it out, and is unknown for the others.
    """
    if not label:
        return None
    if not any(character.isdigit() for character in label):
        return Count(0) if noun in _SILENT_ZERO else None
    match = _LABELS[noun].search(_join_groups(label))
    return _count(match) if match else parse_count(label)


def parse_summary(label: str | None) -> dict[str, Count]:
    """Read the label of the whole action bar; counts it does not name are left out."""
    compact = _join_groups(label or "")
    found = {noun: _count(match) for noun, pattern in _LABELS.items() if (match := pattern.search(compact))}
    return {noun: count for noun, count in found.items() if count is not None}


def _join_groups(text: str) -> str:
    """Make every kind of space a plain one, and drop those that group digits ("12 345")."""
    plain = _SPACES.sub(" ", text).strip()
    return re.sub(r"(?<=[0-9]) (?=[0-9]{3}(?![0-9]))", "", plain)


def _count(match: re.Match[str]) -> Count | None:
    whole, fraction, suffix = match.group(1), match.group(2) or "", (match.group(3) or "").upper()
    if fraction and not suffix:
        return None
    value = int(Decimal(whole.replace(",", "") + fraction) * _SCALES[suffix])
    return Count(value, exact=not suffix) if value < _LARGEST else None
