"""Who may give which control word: anybody on the embedded Redis, on a foreign one only those who hold the key.

Whoever can reach a shared Redis can publish, so there an unsigned word may only read or stop. A signature is
HMAC-SHA256 over the canonical JSON of id, word, args, time and nonce; it is good for a minute, and once.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from actors.control.words import Command, Refused, Signed

if TYPE_CHECKING:
    from actors.config import Secret

FRESH_S = 60
"""How far, in seconds, the time of a signature may be from ours, either way."""

_OPEN_WORDS = frozenset({"status", "jobs", "why", "pause", "opted-out"})
_OPEN_COMMANDS = frozenset({("kill-switch", ("on",)), ("approve", ())})


@dataclass(frozen=True, slots=True)
class Allowed:
    """The command may be obeyed."""

    signed: bool


class SeenNonces:
    """Remember which signatures were used, for as long as they would still be fresh.

    Only valid signatures get here, so nobody without the key can fill it; full, it refuses rather than forgets.

    Args:
        started: epoch seconds of this process's start. A signature made before it is refused, because what was used
            before a restart is not remembered.
        limit: the most that is remembered.
    """

    def __init__(self, started: float, limit: int = 10_000) -> None:
        self._started = started
        self._limit = limit
        self._fresh_until: dict[str, float] = {}

    def refuse_or_remember(self, signed: Signed, now: float) -> str:
        """Return why the signature may not be used (again), or nothing and remember it."""
        if signed.time <= self._started:
            return "it was signed before this process started; sign it again"
        for nonce in [nonce for nonce, until in self._fresh_until.items() if until < now]:
            del self._fresh_until[nonce]
        if signed.nonce in self._fresh_until:
            return "its nonce was used before"
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
    command: Command, *, embedded: bool, key: Secret | None, now: float, seen_nonces: SeenNonces
) -> Allowed | Refused:
    """Decide whether a well-formed command may be obeyed.

    Args:
        command: as `parse` gave it.
        embedded: whether it came over the embedded Redis, which listens on loopback only.
        key: the control key, if there is one; without it nothing that needs a signature is obeyed.
        now: epoch seconds.
        seen_nonces: changed when a signature is accepted.
    """
    if embedded or _is_open(command):
        return Allowed(signed=False)
    if key is None:
        return _refuse(command, "it needs a signature, and CONTROL_KEY is not set where the supervisor runs")
    signed = command.signed
    if signed is None:
        return _refuse(command, "it needs a signature; `supervisor.py send` makes one")
    # The signature comes first: whoever does not hold the key learns nothing else.
    expected = _signature(command, signed.time, signed.nonce, key)
    if not hmac.compare_digest(expected, signed.signature):
        return _refuse(command, "its signature is wrong")
    age = now - signed.time
    if abs(age) > FRESH_S:
        when = f"{age:.0f} s ago" if age > 0 else f"{-age:.0f} s in the future"
        return _refuse(command, f"it was signed {when}, {FRESH_S} s are allowed; compare the clocks")
    reason = seen_nonces.refuse_or_remember(signed, now)
    return _refuse(command, reason) if reason else Allowed(signed=True)


def _is_open(command: Command) -> bool:
    """Whether a command only reads or stops."""
    return command.word in _OPEN_WORDS or (command.word, command.args) in _OPEN_COMMANDS


def _signature(command: Command, time: int, nonce: str, key: Secret) -> str:
    fields = {"id": command.id, "word": command.word, "args": command.args, "time": time, "nonce": nonce}
    canonical = json.dumps(fields, sort_keys=True, ensure_ascii=True, separators=(",", ":"))
    return hmac.new(key.reveal().encode(), canonical.encode("ascii"), hashlib.sha256).hexdigest()


def _refuse(command: Command, reason: str) -> Refused:
    return Refused(f"{command.word}: {reason}", command.id)
