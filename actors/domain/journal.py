"""The publisher's journal: what had to be remembered while Postgres was away, one checked line for each record.

A line is `<crc32 as 8 hex digits> <json>` and a newline. The sum tells a line that the disk damaged from one that a
crash tore: a torn line is the last one and has no newline, so whoever wrote it never went on.
"""

from __future__ import annotations

import json
import uuid
import zlib
from dataclasses import dataclass, fields
from datetime import datetime
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

VERSION = 1
"""Of the lines; one of another version is not guessed at."""


@dataclass(frozen=True, slots=True)
class Grant:
    """Permission to click was given: everything that Postgres held of the attempt then, to write its row again.

    Times are aware. `intent_at` is schedule time; `site_time` and `click_until` are on the platform's own clock.
    """

    attempt_id: uuid.UUID
    decision_id: uuid.UUID
    part: int
    attempt: int
    boot_id: str
    fence: int
    lane: str
    text: str
    target_id: str | None
    intent_at: datetime
    site_time: datetime
    click_until: datetime


@dataclass(frozen=True, slots=True)
class Testimony:
    """The site said which tweet the attempt became; `posted_at` is schedule time."""

    attempt_id: uuid.UUID
    tweet_id: str
    evidence: str
    posted_at: datetime


@dataclass(frozen=True, slots=True)
class Settled:
    """Postgres holds all there is to know of the attempt."""

    attempt_id: uuid.UUID


@dataclass(frozen=True, slots=True)
class Mark:
    """A proof that the journal could be written then; it says nothing else."""


Record = Grant | Testimony | Settled | Mark


@dataclass(frozen=True, slots=True)
class Damage:
    """A whole line that is no record. `number` counts from 1."""

    number: int
    line: bytes
    reason: str


@dataclass(frozen=True, slots=True)
class Reading:
    """What a journal's bytes hold. Behind `end` stands a torn line, or nothing."""

    records: tuple[Record, ...]
    damages: tuple[Damage, ...]
    end: int


@dataclass(frozen=True, slots=True)
class Unsettled:
    """A grant that Postgres may not know the end of, and what the site said of it, if it was heard."""

    grant: Grant
    testimony: Testimony | None


_KINDS: dict[str, type[Record]] = {"grant": Grant, "receipt": Testimony, "settled": Settled, "mark": Mark}
_NAMES = {kind: name for name, kind in _KINDS.items()}
_READERS: dict[str, Callable[[str], Any]] = {
    "attempt_id": uuid.UUID,
    "decision_id": uuid.UUID,
    "intent_at": datetime.fromisoformat,
    "site_time": datetime.fromisoformat,
    "click_until": datetime.fromisoformat,
    "posted_at": datetime.fromisoformat,
}


def encode(record: Record) -> bytes:
    """Return the record's line, in ASCII, its newline included.

    Raises:
        ValueError: a time is naive; what it means would depend on who reads it.
    """
    body = {"v": VERSION, "kind": _NAMES[type(record)]}
    body |= {field.name: _plain(getattr(record, field.name)) for field in fields(record)}
    text = json.dumps(body, separators=(",", ":")).encode()
    return b"%08x %b\n" % (zlib.crc32(text), text)


def decode(line: bytes) -> Record | str:
    """Return the record of a line without its newline, or the reason why it is none."""
    checksum, _, text = line.partition(b" ")
    if checksum != b"%08x" % zlib.crc32(text):
        return "the checksum is wrong"
    try:
        body = json.loads(text)
        if body.pop("v") != VERSION:
            return "another version of this program wrote it"
        kind = _KINDS[body.pop("kind")]
        return kind(**{name: _READERS[name](value) if name in _READERS else value for name, value in body.items()})
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        return f"it is no record: {type(error).__name__}: {error}"


def read(content: bytes) -> Reading:
    """Take a journal's bytes apart; nothing that is damaged hides what stands behind it."""
    *lines, torn = content.split(b"\n")
    records, damages = [], []
    for number, line in enumerate(lines, start=1):
        record = decode(line)
        if isinstance(record, str):
            damages.append(Damage(number, line, record))
        else:
            records.append(record)
    return Reading(tuple(records), tuple(damages), len(content) - len(torn))


class Account:
    """The fold of a journal: what is not settled. Whoever shares it between threads guards it.

    The first word on an attempt stands: it is granted once and becomes one tweet.
    """

    def __init__(self, records: Iterable[Record] = ()) -> None:
        self._grants: dict[uuid.UUID, Grant] = {}
        self._testimonies: dict[uuid.UUID, Testimony] = {}
        for record in records:
            self.add(record)

    def add(self, record: Record) -> None:
        """Count one more record."""
        match record:
            case Grant():
                self._grants.setdefault(record.attempt_id, record)
            case Testimony():
                self._testimonies.setdefault(record.attempt_id, record)
            case Settled(attempt_id):
                self._grants.pop(attempt_id, None)
                self._testimonies.pop(attempt_id, None)

    def knows(self, attempt_id: uuid.UUID) -> bool:
        """Return whether something of the attempt is not settled."""
        return attempt_id in self._grants or attempt_id in self._testimonies

    def unsettled(self) -> tuple[Unsettled, ...]:
        """Return the grants without a settlement, in their order."""
        return tuple(Unsettled(grant, self._testimonies.get(id)) for id, grant in self._grants.items())

    def strays(self) -> tuple[Testimony, ...]:
        """Return the testimonies whose grants are not here, because their lines were damaged; Postgres knows them."""
        return tuple(testimony for id, testimony in self._testimonies.items() if id not in self._grants)

    def records(self) -> tuple[Record, ...]:
        """Return the fewest records that fold to the same."""
        return (*self._grants.values(), *self._testimonies.values())


def _plain(value: Any) -> Any:
    match value:
        case uuid.UUID():
            return str(value)
        case datetime():
            if value.tzinfo is None:
                raise ValueError(f"{value} is a naive time")
            return value.isoformat()
    return value
