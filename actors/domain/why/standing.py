"""Reasons that every actor can give: it is not there, it is shutting down, or a run is under way already."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from actors.domain.outcome import Blocked
from actors.domain.why.situation import written

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from actors.domain.admission import Admission
    from actors.domain.why.situation import Absence, Question, Reason, Situation


@dataclass(frozen=True, slots=True)
class ActorAway:
    """An actor on the job's road cannot serve."""

    kind: ClassVar[str] = "actor_away"
    name: str
    state: str
    until: datetime | None

    @property
    def text(self) -> str:
        """Return it as a sentence for people."""
        back = f", its restart is due at {written(self.until)}" if self.until is not None else ""
        return f"the actor {self.name} is {self.state}{back}"

    def cure(self, situation: Situation) -> None:
        """It serves again."""
        del situation.absences[self.name]


@dataclass(frozen=True, slots=True)
class ShuttingDown:
    """The process drains: nothing new is begun."""

    kind: ClassVar[str] = "shutting_down"
    until: ClassVar[None] = None
    text: ClassVar[str] = "the supervisor is shutting down and begins nothing new"

    def cure(self, situation: Situation) -> None:
        """Nobody drains any more."""
        situation.is_stopping = situation.admission.draining = False
        for arbiter in situation.fronts.values():
            arbiter.draining = False


@dataclass(frozen=True, slots=True)
class UnderWay:
    """A run of the job is under way, and there is one at a time."""

    kind: ClassVar[str] = "under_way"
    run_id: str
    """Empty if only the clock knows of it."""
    since: datetime | None
    until: datetime
    """When it may be over: any moment, so that of the question."""
    over_by: datetime | None = None
    """When it must be over."""

    @property
    def text(self) -> str:
        """Return it as a sentence for people."""
        since = f" since {written(self.since)}" if self.since is not None else ""
        limit = f", and must be over at {written(self.over_by)}" if self.over_by is not None else ""
        return f"{f'run {self.run_id}' if self.run_id else 'a run'} is under way{since}{limit}"

    def cure(self, situation: Situation) -> None:
        """The run ends without a result."""
        job, now = situation.question.job, situation.question.moment.now
        situation.admission.running.pop(job, None)
        situation.timetable.settled(job, now, 1, Blocked("ended"), now, None)


@dataclass(frozen=True, slots=True)
class Paused:
    """Somebody paused the job."""

    kind: ClassVar[str] = "paused"
    job: str
    family: str
    """Its family if that is paused as a whole, else empty."""
    until: datetime | None = None
    """When it ends by itself."""
    by: str = ""
    because: str = ""

    @property
    def text(self) -> str:
        """Return it as a sentence for people."""
        whole = f" with its whole family {self.family}" if self.family else ""
        by = f" by {self.by}" if self.by else ""
        because = f", because {self.because}" if self.because else ""
        end = f"until {written(self.until)}" if self.until is not None else "until somebody says `resume`"
        return f"{self.job} is paused{whole}{by}{because}, {end}"

    def cure(self, situation: Situation) -> None:
        """It is resumed."""
        situation.admission.resume(self.job)


def reasons_of_family(question: Question, admission: Admission, since: datetime | None) -> list[Reason]:
    """Return why the family would not admit a run; `since` is when the one under way was admitted."""
    reasons: list[Reason] = []
    if admission.draining:
        reasons.append(ShuttingDown())
    if question.job in admission.running:
        reasons.append(UnderWay(admission.running[question.job], since, question.moment.now))
    if (held := admission.paused.get(question.job)) is not None:
        whole = len(admission.jobs) > 1 and admission.jobs <= admission.paused.keys()
        until = question.moment.at(held.until) if held.until is not None else None
        reasons.append(Paused(question.job, question.family if whole else "", until, held.by, held.because))
    return reasons


def reasons_of_absences(question: Question, absences: Mapping[str, Absence]) -> list[ActorAway]:
    """Return which actors cannot serve."""
    at = question.moment.at
    return [
        ActorAway(name, absence.state, at(absence.until) if absence.until is not None else None)
        for name, absence in absences.items()
    ]
