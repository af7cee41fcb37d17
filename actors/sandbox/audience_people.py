"""The readers whom nobody knows: handles, names and a line about themselves, invented when they follow.

A handle ends in an underscore, a digit for the kind of occasion and a number of it, so no two readers share one, and
nobody who chose a name without digits has it.
"""

from __future__ import annotations

import hashlib
import re
from enum import IntEnum

from actors.sandbox.post import Account

_LONGEST = 15
_HANDLE = re.compile(r"[a-z]{3,7}_[123][0-9a-z]+")
_DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"
_NAMES = """
ada amara anouk arlo bela bruno carla cem chloe dario dina edda elif emil enzo esme fay finn gita hana hugo ida
ines ivo jana jonas juno kaya kofi lars leila lena lou luca maja marek mika mina nia nico noor odile olga otto  paz
petra quinn rafa remy rosa sami sena sofia suki tariq theo tilda uma vera willem yara yusuf zoe
"""
_STEMS = tuple(_NAMES.split())
_BIOS = (
    "",
    "Here to read.",
    "Tea, trees, two cats.",
    "Nurse. Opinions are mine.",
    "Learning to sleep again.",
    "Dad, cyclist, slow cook.",
    "Physio in training.",
    "I like long walks and short posts.",
    "Photos of breakfast.",
    "Teacher on a break.",
)


class Occasion(IntEnum):
    """When a reader came: before the first post, without a post's doing, or for one."""

    BEFORE = 1
    UNPROMPTED = 2
    POST = 3


def reader_handle(seed: int, occasion: Occasion, which: int, number: int) -> str:
    """Invent the handle of a reader: the `number`-th who came on that occasion's `which`-th instance."""
    # Szudzik's pairing: a number of its own for each pair, and small ones for small ones.
    paired = number * number + which if which < number else which * which + which + number
    suffix = f"{occasion:d}{_in_base_36(paired)}"
    stem = _STEMS[_draw("reader", seed, occasion, which, number) % len(_STEMS)]
    return f"{stem[: _LONGEST - 1 - len(suffix)]}_{suffix}"


def is_readers(handle: str) -> bool:
    """Tell whether a handle is like those invented here; whether that reader ever came, it does not tell."""
    return _HANDLE.fullmatch(handle) is not None


def reader(handle: str) -> Account:
    """Describe the reader of an invented handle; the same handle always is the same person."""
    draw = _draw("account", handle)
    name = handle.partition("_")[0].title()
    followers, following = int(4 + draw % 997), int(30 + (draw >> 16) % 1171)
    return Account(handle, name, _BIOS[(draw >> 32) % len(_BIOS)], followers, following)


def _draw(*parts: str | int) -> int:
    """Draw a number from 0 to 2^64; `keyed` would set up a whole generator for one draw."""
    return int.from_bytes(hashlib.blake2b(repr(parts).encode(), digest_size=8).digest(), "big")


def _in_base_36(number: int) -> str:
    digits = ""
    while True:
        number, rest = divmod(number, 36)
        digits = _DIGITS[rest] + digits
        if not number:
            return digits
