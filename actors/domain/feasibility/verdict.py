"""Whether a set of jobs can be kept to, and if not, which of them are to blame and what to do about it."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import TYPE_CHECKING

from actors.domain.duration import format_duration
from actors.domain.feasibility.delay import blame_for, start_bounds
from actors.domain.feasibility.outlook import BEHIND_SHARE, EDGE, Fate, strain
from actors.domain.feasibility.utilisation import (
    BROWSER,
    background,
    demand,
    is_cut,
    own_utilisation,
    resources_of,
    total,
)
from actors.domain.priority import Priority
from actors.domain.workload import P0_LIMIT_S

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from actors.domain.feasibility.outlook import Life
    from actors.domain.feasibility.utilisation import Capacity
    from actors.domain.workload import JobLoad

_NICE = tuple(
    timedelta(minutes=minutes)
    for minutes in (1, 2, 3, 5, 10, 15, 20, 30, 45, 60, 90, 120, 180, 240, 360, 480, 720, 1440, 2880, 10080)
)
_NAMED = 3
_LEAST_SHARE = 0.005
_ROUNDING = 1e-9
"""What is full to the last bit is not advised."""


class Kind(StrEnum):
    """What is wrong."""

    OVERLOAD = "overload"
    """A resource is asked for more than there is of it; slots are lost for as long as it runs."""
    TOO_LONG = "too_long"
    """A job's runs do not fit into its own interval, or into its deadline."""
    P0_LATE = "p0_late"
    """A P0 run may start later than it must."""
    BURSTS = "bursts"
    """Slots were lost in lives, when much fell due together, though there is room for all in the long run."""


class Verdict(StrEnum):
    """Whether the set can be kept to, by the proof and by all lives."""

    FEASIBLE = "feasible"
    TIGHT = "tight"
    """On the edge: the lives differ, or came near a limit."""
    INFEASIBLE = "infeasible"


@dataclass(frozen=True, slots=True)
class Complaint:
    """One reason why the set cannot be kept to, with the jobs to blame, the greatest share first."""

    kind: Kind
    subject: str
    """The resource or the job."""
    measure: float
    """Utilisation, or seconds of a P0 bound; infinite if there is none."""
    limit: float
    blame: tuple[tuple[str, float], ...]
    """Job and its part in what is wrong, all parts together 1."""
    found: str
    advice: str
    remedy: tuple[str, timedelta] | None = None
    """A job and the interval at which it alone puts this right, if there is one."""


@dataclass(frozen=True, slots=True)
class Proof:
    """What was reckoned. `utilisation`: of each resource by all jobs, and by P1 to P3 of what P0 leaves them."""

    utilisation: Mapping[str, tuple[float, float]]
    own: Mapping[str, float]
    p0: Mapping[str, float]
    complaints: tuple[Complaint, ...]
    lives: tuple[Life, ...] = ()
    """What came of living it; empty if nobody did."""

    @property
    def is_feasible(self) -> bool:
        """Return whether nothing is wrong."""
        return not self.complaints

    @property
    def is_sustainable(self) -> bool:
        """Return whether no work piles up in the long run, however late P0 may be now and then."""
        return all(complaint.kind in {Kind.P0_LATE, Kind.BURSTS} for complaint in self.complaints)

    @property
    def is_promise_kept(self) -> bool:
        """Return whether every P0 run starts in time whatever happens."""
        return all(complaint.kind is not Kind.P0_LATE for complaint in self.complaints)

    @property
    def strains(self) -> list[float]:
        """Return of each life how near it came to a limit; above 1 it was not kept to."""
        return [strain(life) for life in self.lives]

    @property
    def verdict(self) -> Verdict:
        """Return what to expect.

        P0's bound has no part in it: it says what can happen at worst, which may be so rare that no life shows it.
        """
        if not self.lives:
            return Verdict.FEASIBLE if self.is_sustainable else Verdict.INFEASIBLE
        if min(self.strains) > EDGE:
            return Verdict.INFEASIBLE
        return Verdict.FEASIBLE if self.is_sustainable and max(self.strains) < 1.0 / EDGE else Verdict.TIGHT


