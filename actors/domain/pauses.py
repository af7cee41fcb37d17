"""Pauses: what an operator has stopped, until when, and what is left of it when he lets a part of it go on."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from actors.domain.author import ANYBODY
from actors.domain.escaping import clip, escape

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import datetime

ALL = "all"
_REASON_SHOWN = 120


@dataclass(frozen=True, slots=True)
class Pause:
    """One pause. Its end is wall-clock time (aware): "for 2h" means two hours of the person who says it."""

    name: str
    """A job, a family (whose name goes before that of a job), or `all`."""
    until: datetime | None
    """None: until somebody resumes it."""
    by: str
    because: str = ""

    @property
    def key(self) -> tuple[str, str]:
        """Return what a newer one takes its place by.

        The author belongs to it: whoever may stop everything, because he only stops, must not rewrite why another did.
        """
        return self.name, self.by

    def terms(self) -> str:
        """Return its end, its author and his reason, as people read them."""
        end = "until somebody resumes it"
        if self.until is not None:
            end = f"until {self.until:%Y-%m-%d %H:%M:%S} UTC of the wall clock"
        because = f", because {escape(clip(self.because, _REASON_SHOWN))}" if self.because else ""
        return f"{end}, by {escape(self.by)}{because}"

    def is_over(self, now: datetime) -> bool:
        """Return whether it has ended by itself."""
        return self.until is not None and self.until <= now

    def outlasts(self, other: Pause | None) -> bool:
        """Return whether it ends after the other one."""
        if other is None or other.until is None:
            return other is None
        return self.until is None or self.until > other.until


def jobs_of(name: str, families: Mapping[str, frozenset[str]]) -> frozenset[str]:
    """Return the jobs that a name stands for; `families` has the jobs of each. A job stands for itself."""
    if name == ALL:
        return frozenset().union(*families.values())
    return families.get(name, frozenset({name}))


def paused_jobs(pauses: Iterable[Pause], families: Mapping[str, frozenset[str]], now: datetime) -> dict[str, Pause]:
    """Return every job that is paused, with the pause that keeps it so for longest.

    Where that is anybody's, what a known author stopped as well is told before it.
    """
    known: dict[str, Pause] = {}
    of_anybody: dict[str, Pause] = {}
    for pause in pauses:
        if not pause.is_over(now):
            found = of_anybody if pause.by == ANYBODY else known
            for job in jobs_of(pause.name, families):
                if pause.outlasts(found.get(job)):
                    found[job] = pause
    return known | {job: _after(known.get(job), pause) for job, pause in of_anybody.items()}


def resumed(
    pauses: Iterable[Pause], name: str, families: Mapping[str, frozenset[str]], now: datetime
) -> tuple[Pause, ...]:
    """Return the pauses that remain when the jobs of this name go on.

    One that covers more is replaced by those of the rest, a family as a whole where none of it goes on.
    """
    lifted = jobs_of(name, families)
    left: dict[tuple[str, str], Pause] = {}
    for pause in pauses:
        for each in () if pause.is_over(now) else _rest(pause.name, lifted, families):
            piece = replace(pause, name=each)
            if piece.outlasts(left.get(piece.key)):
                left[piece.key] = piece
    return tuple(left[key] for key in sorted(left))


def next_end(pauses: Iterable[Pause], now: datetime) -> datetime | None:
    """Return when the next pause ends by itself; None: none does."""
    return min((pause.until for pause in pauses if pause.until is not None and not pause.is_over(now)), default=None)


def _after(known: Pause | None, of_anybody: Pause) -> Pause:
    if known is None:
        return of_anybody
    if not of_anybody.outlasts(known):
        return known
    reasons = [pause.because for pause in (known, of_anybody) if pause.because]
    return replace(of_anybody, by=f"{known.by}, then {of_anybody.by}", because="; then ".join(reasons))


def _rest(name: str, lifted: frozenset[str], families: Mapping[str, frozenset[str]]) -> list[str]:
    """Return the names of what stays paused of this one."""
    covered = jobs_of(name, families)
    if not covered & lifted:
        return [name]
    if name == ALL:
        return [rest for family in sorted(families) for rest in _rest(family, lifted, families)]
    return sorted(covered - lifted)
