"""Blacking out what gives access: known secrets by value, unknown ones by their shape."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

_MASK = "***"
# A shorter secret would black out ordinary words, and tell by the holes what it is.
_SHORTEST = 6

# Every repetition is bounded, because the texts are of foreign origin and may be long.
_SHAPES = (
    (re.compile(r"(\b[A-Za-z][A-Za-z0-9+.-]{0,30}://)([^\s/@:]{0,256}):([^\s/@]{1,512})@"), rf"\1\2:{_MASK}@"),
    (re.compile(r"\bsk-[A-Za-z0-9_-]{8,512}"), f"sk-{_MASK}"),
    (re.compile(r"\b(Bearer|Basic)\s{1,4}[A-Za-z0-9._~+/=-]{8,4096}", re.IGNORECASE), rf"\1 {_MASK}"),
    (re.compile(r"\b(password|passwd|api[_-]?key|secret|auth_token|access_token)(['\"]?\s{0,4}[=:]\s{0,4}['\"]?)"
                r"[^\s'\",;&]{4,512}", re.IGNORECASE), rf"\1\2{_MASK}"),
)


class Redaction:
    """A function from text to text without secrets.

    Args:
        secrets: texts to black out wherever they stand; those under six characters are left to the shapes.
    """

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        # The longest first: a URL must go before the password within it.
        known = sorted({each for each in secrets if len(each) >= _SHORTEST}, key=len, reverse=True)
        self._known = re.compile("|".join(map(re.escape, known))) if known else None

    def __call__(self, text: str) -> str:
        """Return the text with every secret replaced by `***`."""
        if self._known is not None:
            text = self._known.sub(_MASK, text)
        for shape, replacement in _SHAPES:
            text = shape.sub(replacement, text)
        return text


redact_shapes = Redaction()
"""Black out what looks like a secret, where no secret is known yet."""
