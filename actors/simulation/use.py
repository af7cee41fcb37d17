"""The browser's use over the day: by half hours, who worked in it and how much waited for it."""

from __future__ import annotations

from dataclasses import dataclass, field

from actors.domain.priority import Priority

DAY_S, BIN_S = 86400.0, 1800.0
BINS = int(DAY_S / BIN_S)


@dataclass(slots=True)
class Use:
    """Seconds by half hour of the day, all days together."""

    work: dict[Priority, list[float]] = field(default_factory=lambda: {p: [0.0] * BINS for p in Priority})
    wait: list[float] = field(default_factory=lambda: [0.0] * BINS)
    busy_s: float = 0.0

    def worked(self, priority: Priority, since: float, until: float) -> None:
        """A context worked for this class."""
        self.busy_s += until - since
        _spread(self.work[priority], since, until, 1.0)

    def waited(self, due: float, ended: float, wait_s: float) -> None:
        """A run of P1 to P3 waited so long in all between its due time and its end; where, is spread evenly."""
        if ended > due:
            _spread(self.wait, due, ended, wait_s / (ended - due))


def _spread(bins: list[float], since: float, until: float, weight: float) -> None:
    while since < until:
        edge = min(until, (since // BIN_S + 1) * BIN_S)
        bins[int(since // BIN_S) % BINS] += (edge - since) * weight
        since = edge