def prove(
    loads: Sequence[JobLoad], fronts: Mapping[str, Capacity], tick_s: float, lives: Sequence[Life] = ()
) -> Proof:
    """Return the proof for a set of jobs; disabled ones do not count.

    Args:
        loads: the jobs, schedule time taken to be real time.
        fronts: the slots by resource; `runs` are the run slots.
        tick_s: the clock's longest pause between two looks at the timetable.
        lives: what came of living the set, if somebody did, for what is lost in bursts.
    """
    there = [load for load in loads if load.enabled]
    utilisation = {name: (total(there, name, front), background(there, name, front)) for name, front in fronts.items()}
    own = {load.name: own_utilisation(load) for load in there}
    p0 = start_bounds(there, fronts, tick_s)
    complaints = [_overload(name, both, there, fronts[name]) for name, both in utilisation.items() if max(both) > 1.0]
    complaints += [_too_long(load) for load in there if own[load.name] >= 1.0 or _misses_deadline(load)]
    complaints += [
        _late(load, there, fronts, p0[load.name], tick_s) for load in there if p0.get(load.name, 0.0) > P0_LIMIT_S
    ]
    if lives and all(complaint.kind is Kind.P0_LATE for complaint in complaints):
        complaints += _bursts(max(lives, key=strain), there, utilisation)
    return Proof(utilisation, own, p0, tuple(complaints), tuple(lives))


def _overload(resource: str, both: tuple[float, float], loads: list[JobLoad], front: Capacity) -> Complaint:
    wanted = {load.name: demand(load, resource) for load in loads if resource in resources_of(load)}
    others = {load.name: load for load in loads if load.priority is not Priority.P0 and load.name in wanted}
    blame = _shares(wanted)
    # What has to go, in slots: all jobs together have too little, or P1 to P3 have in what P0 leaves them.
    excess = max(
        (1.0 - 1.0 / both[0]) * sum(wanted.values()), (1.0 - 1.0 / max(both[1], 1.0)) * sum(wanted[n] for n in others)
    )
    # Where publications alone are too many for the share, which is all they may have, only fewer of them help.
    publications = {name: load for name, load in others.items() if resource == BROWSER and not is_cut(load)}
    are_too_many = sum(wanted[name] for name in publications) > front.share
    remedy = _remedy(blame, publications if are_too_many else others, wanted, excess)
    if remedy is not None:
        name, every = remedy
        advice = f"run {name} every {format_duration(every)} instead of {format_duration(others[name].every)}"
    else:
        names = [name for name, _ in blame if name in others][:_NAMED] or ["P0"]
        advice = f"run {', '.join(names)} less often"
    found = f"{resource} is asked for {_percent(max(both))} of what there is: {_listed(blame)}"
    advice += f", or shorten it, or give {resource} more slots"
    return Complaint(Kind.OVERLOAD, resource, max(both), 1.0, blame, found, advice, remedy)


def _remedy(
    blame: tuple[tuple[str, float], ...], others: Mapping[str, JobLoad], wanted: Mapping[str, float], excess: float
) -> tuple[str, timedelta] | None:
    """Return the least change of the interval of the greatest job that takes the excess away."""
    top = next((others[name] for name, _ in blame if name in others), None)
    if top is None or wanted[top.name] <= excess:
        return None
    # In seconds, since what is left of it may be so little that no duration is long enough.
    needed_s = top.every.total_seconds() * wanted[top.name] / (wanted[top.name] - excess)
    every = next((nice for nice in _NICE if nice.total_seconds() > needed_s * (1.0 + _ROUNDING)), None)
    return (top.name, every) if every is not None else None


