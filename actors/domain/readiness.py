"""Readiness: whether the process can do its work now, with every reason why not; and whether its work goes on at all.

Only what the work cannot do without counts: a site that has never answered is such a reason. How it stands to the
account, who holds the lease, a full queue, a silent lane, a pause or the kill switch are no matter of readiness.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from actors.domain import startup
from actors.domain.platform_state import PlatformState

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

STEPS = tuple(startup.STEPS)
"""What a start goes through, in this order."""
DEPENDENCIES = ("database", "redis", "browser", "openai")
SILENT_S = 10.0
"""The board is asked each second; ten without an answer are no busy moment."""
DRAINING = "draining: nothing new begins until there is a new process"
_AWAITED = "it has not answered since the start"
OVERDUE_S = 120.0
"""The clock looks each second, and a due job is forgotten after two minutes by no back-off of its actor (30 s)."""


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of the process. `age_s` is how old the snapshot is, in real seconds."""

    done: tuple[str, ...] = ()
    """The steps of the start that are behind it."""
    is_ending: bool = False
    snapshot: Mapping[str, Any] | None = None
    """The board's, as far as there has been one."""
    age_s: float = 0.0
    unanswered: frozenset[str] = frozenset()
    """Dependencies that did not answer when they were asked last."""


@dataclass(frozen=True, slots=True)
class Readiness:
    """Ready without a reason, not ready with any. The reasons name nothing but our own parts: strangers read them."""

    reasons: tuple[str, ...]
    done: tuple[str, ...]

    @property
    def is_ready(self) -> bool:
        """Whether the work can be done."""
        return not self.reasons

    @property
    def has_started(self) -> bool:
        """Whether the start is complete, whatever has gone away since, or is not needed for it.

        A platform lets a deployment live by this: one that never gets there fails, and one whose model is away goes
        live, or an outage of somebody else's would keep every repair out.
        """
        return self.done == STEPS

    def as_dict(self) -> dict[str, Any]:
        """Return it as the document that is served."""
        return {"ready": self.is_ready, "reasons": list(self.reasons), "start": self._steps()}

    def start(self) -> dict[str, Any]:
        """Return how far the start is as the document that is served."""
        return {"started": self.has_started, "start": self._steps()}

    def _steps(self) -> dict[str, str]:
        return {step: "done" if step in self.done else "awaited" for step in STEPS}


def readiness(known: Known) -> Readiness:
    """Return whether the process is ready, with all reasons at once."""
    reasons = []
    if known.is_ending:
        reasons.append("the process is about to end")
    awaited = next((step for step in STEPS if step not in known.done), None)
    if awaited is not None:
        reasons.append(f"start: {awaited} is awaited")
    if known.snapshot is None:
        # Before the tree stands there is no board to be asked.
        reasons += [] if awaited is not None else ["board: no answer yet"]
    elif known.age_s > SILENT_S:
        reasons.append(f"board: silent for {known.age_s:.0f} s")
    else:
        reasons += [DRAINING] if known.snapshot["draining"] and not known.is_ending else []
        reasons += [f"{name}: {trouble}" for name in DEPENDENCIES if (trouble := _trouble(name, known, known.snapshot))]
        reasons += [f"site: {_AWAITED}"] if _is_site_awaited(known.snapshot) else []
    return Readiness(tuple(reasons), tuple(step for step in STEPS if step in known.done))


def standstill(known: Known, now: datetime, speed: float) -> str:
    """Return why the work does not go on, whatever its dependencies do; empty if it does.

    It goes on while the board answers and the clock looks at its jobs: a job that the clock has seen is never due in
    the past. `now` is schedule time, of which `speed` seconds pass in a real one.
    """
    awaited = next((step for step in STEPS if step not in known.done), None)
    if awaited is not None:
        return f"start: {awaited} is awaited"
    if known.snapshot is None or known.age_s > SILENT_S:
        return "the board is silent"
    if known.snapshot["draining"]:
        return DRAINING
    due = min(known.snapshot["next_due"].values(), default=None)
    if due is None:
        return "the clock has no plan yet"
    overdue_s = (now - due).total_seconds() / speed
    return f"the clock stands: a job is overdue by {overdue_s:.0f} s" if overdue_s > OVERDUE_S else ""


def _is_site_awaited(snapshot: Mapping[str, Any]) -> bool:
    return bool(snapshot["fronts"].get("browser", {}).get("condition") == PlatformState.AWAITED)


def _trouble(name: str, known: Known, snapshot: Mapping[str, Any]) -> str:
    actor, front = snapshot["actors"].get(name), snapshot["fronts"].get(name)
    if actor is not None and actor["state"] != "running":
        return "its actor is down"
    if front is not None and front["breaker"] != "closed":
        return "its breaker is open"
    return "no answer" if name in known.unanswered else ""
