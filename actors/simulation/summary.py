"""The summary: what one simulated life came to, as the stable JSON document. Times in seconds."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from actors.domain.priority import Priority

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from actors.simulation.house import House
    from actors.simulation.tally import JobTally, Tally

RARE = (
    "retries", "recalls", "hangs", "revocations", "crashes", "restarts", "restarts_failed", "outages", "breaker_open",
    "breaker_half_open", "breaker_closed", "refused_circuit_open", "refused_expired", "refused_queue_full",
    "refused_budget", "slots_refused", "slots_coalesced",
)  # fmt: skip
"""Paths that are taken seldom; the document says how often each was."""


def percentile(values: Sequence[float], share: float) -> float:
    """Return the least value that at least this share of the values does not exceed; 0 of none."""
    ordered = sorted(values)
    if not ordered:
        return 0.0
    rank = -int(-share * len(ordered) // 1)
    return ordered[max(rank, 1) - 1]


def mean(values: Sequence[float]) -> float:
    """Return the mean; 0 of none."""
    return sum(values) / len(values) if values else 0.0


def summarise(house: House) -> dict[str, Any]:
    """Return the document of a life that has been lived."""
    tally = house.tally
    tallies = tally.jobs.values()
    return {
        "days": house.days,
        "seed": house.seed,
        "log_sha256": house.journal.digest(),
        "log_lines": house.journal.lines,
        "double_runs": tally.double_runs,
        "over_capacity": tally.over_capacity,
        "lost_slots": tally.lost(),
        "p0": _p0(tallies),
        "browser": _browser(house, tally),
        "jobs": {tally.load.name: _job(tally) for tally in tallies},
        "ended_after_s": round(house.agenda.now, 3),
        "run_slots": house.setting.fronts["runs"].size,
        "faults": _faults(house) if house.with_faults else None,
        "rare_paths": {what: tally.counts[what] for what in RARE},
    }


def browser_waits(tallies: Iterable[JobTally], *priorities: Priority) -> list[float]:
    """Return the waits of all browser runs of these classes."""
    chosen = [tally for tally in tallies if "browser" in tally.load.uses and tally.load.priority in priorities]
    return [wait for tally in chosen for wait in tally.waits]


def _p0(tallies: Iterable[JobTally]) -> dict[str, Any]:
    p0 = [tally for tally in tallies if tally.load.priority is Priority.P0]
    delays = [delay for tally in p0 for delay in tally.delays]
    gates = [wait for tally in p0 for wait in tally.gates]
    return {
        "runs": sum(len(tally.begun) for tally in p0),
        "late": sum(len(tally.late) for tally in p0),
        "late_in_faults": sum(len(tally.excused) for tally in p0),
        "failed": sum(len(tally.failed) for tally in p0),
        "start_delay_p50": round(percentile(delays, 0.5), 3),
        "start_delay_p99": round(percentile(delays, 0.99), 3),
        "start_delay_max": round(max(delays, default=0.0), 3),
        "held_by_dependencies": len(gates),
        "held_max": round(max(gates, default=0.0), 3),
    }


def _browser(house: House, tally: Tally) -> dict[str, Any]:
    tallies, background = list(tally.jobs.values()), (Priority.P1, Priority.P2, Priority.P3)
    waits = browser_waits(tallies, *background)
    contexts = house.setting.fronts["browser"].size
    return {
        "runs": len(waits),
        "utilisation": round(tally.use.busy_s / (contexts * tally.horizon_s), 4),
        "wait_mean": round(mean(waits), 3),
        "wait_p99": round(percentile(waits, 0.99), 3),
        "wait_max": round(max(waits, default=0.0), 3),
        "wait_by_priority": {str(int(p)): round(mean(browser_waits(tallies, p)), 3) for p in background},
    }


def _job(tally: JobTally) -> dict[str, Any]:
    return {
        "due": tally.due,
        "runs": len(tally.done),
        "failed": len(tally.failed),
        "missed": len(tally.missed),
        "mean_wait": round(mean(tally.waits), 3),
        "max_wait": round(max(tally.waits, default=0.0), 3),
    }


def _faults(house: House) -> dict[str, Any]:
    return {"end_s": round(house.faults.end, 3), "drained_after_s": round(house.tally.drained_after_s, 3)}