def _too_long(load: JobLoad) -> Complaint:
    blame = ((load.name, 1.0),)
    every, mean = format_duration(load.every), load.length.mean_s
    if _misses_deadline(load):
        assert load.deadline_s is not None
        return Complaint(
            Kind.TOO_LONG,
            load.name,
            load.length.least_s / load.deadline_s,
            1.0,
            blame,
            f"{load.name} never ends within its deadline: it takes {load.length.least_s:g} s at least",
            f"give it a deadline of more than {load.length.greatest_s:g} s, or shorten it",
        )
    return Complaint(
        Kind.TOO_LONG,
        load.name,
        own_utilisation(load),
        1.0,
        blame,
        f"{load.name} takes {mean:.0f} s in the mean, which is no less than its interval of {every}",
        f"run it less often than every {every}, or shorten it",
    )


def _late(
    load: JobLoad, loads: list[JobLoad], fronts: Mapping[str, Capacity], bound: float, tick_s: float
) -> Complaint:
    blame = _shares(blame_for(load, loads, fronts, tick_s))
    how = "without any bound" if bound == math.inf else f"{bound:.3g} s late"
    crowded = [
        (name, front.reserved, count)
        for name, front in fronts.items()
        if name in resources_of(load)
        and (count := sum(o.priority is Priority.P0 and name in resources_of(o) for o in loads)) > front.reserved
    ]
    advice = [f"{name}: keep {count} for P0 instead of {reserved}" for name, reserved, count in crowded]
    if bound == math.inf:
        advice.append(f"see that {load.name} ends well before it is due again")
    return Complaint(
        Kind.P0_LATE,
        load.name,
        bound,
        P0_LIMIT_S,
        blame,
        f"{load.name} may start {how} at worst ({P0_LIMIT_S:g} s are allowed), because of {_listed(blame)}",
        "; ".join(advice) or "move the offsets of P0 jobs apart",
    )


def _bursts(
    fates: Life, loads: list[JobLoad], utilisation: Mapping[str, tuple[float, float]]
) -> list[Complaint]:
    """Return the complaint about slots lost in the worst of the lives, if they are more than a few."""
    slots = {name: Fate(fate.due, fate.lost) for name, fate in fates.items()}
    if strain(slots) <= 1.0:
        return []
    parts = {name: fate.lost / fate.due for name, fate in fates.items() if fate.lost > 1}
    worst = next(load for load in loads if load.name == max(fates, key=lambda name: parts.get(name, 0.0)))
    scarce = max(resources_of(worst) & utilisation.keys(), key=lambda name: max(utilisation[name]))
    blame = _shares({load.name: demand(load, scarce) for load in loads if scarce in resources_of(load)})
    part = fates[worst.name].lost / max(1, fates[worst.name].due)
    others = [name for name, _ in blame if name != worst.name][:1] or [worst.name]
    found = f"{worst.name} lost {_percent(part)} of its slots in bursts, in one of the lives: {scarce} is taken by"
    advice = f"move offsets apart, run {others[0]} less often or shorten it, or give {scarce} more slots"
    return [Complaint(Kind.BURSTS, worst.name, part, BEHIND_SHARE, blame, f"{found} {_listed(blame)}", advice)]


def _misses_deadline(load: JobLoad) -> bool:
    return load.deadline_s is not None and load.length.least_s > load.deadline_s


def _shares(weights: Mapping[str, float]) -> tuple[tuple[str, float], ...]:
    whole = sum(weights.values())
    ordered = sorted(weights.items(), key=lambda item: (-item[1], item[0]))
    return tuple((name, weight / whole if whole > 0.0 else 1 / len(weights)) for name, weight in ordered)


def _listed(blame: tuple[tuple[str, float], ...]) -> str:
    counted = [(name, share) for name, share in blame if share >= _LEAST_SHARE]
    named = [f"{name} {_percent(share)}" for name, share in counted[:_NAMED]]
    rest = len(counted) - len(named)
    return ", ".join(named) + (f" and {rest} more" if rest else "")


def _percent(share: float) -> str:
    return "infinitely more" if share == math.inf else f"{100 * share:.0f} %"
