"""Run slots: where job bodies execute, sixteen threads that do nothing else."""

from __future__ import annotations

import logging
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from actors.domain.outcome import Blocked, Done, Failed, Nothing, Outcome, Snooze
from actors.errors import AppError, BudgetExceededError, MemoryPressureError, PermanentError, PlatformClosedError
from actors.runtime.client import Scope
from actors.runtime.resource import Resource
from actors.runtime.slot import Place, ThreadSlot

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from actors.domain.workload import Span
    from actors.job import Job, JobContext
    from actors.messages import Request
    from actors.runtime.slot import Slot

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Run:
    """Work: one attempt at one job."""

    job: Job
    run_id: str
    slot: datetime
    attempt: int
    trigger: str
    degraded: str
    since: float | None = None
    """When it fell due (monotonic)."""
    length: Span | None = None
    """How long it is expected to work on the browser."""


@dataclass(frozen=True, slots=True)
class RunResult:
    """What a run slot sends back; times are schedule time.

    `took_s` and `browser_s` are real seconds, from start to end and at work on the browser; None: it never began.
    """

    outcome: Outcome
    started_at: datetime
    ended_at: datetime
    took_s: float | None = None
    browser_s: float | None = None


class Runs(Resource):
    """The resource: threads for job bodies. `prepare` builds a run's context within its scope.

    It has no breaker: a run that overran or raised says nothing about the next one's slot.
    """

    name = "runs"
    probe = None

    def __init__(self, prepare: Callable[[Run, Scope], JobContext]) -> None:
        self._prepare = prepare

    def make_slot(self, place: Place) -> Slot:
        """Return a slot with a thread of its own."""
        return ThreadSlot(place, RunWorker(self._prepare))


class RunWorker:
    """Executes job bodies in one slot's thread; whatever a body raises becomes `Failed`."""

    def __init__(self, prepare: Callable[[Run, Scope], JobContext]) -> None:
        self._prepare = prepare
        self._scope: Scope | None = None
        self._is_destroyed = False

    def perform(self, request: Request) -> RunResult:
        """Run the body and return its outcome."""
        run: Run = request.work
        began = time.monotonic()
        scope = self._scope = Scope(run.run_id, request.priority, began + request.limit_s, run.since, run.length)
        if self._is_destroyed:
            # Revoked while its thread had not come to it yet.
            scope.revoke()
        context = self._prepare(run, scope)
        started = context.now()
        outcome = execute(run, context)
        took_s = time.monotonic() - began
        return RunResult(outcome, started, context.now(), took_s, scope.worked.get("browser", 0.0))

    def destroy(self) -> None:
        """Make every later request of the run raise; a body that computes in a loop is left behind."""
        self._is_destroyed = True
        if self._scope is not None:
            self._scope.revoke()

    def close(self) -> None:
        """Nothing is held between runs."""


def execute(run: Run, context: JobContext) -> Outcome:
    """Call the body and return an outcome, whatever it does."""
    try:
        outcome: Any = run.job.body(context)
    except PermanentError as error:
        return Failed(_describe(error), transient=False)
    except (BudgetExceededError, MemoryPressureError, PlatformClosedError) as error:
        return Blocked(str(error))
    except AppError as error:
        return Failed(_describe(error))
    except BaseException as error:
        # A body's bug must not take the slot with it.
        extra = {"action": "run_crashed", "job": run.job.name, "run": run.run_id}
        logger.exception("job %s raised", run.job.name, extra=extra)
        return Failed(_describe(error), transient=False)
    if not isinstance(outcome, Done | Nothing | Snooze | Blocked | Failed):
        return Failed(f"job {run.job.name} returned {type(outcome).__name__} instead of an outcome", transient=False)
    if isinstance(outcome, Done) and not any(outcome.counts.values()):
        return Nothing("all counts are zero")
    return outcome


def _describe(error: BaseException) -> str:
    return f"{type(error).__name__}: {error}"
