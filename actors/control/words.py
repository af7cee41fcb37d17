"""The control words: what an operator may say, and how it is read from a message anybody may have sent.

A message is plain text as a person types it (`pause posting`) or JSON as programs send it, with an id for the answer
and, where the word needs it, a signature (see `signature`).
"""

from __future__ import annotations

import difflib
import json
import re
from dataclasses import dataclass, replace
from typing import Any

from actors.control.clauses import BECAUSE, FOR, read_clauses

_NAME = re.compile(r"[a-z][a-z0-9_]{0,63}")
_LEVEL = re.compile("debug|info|warn|error")
_LOGGER = re.compile(r"[A-Za-z_][A-Za-z0-9_.]{0,99}")
_RESET = re.compile("reset")
_SWITCH = re.compile(r"on|off")
_DECISION = re.compile(r"[0-9a-f]{8,32}|[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
"""The number of a decision, or at least its first eight digits without the dashes."""
_HANDLE = re.compile(r"@?[A-Za-z0-9_]{1,20}")
_AT = "at"
_BOOT = re.compile(r"[a-z0-9]{4,40}")
_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")
_NONCE = re.compile(r"[A-Za-z0-9_-]{16,64}")
_SIGNATURE = re.compile(r"[0-9a-f]{64}")
_FIELDS = ("id", "word", "args", "time", "nonce", "signature")
_PROOF = frozenset({"time", "nonce", "signature"})
_LATEST = 10**11
_READING = frozenset({"status", "jobs", "why", "opted-out", "stacks"})


@dataclass(frozen=True, slots=True)
class Word:
    """What may follow a word: a pattern for each argument, and how to say it."""

    usage: str
    arguments: tuple[re.Pattern[str], ...] = ()
    optional: int = 0
    """How many of the last arguments may be left out."""
    clauses: tuple[str, ...] = ()
    """Which of `for DURATION` and `because TEXT` may follow the arguments."""
    is_bound: bool = False
    """Whether it is about the process that hears it, so that `at BOOT` may say which of several is meant."""


WORDS = {
    "status": Word("status [at BOOT]", is_bound=True),
    "jobs": Word("jobs"),
    "why": Word("why [JOB]", (_NAME,), optional=1),
    "pause": Word("pause NAME|all [for DURATION] [because TEXT]", (_NAME,), clauses=(FOR, BECAUSE)),
    "resume": Word("resume NAME|all [because TEXT]", (_NAME,), clauses=(BECAUSE,)),
    "run": Word("run JOB", (_NAME,)),
    "kill-switch": Word("kill-switch on|off", (_SWITCH,)),
    "approve": Word("approve [DECISION]", (_DECISION,), optional=1),
    "reject": Word("reject DECISION", (_DECISION,)),
    "opt-out": Word("opt-out HANDLE", (_HANDLE,)),
    "opted-out": Word("opted-out"),
    "breaker": Word("breaker RESOURCE reset [at BOOT]", (_NAME, _RESET), is_bound=True),
    "restart": Word("restart ACTOR [at BOOT]", (_NAME,), is_bound=True),
    "loglevel": Word("loglevel LEVEL [LOGGER] [at BOOT]", (_LEVEL, _LOGGER), optional=1, is_bound=True),
    "reload": Word("reload [at BOOT]", is_bound=True),
    "drain": Word("drain [at BOOT]", is_bound=True),
    "stacks": Word("stacks [at BOOT]", is_bound=True),
    "shutdown": Word("shutdown [at BOOT]", is_bound=True),
}
"""Every word there is. Whether a NAME exists is for the receiver to say."""


@dataclass(frozen=True, slots=True)
class Signed:
    """What a signed command carries besides itself: when it was signed (epoch seconds), a nonce, the signature."""

    time: int
    nonce: str
    signature: str


@dataclass(frozen=True, slots=True)
class Command:
    """A well-formed command, not yet authorised. `id` is the sender's, empty if he gave none."""

    id: str
    word: str
    args: tuple[str, ...] = ()
    signed: Signed | None = None
    to: str = ""
    """The beginning of the name of the boot it is meant for; empty: of whichever process hears it."""
    author: str = ""
    """Who says it, as far as that is known; empty until it is accepted."""

    @property
    def said(self) -> tuple[str, ...]:
        """Return what follows the word as its sender said it."""
        return (*self.args, _AT, self.to) if self.to else self.args

    def to_json(self) -> str:
        """Write the message that `parse` reads back."""
        fields: dict[str, Any] = {"word": self.word, "args": list(self.said)}
        if self.id:
            fields["id"] = self.id
        if self.signed:
            fields |= {"time": self.signed.time, "nonce": self.signed.nonce, "signature": self.signed.signature}
        return json.dumps(fields)


def only_reads(command: Command) -> bool:
    """Return whether a word changes nothing."""
    return command.word in _READING or (command.word, command.args) == ("approve", ())


@dataclass(frozen=True, slots=True)
class Refused:
    """Why a message is not obeyed, in words safe to send back. `id` is the sender's, where it could be read."""

    reason: str
    id: str = ""
    command: Command | None = None
    """What was well-formed and is not obeyed all the same."""


def parse(raw: bytes, *, limit: int = 8192) -> Command | Refused:
    """Read one message; whatever it holds, the answer is a value.

    Args:
        raw: the message as it came.
        limit: the greatest length in bytes that is looked at.
    """
    if len(raw) > limit:
        return Refused(f"the message has more than {limit} bytes")
    try:
        text = raw.decode("utf-8").strip()
    except UnicodeDecodeError:
        return Refused("the message is not UTF-8")
    if text.startswith("{"):
        return _parse_json(text)
    word, *args = text.split() or [""]
    return _check(Command("", word, tuple(args)))


def _parse_json(text: str) -> Command | Refused:
    try:
        fields = json.loads(text, object_pairs_hook=_without_doubles)
    except (ValueError, RecursionError) as error:
        return Refused(f"the message is not JSON: {_quote(str(error))}")
    sender = fields.get("id", "")
    if not _fits(_ID, sender) and sender != "":
        return Refused("`id` must be 1 to 64 letters, digits, dots, dashes or underscores")
    fault = _find_fault(fields)
    if fault:
        return Refused(fault, sender)
    signed = Signed(fields["time"], fields["nonce"], fields["signature"]) if "signature" in fields else None
    return _check(Command(sender, fields["word"], tuple(fields.get("args", ())), signed))


def _find_fault(fields: dict[str, Any]) -> str:
    """Say what is wrong with the fields of a JSON message, or nothing."""
    for name in fields:
        if name not in _FIELDS:
            return f"unknown field {_quote(name)}{_nearest(name, _FIELDS)}"
    if not isinstance(fields.get("word"), str):
        return "`word` must be a text"
    args = fields.get("args", [])
    if not isinstance(args, list) or not all(isinstance(each, str) for each in args):
        return "`args` must be a list of texts"
    given = _PROOF & fields.keys()
    if not given:
        return ""
    if given != _PROOF or not fields.get("id"):
        return "a signed message needs `id`, `time`, `nonce` and `signature`"
    # Whole seconds, because two languages seldom write the same fraction alike, and the text is what is signed.
    if type(fields["time"]) is not int or not 0 <= fields["time"] < _LATEST:
        return "`time` must be whole seconds since 1970"
    if not _fits(_NONCE, fields["nonce"]):
        return "`nonce` must be 16 to 64 letters, digits, dashes or underscores"
    if not _fits(_SIGNATURE, fields["signature"]):
        return "`signature` must be 64 hexadecimal digits in lower case"
    return ""


def _check(command: Command) -> Command | Refused:
    """Hold a command against the list of words."""
    word = WORDS.get(command.word)
    if word is None:
        known = _nearest(command.word, WORDS) or f"; known: {', '.join(WORDS)}"
        return Refused(f"unknown word {_quote(command.word)}{known}", command.id)
    if word.is_bound and command.args[-2:-1] == (_AT,) and _fits(_BOOT, command.args[-1]):
        command = replace(command, args=command.args[:-2], to=command.args[-1])
    most = len(word.arguments)
    given, rest = (command.args[:most], command.args[most:]) if word.clauses else (command.args, ())
    fit = most - word.optional <= len(given) <= most and all(map(_fits, word.arguments, given))
    if not fit:
        return Refused(f"say it like this: {word.usage}", command.id)
    clauses = read_clauses(rest, word.clauses)
    return Refused(f"say it like this: {word.usage}; {clauses}", command.id) if isinstance(clauses, str) else command


def _without_doubles(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    fields = dict(pairs)
    if len(fields) < len(pairs):
        raise ValueError("a field is given twice")
    return fields


def _fits(pattern: re.Pattern[str], value: object) -> bool:
    return isinstance(value, str) and pattern.fullmatch(value) is not None


def _nearest(word: str, known: Any) -> str:
    found = difflib.get_close_matches(word[:64].lower(), list(known), n=1)
    return f"; nearest known: {found[0]}" if found else ""


def _quote(text: str) -> str:
    return json.dumps(text[:80])
