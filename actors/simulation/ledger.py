"""The ledger of the model's money, as the database keeps it: it outlives the front that spends."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from actors.domain.budget import Charge, lane_of

if TYPE_CHECKING:
    from datetime import date

CALL_USD, COST_USD = 0.01, 0.004
"""What is reserved for a model call, and what it costs: assumed, for no call is really made."""


@dataclass(slots=True)
class Ledger:
    """US dollars spent on `day`, by lane."""

    day: date | None = None
    spent: dict[str, float] = field(default_factory=dict)

    def charge(self, family: str, day: date) -> Charge:
        """Return what a call of this family may cost, with what was spent on that day before."""
        self._turn(day)
        return Charge(lane_of(family), CALL_USD, day, dict(self.spent))

    def paid(self, charge: Charge) -> None:
        """A call was made."""
        self._turn(charge.day)
        self.spent[charge.lane] = self.spent.get(charge.lane, 0.0) + COST_USD

    def _turn(self, day: date) -> None:
        if self.day is None or day > self.day:
            self.day, self.spent = day, {}
