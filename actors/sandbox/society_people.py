"""Who lives in the society: invented accounts with their size, habits, and what they think of being answered."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product
from typing import TYPE_CHECKING, Any, Literal

from actors.domain.randomness import keyed
from actors.domain.taxonomy import TOPICS
from actors.sandbox.post import Account
from actors.sandbox.society_words import areas, words

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    import numpy as np

Attitude = Literal["welcoming", "indifferent", "hostile", "opted_out"]
"""How an author takes an answer by an automated account; one who opted out says so in the bio."""

Role = Literal["wellness", "everyday", "spam", "shop", "abroad", "newsroom", "research"]

_HEADS: dict[Role, int] = {"wellness": 106, "everyday": 20, "spam": 10, "shop": 4}
"""How many of each role there are, beside those abroad and those who report."""

_FOLLOWERS = (2.48, 6.477)
"""Decimal logarithms of the fewest and the most followers: 300 and 3 million."""

_REPORTS: dict[Role, float] = {"newsroom": 2.2, "research": 1.6}
"""Posts a day of one who reports."""

_REACH = (20_000, 500_000)
"""Followers of the smallest and the largest of them."""

_HANDLE = 15
_WELLNESS = tuple(TOPICS)
_EVERYDAY = ("garden", "books", "football", "code", "trains", "film")
_ATTITUDES: tuple[Attitude, ...] = ("welcoming",) * 9 + ("indifferent",) * 8 + ("hostile",) * 2 + ("opted_out",) * 2


@dataclass(frozen=True, slots=True)
class Person:
    """One account of the society and how it behaves.

    Args:
        number: its place in the society, from 0, below 256.
        areas: what it writes about, the favourite first.
        rate: posts a day.
        peak: hour of the day, UTC, around which it writes.
    """

    number: int
    account: Account
    role: Role
    attitude: Attitude
    areas: tuple[str, ...]
    rate: float
    peak: float
    lang: str = "en"


def people(seed: int, taken: Collection[str]) -> tuple[Person, ...]:
    """Give everybody, always in the same order; `taken` are handles in lower case that others have."""
    draw = keyed("society", seed, "people")
    stock = words("society_people")
    used = set(taken)
    found: list[Person] = []
    for role, heads in _HEADS.items():
        names = _names(role, stock["names"], draw)
        # Each head has its own step of the scale, so that every seed has small and large ones.
        steps = [(index + 0.5) / heads for index in draw.permutation(heads).tolist()]
        for step in steps:
            handle, name = next(pair for pair in names if pair[0] not in used)
            used.add(handle)
            found.append(_person(len(found), role, (handle, name), step, draw))
    for lang, lists in stock["abroad"].items():
        for handle in lists["names"]:
            name = handle.strip("_").replace("_", " ").title()
            account = Account(
                handle, name, lists["bio"], int(10 ** draw.uniform(3.0, 5.7)), int(draw.integers(80, 900))
            )
            peak = float(draw.uniform(7, 20))
            number = len(found)
            found.append(Person(number, account, "abroad", "indifferent", (f"abroad.{lang}",), 4.0, peak, lang))
    return (*found, *_reporters(seed, used, len(found)))


def _reporters(seed: int, used: Collection[str], number: int) -> Iterator[Person]:
    """Yield the newsrooms and those who tell of research, behind everybody else and by draws of their own."""
    draw = keyed("society", seed, "reporters")
    low, high = _REACH
    for role, rate in _REPORTS.items():
        stock = words("society_news")[role]
        names = [name.split("|") for name in stock["names"]]
        for step, (handle, name) in zip(draw.permutation(len(names)).tolist(), names, strict=True):
            own = tuple(_WELLNESS[index] for index in draw.permutation(len(_WELLNESS)))
            followers = int(low * (high / low) ** ((step + float(draw.random())) / len(names)))
            bio = _filled(str(draw.choice(stock["bios"])), own[0])
            peak, posts = float(draw.normal(12, 2.5)) % 24, rate * float(draw.uniform(0.8, 1.2))
            account = Account(handle, name, bio, followers, int(draw.integers(40, 400)))
            if handle not in used:
                yield Person(number, account, role, "indifferent", own, posts, peak)
                number += 1


def _person(number: int, role: Role, who: tuple[str, str], step: float, draw: np.random.Generator) -> Person:
    low, high = _FOLLOWERS
    # Wellness is where the large accounts are: there the scale leans to its upper half.
    size = step**0.5 if role == "wellness" else step * 0.9
    followers = int(10 ** (low + size * (high - low)))
    attitude = _ATTITUDES[number % len(_ATTITUDES)] if role in {"wellness", "everyday"} else "indifferent"
    own = _areas(role, draw)
    rate = {"wellness": 1.6 + 9.8 * size, "everyday": 1.2 + 3.5 * size, "spam": 5.0, "shop": 2.4, "abroad": 4.0}[role]
    account = Account(who[0], who[1], _bio(role, attitude, own[0], draw), followers, int(draw.integers(40, 1200)))
    peak = float(draw.uniform(0, 24)) if role == "spam" else float(draw.normal(15, 5.5)) % 24
    return Person(number, account, role, attitude, own, rate * float(draw.uniform(0.8, 1.2)), peak)


def _areas(role: Role, draw: np.random.Generator) -> tuple[str, ...]:
    if role == "spam":
        return ("hustle", "prizes")
    if role == "shop":
        return (*(_WELLNESS[index] for index in draw.permutation(len(_WELLNESS))[:3]), "prizes")
    choice, count = (_WELLNESS, 4) if role == "wellness" else (_EVERYDAY, 2)
    return tuple(choice[index] for index in draw.permutation(len(choice))[:count])


def _bio(role: Role, attitude: Attitude, area: str, draw: np.random.Generator) -> str:
    bios = words("society_people")["bios"]
    text = _filled(str(draw.choice(bios[role])), area)
    return f"{text} {draw.choice(bios[attitude])}".strip() if attitude in bios else text


def _filled(bio: str, area: str) -> str:
    thing = areas()[area]["thing"][0]
    return bio.format(thing=thing, Thing=thing[:1].upper() + thing[1:])


def _names(role: Role, stock: dict[str, Any], draw: np.random.Generator) -> Iterator[tuple[str, str]]:
    """Yield handles and names for a role without end; handles are at most as long as the platform allows."""
    persons = [(f"{first}_{last}".lower()[:_HANDLE], f"{first} {last}") for first, last in _pairs(stock, "first last")]
    calm = [(f"{one}{two}", f"{one} {two}".title()) for one, two in _pairs(stock, "calm club")]
    odd = [(f"{one}_{two}", f"{one} {two}".title()) for one, two in _pairs(stock, "odd place")]
    loud = [(f"{one}_{two}", f"{one} {two}".upper()) for one, two in _pairs(stock, "loud money")]
    shops = [(f"{name.lower()}_co"[:_HANDLE], name) for name in stock["shop"]]
    of_role = {"wellness": (persons, calm), "everyday": (persons, odd), "spam": (loud,), "shop": (shops,)}[role]
    shuffled = [[names[index] for index in draw.permutation(len(names))] for names in of_role]
    for together in zip(*shuffled, strict=False):
        yield from together


def _pairs(stock: dict[str, Any], lists: str) -> Iterator[tuple[str, str]]:
    one, two = lists.split()
    return product(stock[one], stock[two])
