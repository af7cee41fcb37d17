"""The table of jobs on the page that `tail` shows."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.table import Table
from rich.text import Text

from actors.commands.tail_values import BAD, DIM, GOOD, WORSE, Time, items_of, part_of, safe

if TYPE_CHECKING:
    from actors.domain.log_state import Boot

_LEAST_NAME, _LEAST_BECAUSE, _GAP = 12, 12, 2
_OUTCOMES = {"done": GOOD, "nothing": DIM, "snooze": DIM, "blocked": BAD, "failed": WORSE}


class Jobs:
    """A row for each job: those that run first, then by when they are due."""

    def __init__(self, boot: Boot) -> None:
        board = boot.state
        self._time = Time(boot)
        self._running, self._due, self._waiting, self._jobs = (
            part_of(board, name) for name in ("running", "next_due", "waiting", "jobs")
        )
        families = part_of(board, "families")
        self._paused = {str(job) for family in families for job in items_of(part_of(families, family).get("paused"))}
        self.names = sorted({*self._running, *self._due, *self._jobs}, key=self._place)

    def _place(self, name: str) -> tuple[bool, str, str]:
        return name not in self._running, str(self._due.get(name, "~")), name

    def table(self, most: int, width: int) -> Table:
        """Return the first rows, and how many are left out."""
        table = Table(box=None, pad_edge=False, header_style=DIM)
        longest = max([_LEAST_NAME, *(len(safe(name)) for name in self.names)])
        widths = {"job": longest, "now": 15, "last": 18, "runs": 4, "missed": 6}
        widths["because"] = max(_LEAST_BECAUSE, width - sum(widths.values()) - _GAP * len(widths))
        for name, columns in widths.items():
            table.add_column(
                name,
                justify="right" if name in ("runs", "missed") else "left",
                no_wrap=True,
                width=columns,
                overflow="ellipsis",
            )
        for name in self.names[:most]:
            table.add_row(Text(safe(name)), *self._row(name))
        if len(self.names) > most:
            table.add_row(Text(f"and {len(self.names) - most} more", style=DIM))
        return table

    def _row(self, name: str) -> tuple[Text, ...]:
        job = part_of(self._jobs, name)
        word = safe(job.get("last_outcome"))
        last = Text(f"{word} {self._time.ago(job.get('last_ended_at'))}".strip(), style=_OUTCOMES.get(word, ""))
        streak = job.get("nothing_streak")
        reason, waits_for = safe(job.get("last_reason")), safe(self._waiting.get(name))
        times = f"{streak} times: " if isinstance(streak, int) and streak > 1 else ""
        return (
            self._now(name),
            last,
            Text(safe(job.get("runs") or "")),
            Text(safe(job.get("missed") or ""), style=BAD),
            Text(waits_for, style=BAD) if waits_for else Text(f"{times}{reason}" if reason else "", style=DIM),
        )

    def _now(self, name: str) -> Text:
        if name in self._running:
            return Text(f"runs for {self._time.since(self._running[name])}", style="cyan")
        if name in self._paused or "all" in self._paused:
            return Text("paused", style=BAD)
        if name in self._waiting:
            return Text("waits", style=BAD)
        return Text(self._time.until(self._due.get(name)), style=DIM)
