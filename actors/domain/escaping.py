"""Making any value harmless to write: one line, no control of the terminal, no deceit of the eye, bounded."""

from __future__ import annotations

import math
import re
from datetime import UTC, date, datetime, timedelta
from enum import Enum
from typing import TYPE_CHECKING

from actors.domain.redaction import PROMISING, PROMISING_WHOLE

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

LONGEST_TEXT = 2000
_LONGEST_KEY = 80
_LONGEST_SECRET = 4096
_MOST_ITEMS = 200
_DEEPEST = 5
_SECRET_NAME = re.compile(rf"(?:{PROMISING}|{PROMISING_WHOLE}|authorization|cookies?)$", re.IGNORECASE)

Plain = str | int | float | bool | list["Plain"] | dict[str, "Plain"] | None


def escape(text: str) -> str:
    r"""Write every character that does not show itself as its code: `\n`, `\x1b`, `\u202e`.

    Those are the control characters (C0, C1), line separators, bidirectional and zero-width format characters, lone
    surrogates, private and unassigned code points, and every space but the ordinary one.
    """
    if text.isprintable():
        return text
    return "".join(each if each.isprintable() else _code(each) for each in text)


def clip(text: str, limit: int) -> str:
    """Cut a text to `limit` characters and say how long it was."""
    return text if len(text) <= limit else f"{text[:limit]}... ({len(text)} characters)"


def describe(value: object) -> str:
    """Write any object as a text, even one whose own way to do so fails."""
    try:
        return str(value)
    except Exception as error:  # noqa: BLE001 - the value is foreign and a log line must not die of it
        return f"<{type(value).__name__} that cannot be shown: {type(error).__name__}>"


class Cleaner:
    """Turn values into plain JSON data that is safe to show.

    Args:
        redact: blacks out secrets in a text; applied before anything is cut, so that no half secret remains.
    """

    def __init__(self, redact: Callable[[str], str]) -> None:
        self._redact = redact

    def text(self, text: str, limit: int = LONGEST_TEXT) -> str:
        """Redact, cut and escape one text."""
        if len(text) <= limit:
            return escape(self._redact(text))
        # What lies far behind the cut is not even read: a text from outside may be megabytes long.
        near = self._redact(text[: limit + _LONGEST_SECRET])
        if len(text) > limit + _LONGEST_SECRET:
            # What of it is the beginning of a secret that goes on in the rest is not known to be one.
            near = near[: max(0, len(near) - _LONGEST_SECRET)]
        return escape(f"{near[:limit]}... ({len(text)} characters)")

    def value(self, value: object, depth: int = 0) -> Plain:
        """Clean a value of any type; containers to a bounded depth and number of items."""
        match value:
            case Enum():
                return self.text(value.value if isinstance(value.value, str) else value.name)
            case None | bool() | int():
                return value
            case float():
                return value if math.isfinite(value) else str(value)
            case str():
                return self.text(value)
            case datetime() if value.tzinfo is not None:
                return value.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
            case date():
                return value.isoformat()
            case timedelta():
                return value.total_seconds()
            case BaseException():
                return self.text(f"{type(value).__name__}: {describe(value)}")
            case dict() if depth < _DEEPEST:
                return self.mapping(value.items(), depth + 1)
            case list() | tuple() | set() | frozenset() if depth < _DEEPEST:
                return self._items(value, depth + 1)
            case _:
                return self.text(describe(value))

    def mapping(self, items: Iterable[tuple[object, object]], depth: int = 0) -> dict[str, Plain]:
        """Clean names and values; whatever stands under a name that promises a secret is blacked out whole.

        So is the `value` beside such a `name`, as browsers have their cookies.
        """
        result: dict[str, Plain] = {}
        listed = list(items)
        beside = any(name == "name" and _promises_secret(describe(value)) for name, value in listed)
        for count, (name, value) in enumerate(listed):
            if count == _MOST_ITEMS:
                result["..."] = "more"
                break
            key = self.text(describe(name), _LONGEST_KEY)
            is_hidden = (_promises_secret(key) or (beside and key == "value")) and not _is_harmless(key, value)
            result[key] = "***" if is_hidden else self.value(value, depth)
        return result

    def _items(self, items: Iterable[object], depth: int) -> list[Plain]:
        result: list[Plain] = []
        for count, item in enumerate(list(items)):
            if count == _MOST_ITEMS:
                result.append("...")
                break
            result.append(self.value(item, depth))
        return result


def _promises_secret(name: str) -> bool:
    return _SECRET_NAME.search(name[-_LONGEST_KEY:]) is not None


def _is_harmless(name: str, value: object) -> bool:
    # Of cookies there is a number, too; that of a door is its key.
    return value is None or isinstance(value, bool) or (isinstance(value, int) and "cookie" in name.lower())


def _code(character: str) -> str:
    return character.encode("unicode_escape").decode("ascii")
