"""What stands still because people said so, told to the board on every change."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

from actors.domain.priority import Band
from actors.errors import AppError
from actors.messages import Standing

if TYPE_CHECKING:
    from datetime import datetime

    from actors.control.keeping import Keeping
    from actors.runtime.address import Address


@dataclass(slots=True)
class Teller:
    """Called in the operator's thread only."""

    board: Address
    told: Standing | None = None

    def tell(self, kept: Keeping, now: datetime) -> None:
        """Tell the board what is stopped at this moment of wall-clock time."""
        standing = Standing(kept.pauses.in_force(now), kept.switch.stop is not None)
        if standing == self.told:
            return
        # In the band of the questions: whoever asks after a word was obeyed hears of it.
        with contextlib.suppress(AppError):
            self.board.tell(standing, Band.CONTROL)
            self.told = standing
