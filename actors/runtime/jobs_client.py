"""The client of the other jobs: what a run may ask the board, and tell the board and the clock."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from actors.domain.priority import Band
from actors.errors import AppError
from actors.job import JobsView
from actors.messages import Describe, Judged, Trigger

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from datetime import datetime

    from actors.domain.health.fingerprint import Sighting
    from actors.runtime.address import Address

BOARD_S = 2.0
"""Longest that the board may take for an answer, in real seconds."""


@dataclass(frozen=True, slots=True)
class JobsClient:
    """A `JobsDoor`. `since` is when this process began to look, schedule time."""

    board_address: Address
    clock: Address
    since: datetime
    tally: Callable[[], Sequence[Sighting]]

    def board(self) -> Mapping[str, Any]:
        """Return the board's snapshot.

        Raises:
            ActorUnavailableError: the board does not answer within two seconds.
        """
        snapshot: dict[str, Any] = self.board_address.ask(Describe(), BOARD_S)
        return snapshot

    def view(self) -> JobsView:
        """Return the board's view of all jobs; raises like `board`."""
        snapshot = self.board()
        jobs = snapshot["jobs"].items()
        return JobsView(
            self.since,
            {name: state["last_success_at"] for name, state in jobs if state["last_success_at"]},
            snapshot["running"],
            {name: state["last_ended_at"] for name, state in jobs if state["last_ended_at"]},
            frozenset(job for family in snapshot["families"].values() for job in family["paused"]),
            frozenset(snapshot["waiting"]),
        )

    def errors(self) -> Sequence[Sighting]:
        """Return the errors that were logged, by kind."""
        return self.tally()

    def judged(self, level: str, score: float, reason: str) -> None:
        """Tell the board the verdict; one that cannot take it goes on telling the last."""
        with contextlib.suppress(AppError):
            self.board_address.tell(Judged(level, score, reason), Band.P1)

    def trigger(self, name: str) -> None:
        """Make a job due now."""
        self.clock.tell(Trigger(name, "job"), Band.P0)
