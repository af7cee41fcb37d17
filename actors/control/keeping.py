"""What of operators is kept in Postgres: pauses, the kill switch, the audit, and what was said to processes before.

Nothing here waits: words are served while Postgres is away, and what is to be written is kept in bounded queues until
it is back.
"""

from __future__ import annotations

import logging
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from actors.control.audit import Audit, lately_said
from actors.control.kill_switch import READ_EVERY_S, KillSwitch
from actors.control.pauses import Pauses
from actors.control.signature import FRESH_S
from actors.sql.queries import Transaction

if TYPE_CHECKING:
    import threading

logger = logging.getLogger(__name__)

LIMIT_S = 5.0
"""How long Postgres may take for one request of ours, waiting not counted."""
_LOST_S = 2 * LIMIT_S + 2.0
_AGAIN_S = 1.0
_PAUSES_EVERY_S = 30.0
"""How often the stored pauses are read: another process may have been told of one (two deployments overlap)."""
_RUNG_S = 0.25
"""How soon after a reading a ring has them read again: whoever may ring makes no work that anybody would feel."""
_RECALLED_S = 10.0 * FRESH_S
"""How far back it is asked what was said: longer than a signature can be good, as long as a word may come again."""
SWITCH = "switch"
_KINDS = ("pauses", "audit", "memory", SWITCH)


@dataclass(frozen=True, slots=True)
class Kept:
    """The tag of a request of ours."""

    what: str
    number: int


@dataclass(slots=True)
class _Errand:
    """One kind of request: at most one is under way."""

    number: int = 0
    lost_at: float | None = None
    """When (monotonic) the answer to the one under way counts as lost; None: none is."""
    not_before: float = 0.0


@dataclass(slots=True)
class Keeping:
    """Called in the operator's thread only.

    Attributes:
        pauses: what is paused.
        audit: what is still to be written of what was said.
        opened: set once the schema is up to date; nothing is asked of Postgres before.
        switch: the kill switch.
    """

    pauses: Pauses
    audit: Audit
    opened: threading.Event
    switch: KillSwitch = field(default_factory=KillSwitch)
    _errands: dict[str, _Errand] = field(default_factory=lambda: {name: _Errand() for name in _KINDS})
    _memory: list[dict[str, Any]] | None = None
    _has_memory: bool = False
    _read_at: float = 0.0
    _is_rung: bool = False
    _is_news: bool = False
    _is_delayed: bool = False

    def rung(self) -> None:
        """Have the pauses read again soon: another process may have stored one."""
        self._is_rung = True

    def take_news(self) -> bool:
        """Return whether the stored pauses were changed since this was asked, so that others must read them."""
        is_news, self._is_news = self._is_news, False
        return is_news

    def take_memory(self) -> list[dict[str, Any]] | None:
        """Return the accepted and lost words of before, once, as soon as they were read."""
        memory, self._memory = self._memory, None
        return memory

    def due(self, now: float) -> list[tuple[Kept, Transaction]]:
        """Return what is to be asked of Postgres now (monotonic), and end pauses whose time has come."""
        for pause in self.pauses.end_overdue(_wall()):
            logger.info("the pause of %s is over", pause.name, extra={"action": "pause_ended", "data": pause.because})
        for what, errand in self._errands.items():
            if errand.lost_at is not None and errand.lost_at <= now:
                self._settle(what, None, now)
        if not self.opened.is_set():
            return []
        work = []
        for what, errand in self._errands.items():
            if errand.lost_at is None and errand.not_before <= now and (next_work := self._next(what, now)) is not None:
                errand.number, errand.lost_at = errand.number + 1, now + _LOST_S
                work.append((Kept(what, errand.number), next_work))
        return work

    def answered(self, tag: Kept, rows: Any, error: BaseException | None, now: float) -> None:
        """Take an answer of Postgres (monotonic); one that counted as lost comes too late."""
        errand = self._errands[tag.what]
        if errand.lost_at is None or errand.number != tag.number:
            return
        if error is not None and not self._is_delayed:
            # Once for an outage.
            self._is_delayed = True
            logger.warning(
                "what operators say is kept in memory for now",
                extra={"action": "control_records_delayed", "data": str(error)},
            )
        self._settle(tag.what, rows if error is None else None, now)

    def wake_at(self, now: float) -> float:
        """Return when (monotonic) to ask again what is due, if nothing comes before."""
        times = [now + READ_EVERY_S] if self.opened.is_set() else [now + _AGAIN_S]
        times += [errand.lost_at or errand.not_before for errand in self._errands.values() if errand.not_before > now]
        times += [errand.lost_at for errand in self._errands.values() if errand.lost_at is not None]
        if self._is_rung and self._errands["pauses"].lost_at is None:
            times.append(max(now, self._read_at + _RUNG_S))
        end = self.pauses.next_end(_wall())
        if end is not None:
            times.append(now + (end - _wall()).total_seconds())
        return min(times)

    def _next(self, what: str, now: float) -> Transaction | None:
        match what:
            case "memory":
                return None if self._has_memory else Transaction((lately_said(_RECALLED_S),))
            case "switch":
                return self.switch.transaction(now)
            case "pauses":
                if self.pauses.is_known and now >= self._read_at + (_RUNG_S if self._is_rung else _PAUSES_EVERY_S):
                    self.pauses.read_again()
                if not self.pauses.is_known:
                    self._read_at, self._is_rung = now, False
                return self.pauses.transaction(_wall())
            case _:
                return self.audit.transaction()

    def _settle(self, what: str, rows: Any, now: float) -> None:
        errand = self._errands[what]
        errand.lost_at = None
        errand.not_before = 0.0 if rows is not None else now + _AGAIN_S
        if rows is not None:
            self._is_delayed = False
        match what:
            case "memory" if rows is not None:
                self._memory, self._has_memory = rows[0], True
            case "switch":
                self.switch.answered(rows)
            case "pauses":
                self._is_news |= self.pauses.answered(rows, _wall())
            case "audit":
                self.audit.answered(written=rows is not None)
                self._tell_head(rows or [])

    def _tell_head(self, rows: list[list[dict[str, Any]]]) -> None:
        # The log is the witness that rows cut off at the chain's end cannot get at.
        written = [row for statement in rows for row in statement]
        if written:
            extra = {"action": "audit_written", "seq": written[-1]["seq"], "hash": written[-1]["hash"]}
            logger.info("the audit has %d rows", written[-1]["seq"], extra=extra)


def _wall() -> datetime:
    return datetime.fromtimestamp(time.time(), UTC)
