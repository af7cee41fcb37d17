"""One text of a stream, read as a line of ours: without the envelope that a platform puts it in.

Known envelopes: a prefix before the JSON, JSON around it, and what Railway's command line makes of it: with `--json`
our fields beside its own, without it `TIME [INFO] message name=value name=value`, each value as JSON.
"""

from __future__ import annotations

import json
import re
from typing import Any

Line = dict[str, Any]

_PREFIX = re.compile(r'[^{"]{0,200}')
"""What a platform may put before a line: time, level, name of the service."""
_WRAPPERS = ("message", "log", "line", "msg")
"""Fields in which a platform's own JSON may hold the line as a text."""
_LEVELS = {"debug": "debug", "dbug": "debug", "info": "info", "warn": "warn", "warning": "warn", "error": "error",
           "erro": "error", "err": "error"}  # fmt: skip
"""Ours, and what platforms make of them."""
_SPREAD = re.compile(r"(\S{20,40}) \[(\w{4,7})\] ")
_NAME = re.compile(r" ([^\s=\"{}\[\]]{1,80})=")
_LONGEST_MESSAGE = 2100
"""Characters of a message of ours, which is cut at 2000, and the words about the cut."""
_BOOT = re.compile(r"[\w-]{1,64}", re.ASCII)
_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", re.ASCII)
_STAMP = re.compile(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3})\d*Z", re.ASCII)
_HIGHEST = 2**53
_DEEPEST = 12
"""Containers within each other: a line of ours has six at most, and what follows a line to its ground has no more."""


def read_line(text: str) -> Line | None:
    """Return the line of ours that a text is, without its envelope; None for any other text. Nothing raises."""
    text = text.strip()
    prefix = _PREFIX.match(text)
    assert prefix is not None
    found = _object(text[prefix.end():])
    if found is not None and "boot" not in found:
        inner = next((found[name] for name in _WRAPPERS if isinstance(found.get(name), str)), "")
        found = _object(inner.strip())
    if found is None:
        found = _spread(text)
    return found if found is not None and _is_ours(found) else None


def number_of(line: Line, name: str) -> int:
    """Return a whole number of a line, 0 if there is none or one that no line of ours has."""
    value = line.get(name)
    return value if isinstance(value, int) and not isinstance(value, bool) and 0 < value < _HIGHEST else 0


def _object(text: str) -> Line | None:
    if not text.startswith("{"):
        return None
    try:
        found = json.loads(text, parse_constant=_refuse)
    except (ValueError, RecursionError):
        return None
    return _as_ours(found) if isinstance(found, dict) else None


def _refuse(constant: str) -> None:
    raise ValueError(f"{constant} is no JSON")


_VALUES = json.JSONDecoder(parse_constant=_refuse)


def _spread(text: str) -> Line | None:
    """Return the fields of a line that was spread out behind its message.

    What is quoted in a message may look like fields, too. Ours stand behind it, and the last of a name counts.
    """
    head = _SPREAD.match(text)
    if head is None:
        return None
    name = _NAME.search(text, head.end() - 1)
    while name is not None and name.start() <= head.end() + _LONGEST_MESSAGE:
        fields, end = _fields(text, name)
        if end == len(text):
            message = text[head.end():name.start()]
            return _as_ours({"message": message, "level": head[2], "timestamp": head[1], **fields})
        # What broke off began in the message: a field of ours does not.
        name = _NAME.search(text, end)
    return None


def _fields(text: str, name: re.Match[str] | None) -> tuple[Line, int]:
    """Return the fields that follow each other from this name on, and the place behind them, or within one too many."""
    fields: Line = {}
    end = 0
    while name is not None:
        try:
            fields[name[1]], end = _VALUES.raw_decode(text, name.end())
        except (ValueError, RecursionError):
            return fields, name.start() + 1
        if end == len(text):
            break
        start, name = name.start(), _NAME.match(text, end)
        if name is None:
            return fields, start + 1
    return fields, end


def _as_ours(fields: Line) -> Line:
    """Give back what platforms rewrite: the word of the level, and the time where theirs took its place."""
    level, stamp = fields.get("level"), fields.get("timestamp")
    if isinstance(level, str):
        fields["level"] = _LEVELS.get(level.lower(), level)
    if "time" not in fields and isinstance(stamp, str) and (found := _STAMP.fullmatch(stamp)):
        fields["time"] = f"{found[1]}Z"
    return fields


def _is_ours(line: Line) -> bool:
    return (
        _is_text(line, "time", _TIME)
        and _is_text(line, "boot", _BOOT)
        and line.get("level") in _LEVELS.values()
        and isinstance(line.get("message"), str)
        and isinstance(line.get("action"), str)
        and number_of(line, "seq") > 0
        and _is_shallow(line)
    )


def _is_text(line: Line, name: str, shape: re.Pattern[str]) -> bool:
    value = line.get(name)
    return isinstance(value, str) and shape.fullmatch(value) is not None


def _is_shallow(line: Line) -> bool:
    """Tell whether no container lies deeper than `_DEEPEST`, without following it there."""
    level: list[Any] = [line]
    for _ in range(_DEEPEST):
        parts = [part for each in level for part in (each.values() if isinstance(each, dict) else each)]
        level = [part for part in parts if isinstance(part, dict | list)]
        if not level:
            return True
    return False
