"""Agreement: whether a label says something of the post, or only of the model's mood.

Some posts are labelled twice. Cohen's kappa of the two answers is what they have in common beyond chance; a field below
0.6 is left out (growth.md 4).
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from actors.domain.insight.labels import NONE

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

LEAST_KAPPA = 0.6
LEAST_PAIRS = 20
"""Pairs below which kappa is luck itself: its standard error is about 0.15 there, for values as mixed as ours."""


class Standing(StrEnum):
    """How far a field is to be used."""

    PROVEN = "proven"
    UNPROVEN = "unproven"
    """Too few pairs to tell: it may be used, and nothing that rests on it is surer than `low`."""
    DROPPED = "dropped"
    """The model does not agree with itself: nothing may rest on it."""


@dataclass(frozen=True, slots=True)
class Agreement:
    """How two answers about the same posts agree in one field; kappa is None where it has no value."""

    pairs: int
    kappa: float | None

    @property
    def standing(self) -> Standing:
        """Return how far the field is to be used.

        Without enough pairs it is unproven, and so it is where everybody said the same: nothing was told apart.
        """
        if self.pairs < LEAST_PAIRS or self.kappa is None:
            return Standing.UNPROVEN
        return Standing.PROVEN if self.kappa >= LEAST_KAPPA else Standing.DROPPED


def agreements(
    pairs: Iterable[tuple[Mapping[str, str], Mapping[str, str]]], fields: Iterable[str]
) -> dict[str, Agreement]:
    """Return the agreement in each field over labels of the same posts, first and second; no value is one, too."""
    both = list(pairs)
    found = {}
    for field in fields:
        said = [(first.get(field, NONE), second.get(field, NONE)) for first, second in both]
        found[field] = Agreement(len(said), kappa(said))
    return found


def kappa(pairs: Sequence[tuple[str, str]]) -> float | None:
    """Return Cohen's kappa, at most 1, and 0 if they agree as often as by chance; None if chance alone would do.

    `(po - pe) / (1 - pe)`: po the share of pairs that agree, pe the same for two who say their own words at random
    (Cohen 1960).
    """
    count = len(pairs)
    if not count:
        return None
    observed = sum(first == second for first, second in pairs) / count
    firsts, seconds = Counter(first for first, _ in pairs), Counter(second for _, second in pairs)
    expected = sum(firsts[value] * seconds[value] for value in firsts) / count**2
    return (observed - expected) / (1 - expected) if expected < 1 else None
