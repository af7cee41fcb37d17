"""How a log record is written: as JSON for machines, as an aligned and coloured line for people."""

from __future__ import annotations

import json
import re
import traceback
from typing import TYPE_CHECKING

from actors.domain.escaping import clip, describe
from actors.domain.heartbeat import summarise_state

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from actors.domain.escaping import Plain

_MOST_CAUSES = 5
_MOST_FRAMES = 30
_SHOWN_FRAMES = 3
_LONGEST_SHOWN = 80
_LONGEST_TROUBLE = 1000
_HEAD = ("time", "level", "message", "action", "boot", "seq", "error", "traceback", "data")
# Up to these a number is as it nearly always is, and not worth a person's eye.
_USUAL: dict[str, float] = {"attempt": 1, "generation": 1, "late_s": 0.1}
_FRACTION = re.compile(r"(T\d\d:\d\d:\d\d)\.\d+")
_PLAIN = re.compile(r"[^\s=\"\\()]+")

_RESET, _DIM, _BOLD, _RED, _CYAN = "\x1b[0m", "\x1b[2m", "\x1b[1m", "\x1b[31m", "\x1b[36m"
_LEVEL_COLOURS = {"debug": _DIM, "info": "\x1b[32m", "warn": "\x1b[33m", "error": _RED}


def describe_error(error: BaseException) -> str:
    """Write an error and what it came of, newest first: `DeadlineError: ... <- TimeoutError: ...`."""
    words: list[str] = []
    current: BaseException | None = error
    while current is not None and len(words) < _MOST_CAUSES:
        words.append(f"{type(current).__name__}: {describe(current)}".rstrip(": "))
        current = current.__cause__ or (None if current.__suppress_context__ else current.__context__)
    return " <- ".join(words)


def list_frames(error: BaseException) -> list[str]:
    """List the frames of an error as `file:line function`, the innermost last; of many only the innermost."""
    frames = [(frame.f_code, line) for frame, line in traceback.walk_tb(error.__traceback__)]
    return [f"{_short(code.co_filename)}:{line} {code.co_qualname}" for code, line in frames[-_MOST_FRAMES:]]


def json_line(fields: Mapping[str, Plain]) -> str:
    """Write clean fields as one line of ASCII."""
    return json.dumps(fields, ensure_ascii=True, allow_nan=False, separators=(",", ":"))


def pretty_line(fields: Mapping[str, Plain], *, coloured: bool) -> str:
    """Write clean fields as one line for a person: time, level, action, message, then the rest dimmed.

    Left out is what the sentence says already, what is empty and what is always the same; JSON keeps it all.
    """
    level = str(fields["level"])
    # The date and the zone are the same on every line a person looks at.
    clock = str(fields["time"])[11:23]
    parts = [
        _paint(clock, _DIM, coloured),
        _paint(f"{level:<5}", _LEVEL_COLOURS.get(level, ""), coloured),
        _paint(f"{fields['action']!s:<20}", _CYAN, coloured),
        _paint(str(fields["message"]), _BOLD if level in ("warn", "error") else "", coloured),
    ]
    rest = " ".join(_details(fields, _LONGEST_SHOWN if level in ("debug", "info") else _LONGEST_TROUBLE))
    if rest:
        parts.append(_paint(rest, _DIM, coloured))
    if "error" in fields:
        parts.append(_paint(str(fields["error"]), _RED, coloured))
    frames = fields.get("traceback")
    if isinstance(frames, list) and frames:
        parts.append(_paint("at " + " < ".join(map(str, reversed(frames[-_SHOWN_FRAMES:]))), _DIM, coloured))
    return " ".join(parts)


def add_lost(line: str, lost: int, *, is_pretty: bool) -> str:
    """Return a written line that says, too, how many just before it could not be written."""
    return f"{line} lost={lost}" if is_pretty else f'{line[:-1]},"lost":{lost}}}'


def _details(fields: Mapping[str, Plain], limit: int) -> Iterator[str]:
    data, message = fields.get("data"), str(fields["message"])
    if data and not _is_said(data, message):
        yield _show(data, limit)
    for name, value in fields.items():
        if name in _HEAD or value in ("", None, [], {}) or _is_usual(name, value) or _is_said(value, message):
            continue
        if name == "state" and fields["action"] == "heartbeat" and isinstance(value, dict):
            yield " | ".join(clip(phrase, limit) for phrase in summarise_state(value))
        elif isinstance(value, dict) and not any(isinstance(part, dict | list) for part in value.values()):
            yield from _show_flat(name, value, limit)
        else:
            yield f"{_show_name(name)}={_show(value, limit)}"


def _is_usual(name: str, value: Plain) -> bool:
    return name in _USUAL and isinstance(value, int | float) and value <= _USUAL[name]


def _is_said(value: Plain, message: str) -> bool:
    return isinstance(value, str) and re.search(rf"(?<![\w-]){re.escape(value)}(?![\w-])", message) is not None


def _show_flat(name: str, values: Mapping[str, Plain], limit: int) -> Iterator[str]:
    # A count of zero says nothing.
    shown = [f"{_show_name(key)}={_show(value, limit)}" for key, value in values.items() if value != 0]
    if shown:
        yield f"{_show_name(name)}({' '.join(shown)})"


def _show_name(name: str) -> str:
    return name if _PLAIN.fullmatch(name) else json.dumps(name, ensure_ascii=False)


def _show(value: Plain, limit: int) -> str:
    if not isinstance(value, str):
        return clip(json.dumps(value, ensure_ascii=False, separators=(",", ":")), limit)
    text = clip(_FRACTION.sub(r"\1", value), limit)
    if _PLAIN.fullmatch(text):
        return text
    # Quotes keep a value with spaces from looking like further fields. A line break comes escaped already.
    return json.dumps(text, ensure_ascii=False).replace(r"\\n", r"\n")


def _paint(text: str, colour: str, coloured: bool) -> str:
    return f"{colour}{text}{_RESET}" if coloured and colour else text


def _short(path: str) -> str:
    return "/".join(path.replace("\\", "/").split("/")[-3:])
