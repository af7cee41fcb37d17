"""An inquiry: one `why`, from the questions to every actor on the road to the explanation."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from actors.control.kill_switch import stop_of
from actors.domain.caps import DAY
from actors.domain.why.explanation import Explanation, LastRun, compose
from actors.domain.why.publication import KillSwitchOn, LedgerUnknown, reasons_of_publishing
from actors.domain.why.situation import CLOCK, RUNS, Absence, Part, Publishing, Question
from actors.domain.why.standing import reasons_of_absences
from actors.sql.queries import Statement, Transaction

if TYPE_CHECKING:
    from collections.abc import Mapping

    from actors.control.kill_switch import KillSwitch
    from actors.domain.caps import Caps
    from actors.domain.why.situation import Reason

PUBLISHER, PLANNER = "posting", "plan"
LANES = {PUBLISHER: "content", "reply_posting": "reply"}
"""The lane of each job whose work the ledger may stand against. The queue of replies is filled by its own job."""
LEDGER = "ledger"
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

    caps: Mapping[str, Caps]
    """By lane."""
    approval: bool
    """Whether only approved decisions go out."""
    boot_id: str
    """Of this process."""
    shadow: bool = False
    """Whether nothing goes out."""


def ledger_questions(question: Question, lane: str, rules: PublishingRules) -> Transaction:
    """Return what is asked of the ledger when nothing goes out in a lane."""
    now = question.moment.now
    return Transaction(
        (
            Statement("get_flag", {"name": "kill_switch"}),
            Statement("recent_publications", {"lane": lane, "since": now - DAY}),
            Statement("earliest_decision", {"lane": lane, "approval": rules.approval}),
            Statement("lease_state"),
        )
    )


@dataclass(slots=True)
class Inquiry:
    """What was asked and what came back. With a lane it also asks the ledger why nothing goes out in it."""

    askers: list[str]
    """The ids of the words that wait for its answer."""
    question: Question
    until: float
    """When (monotonic) whoever is silent counts as away."""
    rules: PublishingRules
    lane: str | None = None
    planner: Question | None = None
    """About the job that fills the lane's queue, if that is another one."""
    parts: dict[tuple[str, str], Part] = field(default_factory=dict)
    """By job and actor."""
    ledger: tuple[Any, BaseException | None] | None = None

    def questions(self) -> list[Question]:
        """Return what the actors are asked."""
        return [self.question] if self.planner is None else [self.question, self.planner]

    def answered(self, asked: Asked, value: Any, error: BaseException | None) -> None:
        """Take an answer."""
        if asked.name == LEDGER:
            self.ledger = (value, error)
        elif error is None:
            self.parts[asked.job, asked.name] = value

    def is_complete(self) -> bool:
        """Return whether everybody has answered."""
        silent = [name for question in self.questions() for name in self._silent(question)]
        return not silent and (self.lane is None or self.ledger is not None)

    def explanation(
        self, states: Mapping[str, Absence], lasts: Mapping[str, LastRun], switch: KillSwitch
    ) -> Explanation:
        """Return what all answers come to. The board knows how those are that may be silent, and how runs ended."""
        last = lasts.get(self.question.job)
        if self.lane is None:
            return replace(self._compose(self.question, states, []), last=last)
        filler = self.planner or self.question
        refill = self._compose(filler, states, []).reasons
        explanation = self._compose(self.question, states, self._reasons_of_ledger(self.lane, refill, switch))
        return replace(explanation, last=last, last_of_filler=lasts.get(filler.job))

    def _compose(self, question: Question, states: Mapping[str, Absence], ledger: list[Reason]) -> Explanation:
        silent = {name: states.get(name, Absence(_SILENT)) for name in self._silent(question)}
        road = road_of(question)
        parts = {name: self.parts[question.job, name] for name in road if name not in silent}
        return compose(question, parts, reasons_of_absences(question, silent), ledger)

    def _silent(self, question: Question) -> list[str]:
        return [name for name in road_of(question) if (question.job, name) not in self.parts]

    def _reasons_of_ledger(self, lane: str, refill: tuple[Reason, ...], switch: KillSwitch) -> list[Reason]:
        if self.ledger is None or self.ledger[1] is not None:
            unknown = LedgerUnknown("no answer in time" if self.ledger is None else str(self.ledger[1]))
            return [unknown, KillSwitchOn(switch.stop)] if switch.stop is not None else [unknown]
        flags, publications, queued, leases = self.ledger[0]
        holder = leases[0]["holder"] if leases[0]["left_s"] > 0 else "none"
        publishing = Publishing(
            is_known=True,
            kill_switch=switch.held or stop_of(flags),
            caps=self.rules.caps[lane],
            publications=[row["at"] for row in publications],
            next_decision=queued[0]["due"],
            latest_intent=max((row["intent_at"] for row in publications), default=None),
            shadow=self.rules.shadow,
            publisher="" if holder == self.rules.boot_id else holder,
            unapproved=queued[0]["unapproved"] if self.rules.approval else 0,
            refill=refill,
            lane=lane,
            filler=(self.planner or self.question).job,
        )
        return reasons_of_publishing(publishing, self.question.moment.now)
