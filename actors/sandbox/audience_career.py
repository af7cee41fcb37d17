"""The career of one post: who sees it when, and which of those do something about it."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from actors.sandbox.audience_taste import Array

if TYPE_CHECKING:
    from collections.abc import Mapping

# Up to this many the instant of each view is drawn; beyond, the law of large numbers spares the memory.
_DRAWN_VIEWS = 4096


@dataclass(frozen=True, slots=True)
class Pace:
    """How fast readers come: of all there will be, `1 - exp(-(age / scale)^shape)` have come at an age.

    Args:
        born: when the first may come, in seconds since the epoch; likewise all instants here.
        scale: in seconds.
        start: from when on readers count; those who came before it are left out.
    """

    born: float
    scale: float
    shape: float
    start: float

    def share(self, at: float) -> float:
        """Tell the share of the readers from `start` on who have come by an instant."""
        if at <= self.start:
            return 0.0
        return -math.expm1(self._spent - ((at - self.born) / self.scale) ** self.shape)

    def instants(self, shares: Array) -> Array:
        """Tell when these shares have come."""
        instants: Array = self.born + self.scale * (self._spent - np.log1p(-shares)) ** (1 / self.shape)
        return instants

    @property
    def left(self) -> float:
        """The share of all readers who come from `start` on."""
        return math.exp(-self._spent)

    @property
    def _spent(self) -> float:
        return float(((self.start - self.born) / self.scale) ** self.shape)


@dataclass(frozen=True, slots=True)
class Career:
    """All that will ever happen to one post: views in order of time, and which of them reacted how."""

    pace: Pace
    views: int
    shares: Array
    marks: Mapping[str, np.ndarray[Any, np.dtype[np.int64]]]

    @classmethod
    def drawn(cls, pace: Pace, views: int, chances: Mapping[str, float], rng: np.random.Generator) -> Career:
        """Draw the reactions, each with its chance per view, and then the views.

        Reactions are picked among the views, so that at no instant more liked a post than saw it.
        """
        marks = {
            kind: np.sort(rng.permutation(views)[: rng.binomial(views, min(1.0, chance))])
            for kind, chance in chances.items()
        }
        shares = np.sort(rng.random(views)) if views <= _DRAWN_VIEWS else np.zeros(0)
        return cls(pace, views, shares, marks)

    def seen(self, at: float) -> int:
        """Tell how many have seen it by an instant."""
        share = self.pace.share(at)
        if len(self.shares):
            return int(np.searchsorted(self.shares, share, side="right"))
        return int(self.views * share)

    def count(self, kind: str, at: float) -> int:
        """Tell how many have reacted in a way by an instant."""
        return int(np.searchsorted(self.marks[kind], self.seen(at), side="left"))

    def instants(self, kind: str) -> Array:
        """Tell when each reaction of a kind happens."""
        marks = self.marks[kind]
        shares = self.shares[marks] if len(self.shares) else (marks + 0.5) / max(1, self.views)
        return self.pace.instants(shares)


def shifted(chance: float, logit: float, odds: float = 1.0) -> float:
    """Give a chance whose logit is moved and whose odds are multiplied; 0 and 1 stay what they are."""
    factor = odds * math.exp(logit)
    return chance * factor / (1 - chance + chance * factor) if chance < 1 else 1.0
