"""Admission: whether a family lets a due job run now. One run per job, whatever triggers it."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(slots=True)
class Admission:
    """State of one family. A refusal is always a reason, never silence."""

    jobs: frozenset[str]
    running: dict[str, str] = field(default_factory=dict)
    """Job to its run's id."""
    paused: set[str] = field(default_factory=set)
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

    def pause(self, job: str | None) -> None:
        """Admit no run of this job, or of any."""
        self.paused |= set(self.jobs) if job is None else {job}

    def resume(self, job: str | None) -> None:
        """Admit runs again."""
        self.paused -= set(self.jobs) if job is None else {job}
