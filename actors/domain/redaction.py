"""Blacking out what gives access: known secrets by value, unknown ones by their shape."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import Any

Redact = Callable[[str], str]

_MASK = "***"
# A shorter secret would black out ordinary words, and tell by the holes what it is.
_SHORTEST = 6
_PIECE = 1024
"""A longer secret is known by its pieces as well, because a text may be cut in the middle of it."""

PROMISING = (
    r"pass(?:word|wd|phrase)|secret|credentials?|api[_-]?key|token|"
    r"(?:control|session|log|private|signing|encryption|access|account)[_-]key"
)
"""The ends of names that promise a secret: `DB_PASSWORD`, `client_secret`, `refresh-token`, `apiKey`."""
PROMISING_WHOLE = r"(?<![A-Za-z0-9])(?:pwd|ct0|sid|csrf|jwt)"
"""Those that are the end of ordinary words as well, and count only as whole ones."""
_PROMISES = ("pass", "secret", "credential", "key", "token", "pwd", "ct0", "sid", "csrf", "jwt")
"""What one of them has in it."""
_QUOTED = r"""(?:(["'])(?:(?!\3)[^\\]|\\.){1,512}|\\{1,4}["'][^"'\\]{1,512})"""


def _hide_value(found: re.Match[str]) -> str:
    whole, name, prefix = found[0], found[1], found[2] or ""
    rest = whole[len(name) + len(prefix) :]
    opening = re.match(r"\\{0,4}[\"']", rest)
    return f"{name}{prefix}{opening[0] if opening else ''}{_MASK}"


# Every repetition is bounded, because the texts are of foreign origin and may be long. First what must stand in a text,
# in small letters, for the shape to be looked for at all: most texts have none of it.
_Hidden = str | Callable[[re.Match[str]], str]
_SHAPES: tuple[tuple[tuple[str, ...], re.Pattern[str], _Hidden], ...] = (
    # A password may hold an @ itself: the last one before a slash ends it.
    (
        ("://",),
        re.compile(r"([A-Za-z][A-Za-z0-9+.-]{0,30}://[^\s/@:\"'<>\\]{0,256}:)[^\s/\"'<>\\]{1,512}@"),
        rf"\1{_MASK}@",
    ),
    (("sk-",), re.compile(r"\bsk-[A-Za-z0-9_-]{8,512}"), f"sk-{_MASK}"),
    (
        ("gh", "xox"),
        re.compile(r"(?<![A-Za-z0-9_])(?:gh[pousr]_|github_pat_|xox[abeprs]-)[A-Za-z0-9_-]{10,255}"),
        _MASK,
    ),
    (("akia", "asia"), re.compile(r"(?<![A-Za-z0-9])A(?:KIA|SIA)[A-Z0-9]{16}(?![A-Za-z0-9])"), _MASK),
    (
        ("eyj",),
        re.compile(r"(?<![A-Za-z0-9_-])eyJ[A-Za-z0-9_-]{5,2000}\.[A-Za-z0-9_-]{5,4000}(?:\.[A-Za-z0-9_-]{0,1000})?"),
        _MASK,
    ),
    (("-----begin",), re.compile(r"(-----BEGIN [A-Z ]{0,30}PRIVATE KEY-----)[^-]{1,8192}"), rf"\1{_MASK}"),
    (
        ("bearer", "basic"),
        re.compile(r"\b(Bearer|Basic)\s{1,4}[A-Za-z0-9._~+/=-]{8,4096}", re.IGNORECASE),
        rf"\1 {_MASK}",
    ),
    (
        ("authorization",),
        re.compile(
            r"(authorization\\{0,4}['\"]?\s{0,4}[=:]\s{0,4}\\{0,4}['\"]?(?:[A-Za-z-]{1,20}\s{1,4})?)"
            r"(?!(?:Bearer|Basic)\b)[A-Za-z0-9._~+/=-]{4,4096}",
            re.IGNORECASE,
        ),
        rf"\1{_MASK}",
    ),
    (
        ("cookie",),
        re.compile(
            r"(cookie\\{0,4}['\"]?\s{0,4}[=:]\s{0,4}\\{0,4}['\"]?)[\w!#$%&*+.^|~-]{1,100}=[^\r\n\"'\\]{1,4096}",
            re.IGNORECASE,
        ),
        rf"\1{_MASK}",
    ),
    (
        _PROMISES,
        re.compile(
            rf"((?:{PROMISING}|{PROMISING_WHOLE})\\{{0,4}}['\"]?\s{{0,4}}[=:]\s{{0,4}})"
            rf"(?:([bru]{{0,2}}){_QUOTED}|[^\s'\",;&\\]{{4,512}})",
            re.IGNORECASE,
        ),
        _hide_value,
    ),
)


class Redaction:
    """A function from text to text without secrets.

    Args:
        secrets: texts to black out wherever they stand; those under six characters are left to the shapes.
    """

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        self._texts: frozenset[str] = frozenset()
        self._known: re.Pattern[str] | None = None
        self.learn(secrets)

    def learn(self, secrets: Iterable[str]) -> None:
        """Black out these texts, too, from now on. From any thread: a text that is under way may still miss them."""
        whole = [each for each in secrets if len(each) >= _SHORTEST]
        self._texts |= {piece for each in whole for piece in (each, *_pieces(each))}
        # The longest first: a URL must go before the password within it.
        known = sorted(self._texts, key=len, reverse=True)
        self._known = re.compile("|".join(map(re.escape, known))) if known else None

    def __call__(self, text: str) -> str:
        """Return the text with every secret replaced by `***`."""
        known = self._known
        if known is not None:
            text = known.sub(_MASK, text)
        small = text.lower()
        for needles, shape, replacement in _SHAPES:
            if any(needle in small for needle in needles):
                text = shape.sub(replacement, text)
        return text


def redacted(value: Any, redact: Redact) -> Any:
    """Return a document with every text in it redacted, names too, and what JSON does not know as a text."""
    match value:
        case None | bool() | int() | float():
            return value
        case str():
            return redact(value)
        case dict():
            return {redact(str(name)): redacted(part, redact) for name, part in value.items()}
        case list() | tuple() | set() | frozenset():
            return [redacted(part, redact) for part in value]
        case _:
            return redact(str(value))


def _pieces(secret: str) -> list[str]:
    if len(secret) <= _PIECE:
        return []
    # The last one overlaps the one before: a short rest would be an ordinary word.
    return [*(secret[at : at + _PIECE] for at in range(0, len(secret) - _PIECE, _PIECE)), secret[-_PIECE:]]


redact_shapes = Redaction()
"""Black out what looks like a secret, where no secret is known yet."""
