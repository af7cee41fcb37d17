"""The operator's records: pauses, the audit and what was said already, and what is asked of Postgres for them.

They outlive the operator's actor. Nothing here waits: words are served while Postgres is away, and what is to be
written is kept in bounded queues until it is back.
"""

from __future__ import annotations

import itertools
import json
import logging
import time
from collections import OrderedDict
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from actors.control.audit import ACCEPTED, DONE, LOST, NOT_DONE, REFUSED, Audit, Kind, lately_said
from actors.control.kill_switch import READ_EVERY_S, KillSwitch
from actors.control.pauses import Pauses, tell_of
from actors.control.signature import FRESH_S, SeenNonces, authorise, fault_of, is_open
from actors.control.spoken import Spoken
from actors.control.words import Command, only_reads
from actors.domain.author import UNKNOWN, author_of
from actors.domain.redaction import redact_shapes
from actors.sql.queries import Transaction

if TYPE_CHECKING:
    import threading
    from collections.abc import Callable, Iterator, Mapping

    from actors.config import Secret
    from actors.control.signature import Allowed, Claimed, Elsewhere
    from actors.control.words import Refused, Signed
    from actors.domain.redaction import Redact
    from actors.runtime.address import Address

    Verdict = Allowed | Refused | Elsewhere

logger = logging.getLogger(__name__)

LIMIT_S = 5.0
"""How long Postgres may take for one request of ours, waiting not counted."""
_LOST_S = 2 * LIMIT_S + 2.0
_AGAIN_S = 1.0
_PAUSES_EVERY_S = 30.0
"""How often the stored pauses are read: another process may have been told of one (two deployments overlap)."""
_RUNG_S = 0.25
"""How soon after a reading a ring has them read again: whoever may ring makes no work that anybody would feel."""
_RECALLED_S = 10.0 * FRESH_S
"""How far back it is asked what was said: longer than a signature can be good, as long as a word may come again."""
_MOST_HELD = 100
_MOST_SAID = 2000
"""How many words are known under their numbers: more than wait for their answers."""
SWITCH = "switch"
_KINDS = ("pauses", "audit", "memory", SWITCH)


@dataclass(frozen=True, slots=True)
class Kept:
    """The tag of a request of the records."""

    what: str
    number: int


@dataclass(frozen=True, slots=True)
class Heard:
    """What came over the channel."""

    said: Command | Refused
    raw: bytes
    """The message, if it may have to be carried on."""
    age_s: float | None
    """How long it waited to be heard, in seconds; None: it was published, so that every process hears it."""
    claimed: Claimed
    is_right: bool = False
    """Whether it bears a signature that our key made."""


@dataclass(frozen=True, slots=True)
class _Said:
    """A word that is carried out: as its sender said it, without a signature that proves nothing."""

    command: Command
    author: str
    kind: Kind
    proof: Signed | None
    """The right signature it came with, if any: its answer is signed for that."""


@dataclass(slots=True)
class _Errand:
    """One kind of request: at most one is under way."""

    number: int = 0
    lost_at: float | None = None
    """When (monotonic) the answer to the one under way counts as lost; None: none is."""
    not_before: float = 0.0


