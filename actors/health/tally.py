"""The tally of errors: a listener at the log that counts what went wrong, by kind and by hour."""

from __future__ import annotations

import logging
import threading
from collections import OrderedDict
from contextlib import contextmanager
from typing import TYPE_CHECKING

from actors.domain.escaping import describe
from actors.domain.health.fingerprint import Fault, Sighting, fault_of, mask
from actors.domain.redaction import redact_shapes

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from datetime import datetime

KINDS = 200
"""Kinds of errors that are remembered; of more the one that was seen longest ago is forgotten."""
HOURS = 24
_RUNS = 200

ALARMS = frozenset(
    {
        *("lane_silent", "platform_challenge", "platform_invalid", "uncertain_given_up", "targets_unknown"),
        *("job_starved", "reply_opportunity_pool_low", "reply_slo_violation"),
    }
)
"""Actions of lines at error level that call a person about the state of things. Each is a symptom of its own; counted
as an error it would make the whole look worse for having been told."""

EXPECTED = frozenset({"CircuitOpenError", "PlatformClosedError", "BudgetExceededError", "MemoryPressureError"})
"""Refusals by our own guards: a breaker that is open, a platform that is left alone, money and memory that are used up.
What made the guard close was an error, and was counted."""

_FAILURES = frozenset({"run_failed", "stage_failed"})
_OWN = ("actors.health", "actors.jobs.health")
"""Who reports on errors must not be counted for it."""


class ErrorTally(logging.Handler):
    """Counts lines of level error and above, and runs and stages that failed; one run's further tries are one error.

    Bounded, safe in any thread, and never raises into whoever logs.

    Args:
        now: gives schedule time.
        redact: blacks out secrets in what an error says, because that is stored.
    """

    def __init__(self, now: Callable[[], datetime], redact: Callable[[str], str] = redact_shapes) -> None:
        super().__init__(logging.WARNING)
        self._now, self._redact = now, redact
        # Collected garbage may log while we count, in the same thread.
        self._guard = threading.RLock()
        self._kinds: OrderedDict[str, _Count] = OrderedDict()
        self._told: OrderedDict[tuple[str, str], None] = OrderedDict()
        """Runs, and stages of runs, of which an error was counted."""
        self._tries: dict[str, set[str]] = {}
        """What the present run of each job, or stage, has failed of so far in its tries."""

    def emit(self, record: logging.LogRecord) -> None:
        """Count one record; runs in the thread that logs, under the handler's lock."""
        try:
            with self._guard:
                fault = self._fault(record)
                if fault is not None:
                    self._count(fault)
        except Exception:  # noqa: BLE001 - who logs must not fail of who listens, and telling it would come here again
            return

    def sightings(self) -> Sequence[Sighting]:
        """Return what was counted since the process began, each kind with its hours; safe in any thread."""
        with self._guard:
            counts = list(self._kinds.values())
            return tuple(Sighting(each.fault, each.first, each.last, dict(each.hours)) for each in counts)

    def _fault(self, record: logging.LogRecord) -> Fault | None:
        said = vars(record)
        action, job, stage = (str(said.get(name) or "") for name in ("action", "job", "stage"))
        is_failure = action in _FAILURES
        if not is_failure and (record.levelno < logging.ERROR or action in ALARMS or record.name.startswith(_OWN)):
            return None
        place = ":".join(each for each in (job, stage) if each) or record.name
        if is_failure:
            return self._failure(said, place, stage)
        self._note(str(said.get("run") or ""), stage)
        error = record.exc_info[1] if record.exc_info else None
        if error is not None:
            return None if type(error).__name__ in EXPECTED else fault_of(error, place, self._redact(describe(error)))
        return Fault(action or record.levelname, place, (), mask(self._redact(describe(record.msg))))

    def _failure(self, said: dict[str, object], place: str, stage: str) -> Fault | None:
        """Return the fault of a failed run or stage, unless its error was counted already."""
        run = str(said.get("run") or "")
        if (run, stage) in self._told or (not stage and any(told == run for told, _ in self._told)):
            return None
        self._note(run, stage)
        kind, _, rest = self._redact(describe(said.get("data") or "")).partition(": ")
        if kind in EXPECTED:
            return None
        fault = Fault(kind if kind.isidentifier() else "Failed", place, (), mask(rest or kind))
        attempt = said.get("attempt")
        before = self._tries.get(place, set()) if isinstance(attempt, int) and attempt > 1 else set()
        self._tries[place] = before | {fault.fingerprint}
        return None if fault.fingerprint in before else fault

    def _note(self, run: str, stage: str) -> None:
        if run:
            self._told[run, stage] = None
            while len(self._told) > _RUNS:
                self._told.popitem(last=False)

    def _count(self, fault: Fault) -> None:
        now, fingerprint = self._now(), fault.fingerprint
        count = self._kinds.get(fingerprint)
        if count is None:
            count = self._kinds[fingerprint] = _Count(fault, now)
        self._kinds.move_to_end(fingerprint)
        count.add(now)
        while len(self._kinds) > KINDS:
            self._kinds.popitem(last=False)


class _Count:
    """How often one kind was seen in each of the latest hours."""

    def __init__(self, fault: Fault, now: datetime) -> None:
        self.fault, self.first, self.last = fault, now, now
        self.hours: OrderedDict[datetime, int] = OrderedDict()

    def add(self, now: datetime) -> None:
        hour = now.replace(minute=0, second=0, microsecond=0)
        self.last = now
        self.hours[hour] = self.hours.get(hour, 0) + 1
        while len(self.hours) > HOURS:
            self.hours.popitem(last=False)


@contextmanager
def listening(now: Callable[[], datetime], redact: Callable[[str], str] = redact_shapes) -> Iterator[ErrorTally]:
    """Have all that is logged counted, as long as this lasts."""
    tally = ErrorTally(now, redact)
    root = logging.getLogger()
    root.addHandler(tally)
    try:
        yield tally
    finally:
        root.removeHandler(tally)
