"""Peers: accounts whose posts are read for what they are made like, of mixed sizes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, get_args

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

Tier = Literal["micro", "growth", "established"]
MOST = 8
"""Peers at a time (domain.md 1.3, job 19)."""
PER_TIER = 3
"""Peers of one tier: the first accounts that are discovered are large, and places are left for who comes later."""
MOST_FAILURES = 3
WEIGHTS: Mapping[Tier, float] = {"micro": 2.0, "growth": 1.0, "established": 0.5}
"""What a post counts by the size of its author (domain.md 5.5): with few followers it is the post that carries."""
_LARGEST_MICRO, _LARGEST_GROWTH = 20_000, 100_000


@dataclass(frozen=True, slots=True)
class Candidate:
    """An account that could be a peer; its handle is folded."""

    handle: str
    followers: int | None
    quality: float = 0.0

    @property
    def tier(self) -> Tier:
        """Return its tier."""
        return tier_of(self.followers)


def tier_of(followers: int | None) -> Tier:
    """Return the tier; who is followed by nobody knows how many is in the middle, whose weight changes nothing."""
    if followers is None:
        return "growth"
    if followers <= _LARGEST_MICRO:
        return "micro"
    return "growth" if followers <= _LARGEST_GROWTH else "established"


def named(handles: Iterable[str], account: str) -> tuple[str, ...]:
    """Return the accounts that the operator names, folded, each once and without ourselves."""
    folded = dict.fromkeys(handle.strip().removeprefix("@").casefold() for handle in handles)
    return tuple(handle for handle in folded if handle and handle.casefold() != account.casefold())


def chosen(candidates: Iterable[Candidate], taken: Collection[Tier], per_tier: int) -> tuple[Candidate, ...]:
    """Return who fills the places that are left: the best of the tier that has the fewest, the smaller one first.

    Args:
        candidates: none of them a peer yet.
        taken: the tiers of those who are.
        per_tier: places of each tier.
    """
    heads = {tier: sum(each == tier for each in taken) for tier in get_args(Tier)}
    best: dict[Tier, list[Candidate]] = {tier: [] for tier in heads}
    for candidate in sorted(candidates, key=lambda each: (each.quality, each.handle)):
        best[candidate.tier].append(candidate)
    found: list[Candidate] = []
    while len(taken) + len(found) < MOST:
        open_to = [tier for tier in heads if best[tier] and heads[tier] < per_tier]
        if not open_to:
            break
        tier = min(open_to, key=heads.__getitem__)
        found.append(best[tier].pop())
        heads[tier] += 1
    return tuple(found)
