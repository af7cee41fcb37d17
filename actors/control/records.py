"""The operator's records: what was said, by whom, and what became of it. They outlive the operator's actor."""

from __future__ import annotations

import itertools
import json
import time
from collections import OrderedDict
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from actors.control.audit import ACCEPTED, DONE, LOST, NOT_DONE, REFUSED, Audit, Kind
from actors.control.keeping import Keeping
from actors.control.pauses import Pauses, tell_of
from actors.control.signature import FRESH_S, SeenNonces, authorise, fault_of, is_open
from actors.control.spoken import Spoken
from actors.control.words import Command, only_reads
from actors.domain.author import UNKNOWN, author_of
from actors.domain.redaction import redact_shapes

if TYPE_CHECKING:
    import threading
    from collections.abc import Callable, Iterator, Mapping

    from actors.config import Secret
    from actors.control.signature import Allowed, Claimed, Elsewhere
    from actors.control.words import Refused, Signed
    from actors.domain.redaction import Redact
    from actors.runtime.address import Address

    Verdict = Allowed | Refused | Elsewhere

_MOST_HELD = 100
_MOST_SAID = 2000
"""How many words are known under their numbers: more than wait for their answers."""


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
class Records:
    """Called in the operator's thread only.

    Attributes:
        kept: what of it is kept in Postgres.
        nonces: which signatures were used.
        spoken: which words were answered, and how.
    """

    kept: Keeping
    nonces: SeenNonces
    spoken: Spoken = field(default_factory=Spoken)
    is_recalled: bool = False
    """Whether it is known what was said to the process before."""
    _held: list[tuple[float, Heard]] = field(default_factory=list)
    """What was signed before this process, each with the time (epoch) at which it is too old."""
    _numbers: Iterator[int] = field(default_factory=lambda: itertools.count(1))
    _said: OrderedDict[str, _Said] = field(default_factory=OrderedDict)
    """The latest words by their numbers."""

    @property
    def boot(self) -> str:
        """Return the name of the process, as each line of the log has it."""
        return self.kept.audit.boot_id[:8]

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
        if (memory := self.kept.take_memory()) is not None:
            self._recall(memory)
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
        self.kept.audit.note(said.command, said.author, ACCEPTED, "", said.kind, number)
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
            self.kept.audit.note(said.command, said.author, REFUSED, refused.reason, Kind.CHEAP, refused.id)
            return
        command = refused.command and replace(refused.command, signed=None)
        if command is None and refused.id:
            command = Command(refused.id, "")
        self.kept.audit.note(command, UNKNOWN, REFUSED, refused.reason, Kind.CHEAP)

    def answered_word(self, number: str, *, ok: bool, text: str) -> None:
        """Note the answer to a word with consequences; those to others are not kept."""
        said = self._said.get(number)
        if said is None or only_reads(said.command):
            return
        self.spoken.answered(said.command.id, ok=ok, text=text)
        self.kept.audit.note(said.command, said.author, DONE if ok else NOT_DONE, text, said.kind, number)

    def _recall(self, rows: list[dict[str, Any]]) -> None:
        bodies = [json.loads(row["body"]) for row in rows]
        used = [(body["nonce"], float(body["signed_at"])) for body in bodies if "nonce" in body]
        # What was lost may have been signed.
        self.nonces.recall(used, is_complete=all(body["verdict"] != LOST for body in bodies))
        for body in bodies:
            if body["verdict"] == ACCEPTED:
                self.spoken.recall(Command(body["id"], body["word"], tuple(body["args"])))
        self.is_recalled = True


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
    return Records(Keeping(Pauses(families, tell), Audit(boot_id, redact), opened), SeenNonces(time.time()))