@dataclass(slots=True)
class Records:
    """Called in the operator's thread only.

    Attributes:
        pauses: what is paused.
        audit: what is still to be written of what was said.
        nonces: which signatures were used.
        opened: set once the schema is up to date; nothing is asked of Postgres before.
    """

    pauses: Pauses
    audit: Audit
    nonces: SeenNonces
    opened: threading.Event
    spoken: Spoken = field(default_factory=Spoken)
    switch: KillSwitch = field(default_factory=KillSwitch)
    is_recalled: bool = False
    """Whether it is known what was said to the process before."""
    _errands: dict[str, _Errand] = field(default_factory=lambda: {name: _Errand() for name in _KINDS})
    _held: list[tuple[float, Heard]] = field(default_factory=list)
    """What was signed before this process, each with the time (epoch) at which it is too old."""
    _numbers: Iterator[int] = field(default_factory=lambda: itertools.count(1))
    _said: OrderedDict[str, _Said] = field(default_factory=OrderedDict)
    """The latest words by their numbers."""
    _read_at: float = 0.0
    _is_rung: bool = False
    _is_news: bool = False
    _is_delayed: bool = False

    @property
    def boot(self) -> str:
        """Return the name of the process, as each line of the log has it."""
        return self.audit.boot_id[:8]

    def judge(self, command: Command, heard: Heard, *, embedded: bool, key: Secret | None) -> Verdict | None:
        """Decide whether a word may be obeyed, as `authorise` does.

        None: what was `heard` is kept until it is known whether its signature was used before this process.
        """
        if not embedded and key is not None and not heard.claimed.by and self._holds(command, heard, key):
            return None
        return authorise(
            command,
            embedded=embedded,
            key=key,
            now=time.time(),
            seen_nonces=self.nonces,
            claimed=heard.claimed,
            age_s=heard.age_s or 0.0,
        )

    def _holds(self, command: Command, heard: Heard, key: Secret) -> bool:
        signed = command.signed
        # What anybody may say need not wait, and whoever does not hold the key must take no room.
        if signed is None or is_open(command) or fault_of(command, key=key, now=time.time()):
            return False
        if self.is_recalled or not self.nonces.must_wait(signed) or len(self._held) >= _MOST_HELD:
            return False
        self._held.append((signed.time + FRESH_S, heard))
        return True

    def released(self) -> list[Heard]:
        """Return what was held and is to be heard now."""
        now = time.time()
        ready = [heard for until, heard in self._held if self.is_recalled or until <= now]
        self._held = [] if self.is_recalled else [each for each in self._held if each[0] > now]
        return ready

    def accepted(self, command: Command, *, is_signed: bool, is_own: bool) -> Command:
        """Note a word that is about to be carried out, and return it under a number of ours in the place of its id.

        The number is its own, so that the answer finds it however many words bear the same id, or none. A signature
        that the command still has is right.
        """
        kind = Kind.OWN if is_own else Kind.STOPPED
        said = _Said(
            command if is_signed else replace(command, signed=None),
            author_of(is_signed=is_signed, is_own=is_own),
            Kind.CHEAP if only_reads(command) else kind,
            command.signed,
        )
        number = f"#{next(self._numbers)}"
        self._said[number] = said
        if len(self._said) > _MOST_SAID:
            self._said.popitem(last=False)
        self.audit.note(said.command, said.author, ACCEPTED, "", said.kind, number)
        return replace(command, id=number, author=said.author)

    def sender_of(self, number: str) -> str:
        """Return the id that the word of this number came with; what is no number is such an id."""
        return self._said[number].command.id if number in self._said else number

    def proof_of(self, number: str) -> Signed | None:
        """Return the right signature that the word of this number came with, if any."""
        return self._said[number].proof if number in self._said else None

    def is_new(self, command: Command, key: Secret | None) -> bool:
        """Return whether a word for another process surely comes from who holds the key, and for the first time."""
        now, signed = time.time(), command.signed
        if signed is None or key is None or fault_of(command, key=key, now=now) or self.nonces.is_used(signed):
            return False
        return not self.nonces.doubt_or_remember(signed, now)

    def refused(self, refused: Refused) -> None:
        """Note what is not obeyed; its id may be a number."""
        said = self._said.get(refused.id)
        if said is not None:
            self.audit.note(said.command, said.author, REFUSED, refused.reason, Kind.CHEAP, refused.id)
            return
        command = refused.command and replace(refused.command, signed=None)
        if command is None and refused.id:
            command = Command(refused.id, "")
        self.audit.note(command, UNKNOWN, REFUSED, refused.reason, Kind.CHEAP)

    def answered_word(self, number: str, *, ok: bool, text: str) -> None:
        """Note the answer to a word with consequences; those to others are not kept."""
        said = self._said.get(number)
        if said is None or only_reads(said.command):
            return
        self.spoken.answered(said.command.id, ok=ok, text=text)
        self.audit.note(said.command, said.author, DONE if ok else NOT_DONE, text, said.kind, number)

    def rung(self) -> None:
        """Have the pauses read again soon: another process may have stored one."""
        self._is_rung = True

    def take_news(self) -> bool:
        """Return whether the stored pauses were changed since this was asked, so that others must read them."""
        is_news, self._is_news = self._is_news, False
        return is_news

    def due(self, now: float) -> list[tuple[Kept, Transaction]]:
        """Return what is to be asked of Postgres now (monotonic), and end pauses whose time has come."""
        for pause in self.pauses.end_overdue(_wall()):
            logger.info("the pause of %s is over", pause.name, extra={"action": "pause_ended", "data": pause.because})
        for what, errand in self._errands.items():
            if errand.lost_at is not None and errand.lost_at <= now:
                self._settle(what, None, now)
        if not self.opened.is_set():
            return []
        work = []
        for what, errand in self._errands.items():
            if errand.lost_at is None and errand.not_before <= now and (next_work := self._next(what, now)) is not None:
                errand.number, errand.lost_at = errand.number + 1, now + _LOST_S
                work.append((Kept(what, errand.number), next_work))
        return work

    def answered(self, tag: Kept, rows: Any, error: BaseException | None, now: float) -> None:
        """Take an answer of Postgres (monotonic); one that counted as lost comes too late."""
        errand = self._errands[tag.what]
        if errand.lost_at is None or errand.number != tag.number:
            return
        if error is not None and not self._is_delayed:
            # Once for an outage.
            self._is_delayed = True
            logger.warning(
                "what operators say is kept in memory for now",
                extra={"action": "control_records_delayed", "data": str(error)},
            )
        self._settle(tag.what, rows if error is None else None, now)

    def wake_at(self, now: float) -> float:
        """Return when (monotonic) to ask again what is due, if nothing comes before."""
        times = [now + READ_EVERY_S] if self.opened.is_set() else [now + _AGAIN_S]
        times += [errand.lost_at or errand.not_before for errand in self._errands.values() if errand.not_before > now]
        times += [errand.lost_at for errand in self._errands.values() if errand.lost_at is not None]
        if self._is_rung and self._errands["pauses"].lost_at is None:
            times.append(max(now, self._read_at + _RUNG_S))
        end = self.pauses.next_end(_wall())
        if end is not None:
            times.append(now + (end - _wall()).total_seconds())
        return min(times)

    def _next(self, what: str, now: float) -> Transaction | None:
        match what:
            case "memory":
                return None if self.is_recalled else Transaction((lately_said(_RECALLED_S),))
            case "switch":
                return self.switch.transaction(now)
            case "pauses":
                if self.pauses.is_known and now >= self._read_at + (_RUNG_S if self._is_rung else _PAUSES_EVERY_S):
                    self.pauses.read_again()
                if not self.pauses.is_known:
                    self._read_at, self._is_rung = now, False
                return self.pauses.transaction(_wall())
            case _:
                return self.audit.transaction()

    def _settle(self, what: str, rows: Any, now: float) -> None:
        errand = self._errands[what]
        errand.lost_at = None
        errand.not_before = 0.0 if rows is not None else now + _AGAIN_S
        if rows is not None:
            self._is_delayed = False
        match what:
            case "memory" if rows is not None:
                self._recall(rows[0])
            case "switch":
                self.switch.answered(rows)
            case "pauses":
                self._is_news |= self.pauses.answered(rows, _wall())
            case "audit":
                self.audit.answered(written=rows is not None)
                self._tell_head(rows or [])

    def _recall(self, rows: list[dict[str, Any]]) -> None:
        bodies = [json.loads(row["body"]) for row in rows]
        used = [(body["nonce"], float(body["signed_at"])) for body in bodies if "nonce" in body]
        # What was lost may have been signed.
        self.nonces.recall(used, is_complete=all(body["verdict"] != LOST for body in bodies))
        for body in bodies:
            if body["verdict"] == ACCEPTED:
                self.spoken.recall(Command(body["id"], body["word"], tuple(body["args"])))
        self.is_recalled = True

    def _tell_head(self, rows: list[list[dict[str, Any]]]) -> None:
        # The log is the witness that rows cut off at the chain's end cannot get at.
        written = [row for statement in rows for row in statement]
        if written:
            extra = {"action": "audit_written", "seq": written[-1]["seq"], "hash": written[-1]["hash"]}
            logger.info("the audit has %d rows", written[-1]["seq"], extra=extra)


def records_of(
    boot_id: str,
    family_of: Mapping[str, str],
    address: Callable[[str], Address],
    opened: threading.Event,
    redact: Redact = redact_shapes,
) -> Records:
    """Return the records of a process.

    Args:
        boot_id: of the process.
        family_of: the family of each job.
        address: returns a family's.
        opened: set once the schema is up to date.
        redact: blacks out secrets in what is answered and written down.
    """
    families = {name: frozenset(job for job, of in family_of.items() if of == name) for name in family_of.values()}
    tell = tell_of({job: address(family) for job, family in family_of.items()})
    return Records(Pauses(families, tell), Audit(boot_id, redact), SeenNonces(time.time()), opened)


def _wall() -> datetime:
    return datetime.fromtimestamp(time.time(), UTC)
