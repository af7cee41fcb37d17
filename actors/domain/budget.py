"""The model's daily money: reserved at its worst case before a call, settled at its cost after it."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date


class MoneyLane(StrEnum):
    """Whose money a call spends, the most important first."""

    CONTENT = "content"
    REPLIES = "replies"
    ANALYSIS = "analysis"


_LANES = {"content": MoneyLane.CONTENT, "publishing": MoneyLane.CONTENT, "replies": MoneyLane.REPLIES}


def lane_of(family: str) -> MoneyLane:
    """Return whose money the calls of a family's jobs spend."""
    return _LANES.get(family, MoneyLane.ANALYSIS)


@dataclass(frozen=True, slots=True)
class Charge:
    """What a call may cost at most, in US dollars, and what the ledger says was spent on that day, by lane."""

    lane: MoneyLane
    amount: float
    day: date
    ledger: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Price:
    """US dollars per million tokens."""

    prompt: float
    completion: float


PRICES: dict[str, Price] = {
    "gpt-4o-mini": Price(0.15, 0.60),
    "gpt-4o": Price(2.50, 10.00),
    "text-embedding-3-small": Price(0.02, 0.0),
}
DEAREST = Price(15.0, 75.0)
"""Assumed for a model without a known price, so that an unknown model is stopped early rather than late."""


def cost(model: str, prompt_tokens: int, completion_tokens: int) -> float:
    """Return US dollars for a call of this size."""
    price = PRICES.get(model, DEAREST)
    return (prompt_tokens * price.prompt + completion_tokens * price.completion) / 1e6


def worst_case(model: str, prompt_characters: int, max_completion_tokens: int) -> float:
    """Return the most a call can cost: a token is at least a character long, an answer at most its limit."""
    return cost(model, prompt_characters, max_completion_tokens)


@dataclass(slots=True)
class Budget:
    """Spending of one UTC day by lane. Unknown until `seed`, and closed while unknown.

    A lane may spend whatever the more important lanes have no claim to: each of them keeps the unspent rest of its
    share, so that analysis stops first and content last.
    """

    per_day: float
    shares: Mapping[MoneyLane, float]
    day: date | None = None
    spent: dict[MoneyLane, float] = field(default_factory=dict)

    def seed(self, day: date, spent: Mapping[str, float]) -> None:
        """Take over what the ledger says was spent on this day."""
        self.day = day
        self.spent = {lane: float(spent.get(lane, 0.0)) for lane in MoneyLane}

    def reserve(self, lane: MoneyLane, amount: float) -> bool:
        """Set the amount aside and return True, or return False if the lane may not spend it today."""
        if self.day is None:
            return False
        if sum(self.spent.values()) + self._kept_from(lane) + amount > self.per_day:
            return False
        self.spent[lane] += amount
        return True

    def left(self, lane: MoneyLane) -> float:
        """Return what the lane may still spend today; 0 while that is unknown."""
        if self.day is None:
            return 0.0
        return max(0.0, self.per_day - sum(self.spent.values()) - self._kept_from(lane))

    def _kept_from(self, lane: MoneyLane) -> float:
        """Return what the more important lanes have a claim to."""
        lanes = list(MoneyLane)
        before = lanes[: lanes.index(lane)]
        return sum(max(0.0, self.per_day * self.shares[other] - self.spent[other]) for other in before)

    def charge(self, charge: Charge) -> bool:
        """Reserve a call's money; the first charge of a day brings with it what was spent before.

        A call from before midnight that comes late takes from the new day, whose books it must not close.
        """
        if self.day is None or charge.day > self.day:
            self.seed(charge.day, charge.ledger)
        return self.reserve(charge.lane, charge.amount)

    def settle(self, lane: MoneyLane, reserved: float, actual: float, day: date | None = None) -> None:
        """Replace a reservation by what the call really cost. One of another `day` than the present changes nothing."""
        if day is None or day == self.day:
            self.spent[lane] += actual - reserved
