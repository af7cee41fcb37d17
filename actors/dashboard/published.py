"""What HTTP may see: one value, made beforehand and replaced whole, so that no request asks anybody or waits."""

from __future__ import annotations

import threading
import time
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from actors.domain.readiness import Known

if TYPE_CHECKING:
    from collections.abc import Mapping

    from actors.domain.freshness import LaneAge
    from actors.runtime.time import ScheduleClock

Document = dict[str, Any]


@dataclass(frozen=True, slots=True)
class View:
    """The state of the tree as it was last told. Times that end in `at` are monotonic."""

    snapshot: Mapping[str, Any]
    at: float
    unanswered: frozenset[str] = frozenset()
    status: Document = field(default_factory=dict)
    """What `supervisor.py status --json` prints."""
    lanes: Mapping[str, LaneAge] = field(default_factory=dict)
    ledger_at: float | None = None
    """When the figures of the ledger were read last."""


class Published:
    """Written by those who know, read by the server's thread. Every write replaces one reference: nobody waits."""

    def __init__(self) -> None:
        self.view: View | None = None
        self.done: tuple[str, ...] = ()
        self.is_ending = False
        self.clock: ScheduleClock | None = None
        """What schedule time is asked of, once there is one."""
        self._lock = threading.Lock()
        self._counts: Counter[tuple[str, ...]] = Counter()

    def step(self, name: str) -> None:
        """A step of the start is done."""
        if name not in self.done:
            self.done = (*self.done, name)

    def end(self) -> None:
        """The process is about to end."""
        self.is_ending = True

    def known(self) -> Known:
        """Return what readiness is decided by."""
        view = self.view
        if view is None:
            return Known(self.done, self.is_ending)
        age_s = time.monotonic() - view.at
        return Known(self.done, self.is_ending, view.snapshot, age_s, view.unanswered)

    def count(self, *what: str) -> None:
        """Count something that the metrics tell; from any thread. `what` comes from a closed set."""
        with self._lock:
            self._counts[what] += 1

    def counts(self) -> dict[tuple[str, ...], int]:
        """Return what was counted so far."""
        with self._lock:
            return dict(self._counts)
