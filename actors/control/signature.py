"""Who may give which control word: anybody on the embedded Redis, on a foreign one only those who hold the key.

Whoever can reach a shared Redis can publish, so there an unsigned word may only read or stop. A signature is
HMAC-SHA256 over the canonical JSON of id, word, args, time and nonce; it is good for a minute, and once: each process
remembers the nonces it was shown, the audit those of the process before, and Redis those of the process beside.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from actors.control.words import Command, Refused, Signed

if TYPE_CHECKING:
    from collections.abc import Iterable

    from actors.config import Secret

FRESH_S = 60
"""How far, in seconds, the time of a signature may be from ours, either way."""

_NO_KEY = "it needs a signature, and CONTROL_KEY is not set where the supervisor runs"
_NO_SIGNATURE = "it needs a signature; `supervisor.py send` makes one"
_OPEN_WORDS = frozenset({"status", "jobs", "why", "pause", "opted-out"})
_OPEN_COMMANDS = frozenset({("kill-switch", ("on",)), ("approve", ())})


@dataclass(frozen=True, slots=True)
class Allowed:
    """The command may be obeyed."""

    signed: bool
    """Whether it surely comes from who holds the key, and for the first time."""


@dataclass(frozen=True, slots=True)
class Elsewhere:
    """Another process obeys the command and answers, for both heard it; here there is nothing to do and to say."""

    boot: str


@dataclass(frozen=True, slots=True)
class Claimed:
    """What became of the claim on a nonce, by which one of several processes obeys a word: as it stands, it is ours."""

    is_used: bool = False
    """Whether it had been claimed before."""
    doubt: str = ""
    """Why that is not known."""
    by: str = ""
    """The boot of the process that claimed it for the same publication, a moment before us."""


class SeenNonces:
    """Remember which signatures were used, for as long as they would still be fresh.

    Only valid signatures get here, so nobody without the key can fill it; full, it refuses rather than forgets.

    Args:
        started: epoch seconds of this process's start. A signature made before it is refused until `recall` says
            what was used before a restart.
        limit: the most that is remembered.
    """

    def __init__(self, started: float, limit: int = 10_000) -> None:
        self._started = started
        self._limit = limit
        self._fresh_until: dict[str, float] = {}
        self._is_known = False

    def must_wait(self, signed: Signed) -> bool:
        """Return whether the signature was made before this process, and what was used then is not known yet."""
        return signed.time <= self._started and not self._is_known

    def recall(self, used: Iterable[tuple[str, float]], *, is_complete: bool = True) -> None:
        """Learn which nonces were used before this process, with the times of their signatures (epoch seconds).

        From then on a signature made before it is good once more, if it was not used; unless more of them may have
        been used than these.
        """
        self._is_known = is_complete
        for nonce, time in used:
            self._fresh_until.setdefault(nonce, time + FRESH_S)

    def is_used(self, signed: Signed) -> bool:
        """Return whether it is known that the signature was used before."""
        return signed.nonce in self._fresh_until

    def doubt_or_remember(self, signed: Signed, now: float) -> str:
        """Return why a signature that `is_used` does not know may have been used, or nothing and remember it."""
        if self.must_wait(signed):
            return "it was signed before this process started; sign it again"
        for nonce in [nonce for nonce, until in self._fresh_until.items() if until < now]:
            del self._fresh_until[nonce]
        if len(self._fresh_until) >= self._limit:
            return f"more than {self._limit} signed commands came in {2 * FRESH_S} s; try again in a minute"
        self._fresh_until[signed.nonce] = signed.time + FRESH_S
        return ""


def sign(command: Command, *, key: Secret, now: float, nonce: str) -> Command:
    """Return the command with a signature good from now on for a minute.

    Args:
        command: needs an id, which is signed too.
        key: the one the receiver has in CONTROL_KEY.
        now: epoch seconds.
        nonce: 16 to 64 letters, digits, dashes or underscores, never used before.
    """
    time = int(now)
    return replace(command, signed=Signed(time, nonce, _signature(command, time, nonce, key)))


def authorise(
    command: Command,
    *,
    embedded: bool,
    key: Secret | None,
    now: float,
    seen_nonces: SeenNonces,
    claimed: Claimed,
    age_s: float = 0.0,
) -> Allowed | Refused | Elsewhere:
    """Decide whether a well-formed command may be obeyed.

    Who signs is held to it, also where he need not: what is forged, stale or replayed is refused. Where it cannot be
    known whether a signature was used before, what anybody may say is obeyed as if it were unsigned. A refusal has the
    command with its signature only if that is right, and not known to have been used.

    Args:
        command: as `parse` gave it.
        embedded: whether it came over the embedded Redis, which listens on loopback only.
        key: the control key, if there is one; without it nothing that needs a signature is obeyed.
        now: epoch seconds.
        seen_nonces: changed when a signature is accepted.
        claimed: what became of the claim on the signature's nonce.
        age_s: how long it waited to be heard, in seconds. One that is too old is not obeyed any more, unless a
            signature that counts says that it is still meant.
    """
    unproven = replace(command, signed=None)
    if age_s > FRESH_S and (embedded or command.signed is None):
        return _refuse(unproven, f"it was said {age_s:.0f} s ago and not heard within {FRESH_S} s; say it again")
    if embedded:
        return Allowed(signed=False)
    signed = command.signed
    if key is None or signed is None:
        if is_open(command):
            return Allowed(signed=False)
        return _refuse(unproven, _NO_KEY if key is None else _NO_SIGNATURE)
    fault = fault_of(command, key=key, now=now)
    if fault:
        return _refuse(command if is_right(command, key) else unproven, fault)
    if claimed.is_used or seen_nonces.is_used(signed):
        return _refuse(unproven, "its nonce was used before")
    doubt = claimed.doubt or seen_nonces.doubt_or_remember(signed, now)
    if claimed.by:
        # It is remembered, for what is heard a second time was said again.
        return Elsewhere(claimed.by)
    if doubt and not is_open(command):
        return _refuse(command, doubt)
    return Allowed(signed=not doubt)


def is_right(command: Command, key: Secret | None) -> bool:
    """Return whether a command bears a signature that this key made, of whatever age, used before or not."""
    signed = command.signed
    if signed is None or key is None:
        return False
    return hmac.compare_digest(_signature(command, signed.time, signed.nonce, key), signed.signature)


def fault_of(command: Command, *, key: Secret, now: float) -> str:
    """Return what is wrong with the signature of a command that has one, whether or not it was used; or nothing."""
    signed = command.signed
    assert signed is not None, "only what is signed has a signature"
    # The signature comes first: whoever does not hold the key learns nothing else.
    if not is_right(command, key):
        return "its signature is wrong"
    age = now - signed.time
    if abs(age) <= FRESH_S:
        return ""
    when = f"{age:.0f} s ago" if age > 0 else f"{-age:.0f} s in the future"
    return f"it was signed {when}, {FRESH_S} s are allowed; compare the clocks"


def is_open(command: Command) -> bool:
    """Return whether a command only reads or stops, so that anybody may say it."""
    return command.word in _OPEN_WORDS or (command.word, command.args) in _OPEN_COMMANDS


def _signature(command: Command, time: int, nonce: str, key: Secret) -> str:
    fields = {"id": command.id, "word": command.word, "args": command.said, "time": time, "nonce": nonce}
    return stamp(canonical(fields), key)


def canonical(fields: dict[str, Any]) -> bytes:
    """Return the JSON that is signed: names in their order, no blanks, ASCII."""
    return json.dumps(fields, sort_keys=True, ensure_ascii=True, separators=(",", ":")).encode("ascii")


def stamp(said: bytes, key: Secret) -> str:
    """Return the HMAC-SHA256 of this under the key, in hexadecimal digits."""
    return hmac.new(key.reveal().encode(), said, hashlib.sha256).hexdigest()


def _refuse(command: Command, reason: str) -> Refused:
    return Refused(f"{command.word}: {reason}", command.id, command)
