"""Admission: whether a family lets a due job run now. One run per job, whatever triggers it."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Standstill:
    """Who paused a job, why, and until when (monotonic; None: until somebody resumes it)."""

    until: float | None = None
    by: str = ""
    because: str = ""


@dataclass(slots=True)
class Admission:
    """State of one family. A refusal is always a reason, never silence."""

    jobs: frozenset[str]
    running: dict[str, str] = field(default_factory=dict)
    """Job to its run's id."""
    paused: dict[str, Standstill] = field(default_factory=dict)
    """By job. That one is over is for the operator to say."""
    draining: bool = False

    def admit(self, job: str, run_id: str, *, forced: bool = False) -> str:
        """Return "" and note the run, or return the reason against it. An operator's own trigger passes a pause."""
        if self.draining:
            return "shutting down"
        if job in self.running:
            return f"run {self.running[job]} is still under way"
        if job in self.paused and not forced:
            return "paused"
        self.running[job] = run_id
        return ""

    def ended(self, job: str, run_id: str) -> bool:
        """Note a run's end; return False if that run is not the one under way (an older generation's)."""
        if self.running.get(job) != run_id:
            return False
        del self.running[job]
        return True

    def pause(self, job: str | None, standstill: Standstill | None = None) -> None:
        """Admit no run of this job, or of any."""
        for each in self.jobs if job is None else {job}:
            self.paused[each] = standstill or Standstill()

    def resume(self, job: str | None) -> None:
        """Admit runs again."""
        for each in self.jobs if job is None else {job}:
            self.paused.pop(each, None)
