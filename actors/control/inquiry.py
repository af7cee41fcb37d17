"""An inquiry: one `why`, from the questions to every actor on the road to the explanation."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from actors.domain.caps import DAY
from actors.domain.why.explanation import Explanation, LastRun, compose
from actors.domain.why.publication import LedgerUnknown, reasons_of_publishing
from actors.domain.why.situation import CLOCK, RUNS, Absence, Part, Publishing, Question
from actors.domain.why.standing import reasons_of_absences
from actors.sql.queries import Statement, Transaction

if TYPE_CHECKING:
    from collections.abc import Mapping

    from actors.domain.caps import Caps
    from actors.domain.why.situation import Reason

PUBLISHER, PLANNER = "posting", "plan"
LEDGER = "ledger"
_LANE = "content"
_SILENT = "not answering"


@dataclass(frozen=True, slots=True)
class Asked:
    """The tag of an answer: for which inquiry it is, about which job, from which actor (or the ledger)."""

    inquiry: int
    job: str
    name: str


def road_of(question: Question) -> tuple[str, ...]:
    """Return the actors that a run of the job depends on, in the order in which it meets them."""
    return (CLOCK, question.family, RUNS, *question.uses)


@dataclass(frozen=True, slots=True)
class PublishingRules:
    """What the ledger's answers are held against."""

    caps: Caps
    approval: bool
    """Whether only approved decisions go out."""
    boot_id: str
    """Of this process."""
    shadow: bool = False
    """Whether nothing goes out."""


def ledger_questions(question: Question, rules: PublishingRules) -> Transaction:
    """Return what is asked of the ledger when nothing is posted."""
    now = question.moment.now
    return Transaction(
        (
            Statement("get_flag", {"name": "kill_switch"}),
            Statement("recent_publications", {"lane": _LANE, "since": now - DAY}),
            Statement("earliest_decision", {"lane": _LANE, "approval": rules.approval}),
            Statement("lease_state"),
        )
    )


@dataclass(slots=True)
class Inquiry:
    """What was asked and what came back. With a planner's question it also asks why nothing is posted."""

    askers: list[str]
    """The ids of the words that wait for its answer."""
    question: Question
    until: float
    """When (monotonic) whoever is silent counts as away."""
    rules: PublishingRules
    planner: Question | None = None
    parts: dict[tuple[str, str], Part] = field(default_factory=dict)
    """By job and actor."""
    ledger: tuple[Any, BaseException | None] | None = None

    def questions(self) -> list[Question]:
        """Return what the actors are asked."""
        return [self.question] if self.planner is None else [self.question, self.planner]

    def is_about(self, job: str, planner: str | None) -> bool:
        """Return whether this is what it asks."""
        return self.question.job == job and (self.planner.job if self.planner is not None else None) == planner

    def answered(self, asked: Asked, value: Any, error: BaseException | None) -> None:
        """Take an answer."""
        if asked.name == LEDGER:
            self.ledger = (value, error)
        elif error is None:
            self.parts[asked.job, asked.name] = value

    def is_complete(self) -> bool:
        """Return whether everybody has answered."""
        silent = [name for question in self.questions() for name in self._silent(question)]
        return not silent and (self.planner is None or self.ledger is not None)

    def explanation(self, states: Mapping[str, Absence], lasts: Mapping[str, LastRun]) -> Explanation:
        """Return what all answers come to. The board knows how those are that may be silent, and how runs ended."""
        last = lasts.get(self.question.job)
        if self.planner is None:
            return replace(self._compose(self.question, states, []), last=last)
        refill = self._compose(self.planner, states, []).reasons
        explanation = self._compose(self.question, states, self._reasons_of_ledger(refill))
        return replace(explanation, last=last, last_of_plan=lasts.get(self.planner.job))

    def _compose(self, question: Question, states: Mapping[str, Absence], ledger: list[Reason]) -> Explanation:
        silent = {name: states.get(name, Absence(_SILENT)) for name in self._silent(question)}
        road = road_of(question)
        parts = {name: self.parts[question.job, name] for name in road if name not in silent}
        return compose(question, parts, reasons_of_absences(question, silent), ledger)

    def _silent(self, question: Question) -> list[str]:
        return [name for name in road_of(question) if (question.job, name) not in self.parts]

    def _reasons_of_ledger(self, refill: tuple[Reason, ...]) -> list[Reason]:
        if self.ledger is None:
            return [LedgerUnknown("no answer in time")]
        if self.ledger[1] is not None:
            return [LedgerUnknown(str(self.ledger[1]))]
        flags, publications, queued, leases = self.ledger[0]
        holder = leases[0]["holder"] if leases[0]["left_s"] > 0 else "none"
        publishing = Publishing(
            is_known=True,
            kill_switch=bool(flags) and flags[0]["is_on"],
            caps=self.rules.caps,
            publications=[row["at"] for row in publications],
            next_decision=queued[0]["due"],
            latest_intent=max((row["intent_at"] for row in publications), default=None),
            shadow=self.rules.shadow,
            publisher="" if holder == self.rules.boot_id else holder,
            unapproved=queued[0]["unapproved"] if self.rules.approval else 0,
            refill=refill,
        )
        return reasons_of_publishing(publishing, self.question.moment.now)
