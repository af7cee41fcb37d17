"""The audit: every word that was heard, who said it, what became of it; in Postgres as a chain of hashes.

The log has each word at once. Here it waits, in a bounded queue, until Postgres has it.
"""

from __future__ import annotations

import json
import time
import uuid
from collections import Counter, deque
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import Enum
from typing import TYPE_CHECKING, Any

from actors.domain.audit_chain import Chain, Link, verify
from actors.domain.escaping import clip, escape
from actors.domain.rate import Rate
from actors.domain.redaction import redact_shapes
from actors.sql.queries import Statement, Transaction

if TYPE_CHECKING:
    from collections.abc import Callable

    from actors.control.words import Command
    from actors.domain.redaction import Redact

Row = dict[str, Any]

ACCEPTED, REFUSED, DONE, NOT_DONE, COUNTED, LOST = "accepted", "refused", "done", "not done", "counted", "lost"
"""Verdicts. `counted`: so many more than are written one by one; `lost`: so many that the queue had no room for."""
_SHOWN = 300
_ARGS_SHOWN = 110
"""More than the words of the longest reason that may be given."""
_QUEUE, _QUEUE_OF_ANYBODY = 1000, 500
"""How many entries wait at most, and how many when the next is one that anybody can cause."""
_BATCH = 50
_PAGE = 1000
_PER_MINUTE = (60, 60.0)
"""How many entries of each kind that anybody can cause are written one by one in a minute: each row stays for ever, and
nobody may be able to fill a disk. The rest are counted in a row of their own.
"""


class Kind(Enum):
    """Who can cause an entry, and with what."""

    OWN = "own"
    """Who holds the key or is on the machine: each is written."""
    STOPPED = "stopped"
    """Anybody, with a word that stops something."""
    CHEAP = "cheap"
    """Anybody, with a word that reads or is refused: as many as he likes, and they change nothing."""


def entry(
    command: Command | None,
    author: str,
    verdict: str,
    answer: str,
    *,
    boot_id: str = "",
    number: str = "",
    now: datetime | None = None,
    redact: Redact = redact_shapes,
) -> Statement:
    """Return what writes one entry. Written a second time it changes nothing.

    Args:
        command: what was said; None: it was no word, and `answer` says why.
        author: who said it, as far as that is known.
        verdict: one of the verdicts above.
        answer: what was answered; cut, and what controls a terminal written as its code.
        boot_id: of this process.
        number: of the word in this process; its answer bears the same.
        now: wall-clock time; None: that of the call.
        redact: blacks out secrets in what was said and answered.
    """
    entry_id = uuid.uuid4()
    body: Row = {
        "entry": str(entry_id),
        "at": (now or datetime.now(UTC)).isoformat(timespec="milliseconds"),
        "boot": boot_id,
        "author": author,
        "verdict": verdict,
        "answer": redact(answer),
    }
    if command is not None:
        said = [redact(each) for each in command.said[:_ARGS_SHOWN]]
        body |= {"id": command.id, "word": command.word, "args": said}
        if command.signed is not None:
            body |= {"signed_at": command.signed.time, "nonce": command.signed.nonce}
    if number:
        body["number"] = number
    text = json.dumps({name: _clean(value) for name, value in body.items()}, sort_keys=True, separators=(",", ":"))
    return Statement("write_audit", {"entry_id": entry_id, "body": text})


def read_audit(ask: Callable[[str, Row], list[Row]]) -> Chain:
    """Read the whole audit and return how far its chain holds.

    Args:
        ask: returns the rows of a named query.
    """
    chain = Chain()
    while not chain.fault:
        question = audit_after(chain.rows, _PAGE)
        rows = ask(question.query, question.params)
        if not rows:
            break
        chain = verify((Link(row["seq"], row["body"], row["hash"]) for row in rows), chain)
    return chain


def audit_after(seq: int, limit: int) -> Statement:
    """Return the question for the rows after this one."""
    return Statement("audit_after", {"seq": seq, "limit": limit})


def lately_said(within_s: float) -> Statement:
    """Return the question for what was obeyed and what was lost in the last so many seconds, in its order."""
    return Statement("lately_said", {"within_s": within_s})


@dataclass(slots=True)
class Audit:
    """What is still to be written. Everything is called in the operator's thread; nothing waits.

    It outlives the operator's actor, so that a crash loses no entry.
    """

    boot_id: str
    redact: Redact = redact_shapes
    waiting: deque[Statement] = field(default_factory=deque)
    rates: dict[Kind, Rate] = field(
        default_factory=lambda: {kind: Rate(*_PER_MINUTE) for kind in (Kind.STOPPED, Kind.CHEAP)}
    )
    uncounted: Counter[str] = field(default_factory=Counter)
    """Verdicts that were only counted since the last row."""
    lost: int = 0
    _writing: tuple[Statement, ...] = ()

    def note(
        self,
        command: Command | None,
        author: str,
        verdict: str,
        answer: str,
        kind: Kind = Kind.OWN,
        number: str = "",
    ) -> None:
        """Put down one entry.

        Args:
            command: as to `entry`.
            author: as to `entry`.
            verdict: as to `entry`.
            answer: as to `entry`.
            kind: who can cause it.
            number: as to `entry`.
        """
        if kind in self.rates and not self.rates[kind].allows(time.monotonic()):
            self.uncounted[verdict] += 1
            return
        self._put_count()
        said = entry(command, author, verdict, answer, boot_id=self.boot_id, number=number, redact=self.redact)
        self._put(said, kind)

    def transaction(self) -> Transaction | None:
        """Return what is to be written next, in its order; None: nothing, or the last has not been `answered`."""
        if self._writing:
            return None
        if self.uncounted and self.rates[Kind.CHEAP].allows(time.monotonic()):
            self._put_count()
        if not self.waiting:
            return None
        if self.lost and len(self.waiting) < _QUEUE:
            lost, self.lost = self.lost, 0
            self._put(entry(None, "", LOST, f"{lost} entries found no room; the log has them", boot_id=self.boot_id))
        self._writing = tuple(self.waiting.popleft() for _ in range(min(_BATCH, len(self.waiting))))
        return Transaction(self._writing)

    def answered(self, *, written: bool) -> None:
        """Take the answer to `transaction`; what was not written is the first to be tried again."""
        if not written:
            self.waiting.extendleft(reversed(self._writing))
        self._writing = ()

    def _put_count(self) -> None:
        if self.uncounted:
            counts, self.uncounted = ", ".join(f"{n} {name}" for name, n in sorted(self.uncounted.items())), Counter()
            self._put(entry(None, "", COUNTED, f"more were {counts}", boot_id=self.boot_id))

    def _put(self, statement: Statement, kind: Kind = Kind.OWN) -> None:
        room = _QUEUE if kind is Kind.OWN else _QUEUE_OF_ANYBODY
        if len(self.waiting) + len(self._writing) >= room:
            self.lost += 1
        else:
            self.waiting.append(statement)


def _clean(value: Any) -> Any:
    if isinstance(value, list):
        return [_clean(each) for each in value]
    return escape(clip(value, _SHOWN)) if isinstance(value, str) else value
