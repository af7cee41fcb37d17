"""How the society puts things: templates filled by number, so that no two of its posts read alike."""

from __future__ import annotations

import math
import re
import tomllib
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any

from actors.domain.randomness import keyed

_PER_DAY = {"answer": 67, "back": 67, "abroad": 67}
"""How many texts a template and an area give in a day, by kind. Prime, so that the numbers of the days scatter."""

_USUALLY = 17
_SLOT = re.compile(r"\{(?P<name>[A-Za-z]+?)(?P<rank>\d?)(?P<lower>_?)\}")


@dataclass(frozen=True, slots=True)
class _Slot:
    """One gap of a template; `rank` above 0 takes another one of the same list than the ranks before."""

    name: str
    rank: int
    is_capital: bool
    is_lower: bool


@dataclass(frozen=True, slots=True)
class _Template:
    literals: tuple[str, ...]
    slots: tuple[_Slot, ...]


@cache
def words(name: str) -> dict[str, Any]:
    """Load a stock of words from `words/`."""
    return tomllib.loads((resources.files("actors.sandbox") / "words" / f"{name}.toml").read_text(encoding="utf-8"))


@cache
def areas() -> dict[str, dict[str, list[str]]]:
    """Give the lists of every area that is talked about, other languages as `abroad.xx`."""
    abroad = {f"abroad.{name}": lists for name, lists in words("society_people")["abroad"].items()}
    return {**words("society_words")["topics"], **abroad}


@cache
def _stocked(part: str) -> dict[str, list[str]]:
    """Give a part of the words of all who write here: `shared` or `templates`."""
    return {**words("society_words")[part], **words("society_news")[part]}


def per_day(kind: str) -> int:
    """Tell how many different texts a template of a kind and an area may give on one day."""
    return _PER_DAY.get(kind, _USUALLY)


def templates_of(kind: str) -> int:
    """Count the templates of a kind: post, abroad, answer, back, mention, question, report, study."""
    return len(_templates(kind))


def variety(kind: str, area: str, template: int) -> int:
    """Count the different texts of a template in an area."""
    return math.prod(_sizes(kind, area, template))


def phrase(seed: int, kind: str, area: str, template: int, serial: int, account: str = "") -> str:
    """Give text number `serial`; two numbers give two texts unless they are `variety` apart.

    `account` is the handle that a text addresses.
    """
    sizes = _sizes(kind, area, template)
    total = math.prod(sizes)
    place = _scattered(_key(seed, kind, area, template), serial % total, total)
    chosen = _templates(kind)[template]
    taken: dict[str, list[int]] = {}
    parts = [chosen.literals[0]]
    for slot, size, literal in zip(chosen.slots, sizes, chosen.literals[1:], strict=True):
        place, index = divmod(place, size)
        for earlier in sorted(taken.get(slot.name, ())):
            index += earlier <= index
        taken.setdefault(slot.name, []).append(index)
        parts += [_spelled(_list(area, slot.name)[index], slot), literal]
    return "".join(parts).replace("{account}", account)


def _list(area: str, name: str) -> list[str]:
    lists = areas()[area]
    found: list[str] = lists[name] if name in lists else _stocked("shared")[name]
    return found


def _spelled(text: str, slot: _Slot) -> str:
    if slot.is_capital:
        return text[:1].upper() + text[1:]
    return text[:1].lower() + text[1:] if slot.is_lower else text


@cache
def _templates(kind: str) -> tuple[_Template, ...]:
    return tuple(_parsed(text) for text in _stocked("templates")[kind])


def _parsed(text: str) -> _Template:
    literals, slots, end = [], [], 0
    for match in _SLOT.finditer(text):
        name = match["name"]
        if name == "account":
            continue
        literals.append(text[end : match.start()])
        rank = int(match["rank"] or 1) - 1
        slots.append(_Slot(name.lower(), rank, name[0].isupper(), bool(match["lower"])))
        end = match.end()
    return _Template((*literals, text[end:]), tuple(slots))


@cache
def _sizes(kind: str, area: str, template: int) -> tuple[int, ...]:
    return tuple(len(_list(area, slot.name)) - slot.rank for slot in _templates(kind)[template].slots)


def _scattered(key: tuple[int, int, int], number: int, total: int) -> int:
    """Map the numbers below `total` one to one onto themselves, so that neighbors come out far apart in every slot.

    Multiplying by an odd factor and folding the upper half onto the lower are one to one on a power of two; what falls
    outside of `total` is mapped again.
    """
    bits = max(2, (total - 1).bit_length())
    mask, half = (1 << bits) - 1, (bits + 1) // 2
    while True:
        for factor in key:
            number = number * (2 * factor + 1) + factor & mask
            number ^= number >> half
        if number < total:
            return number


@cache
def _key(seed: int, kind: str, area: str, template: int) -> tuple[int, int, int]:
    one, two, three = keyed("society words", seed, kind, area, template).integers(1 << 20, 1 << 30, 3).tolist()
    return one, two, three
