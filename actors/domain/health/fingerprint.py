"""The fingerprint of an error: the same for every time the same thing goes wrong, whatever it went wrong with."""

from __future__ import annotations

import hashlib
import re
import traceback
from dataclasses import dataclass
from typing import TYPE_CHECKING

from actors.domain.escaping import clip, escape

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

FRAMES = 3
_OURS = "/actors/"
_LONGEST = 200
_READ = 2000
"""Characters of a message that are looked at."""
_URL = re.compile(r"\b[a-z][a-z0-9+.-]{1,20}://[^\s'\"<>]+")
_UUID = re.compile(r"\b[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\b", re.IGNORECASE)
_NUMBER = re.compile(r"\b\d+(?:[.,:]\d+)*\b")
_ID = re.compile(r"\b(?=[A-Za-z_]*\d)\w+\b")


@dataclass(frozen=True, slots=True)
class Fault:
    """One kind of error.

    Args:
        kind: type of the exception, or the action of the line that told it.
        place: the job (and stage) that it befell, or the logger that told it.
        frames: where it was raised, of our own code the three innermost, the innermost first.
        message: with everything masked that differs from time to time.
    """

    kind: str
    place: str
    frames: tuple[str, ...]
    message: str

    @property
    def fingerprint(self) -> str:
        """Return `sha1(kind + frames + message)` (growth.md 4) as 40 hexadecimal digits; not a secret's.

        Without a frame the place stands for it: a failed run's own sentence says nothing of where it came from.
        """
        where = self.frames or (self.place,)
        text = "\n".join((self.kind, *where, self.message))
        return hashlib.sha1(text.encode("utf-8", "backslashreplace"), usedforsecurity=False).hexdigest()


@dataclass(frozen=True, slots=True)
class Sighting:
    """A fault and how often it was seen in each hour; times are schedule time."""

    fault: Fault
    first: datetime
    last: datetime
    hours: Mapping[datetime, int]


def fault_of(error: BaseException, place: str, text: str) -> Fault:
    """Return what kind of error an exception is; `text` is what it says, without secrets."""
    return Fault(type(error).__name__, place, frames_of(error), mask(text))


def frames_of(error: BaseException) -> tuple[str, ...]:
    """Return the frames of our own code, the three innermost, as `file function`.

    Without line numbers: those change with every release, and every old error would be a new one.
    """
    codes = [frame.f_code for frame, _ in traceback.walk_tb(error.__traceback__)]
    ours = [f"{_short(code.co_filename)} {code.co_qualname}" for code in codes if _OURS in _slashed(code.co_filename)]
    return tuple(reversed(ours))[:FRAMES]


def mask(message: str) -> str:
    """Return a message without addresses, ids and numbers, on one line and of bounded length."""
    text = message[:_READ]
    for pattern, word in ((_URL, "<url>"), (_UUID, "<id>"), (_NUMBER, "<n>"), (_ID, "<id>")):
        text = pattern.sub(word, text)
    return clip(escape(text), _LONGEST)


def _slashed(path: str) -> str:
    return path.replace("\\", "/")


def _short(path: str) -> str:
    return _slashed(path).rpartition(_OURS)[2]
